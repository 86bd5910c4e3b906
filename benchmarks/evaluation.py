"""Speed of the likelihood: python benchmarks/evaluation.py

Seconds of the importance-weighted likelihood of binary 28x28 images by the net of Burda et al.,
2x200 tanh with 50 latents, and in the same run of its matrix products alone; one JSON line. Images
and weights are random: speed doesn't depend on them.
"""

import itertools
import json
import resource
import time

import numpy as np
from absl import flags

import keras_vae
from keras_vae import command_line, evaluation
from keras_vae._compat import tf
from keras_vae.batches import Batch

FLAGS = flags.FLAGS
flags.DEFINE_integer("num_examples", 10_000, "test images", lower_bound=1)
flags.DEFINE_integer("num_samples", 5000, "k, importance samples of each", lower_bound=1)

BATCH_SIZE = 100  # trainers.evaluate has this batch size.
WIDTHS = (50, 200, 200, 784)  # The decoder's layers, which all samples go through.
ROWS = 10_000  # Rows of the timed products; the likelihood has about as many in work at a time.


def seconds_of_likelihood(num_examples: int, num_samples: int) -> float:
    vae = keras_vae.build(
        keras_vae.recipe(
            "vae",
            hidden=(200, 200),
            activation="tanh",
            latent_dim=50,
            event_shape=(28, 28, 1),
            levels=2,
            binarization="none",
        )
    )
    x = np.random.default_rng(0).integers(0, 2, (num_examples, 28, 28, 1), np.uint8).astype(bool)
    batches = [
        Batch(tf.constant(x[i : i + BATCH_SIZE]), None) for i in range(0, len(x), BATCH_SIZE)
    ]
    start = time.perf_counter()
    evaluation.likelihood(vae, batches, num_samples)
    return time.perf_counter() - start


def seconds_of_products(num_rows: int) -> float:
    weights = [tf.random.normal(shape) for shape in itertools.pairwise(WIDTHS)]

    @tf.function
    def products(z):
        for weight in weights:
            z = tf.matmul(z, weight)
        return z

    z = tf.random.normal([ROWS, WIDTHS[0]])
    products(z)
    start = time.perf_counter()
    for _ in range(round(num_rows / ROWS)):
        products(z)
    return time.perf_counter() - start


def main() -> None:
    likelihood = seconds_of_likelihood(FLAGS.num_examples, FLAGS.num_samples)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # Linux counts in KiB.
    products = seconds_of_products(FLAGS.num_examples * FLAGS.num_samples)
    row = {
        "num_examples": FLAGS.num_examples,
        "num_samples": FLAGS.num_samples,
        "seconds": round(likelihood, 1),
        "ratio_to_products": round(likelihood / products, 2),
        "peak_memory_gib": round(peak, 2),
    }
    print(json.dumps(row))


if __name__ == "__main__":
    command_line.run(main)
