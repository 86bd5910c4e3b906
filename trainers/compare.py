"""Sets measured runs side by side: python -m trainers.compare --runs=runs/a,runs/b --out=DIR."""

import pathlib

from absl import flags

from keras_vae import command_line
from keras_vae.tasks import comparison

FLAGS = flags.FLAGS
flags.DEFINE_list("runs", None, "run directories, measured by trainers.evaluate", required=True)
flags.DEFINE_string("out", None, "folder for compare.html and its figures", required=True)


def main() -> None:
    out = pathlib.Path(FLAGS.out)
    with command_line.checking_input():
        runs = comparison.read_measured(FLAGS.runs)
        out.mkdir(parents=True, exist_ok=True)
    comparison.show(runs, out)


def run() -> None:
    """The command keras-vae-compare."""
    command_line.run(main)


if __name__ == "__main__":
    run()
