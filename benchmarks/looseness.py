"""How far more samples lower a likelihood: python benchmarks/looseness.py --run=runs/mnist_mlp

One JSON line for each number of importance samples: the NLL of the first test images, with its
standard error over images; by how much it is lower than that of the fewest samples, image by image,
with the error of that; and how loose the samples themselves say that it is.
"""

import json
import math

from absl import flags

from keras_vae import command_line, evaluation, runs
from keras_vae.runs import run_data

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "the run directory", required=True)
flags.DEFINE_integer("num_examples", 1000, "test images, of the first", lower_bound=2)
flags.DEFINE_list("num_samples", ["500", "5000", "50000"], "numbers of importance samples")


def main() -> None:
    with command_line.checking_input():
        run = runs.load(FLAGS.run)
    batches = run_data.evaluation_batches(run.config, run.data, "test", batch_size=100)
    batches = batches.take(math.ceil(FLAGS.num_examples / 100))
    fewest = None
    for num_samples in map(int, FLAGS.num_samples):
        examples = evaluation.of_examples(run.model, batches, num_samples)
        nll = examples["nll"]
        fewest = nll if fewest is None else fewest
        row = {
            "importance_samples": num_samples,
            "num_examples": len(nll),
            "nll_nats": float(nll.mean()),
            "nll_stderr": evaluation.stderr(nll),
            "lower_by": float((fewest - nll).mean()),
            "lower_by_stderr": evaluation.stderr(fewest - nll),
            "nll_looseness_nats": evaluation.means(examples, num_samples)["nll_looseness_nats"],
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    command_line.run(main)
