"""What people call splits, and arrays of images and labels."""

import re
from collections.abc import Iterable

_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "development"),
    "test": ("test", "testing", "eval", "evaluation"),
}
# Names are in lower case; the first one is this project's name of the split.
SPLITS = {split: (*names, *(f"{name}_set" for name in names)) for split, names in _WORDS.items()}
_BY_NAME = {name: split for split, names in SPLITS.items() for name in names}


def split_of(name: str) -> str | None:
    """The split that a folder or TFDS split of this name is: Training is "train"; else None."""
    return _BY_NAME.get(name.lower())


def alike(names: Iterable[str]) -> list[str]:
    """Names of several splits that say so by a word: seg_train, seg_test; train1, test1.

    Their other words must be the same: a bullet_train and a test_tube are no splits.
    """
    found: dict = {}  # the other words -> split -> names
    for name in names:
        parts = [part for word in words(name) for part in re.findall(r"[a-z]+|\d+", word)]
        splits = [word for word in parts if split_of(word)]
        if len(splits) == 1:
            rest = tuple(part for part in parts if not part.isdigit() and part not in splits)
            found.setdefault(rest, {}).setdefault(split_of(splits[0]), []).append(name)
    several = [by_split for by_split in found.values() if len(by_split) > 1]
    return sorted(name for by_split in several for names in by_split.values() for name in names)


def words(name: str) -> list[str]:
    """The words of a key, in lower case: ["x", "train"] of x_train, X-Train, xTrain."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]
