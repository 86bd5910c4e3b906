"""Draws rows of a table: python -m export.sample_rows --model=generator.tflite --n=1000 --out=a.csv

Needs numpy, pillow and ai-edge-litert, and `export/sample.py` of this project: no TensorFlow.
"""

import argparse
import csv
import datetime
import pathlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from export.sample import read_card, sample


def main(arguments: Sequence[str] | None = None) -> None:
    flags = _parser().parse_args(arguments)
    out = pathlib.Path(flags.out)
    try:
        if not out.parent.is_dir():
            raise FileNotFoundError(f"out={out}: there is no folder {out.parent}.")
        x = sample(flags.model, flags.seed, flags.n, flags.temperature, flags.condition, "sample")
        write(out, columns_of(flags.model), x)
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    print(f"{out}: {len(x)} rows")


def columns_of(model: str | pathlib.Path) -> list[dict[str, Any]]:
    """The columns of a table, as the model card in the file has them.

    Raises:
      ValueError: the model is of no table.
    """
    card = read_card(model)
    if "table" not in card:
        raise ValueError(f"model={model} is of no table. Draw pictures by export.sample.")
    return card["table"]["columns"]


def write(path: pathlib.Path, columns: Sequence[dict[str, Any]], x: np.ndarray) -> None:
    """Writes rows x [N, D] as CSV, in the order and the rounding of the data.

    Constants are written too; ids and free texts aren't, as the model hasn't learned them.
    """
    place, names, cells = 0, [], []
    for column in columns:
        if column["kind"] in ("id", "text"):
            continue
        names.append(column["name"])
        if column["kind"] == "constant":
            cells.append([column.get("value")] * len(x))
        else:
            cells.append([*map(_cell(column), x[:, place].astype(np.float64))])
            place += 1
    part = path.with_suffix(f".part{path.suffix}")
    try:
        with open(part, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(names)
            rows.writerows(zip(*cells, strict=True))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _cell(column: dict[str, Any]) -> Callable[[float], Any]:
    """A function of x of one cell, which gives the cell; by the column's facts in the card."""
    kind, categories = column["kind"], column.get("categories", [])
    if kind in ("category", "ordered", "boolean"):
        return lambda x: categories[min(round(x), len(categories) - 1)]
    unit, offset = column.get("unit", 1.0), column.get("offset", 0.0)
    decimals = column.get("decimals") or 0

    def value(x):
        return x * unit + offset

    if kind == "number":
        return lambda x: repr(float(value(x)))
    if kind != "date":
        return lambda x: f"{value(x):.{decimals}f}"
    step = "seconds" if column.get("seconds") else "days"
    form = column.get("format") or ("%Y-%m-%d %H:%M:%S" if column.get("seconds") else "%Y-%m-%d")
    first, size = datetime.datetime(1970, 1, 1), 60 if step == "seconds" and "%S" not in form else 1
    return lambda x: (first + datetime.timedelta(**{step: size * round(value(x) / size)})).strftime(
        form
    )


def _parser():
    parser = argparse.ArgumentParser(prog="python -m export.sample_rows", description=__doc__)
    parser.add_argument("--model", required=True, help="a generator.tflite")
    parser.add_argument("--seed", type=int, default=0, help="the same gives the same rows")
    parser.add_argument("--n", type=int, default=1000, help="how many rows")
    parser.add_argument("--temperature", type=float, default=1.0, help="below 1: less varied")
    parser.add_argument("--condition", help="a label of a conditional model, or its name")
    parser.add_argument("--out", required=True, help="the file to write, a .csv")
    return parser


if __name__ == "__main__":
    main()
