"""Labels of any kind as numbers from 0 on, with their names: docs/reference/data.md, "Labels"."""

from collections.abc import Mapping, Sequence

import numpy as np

from keras_vae.messages.sentences import in_one_line, some


def read_labels(
    name: str,
    labels: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    class_names: Sequence[str] | np.ndarray | None = None,
) -> tuple[dict[str, np.ndarray], tuple[str, ...] | None, list[str]]:
    """Labels of all splits on one numbering.

    Args:
      name: what errors call the data.
      labels: dict split -> array with one label for each image; splits may be missing.
      sizes: dict split -> N, how many images the split has.
      class_names: names of labels 0 .. K-1, where they are known already; or None.

    Returns:
      (dict split -> int64 [N], without the splits whose labels are all missing; class_names, a
      tuple of str or None; list of notes).

    Raises:
      ValueError: labels that don't fit the images, or some of which are missing.
    """
    notes, found = [], {}
    class_names = None if class_names is None else _class_names(name, class_names)
    one_hot = {split for split, y in labels.items() if _is_table(y)}
    for split, y in labels.items():
        values, missing = _column(f"Labels for {split} of {name}", y, sizes[split])
        if missing.all():
            notes.append(f"the labels of {split} are all missing: it is taken without labels")
        else:
            _check_none_missing(f"Labels for {split} of {name}", missing, y)
            found[split] = values
    if one_hot:
        notes.append(f"one-hot labels of {', '.join(sorted(one_hot))}: the place of the 1 is taken")
        _check_same_width(name, {split: np.shape(labels[split])[1] for split in one_hot})
    if not found:
        return {}, None, notes
    kinds = {split: "names" if y.dtype.kind == "U" else "numbers" for split, y in found.items()}
    if len(set(kinds.values())) > 1:
        raise ValueError(f"Labels of {name} must all be names or all numbers, got {kinds}.")
    found = _without_missing_code(name, found, class_names is not None, notes)
    numbers, names, more = _numbered(found, class_names, is_one_hot=bool(one_hot))
    return numbers, names, notes + more


def _class_names(name, given):
    """Names of classes as a tuple of str, each in one line."""
    if np.ndim(given) != 1 or np.asarray(given).dtype.kind not in "USTOiu":
        given = np.asarray(given)
        raise ValueError(
            f"class_names of {name} must be one name for each label, [K], got {given.dtype} "
            f"{list(given.shape)}. Leave them out, or write them as np.array(names)."
        )
    return different_names(f"class_names of {name}", given)


def different_names(what: str, given: Sequence[str] | np.ndarray) -> tuple[str, ...]:
    """Names as str, each in one line; raises ValueError if two are the same, or one is empty."""
    texts = (v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else v for v in given)
    names = tuple(in_one_line(str(text)) for text in texts)
    if len(set(names)) < len(names) or "" in names:
        raise ValueError(
            f"{what} must be different names, none of them empty, got {some(list(names))}."
        )
    return names


def are_plain(names: Sequence[str]) -> bool:
    """Whether names of classes say no more than their numbers: "0", "1", …"""
    return all(name == str(i) for i, name in enumerate(names))


def _is_table(y):
    return np.ndim(y) == 2 and np.shape(y)[1] > 1


def _column(what, y, n):
    """(int64 or str [n], bool [n]: which are missing)."""
    masked, y = np.ma.getmaskarray(y), np.ma.getdata(y)
    kind = y.dtype.kind
    has_shape = y.shape in ((n,), (n, 1)) or (_is_table(y) and len(y) == n and kind in "buif")
    if not has_shape or kind not in "buifUSTO":
        raise ValueError(
            f"{what} must be one whole number for each of the {n} images (or one name, or one-hot "
            f"rows), got {y.dtype} {list(y.shape)}. Leave them out or fix them."
        )
    if _is_table(y):
        values, absent = _places(what, y), np.zeros(n, bool)
    elif kind in "buif":
        values, absent = _whole(what, y.reshape(n))
    else:
        values, absent = _names(what, y.reshape(n))
    return values, absent | masked.reshape(n, -1).any(1)


def _places(what, y):
    """The place of the 1 in each row."""
    is_one_hot = (y == 1).sum(1) == 1
    is_one_hot &= (y == 0).sum(1) == y.shape[1] - 1
    if not is_one_hot.all():
        row = int(np.argmin(is_one_hot))
        raise ValueError(
            f"{what} must be one whole number for each image, or one-hot rows, got {y.dtype} "
            f"{list(y.shape)} whose row {row} is {y[row][:8].tolist()}. Write y.argmax(axis=1), or "
            "choose one column, as y[:, 0]."
        )
    return np.argmax(y == 1, axis=1)


def _whole(what, y):
    missing = np.isnan(y) if y.dtype.kind == "f" else np.zeros(len(y), bool)
    there = y[~missing]
    if y.dtype.kind == "f":
        fits = (there == np.floor(there)) & (np.abs(there) < 2.0**63)
        if not fits.all():
            raise ValueError(
                f"{what} must be one whole number for each image, got {there[~fits][0]}. Number "
                "the classes from 0 on, or leave the labels out."
            )
    if y.dtype.kind == "u" and y.max() >= 2**63:
        raise ValueError(f"{what} must be less than 2**63, got {y.max()}. Write y % 2**63.")
    return np.where(missing, 0, y).astype(np.int64), missing


def _names(what, y):
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "backslashreplace")
    elif y.dtype.kind in "TO":
        items = [v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else v for v in y]
        is_text = [isinstance(v, str) for v in items]
        there = [v for v in items if not _is_none(v)]
        if not any(is_text) and all(isinstance(v, int | float | np.number | bool) for v in there):
            return _whole(what, np.array([np.nan if _is_none(v) else v for v in items], float))
        if sum(is_text) < len(there):
            raise ValueError(f"{what} must be names or whole numbers, got a mixture of objects.")
        y = np.array(["" if _is_none(v) else v for v in items], str)
    return y, np.char.strip(y) == ""


def _is_none(value):
    return value is None or value != value


def _check_none_missing(what, missing, y):
    if missing.any():
        column = "y" if np.ndim(y) == 1 else "y[:, 0]"
        keep = {
            "f": f"~np.isnan({column})",
            "U": f'np.char.strip({column}) != ""',
            "S": f'np.char.strip({column}) != b""',
        }.get(
            np.ma.getdata(y).dtype.kind,
            f'np.array([v is not None and v == v and v != "" for v in {column}])',
        )
        keep = f"~np.ma.getmaskarray({column})" if np.ma.is_masked(y) else keep
        raise ValueError(
            f"{what} must be there for each image, but {missing.sum()} are missing, the first at "
            f"{int(np.argmax(missing))}. Leave those images out: keep = {keep}; x[keep], y[keep]. "
            "Or leave the labels out."
        )


def _check_same_width(name, widths):
    if len(set(widths.values())) > 1:
        raise ValueError(f"One-hot labels of {name} must all have as many columns, got {widths}.")


def _without_missing_code(name, found, is_named, notes):
    """Drops the splits whose labels are all -1: beside 0, 1, … it stands for a missing label."""
    if next(iter(found.values())).dtype.kind == "U":
        return found
    values = np.unique(np.concatenate(list(found.values())))
    if values[0] != -1 or (len(values) > 1 and values[1] != 0 and not is_named):
        return found
    kept = {}
    for split, y in found.items():
        missing = y == -1
        if missing.all():
            notes.append(f"the labels of {split} are all -1: it is taken without labels")
        elif missing.any():
            raise ValueError(
                f"Labels for {split} of {name} must be 0 or more, but {missing.sum()} are -1, the "
                f"first at {int(np.argmax(missing))}. If that is no class, leave those images out: "
                "keep = y >= 0; x[keep], y[keep]. If it is one, write y + 1."
            )
        else:
            kept[split] = y
    return kept


def _numbered(found, class_names, is_one_hot):
    """(dict split -> int64 0 .. K-1, names or None, notes)."""
    if not found:
        return {}, None, []
    everything = np.concatenate(list(found.values()))
    values, numbers = np.unique(everything, return_inverse=True)
    is_text = values.dtype.kind == "U"
    notes = []
    if class_names is not None:
        if not is_text and values[0] >= 0 and values[-1] < len(class_names):
            return found, None if are_plain(class_names) else class_names, []
        came = "the labels are names" if is_text else f"labels go from {values[0]} to {values[-1]}"
        notes.append(f"the {len(class_names)} names of classes aren't used: {came}")
    plain = not is_text and (is_one_hot or np.array_equal(values, np.arange(len(values))))
    if plain:
        return found, None, notes
    names = tuple(in_one_line(str(value)) for value in values)
    shown = some([f"{i} is {name}" for i, name in enumerate(names)])
    notes.append(f"labels are numbered in the order of their values: {shown}")
    ends = np.cumsum([len(y) for y in found.values()])[:-1]
    return dict(zip(found, np.split(numbers.reshape(-1), ends), strict=True)), names, notes
