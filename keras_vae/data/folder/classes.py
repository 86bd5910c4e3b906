"""Labels and the names of classes, from the first level of sub-folders."""

import os
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.data.folder.names import counted, listed, shown

if TYPE_CHECKING:
    from keras_vae.data.folder.reading import Split


def labels(
    path: str, found: "dict[str, Split]"
) -> tuple[dict[str, np.ndarray], tuple[str, ...] | None, list[str]]:
    """The labels of all images, from the folders of their splits.

    Args:
      path: the folder of the data set.
      found: dict split -> reading.Split.

    Returns:
      (dict split -> int64 [N], empty without classes; the classes' names in the order of their
      numbers, or None; list of notes).

    Raises:
      ValueError: images beside folders of classes.
    """
    of_files = {}
    for split, part in found.items():
        beside = [file.name for file in part.files if len(file.parts) == 1]
        if beside and len(beside) < len(part.files):
            raise ValueError(
                f"dataset=folder:{path} has {counted(len(beside), 'image')} beside folders of "
                f"classes, without a label: {listed(beside)}. Put them into a class's folder, or "
                "away."
            )
        if not beside:
            of_files[split] = [file.parts[0] for file in part.files]
    names = sorted({name for classes in of_files.values() for name in classes})
    if "train" not in of_files:
        ignored = [os.path.relpath(found[split].folder, path) for split in of_files]
        notes = [f"no labels: train has no folders of classes, as {listed(ignored)} has"]
        return {}, None, notes if ignored else []
    if len(names) == 1:
        return {}, None, [f"no labels: all images are in one folder, {shown(names[0])}"]
    empty = sorted({name for part in found.values() for name in part.classes} - set(names))
    without = [f"without images, no classes: {listed(empty)}"] if empty else []
    number = {name: i for i, name in enumerate(names)}
    numbers = {
        split: np.repeat(np.array([number[name] for name in classes], np.int64), found[split].rows)
        for split, classes in of_files.items()
    }
    notes = without + [
        f"no labels for {split}: it has no folders of classes" for split in found.keys() - numbers
    ]
    return numbers, tuple(shown(name) for name in names), notes
