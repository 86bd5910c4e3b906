"""Which folder is which split."""

import os
from collections.abc import Iterable, Sequence

from keras_vae.data import split_names
from keras_vae.data.folder.finding import is_folder, sub_folders
from keras_vae.data.folder.names import is_passed_over, listed, shown


def splits(path: str) -> tuple[dict[str, str], bool, list[str]]:
    """The folders of the splits, by their names; all of `path` is train if none has such a name.

    Args:
      path: str, the folder of the data set.

    Returns:
      (dict split -> folder, whether the folders are named as splits, list of notes).

    Raises:
      ValueError: what a folder is for isn't certain, or there is no train.
    """
    passed: list[str] = []
    root = _passed_through(path, passed)
    found, notes = _named_splits(path, root, passed)
    folders = {split: _passed_through(folder, passed) for split, folder in found.items()}
    if passed:
        notes.append(f"taken as the folder of the same name, all that is inside: {listed(passed)}")
    return folders or {"train": root}, bool(folders), notes


def _named_splits(path, root, passed):
    """(dict split -> folder, empty if none has such a name; list of notes)."""
    inside = sub_folders(root)
    named = _named(inside)
    if named:
        return _checked(path, root, inside, named)
    if len(inside) == 1 and len(_visible(root)) == 1:  # as archives are unpacked
        ((name, wrapper),) = inside.items()
        through: list[str] = []
        wrapper = _passed_through(wrapper, through)
        inner = sub_folders(wrapper)
        named = _named(inner)
        if named:
            passed += through
            found, notes = _checked(path, wrapper, inner, named)
            return found, [f"the splits are in {shown(name)}, all there is in {path}", *notes]
    return {}, []


def _passed_through(folder, passed):
    """The folder of the same name, if `folder` holds nothing else; its name goes to `passed`."""
    name = os.path.basename(os.path.abspath(folder))
    if list(sub_folders(folder)) != [name] or _visible(folder) != [name]:
        return folder
    passed.append(name)
    return os.path.join(folder, name)


def check_deeper(
    path: str, split: str, folder: str, folders: Iterable[Sequence[str]], given: bool
) -> None:
    """Raises ValueError if folders inside a split are of another split.

    Args:
      path: the folder of the data set.
      split: train, validation or test.
      folder: the split's folder.
      folders: those below it, each by its parts.
      given: whether `folder` itself is named as a split. Then those right below are classes,
        whatever their names, unless they are of several splits too.
    """
    for parts in folders:
        deeper = split_names.split_of(parts[-1])
        is_class = given and len(parts) == 1
        if deeper in (None, "train", split) or is_class:
            continue
        name = shown(os.path.relpath(os.path.join(folder, *parts), path))
        raise ValueError(
            f"dataset=folder:{path} has a folder named as a {deeper} split deeper down, {name}, "
            f"whose images would be in {split}. Put splits first and classes into them, as "
            "train/cat and test/cat, or rename it."
        )
    if not given:
        _check_not_alike(path, [parts[-1] for parts in folders])
    right_below = [parts[0] for parts in folders if len(parts) == 1]
    if given and {"train"} < set(_named(right_below)):
        raise ValueError(
            f"dataset=folder:{path} has splits inside of a split: {listed(right_below)} in "
            f"{shown(os.path.relpath(folder, path))}. Give the folder that holds them alone, or "
            "rename them."
        )


def _check_not_alike(path, names):
    """Raises ValueError for folders that say in other words that they are splits."""
    if alike := split_names.alike(names):
        raise ValueError(
            f"dataset=folder:{path} has {listed(alike)}: splits or classes? If they are splits, "
            "name them train and test, with the classes right below; else put the classes into "
            "train/."
        )


def _checked(path, folder, inside, named):
    """(dict split -> folder, notes) of the sub-folders `inside`, of which some are `named`."""
    where = f"dataset=folder:{path}"
    for split, names in named.items():
        if len(names) > 1:
            raise ValueError(
                f"{where} has {len(names)} folders for its {split} split, {listed(names)}. Join "
                "them, or rename all but one."
            )
    names = [name for names in named.values() for name in names]
    others = [name for name in inside if name not in names]
    if others and ("train" not in named or len(named) == 1):
        raise ValueError(
            f"{where} has {listed(names)}, named as a split, beside {listed(others)}: split or "
            "class? Rename it if it is a class; else put the classes into train/, beside it."
        )
    if "train" not in named:
        raise ValueError(
            f"{where} has {listed(names)}, but no train/ to learn from. Give one; what is missing "
            "beside it is drawn from it."
        )
    beside = [name for name in _visible(folder) if name not in names]
    notes = [f"left out, beside the splits: {listed(beside)}"] if beside else []
    order = [split for split in split_names.SPLITS if split in named]
    return {split: inside[named[split][0]] for split in order}, notes


def _named(names):
    """dict split -> the names that are its."""
    found: dict[str, list[str]] = {}
    for name in names:
        split = split_names.split_of(name)
        if split:
            found.setdefault(split, []).append(name)
    return found


def _visible(folder):
    """Names of all that is right under `folder` and not passed over."""
    with os.scandir(folder) as entries:
        return sorted(
            entry.name for entry in entries if not is_passed_over(entry.name, is_folder(entry))
        )
