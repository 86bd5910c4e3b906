"""Training speed of every recipe: python benchmarks/recipes.py

One JSON line a recipe: the time of a step of trainers.train's own path as a ratio to that of `vae`
at the same sizes (28x28 images, batch 100, two hidden layers of 200, 20 latents; `attention` beside
a resnet, `music` beside a GRU on the same chorales), in the same run; medians of 5 interleaved
rounds. Then `iwae` with the net of Burda et al. (2x200 tanh, 50 latents, k = 50, batch 20) beside a
bare XLA loop written in raw TensorFlow operations.
"""

import json
import pathlib
import statistics
import tempfile
import time

import numpy as np
from absl import flags
from trainer_path import trainer_path

from keras_vae import command_line
from keras_vae._compat import tf
from keras_vae.config.recipes import RECIPES

FLAGS = flags.FLAGS
flags.DEFINE_integer("rounds", 5, "rounds, of which the median is taken", lower_bound=1)
flags.DEFINE_list("recipes", list(RECIPES), "which recipes")
flags.DEFINE_integer("steps", 200, "steps of batch 100 in an epoch", lower_bound=1)

BATCH_SIZE, NUM_CLASSES = 100, 10
SIZES = ["--hidden=200,200", "--latent_dim=20"]
# The same sizes for recipes in which one of the common options has no effect.
_LINEAR, _TWO_LAYERS = ["--latent_dim=20"], ["--hidden=200,200", "--latent_dims=20,20"]
OWN_SIZES = {
    "pca": _LINEAR,
    "linear_vae": _LINEAR,
    "hvae": _TWO_LAYERS,
    "iwae2": _TWO_LAYERS,
    "ladder": ["--hidden=200,200,200,200,200", "--latent_dims=20,20,20,20,20"],
    "sequence": ["--hidden=200", "--latent_dim=20"],
    "attention": ["--filters=16,32", "--latent_dim=20"],
    "music": ["--hidden=200", "--latent_dim=20"],
    "deep": ["--stages=14x2,7x2,1x1", "--width=32", "--latent_channels=4"],
}
# The `vae` beside a recipe whose networks or data are others.
BESIDE = {
    "attention": ["--network=resnet", *OWN_SIZES["attention"]],
    "music": ["--network=gru", "--likelihood=categorical", *OWN_SIZES["music"]],
    "deep": ["--network=resnet", "--likelihood=logistic_mixture", *OWN_SIZES["attention"]],
}


def write_data(folder):
    """Random images with labels, and random chorales: speed doesn't depend on what they show."""
    rng = np.random.default_rng(0)
    num_images = FLAGS.steps * BATCH_SIZE
    images = rng.integers(0, 256, (num_images, 28, 28), np.uint8)
    labels = np.arange(num_images) % NUM_CLASSES
    np.savez(
        folder / "images.npz",
        train_images=images,
        train_labels=labels,
        test_images=images[:100],
        test_labels=labels[:100],
    )
    steps = 16 * num_images + 64
    chorales = {}
    for split in ("train", "valid", "test"):
        chorales[f"{split}_pitches"] = rng.integers(36, 82, (steps, 4)).astype(np.int8)
        chorales[f"{split}_offsets"] = np.array([0, steps], np.int32)
    np.savez(folder / "chorales.npz", **chorales)


def flags_of(name, folder):
    """trainers.train's flags for a recipe, and for the `vae` beside it."""
    kind, file = ("chorales", "chorales.npz") if name == "music" else ("npz", "images.npz")
    data = [f"--dataset={kind}:{folder / file}", "--validation_size=0"]
    data.append(f"--batch_size={BATCH_SIZE}")
    return (
        [f"--recipe={name}", *data, *OWN_SIZES.get(name, SIZES)],
        ["--recipe=vae", *data, *BESIDE.get(name, SIZES)],
    )


def medians(paths):
    """Images per second of each path: medians of interleaved rounds."""
    for path in paths.values():
        path()  # Compiles.
    speeds = {name: [] for name in paths}
    for _ in range(FLAGS.rounds):
        for name, path in paths.items():
            speeds[name].append(path())
    return {name: statistics.median(values) for name, values in speeds.items()}


def bare_iwae(num_steps, k=50, batch_size=20, latent_dim=50, units=200):
    """A function that trains an epoch of the same model by one XLA loop of raw operations."""
    sizes = [784, units, units], [latent_dim, units, units, 784]
    rng = np.random.default_rng(0)

    def dense(inputs, outputs):
        bound = np.sqrt(6.0 / (inputs + outputs))
        kernel = rng.uniform(-bound, bound, (inputs, outputs)).astype(np.float32)
        return tf.Variable(kernel), tf.Variable(tf.zeros(outputs))

    encoder = [dense(a, b) for a, b in zip(sizes[0], sizes[0][1:], strict=False)]
    heads = [dense(units, latent_dim), dense(units, latent_dim)]
    decoder = [dense(a, b) for a, b in zip(sizes[1], sizes[1][1:], strict=False)]
    variables = [v for layer in encoder + heads + decoder for v in layer]
    means, squares = ([tf.Variable(tf.zeros_like(v)) for v in variables] for _ in range(2))
    steps_done = tf.Variable(0.0)
    x = tf.constant(rng.integers(0, 2, (num_steps, batch_size, 784)).astype(np.float32))

    def loss_of(x, noise):
        h = x
        for w, b in encoder:
            h = tf.tanh(h @ w + b)
        loc, raw = (h @ w + b for w, b in heads)
        scale = tf.nn.softplus(raw)
        z = loc + scale * noise
        log_weight = tf.reduce_sum(
            -0.5 * tf.square(z) + 0.5 * tf.square(noise) + tf.math.log(scale), axis=-1
        )
        h = tf.reshape(z, [-1, latent_dim])  # XLA is faster at one product than at k of them.
        for w, b in decoder[:-1]:
            h = tf.tanh(h @ w + b)
        logits = tf.reshape(h @ decoder[-1][0] + decoder[-1][1], [k, batch_size, 784])
        log_weight -= tf.reduce_sum(
            tf.nn.sigmoid_cross_entropy_with_logits(tf.broadcast_to(x, tf.shape(logits)), logits),
            axis=-1,
        )
        return -tf.reduce_mean(tf.reduce_logsumexp(log_weight, axis=0) - np.log(k))

    def adam(gradients, rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        steps_done.assign_add(1.0)
        rate *= tf.sqrt(1.0 - beta_2**steps_done) / (1.0 - beta_1**steps_done)
        for v, g, mean, square in zip(variables, gradients, means, squares, strict=True):
            mean.assign_add((1.0 - beta_1) * (g - mean))
            square.assign_add((1.0 - beta_2) * (tf.square(g) - square))
            v.assign_sub(rate * mean / (tf.sqrt(square) + epsilon))

    @tf.function(jit_compile=True)
    def epoch(x, noise):
        for i in tf.range(num_steps):
            with tf.GradientTape() as tape:
                loss = loss_of(x[i], noise[i])
            adam(tape.gradient(loss, variables))

    def round_():
        start = time.perf_counter()
        epoch(x, tf.random.normal([num_steps, k, batch_size, latent_dim]))
        float(variables[-1][0])
        return num_steps * batch_size / (time.perf_counter() - start)

    return round_


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_data(folder)
        for name in FLAGS.recipes:
            if name == "vae":
                continue
            pair = {}
            for one, arguments in zip((name, "vae"), flags_of(name, folder), strict=True):
                place = folder / f"{name}-{one}"
                place.mkdir()
                pair[one] = trainer_path(arguments, place)
            speeds = medians(pair)
            row = {
                "recipe": name,
                "images_per_second": round(speeds[name]),
                "step_time_to_vae": round(speeds["vae"] / speeds[name], 2),
            }
            print(json.dumps(row), flush=True)
        arguments = [
            *("--recipe=iwae", "--hidden=200,200", "--activation=tanh", "--latent_dim=50"),
            *(f"--dataset=npz:{folder / 'images.npz'}", "--validation_size=0", "--batch_size=20"),
        ]
        place = folder / "bare"
        place.mkdir()
        speeds = medians(
            {
                "trainers.train": trainer_path(arguments, place),
                "bare_loop": bare_iwae(FLAGS.steps * BATCH_SIZE // 20),
            }
        )
        row = {
            "recipe": "iwae, k = 50, batch 20",
            "images_per_second": round(speeds["trainers.train"]),
            "bare_images_per_second": round(speeds["bare_loop"]),
            "ratio_to_bare_loop": round(speeds["trainers.train"] / speeds["bare_loop"], 3),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    command_line.run(main)
