"""Compresses a run's test images without loss: python -m trainers.compress --run=runs/demo

And gives them back: python -m trainers.compress --run=runs/demo --decode=runs/demo/compressed.bin
"""

import pathlib

from absl import flags

from keras_vae import command_line, runs
from keras_vae.compression import BitsBack
from keras_vae.runs import loading
from keras_vae.tasks import compressed_file
from trainers import strategy

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
        with command_line.checking_input():
            codec = BitsBack(loading.load_model(FLAGS.run, FLAGS.checkpoint))
            compressed_file.decode(codec, file, out)
        print("Images:", out)
        return
    out = pathlib.Path(FLAGS.out or pathlib.Path(FLAGS.run, "compressed.bin"))
    with command_line.checking_input():
        run = runs.load(FLAGS.run, FLAGS.checkpoint)
        codec = BitsBack(run.model)
        compressed_file.check_target(out)
    result = compressed_file.compress(run, out, codec)
    if problem := compressed_file.problem(result):
        command_line.fail(problem, code=1)


def run() -> None:
    """The command keras-vae-compress."""
    command_line.run(main)


if __name__ == "__main__":
    run()
