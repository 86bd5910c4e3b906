"""Which ladder of convolutions learns most in a given time: python benchmarks/nets.py

The yardstick is a quiet machine of 2 cores that trains the convolutional model of
benchmarks/training.py at 5,000 images/s. A few steps of both tell what a net costs beside that
model, in seconds of the processor, and so how many images the yardstick trains it on in a fourth of
an hour. On so many images of CIFAR-10 it trains here, its rate along a cosine; then it is measured
by the ELBO on 5,000 training images that were held out. So other work beside this, or two nets at a
time, change no number but that of images per second a little. One JSON line each, kept in a folder:
what is done is not done again.
"""

import json
import pathlib
import time

import numpy as np
from absl import flags

import keras_vae
from keras_vae import command_line, data, evaluation, files, seeds
from keras_vae.building import settling
from keras_vae.training import feeding

FLAGS = flags.FLAGS
flags.DEFINE_string("data_dir", None, "where TFDS keeps CIFAR-10")
flags.DEFINE_float("minutes", 15, "minutes of the yardstick that each trains", lower_bound=0)
flags.DEFINE_list("nets", None, "which of them; default: all")
flags.DEFINE_integer("batch_size", None, "of those that name none; default: the recipe's")
flags.DEFINE_string("to", "runs/nets", "folder of what was found")

# Options beside those of recipe deep.
NETS = {
    "deep": {},
    "batches of 4": {"batch_size": 4},
    "batches of 16": {"batch_size": 16},
    "batches of 32": {"batch_size": 32},
    "a KL that grows": {"beta_schedule": "linear", "beta_warmup_epochs": 0.2},
    "rate 1e-3": {"learning_rate": 1e-3},
    "rate 4e-3": {"learning_rate": 4e-3},
    "relu": {"activation": "relu"},
    "precision-weighted": {"merge": "precision_weighted"},
    "narrow": {"width": 48},
    "wide": {"width": 96},
    "latents of 16 channels": {"latent_channels": 16},
    "latents of 4 channels": {"latent_channels": 4},
    "ten logistics": {"likelihood_components": 10},
    "fewer layers": {"stages": ("16x2", "8x2", "4x1", "1x1")},
    "one layer at 16x16": {"stages": ("16x1", "8x3", "4x2", "1x1")},
    "two layers at 16x16": {"stages": ("16x2", "8x3", "4x2", "1x1")},
    "more layers at 16x16": {"stages": ("16x6", "8x3", "4x1", "1x1")},
    "two layers at full size": {"stages": ("32x2", "16x2", "8x2", "4x1", "1x1")},
    "without normalization": {"normalization": "none"},
    "flipped": {"augment": ("flip",)},
}
YARDSTICK = 5000  # Images/s of CONV there.
CONV = {"network": "conv", "filters": (32, 64), "latent_dim": 20, "batch_size": 128, "ema_decay": 0}
_BLOCK = 50  # steps


def trained(recipe, options, dataset, steps):
    """(a model trained for at least so many steps, seconds of the processor for an image)."""
    batch_size = keras_vae.recipe(recipe, **options).training.batch_size
    steps_per_epoch = data.steps_per_epoch(dataset.train, batch_size)
    epochs = -(-steps // steps_per_epoch)
    config = settling.settle(keras_vae.recipe(recipe, epochs=epochs, **options), dataset)
    # Epochs are whole, and the rate is to fall to 0 at the last step.
    vae = keras_vae.build(config, data=dataset, steps_per_epoch=-(-steps // epochs))
    blocks = feeding.training_blocks(
        vae,
        dataset.train,
        batch_size=batch_size,
        steps_per_block=_BLOCK,
        epochs=1 + epochs,
        binarization=config.data.binarization,
    )
    run, blocks = vae.make_train_function(), iter(blocks)
    run(blocks)["loss"].numpy()  # Traced.
    start, first = time.process_time(), int(vae.optimizer.iterations)
    while (taken := int(vae.optimizer.iterations)) < steps:
        run(blocks)["loss"].numpy()
    return vae, (time.process_time() - start) / (taken - first) / batch_size


def cost_of_conv():
    """Seconds of the processor for an image, by the yardstick's model."""
    rng = np.random.default_rng(0)
    images = data.InMemory(rng.integers(0, 256, (12_800, 28, 28, 1), np.uint8), levels=256)
    dataset = data.Dataset("random bytes", images, None, images, fingerprint="", notes=[])
    return trained("vae", CONV, dataset, 6 * _BLOCK)[1]


def row(name, dataset, cost):
    """A net, how fast it is, and its bound after the time that each has."""
    options = ({"batch_size": FLAGS.batch_size} if FLAGS.batch_size else {}) | NETS[name]
    _, own = trained("deep", options, dataset, 4 * _BLOCK)
    speed = YARDSTICK * cost / own
    batch_size = keras_vae.recipe("deep", **options).training.batch_size
    steps = max(round(60 * FLAGS.minutes * speed / batch_size), 2 * _BLOCK)
    vae, _ = trained("deep", options, dataset, steps)
    batches = data.evaluation_batches(
        dataset.validation, batch_size=50, seed=seeds.of_split(0, "validation"), binarization="none"
    )
    with vae.evaluation_weights():
        found = evaluation.likelihood(vae, list(batches), num_samples=1)
    return {
        "net": name,
        "weights": vae.count_params(),
        "images_per_second": round(speed, 1),
        "images": steps * batch_size,
        "bits_per_dim": round(found["elbo_bits_per_dim"], 3),
        "stderr": round(found["elbo_bits_per_dim_stderr"], 3),
        "rate_nats_by_layer": [round(nats, 1) for nats in found["rate_nats_by_layer"]],
    }


def main() -> None:
    dataset = data.load("cifar10", data_dir=FLAGS.data_dir, validation_size=5000)
    folder = pathlib.Path(FLAGS.to)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FLAGS.nets or NETS:
        file = folder / f"{name.replace(' ', '_')}.json"
        if not file.exists():
            files.write_json(file, row(name, dataset, cost_of_conv()))
        print(json.dumps(json.loads(file.read_text())), flush=True)


if __name__ == "__main__":
    command_line.run(main)
