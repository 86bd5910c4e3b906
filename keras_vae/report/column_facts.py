"""A table of a table's columns: what is missing of each, and how well the model has it."""

from collections.abc import Iterator, Mapping
from typing import Any

from keras_vae.data import Dataset

_MEASURED = {
    "shape": "column_shapes_by_column",
    "nats alone": "nll_nats_by_column",
    "of a histogram": "rival_nats_by_column",
    "given the latents": "distortion_nats_by_column",
}


def rows(evaluation: Mapping[str, Any], dataset: Dataset | None) -> Iterator[tuple[str, ...]]:
    """The head, and a row for each column that was measured."""
    missing = _missing(dataset)
    yield "", *(["missing"] if missing else []), *_MEASURED
    for name in evaluation["distortion_nats_by_column"]:
        found = [(evaluation.get(key) or {}).get(name) for key in _MEASURED.values()]
        numbers = ["" if value is None else f"{value:.3f}" for value in found]
        yield name, *([missing[name]] if missing else []), *numbers


def _missing(dataset):
    """The share of training cells that are unknown, by name; nothing where all are known."""
    if dataset is None or getattr(dataset.train, "mask", None) is None:
        return {}
    columns = dataset.train.modality.schema.learned
    shares = 1.0 - dataset.train.mask.mean(axis=0)
    return {c.name: f"{share:.1%}" for c, share in zip(columns, shares, strict=True)}
