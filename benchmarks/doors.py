"""What checking a batch costs: python benchmarks/doors.py

Microseconds that `fit` on a tf.data set takes to check a batch of 128 images of 28x28, and those of
the training step that follows, of an MLP of 400 units and 20 latents: medians of interleaved
rounds, one JSON line for each form that the images come in.
"""

import json
import statistics
import time

import numpy as np
from absl import flags

import keras_vae
from keras_vae import command_line
from keras_vae._compat import tf

FLAGS = flags.FLAGS
flags.DEFINE_integer("rounds", 300, "rounds, of which the median is taken", lower_bound=1)

# A likelihood, and images that it takes.
FORMS = {
    "bool": ("bernoulli", lambda x: x > 127),
    "float32, black and white": ("bernoulli", lambda x: np.float32(x > 127)),
    "float32, grey": ("continuous_bernoulli", lambda x: x / np.float32(255)),
    "uint8": ("continuous_bernoulli", lambda x: x),
    "float32, real numbers": ("normal", lambda x: x / np.float32(255)),
}


def measure(likelihood, x) -> dict:
    """Both times for a batch x [B, H, W, C]."""
    options = {"likelihood": likelihood, "event_shape": x.shape[1:]}
    vae = keras_vae.build(keras_vae.recipe("vae", learning_rate_schedule="constant", **options))
    batches = iter(tf.data.Dataset.from_tensors(x).repeat())
    batch, train = next(batches), vae.make_train_function()
    checks, steps = [], []
    for i in range(FLAGS.rounds + 5):
        begin = time.perf_counter()
        vae.check_examples(batch)
        middle = time.perf_counter()
        train(batches)["loss"].numpy()
        end = time.perf_counter()
        if i >= 5:  # The first steps trace and are slower.
            checks.append(middle - begin)
            steps.append(end - middle)
    check, step = (1e6 * statistics.median(times) for times in (checks, steps))
    return {
        "check_us": round(check, 1),
        "step_us": round(step, 1),
        "share": round(check / step, 4),
    }


def main():
    x = np.random.default_rng(0).integers(0, 256, (128, 28, 28, 1), np.uint8)
    for form, (likelihood, convert) in FORMS.items():
        print(json.dumps({"images": form, **measure(likelihood, convert(x))}), flush=True)


if __name__ == "__main__":
    command_line.run(main)
