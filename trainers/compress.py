"""Compresses a run's test images without loss: python -m trainers.compress --run=runs/demo

And gives them back: python -m trainers.compress --run=runs/demo --decode=runs/demo/compressed.bin
"""

import pathlib

from absl import flags

from keras_vae import app, saving
from keras_vae.compression import BitsBack
from trainers import compression, measure, strategy

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "the run directory", required=True)
flags.DEFINE_string("decode", None, "a compressed file, to be decoded into an npz file")
flags.DEFINE_string("out", None, "file to write; default: RUN/compressed.bin, or FILE.npz")
flags.DEFINE_enum("checkpoint", "auto", ["auto", "best", "last"], "auto: best if there is one")


def main() -> None:
    strategy.make("cpu")  # GPUs may compute other numbers the next time.
    if FLAGS.decode:
        file = pathlib.Path(FLAGS.decode)
        out = pathlib.Path(FLAGS.out or file.with_suffix(".npz"))
        with app.checking_input():
            codec = BitsBack(saving.load(FLAGS.run, FLAGS.checkpoint))
            compression.decode(codec, file, out)
        print("Images:", out)
        return
    out = pathlib.Path(FLAGS.out or pathlib.Path(FLAGS.run, "compressed.bin"))
    with app.checking_input():
        run = measure.load(FLAGS.run, FLAGS.checkpoint)
        codec = BitsBack(run.vae)
        compression.check_target(out)
    result = compression.compress(run, codec, out)
    if problem := compression.problem(result):
        app.fail(problem, code=1)


def run() -> None:
    """The command keras-vae-compress."""
    app.run(main)


if __name__ == "__main__":
    run()
