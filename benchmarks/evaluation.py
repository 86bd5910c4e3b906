"""Speed of the likelihood: python benchmarks/evaluation.py --model=mlp

Seconds of the importance-weighted likelihood, and how many times as long it takes as the least that
it could: one JSON line. Images and weights are random: speed doesn't depend on them.

mlp: black and white images of 28x28 by the net of Burda et al., 2x200 tanh with 50 latents, beside
its matrix products alone. deep: colour images of 32x32 by the net of recipe deep, beside a bare
loop over samples of the same net.
"""

import itertools
import json
import resource
import time
from collections.abc import Callable

import numpy as np
from absl import flags

import keras_vae
from keras_vae import command_line, evaluation
from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.inference.importance import logaddexp

FLAGS = flags.FLAGS
flags.DEFINE_enum("model", "mlp", ["mlp", "deep"], "which net")
flags.DEFINE_integer("num_examples", None, "test images; default: 10,000, of deep 100")
flags.DEFINE_integer("num_samples", None, "k of each; default: 5,000, of deep 100")

BATCH_SIZE = 100  # trainers.evaluate has this batch size.
WIDTHS = (50, 200, 200, 784)  # The decoder's layers, which all samples of the mlp go through.
ROWS = 10_000  # Rows of the timed products; the likelihood has about as many in work at a time.
MLP = {
    "hidden": WIDTHS[1:3],
    "activation": "tanh",
    "latent_dim": WIDTHS[0],
    "event_shape": (28, 28, 1),
    "levels": 2,
    "binarization": "none",
}


def black_and_white(num_images: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, (num_images, 28, 28, 1), np.uint8).astype(bool)


def colour(num_images: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (num_images, 32, 32, 3), np.uint8)


def seconds_of_likelihood(vae: keras_vae.VAE, x: np.ndarray, num_samples: int) -> float:
    batches = [Batch(tf.constant(x[i : i + BATCH_SIZE])) for i in range(0, len(x), BATCH_SIZE)]
    return _seconds(lambda: evaluation.likelihood(vae, batches, num_samples))


def seconds_of_products(num_rows: int) -> float:
    weights = [tf.random.normal(shape) for shape in itertools.pairwise(WIDTHS)]

    @tf.function
    def products(z):
        for weight in weights:
            z = tf.matmul(z, weight)
        return z

    z = tf.random.normal([ROWS, WIDTHS[0]])
    products(z)
    return _seconds(lambda: [products(z) for _ in range(round(num_rows / ROWS))])


def seconds_of_bare_loop(vae: keras_vae.VAE, x: np.ndarray, num_samples: int) -> float:
    """Of one sample after the other, for a batch of examples at a time."""

    @tf.function
    def log_likelihood(x, num_samples):
        def add(j, log_w):
            noise = tf.random.normal([1, x.shape[0], vae.noise_size])
            return j + 1, logaddexp(log_w, vae.terms(x, noise).log_weight[0])

        start = tf.constant(0), tf.fill(x.shape[:1], -np.inf)
        return tf.while_loop(lambda j, _: j < num_samples, add, start)[1]

    batches = [vae.as_floats(x[i : i + BATCH_SIZE]) for i in range(0, len(x), BATCH_SIZE)]
    for batch in (batches[0], batches[-1]):
        log_likelihood(batch, tf.constant(1))  # Traced.
    return _seconds(lambda: [log_likelihood(x, tf.constant(num_samples)) for x in batches])


def _seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def row(model: str, num_examples: int, num_samples: int) -> dict:
    if model == "mlp":
        vae, x = keras_vae.build(keras_vae.recipe("vae", **MLP)), black_and_white(num_examples)
    else:
        vae = keras_vae.build(keras_vae.recipe("deep", event_shape=(32, 32, 3), levels=256))
        x = colour(num_examples)
    seconds_of_likelihood(vae, x[:BATCH_SIZE], 1)  # Whatever starts once.
    likelihood = seconds_of_likelihood(vae, x, num_samples)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # Linux counts in KiB.
    if model == "mlp":
        least = {"ratio_to_products": seconds_of_products(num_examples * num_samples)}
    else:
        least = {"ratio_to_bare_loop": seconds_of_bare_loop(vae, x, num_samples)}
    return {
        "model": model,
        "num_examples": num_examples,
        "num_samples": num_samples,
        "seconds": round(likelihood, 1),
        **{name: round(likelihood / seconds, 2) for name, seconds in least.items()},
        "peak_memory_gib": round(peak, 2),
    }


def main() -> None:
    usual = {"mlp": (10_000, 5000), "deep": (100, 100)}[FLAGS.model]
    numbers = FLAGS.num_examples or usual[0], FLAGS.num_samples or usual[1]
    print(json.dumps(row(FLAGS.model, *numbers)))


if __name__ == "__main__":
    command_line.run(main)
