"""What people call splits, and arrays of images and labels."""

import re

# In lower case; the first is what this project calls the split.
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "development"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_BY_NAME = {name: split for split, names in SPLITS.items() for name in names}


def split_of(name: str) -> str | None:
    """The split that a folder or TFDS split of this name is: Training is "train"; else None."""
    return _BY_NAME.get(name.lower())


def words(name: str) -> list[str]:
    """The words of a key, in lower case: ["x", "train"] of x_train, X-Train, xTrain."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]
