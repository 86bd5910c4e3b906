"""Writes a run's codes: python -m trainers.latents --run=runs/demo --attribute=3,8

As arrays, and as TensorBoard's projector shows them: tensorboard --logdir=runs/demo/latents
"""

import json
import pathlib

from absl import flags

from keras_vae import command_line, measures, runs
from keras_vae.runs import run_data
from keras_vae.tasks import latent_files
from trainers import flags as config_flags

FLAGS = flags.FLAGS
config_flags.define_run()
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_enum("split", "test", run_data.SPLITS, "the split whose examples are encoded")
flags.DEFINE_list(
    "attribute",
    [],
    "pictures of what examples of A have and those of B lack: two labels A,B or their names, or A "
    "alone where there are two labels; a factor's NAME=A,B, or NAME alone where it has two values",
)
flags.DEFINE_list(
    "layers",
    [],
    "the layers whose latents the attribute changes, 1 the lowest, as in 3,4; default: all",
)
flags.DEFINE_string("out", None, "folder to write; default: RUN/latents")


def main() -> None:
    out = pathlib.Path(FLAGS.out or pathlib.Path(FLAGS.run, "latents"))
    with command_line.checking_input():
        found = runs.load(FLAGS.run, FLAGS.checkpoint)
        attribute = latent_files.parse_attribute(found, FLAGS.split, FLAGS.attribute)
        layers = latent_files.parse_layers(found, FLAGS.layers, attribute)
        out.mkdir(parents=True, exist_ok=True)
    for file in latent_files.write_files(found, FLAGS.split, attribute, out, layers):
        print("Wrote", file)
    written = json.loads((out / "latents.json").read_text())
    for measure in measures.FILES["latents.json"]["What was written"]:
        if isinstance(written.get(measure.key), float):
            print(f"{measure.name} {written[measure.key]:.3f}")


def run() -> None:
    """The command keras-vae-latents."""
    command_line.run(main)


if __name__ == "__main__":
    run()
