"""Classes of a run's data in pictures and tables."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, cast

import numpy as np

from keras_vae.conditions import Condition
from keras_vae.data import Dataset
from keras_vae.report import page, plots
from keras_vae.report.class_names import name_of
from keras_vae.vae import VAE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 30  # classes in a table that is open from the start
_LONGEST = 16  # characters at most of a name beside a picture


def beside(label: int, names: Sequence[str] | None) -> str:
    """What stands beside a picture of that label.

    Its name, cut where it is long; its number where the figure has no glyphs for the name.
    """
    name = " ".join(name_of(label, names).split())
    if not plots.can_write(name):
        return str(label)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def samples(
    vae: VAE, num_rows: int, seed: int, names: Sequence[str] | None = None
) -> tuple["Figure", list[str]]:
    """(figure of samples, in each row as many of one label; what each row's label is called).

    Args:
      vae: a VAE whose conditions are labels.
      num_rows, seed: of the samples.
      names: of the labels; by default those that the model has.
    """
    condition = cast(Condition, vae.condition)
    labels = condition.to_show(num_rows, None)
    made = vae.sample(num_rows**2, seed=seed, condition=np.repeat(labels, num_rows)).numpy()
    names, images = names or condition.names, vae.modality.as_images(made)
    rows = images.reshape(num_rows, -1, *images.shape[1:])
    figure = plots.traversals(rows, (), [beside(label, names) for label in labels.tolist()])
    return figure, [name_of(label, names) for label in labels.tolist()]


def of_clusters(
    clusters: np.ndarray, labels: np.ndarray, shown: Sequence[int], names: Sequence[str] | None
) -> list[str]:
    """The commonest class of each of the clusters `shown`, and its share: "cat 92%".

    Args:
      clusters, labels: whole numbers [N], of N examples.
      shown: clusters that hold examples.
      names: of the labels, or None.
    """
    found = []
    for cluster in shown:
        values, counts = np.unique(labels[clusters == cluster], return_counts=True)
        name = beside(values[counts.argmax()].item(), names)
        found.append(f"{name} {counts.max() / counts.sum():.0%}")
    return found


def section(dataset: Dataset) -> str:
    """The HTML of how many examples of each class each split has; empty without labels."""
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    labels = {name: split.labels for name, split in splits.items() if split is not None}
    labels = {name: column for name, column in labels.items() if column is not None}
    if not labels:
        return ""
    names = dataset.train.class_names
    known = np.unique(np.concatenate([*labels.values(), np.arange(len(names or ()))]))
    counts = {name: _counts(column, known) for name, column in labels.items()}
    head = ["class", *(["name"] if names else []), *counts]
    rows = [
        [str(label), *([name_of(label, names)] if names else []), *(f"{n:,}" for n in numbers)]
        for label, *numbers in zip(known.tolist(), *counts.values(), strict=True)
    ]
    table = page.table(head, rows)
    if len(known) > _SHOWN:
        table = f"<details><summary>{len(known)} classes</summary>{table}</details>"
    return f"<h3>Classes</h3>\n<p class='soft'>{escape(_about(counts))}</p>\n{table}"


def _counts(labels, known):
    """How many there are of each of `known` labels, which ascend."""
    values, counts = np.unique(labels, return_counts=True)
    found = np.zeros(len(known), int)
    found[np.searchsorted(known, values)] = counts
    return found


def _about(counts):
    return "How many examples of each class there are: " + "; ".join(
        f"{name}, {numbers.min():,} to {numbers.max():,}" for name, numbers in counts.items()
    )
