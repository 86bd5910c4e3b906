"""Exports a trained model: python -m export.export --run=runs/demo

Writes a SavedModel and a TFLite file with a README that says how to call them, each compared with
the model first (`export.writer`).
"""

import pathlib

from absl import flags

from export import writer
from export.parity import ParityError
from keras_vae import app
from keras_vae.saving import load

FLAGS = flags.FLAGS


def main() -> None:
    run_directory = pathlib.Path(FLAGS.run)
    path = pathlib.Path(FLAGS.out or run_directory / "export")
    with app.checking_input():
        writer.check_target(path)
        vae = load(run_directory)
    try:
        with app.checking_input():
            report = writer.write(vae, path)
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


def _define_flags():
    flags.DEFINE_string("run", None, "run directory, or a .keras file", required=True)
    flags.DEFINE_string("out", None, "folder to write; default: export in the run directory")


def run() -> None:
    """The command keras-vae-export."""
    _define_flags()
    app.run(main)


if __name__ == "__main__":
    run()
