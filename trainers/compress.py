"""Compresses a run's test images without loss: python -m trainers.compress --run=runs/demo

Gives them back: python -m trainers.compress --run=runs/demo --decode=runs/demo/compressed.bin
"""

import pathlib

from absl import flags

from keras_vae import command_line, runs
from keras_vae.compression import BitsBack
from keras_vae.tasks import compressed_file
from trainers import flags as config_flags
from trainers import strategy

FLAGS = flags.FLAGS
config_flags.define_run()
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_string("decode", None, "a compressed file, to be decoded into an npz file")
flags.DEFINE_string("out", None, "file to write; default: RUN/compressed.bin, or FILE.npz")


def main() -> None:
    strategy.make("cpu")  # GPUs may compute other numbers the next time.
    if FLAGS.decode:
        file = pathlib.Path(FLAGS.decode)
        out = pathlib.Path(FLAGS.out or file.with_suffix(".npz"))
        with command_line.checking_input():
            compressed_file.decode_run(FLAGS.run, FLAGS.checkpoint, file, out)
        print("Images:", out)
        return
    out = pathlib.Path(FLAGS.out or pathlib.Path(FLAGS.run, "compressed.bin"))
    with command_line.checking_input():
        found = runs.load(FLAGS.run, FLAGS.checkpoint)
        codec = BitsBack(found.model)
        compressed_file.check_target(out)
    result = compressed_file.compress(found, out, codec)
    if problem := compressed_file.problem(result):
        command_line.fail(problem, code=1)


def run() -> None:
    """The command keras-vae-compress."""
    command_line.run(main)


if __name__ == "__main__":
    run()
