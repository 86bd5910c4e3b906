"""Writes an export: all of it, checked, or nothing."""

import importlib.metadata
import json
import pathlib
import platform
import tempfile

from export import parity, readme, saved_model, tflite
from export.generator import values_come_in_turn
from keras_vae.files import check_folder
from keras_vae.vae import VAE

_PACKAGES = ("keras-vae", "tensorflow", "tf-keras", "tensorflow-probability", "ai-edge-litert")


def write(vae: VAE, path, batch_sizes=tflite.BATCH_SIZES, described=None) -> dict:
    """Writes the folder `path`, in place of an earlier export there.

        write(keras_vae.load("runs/demo"), "runs/demo/export")

    It holds `saved_model/`, `generator.tflite`, `parity.json` and a `README.md` that says how to
    call them. Each file is compared with the model before the folder gets its name.

    Args:
      vae: the model; its moving average of the weights is taken, where there is one.
      path: the folder; its parents are made.
      batch_sizes: of the signatures of generator.tflite; the SavedModel takes any.
      described: the content of the run's config.json, which is put beside the files: it says by
        which data trainers.evaluate measures an export.

    Returns:
      The content of `parity.json`.

    Raises:
      parity.ParityError: a file computes something else than the model.
      ValueError: part of the decoder can't be a TFLite file.
      OSError: the folder can't be written, or something that isn't an export is there.
    """
    path = pathlib.Path(path).resolve()
    check_target(path)
    if not batch_sizes or min(batch_sizes) < 1:
        raise ValueError(f"batch_sizes must be whole numbers from 1 on, got {batch_sizes}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        folder = pathlib.Path(scratch) / "new"
        folder.mkdir()
        with vae.evaluation_weights():
            report = _write_checked(vae, folder, sorted(set(batch_sizes)))
        (folder / "parity.json").write_text(json.dumps(report, indent=2) + "\n")
        (folder / "README.md").write_text(readme.text(report))
        if described is not None:
            (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")
        _move(folder, path, aside=pathlib.Path(scratch) / "old")
    return report


def check_target(path) -> None:
    """Raises OSError if an export can't be written to `path`, or would replace something else."""
    path = pathlib.Path(path).resolve()
    if path.is_dir():
        replaceable = (path / "parity.json").is_file() or not any(path.iterdir())
    else:
        replaceable = not path.exists()
    if not replaceable:
        raise FileExistsError(
            f"{path} exists and is no earlier export, so it isn't replaced. Choose another folder."
        )
    check_folder("path", path.parent)


def _write_checked(vae, folder, batch_sizes):
    model, lite = folder / "saved_model", folder / "generator.tflite"
    saved_model.write(vae, model)
    tflite.write(vae, lite, batch_sizes)
    return {
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in _PACKAGES},
        "batch_sizes": batch_sizes,
        "values_come_in_turn": values_come_in_turn(vae),
        "condition": None if vae.condition is None else vae.condition.wanted,
        "tolerance": {"max": parity.MAX_TOLERANCE, "mean": parity.MEAN_TOLERANCE},
        "artefacts": {
            "saved_model": {
                "bytes": sum(f.stat().st_size for f in model.rglob("*") if f.is_file()),
                "signatures": parity.check(vae, model.name, saved_model.load(model)),
            },
            "generator.tflite": {
                "bytes": lite.stat().st_size,
                "operators": tflite.operators(lite),
                "signatures": parity.check(vae, lite.name, tflite.load(lite)),
            },
        },
    }


def _move(folder, path, aside):
    """Moves `folder` to `path`, and what was there to `aside`."""
    if not path.exists():
        folder.rename(path)
        return
    path.rename(aside)
    try:
        folder.rename(path)
    except BaseException:
        aside.rename(path)
        raise
