"""Which ladder of convolutions learns most in a given time: python benchmarks/nets.py

Each net and setting trains on CIFAR-10 for as many steps as the machine makes in the same time, a
fourth of an hour by default, its rate along a cosine; then it is measured by the ELBO on 5,000
training images that were held out. One JSON line each. A machine of 2 cores that trains
benchmarks/training.py's convolutional model at 5,000 images/s is the yardstick: say by --yardstick
what yours does, and minutes and images/s are those of the yardstick.
"""

import json
import time

from absl import flags

import keras_vae
from keras_vae import command_line, data, evaluation, seeds
from keras_vae.building import settling
from keras_vae.training import feeding

FLAGS = flags.FLAGS
flags.DEFINE_string("data_dir", None, "where TFDS keeps CIFAR-10")
flags.DEFINE_float("yardstick", 5000, "images/s of trainers.train with conv here", lower_bound=1)
flags.DEFINE_float("minutes", 15, "minutes of the yardstick that each trains", lower_bound=0)
flags.DEFINE_list("nets", None, "which of them; default: all")

# Options beside those of recipe deep.
NETS = {
    "deep": {},
    "batches of 8": {"batch_size": 8},
    "batches of 32": {"batch_size": 32},
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
    "more layers at 16x16": {"stages": ("16x6", "8x3", "4x1", "1x1")},
    "two layers at full size": {"stages": ("32x2", "16x2", "8x2", "4x1", "1x1")},
    "flipped": {"augment": ("flip",)},
}
_STEPS_TIMED = 50


def trained(config, dataset, steps):
    """(a model trained for so many steps, images per second without the first block)."""
    vae = keras_vae.build(config, data=dataset, steps_per_epoch=steps)
    batch_size = config.training.batch_size
    blocks = feeding.training_blocks(
        vae,
        dataset.train,
        batch_size=batch_size,
        steps_per_block=_STEPS_TIMED,
        epochs=1 + steps // data.steps_per_epoch(dataset.train, batch_size),
    )
    run, taken, start = vae.make_train_function(), 0, 0.0
    blocks = iter(blocks)
    while taken < steps:
        logs = run(blocks)
        if not taken:
            start = time.perf_counter()
            first = int(vae.optimizer.iterations)
        taken = int(vae.optimizer.iterations)
    logs["loss"].numpy()
    return vae, (taken - first) * batch_size / (time.perf_counter() - start)


def row(name, dataset, scale):
    """A net, how fast it is, and its bound after the time that each has."""
    config = settling.settle(keras_vae.recipe("deep", epochs=1, **NETS[name]), dataset)
    batch_size = config.training.batch_size
    # A dry run tells how many steps there will be.
    _, speed = trained(config, dataset, 3 * _STEPS_TIMED)
    steps = max(int(60 * FLAGS.minutes * scale * speed / batch_size), 2)
    vae, speed = trained(config, dataset, steps)
    batches = data.evaluation_batches(
        dataset.validation, batch_size=50, seed=seeds.of_split(0, "validation"), binarization="none"
    )
    with vae.evaluation_weights():
        found = evaluation.likelihood(vae, list(batches), num_samples=1)
    return {
        "net": name,
        "weights": vae.count_params(),
        "images_per_second": round(speed * scale, 1),
        "images": steps * batch_size,
        "bits_per_dim": round(found["elbo_bits_per_dim"], 3),
        "stderr": round(found["elbo_bits_per_dim_stderr"], 3),
        "rate_nats_by_layer": [round(nats, 1) for nats in found["rate_nats_by_layer"]],
    }


def main() -> None:
    dataset = data.load("cifar10", data_dir=FLAGS.data_dir, validation_size=5000)
    scale = 5000 / FLAGS.yardstick  # How much longer this machine takes.
    for name in FLAGS.nets or NETS:
        print(json.dumps(row(name, dataset, scale)), flush=True)


if __name__ == "__main__":
    command_line.run(main)
