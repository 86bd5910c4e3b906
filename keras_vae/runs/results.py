"""What has been written of a run: measured numbers, and the history of its training."""

import csv
import math
import pathlib

import numpy as np

from keras_vae.files import read_json


def read_results(file: pathlib.Path, step: int) -> dict | None:
    """The content of a JSON file, if it is there and of the weights of that step."""
    content = read_json(file) if file.is_file() else {}
    return content if content.get("step") == step else None


def read_history(path: pathlib.Path) -> dict:
    """metrics.csv as dict name -> [E], NaN where there is no number; no column without any number.

    The dict is empty if there is no file.
    """
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        # A killed training can leave the last line half-written.
        rows = [row for row in reader if None not in row.values()]
        names = reader.fieldnames or []
    history = {name: np.array([_float(row[name]) for row in rows]) for name in names}
    # Validation's loss is the bound, and training's may be another: one axis would mislead.
    history.pop("val_loss", None)
    return {name: values for name, values in history.items() if np.isfinite(values).any()}


def _float(text):
    try:
        return float(text)
    except ValueError:
        return math.nan
