"""Sets measured runs side by side: python -m trainers.compare --runs=runs/a,runs/b --out=DIR."""

import pathlib

from absl import flags

from keras_vae import app
from keras_vae.notes import tell
from trainers import comparison

FLAGS = flags.FLAGS
flags.DEFINE_list("runs", None, "run directories, measured by trainers.evaluate", required=True)
flags.DEFINE_string("out", None, "folder for compare.html and its figures", required=True)


def main() -> None:
    out = pathlib.Path(FLAGS.out)
    with app.checking_input():
        runs = comparison.read(FLAGS.runs)
        out.mkdir(parents=True, exist_ok=True)
    for note in comparison.differences(runs):
        tell(note)
    comparison.print_table(runs)
    print("Page:", comparison.write(runs, out))


def run() -> None:
    """The command keras-vae-compare."""
    app.run(main)


if __name__ == "__main__":
    run()
