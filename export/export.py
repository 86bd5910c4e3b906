"""Exports a trained model: python -m export.export --run=runs/demo

Writes a SavedModel and a TFLite file with a README that says how to call them, each compared with
the model first (`export.writer`).
"""

import pathlib
import sys

from absl import flags

try:
    import keras_vae
except ImportError as error:  # Versions that don't fit: a sentence, where a library would raise.
    sys.exit(f"error: {error}")

from export import writer
from export.parity import ParityError
from keras_vae import app, saving

FLAGS = flags.FLAGS


def main() -> None:
    run_directory = pathlib.Path(FLAGS.run)
    path = pathlib.Path(FLAGS.out or run_directory / "export")
    with app.checking_input():
        writer.check_target(path)
        batch_sizes = _whole_numbers("batch_sizes", FLAGS.batch_sizes)
        vae = keras_vae.load(run_directory)
        described = saving.read_run(run_directory) if run_directory.is_dir() else None
    try:
        with app.checking_input():
            report = writer.write(vae, path, batch_sizes, described)
    except ParityError as error:
        app.fail(error, code=1)
    for name, content in report["artefacts"].items():
        errors = [
            output["max_error"]
            for signature in content["signatures"].values()
            for output in signature["outputs"].values()
        ]
        print(f"{path / name}: {content['bytes']:,} bytes, largest error {max(errors):.1e}")
        print(f"  signatures: {', '.join(content['signatures'])}")
    print(f"{path / 'README.md'}: how to call them")


def _whole_numbers(name, texts):
    if not texts or not all(text.isdecimal() and int(text) for text in texts):
        raise ValueError(
            f"{name} must be whole numbers from 1 on, as in 1,16; got {','.join(texts)}."
        )
    return [int(text) for text in texts]


def _define_flags():
    flags.DEFINE_string("run", None, "run directory, or a .keras file", required=True)
    flags.DEFINE_string("out", None, "folder to write; default: export in the run directory")
    flags.DEFINE_list("batch_sizes", ["1", "16"], "of the signatures of generator.tflite")


def run() -> None:
    """The command keras-vae-export."""
    _define_flags()
    app.run(main)


if __name__ == "__main__":
    run()
