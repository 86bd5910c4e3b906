"""Writes a run's codes: python -m trainers.latents --run=runs/demo --attribute=3,8

As arrays, and as TensorBoard's projector shows them: tensorboard --logdir=runs/demo/latents
"""

import pathlib

from absl import flags

from keras_vae import command_line, runs
from keras_vae.runs import inputs
from keras_vae.tasks import latent_files

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "the run directory", required=True)
flags.DEFINE_enum("split", "test", inputs.SPLITS, "of which images")
flags.DEFINE_list(
    "attribute", [], "two labels or their names: pictures of what the first has and the second not"
)
flags.DEFINE_string("out", None, "folder to write; default: RUN/latents")
flags.DEFINE_enum("checkpoint", "auto", ["auto", "best", "last"], "auto: best if there is one")


def main() -> None:
    out = pathlib.Path(FLAGS.out or pathlib.Path(FLAGS.run, "latents"))
    with command_line.checking_input():
        run = runs.load(FLAGS.run, FLAGS.checkpoint)
        attribute = latent_files.parse_attribute(run, FLAGS.split, FLAGS.attribute)
        out.mkdir(parents=True, exist_ok=True)
    for file in latent_files.write_files(run, FLAGS.split, attribute, out):
        print("Wrote", file)


def run() -> None:
    """The command keras-vae-latents."""
    command_line.run(main)


if __name__ == "__main__":
    run()
