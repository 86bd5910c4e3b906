"""Sets measured runs side by side: python -m trainers.compare --runs=runs/a,runs/b --out=DIR."""

import os
import pathlib

from absl import flags

from keras_vae import command_line
from keras_vae.tasks import comparison

FLAGS = flags.FLAGS
flags.DEFINE_multi_string(
    "runs",
    None,
    "run directories, measured by trainers.evaluate, with commas between; or given several times, "
    "a directory each",
    required=True,
)
flags.DEFINE_string("out", None, "folder for compare.html and its figures", required=True)


def _paths() -> list[str]:
    """The run directories; the name of one that is there may hold commas."""
    return [
        os.path.expanduser(path)  # A shell leaves ~ behind a comma.
        for given in FLAGS.runs
        for path in ([given] if pathlib.Path(given).is_dir() else given.split(","))
    ]


def main() -> None:
    out = pathlib.Path(FLAGS.out)
    with command_line.checking_input():
        runs = comparison.read_measured(_paths())
        out.mkdir(parents=True, exist_ok=True)
    comparison.show(runs, out)


def run() -> None:
    """The command keras-vae-compare."""
    command_line.run(main)


if __name__ == "__main__":
    run()
