"""Which array of an npz is what, by the words of its key."""

import re
from collections.abc import Mapping, Sequence

from keras_vae.data.split_names import split_of, words
from keras_vae.files.plain_arrays import Header

SPLITS = ("train", "validation", "test")
CLASS_NAMES, FACTOR_NAMES = "class_names", "factor_names"
_OF_SPLITS = {"labels": "labels", "mask": "a mask", "factors": "factors"}
_NAMES_OF = {CLASS_NAMES: "labels", FACTOR_NAMES: "factors"}
ROLES = (*SPLITS, *(f"{split}_{part}" for part in _OF_SPLITS for split in SPLITS), *_NAMES_OF)
_IMAGES = {"x", "data", "image", "images", "img", "imgs", "input", "inputs", "pixels", "samples"}
_LABELS = {"y", "label", "labels", "target", "targets", "class"}
_MASKS = {"mask", "masks", "known", "observed"}
_FACTORS = {"factors"}
_FILLERS = {"set", "array"}
_NAMES = {CLASS_NAMES: {"classnames", "labelnames", "targetnames"}, FACTOR_NAMES: {"factornames"}}
_UNNAMED = re.compile(r"arr_\d+")  # as numpy.savez names arrays that were given no name
_IMAGE_RANKS = (3, 4)


def find_roles(
    name: str,
    headers: Mapping[str, Header | None],
    npz_keys: Mapping[str, str] | Sequence[str] | None = None,
) -> tuple[dict[str, str], list[str]]:
    """Roles of the arrays in a file.

    Args:
      name: what errors call the data.
      headers: dict key -> `array_files.Header`, or None for what is no array.
      npz_keys: dict or list of "role=key" strings that say it; None goes by the keys' words.

    Returns:
      (dict role -> key, of ROLES; list of notes).

    Raises:
      ValueError: no images to train on, two arrays for one role, labels without their images, or
        npz_keys that aren't there.
    """
    keys = _given(name, headers, npz_keys) if npz_keys else _by_words(name, headers)
    for split in SPLITS:
        for part, called in _OF_SPLITS.items():
            if (role := f"{split}_{part}") in keys and split not in keys:
                raise ValueError(
                    f"{name} has {called} of {split}, {keys[role]}, without its images. Add the "
                    f"images, or leave {keys[role]} out."
                )
    spare = _spare(headers, keys)
    if not spare:
        return keys, []
    return keys, [f"not used: {', '.join(spare)} (npz_keys=train=KEY,test=KEY says what is what)"]


def _given(name, headers, npz_keys):
    if isinstance(npz_keys, Mapping):
        pairs = list(npz_keys.items())
    else:
        pairs = [item.partition("=")[::2] for item in npz_keys]
    roles, keys = zip(*pairs, strict=True)
    unknown = set(roles) - set(ROLES)
    if unknown or "train" not in roles or "" in keys or len(set(roles)) < len(roles):
        raise ValueError(
            f"npz_keys must give train=KEY and may give {', '.join(ROLES[1:])}, each once; got "
            f"{npz_keys}."
        )
    missing = sorted(set(keys) - set(headers))
    if missing:
        raise _not_there(name, missing, headers)
    if len(set(keys)) < len(keys):
        raise ValueError(f"npz_keys must give each role an array of its own, got {npz_keys}.")
    return dict(pairs)


def _by_words(name, headers):
    # (split or None, "images" or one of _OF_SPLITS) -> keys
    found: dict[tuple[str | None, str], list[str]] = {}
    for key, header in headers.items():
        if header is not None and (role := _role(key, header)):
            found.setdefault(role, []).append(key)
    if not any(what == "images" for _, what in found):
        found |= _unnamed(headers)
    # Where no array is called train, the arrays without a split are taken for it, labels too.
    if ("train", "images") not in found and (None, "images") in found:
        found["train", "images"] = found.pop((None, "images"))
        for part in _OF_SPLITS:
            found.setdefault(("train", part), []).extend(found.get((None, part), []))
    elif [split for split, what in found if what == "images"] == ["train"]:
        for part in _OF_SPLITS:
            found.setdefault(("train", part), found.get((None, part), []))
    if ("train", "images") not in found:
        raise _not_there(name, ["train_images", "x"], headers)

    keys = {
        split: _only(name, split, found.get((split, "images")), headers, _is_image)
        for split in SPLITS
        if found.get((split, "images"))
    }
    for split in SPLITS:
        size = headers[keys[split]].shape[:1] if split in keys else None
        for part in _OF_SPLITS:
            candidates = found.get((split, part), [])
            if part == "mask" and size is not None:  # One of all examples isn't this.
                candidates = [key for key in candidates if headers[key].shape[:1] == size]
            if candidates:
                role = f"{split}_{part}"
                keys[role] = _only(
                    name, role, candidates, headers, lambda h, n=size: h.shape[:1] == n
                )
    for role, part in _NAMES_OF.items():
        names = [
            key
            for key, header in headers.items()
            if _is_names(key, header, role)
            and len(header.shape) == 1
            and header.dtype.kind in "USiu"
        ]
        if len(names) == 1 and any(other.endswith(f"_{part}") for other in keys):
            keys[role] = names[0]
    return keys


def _role(key, header):
    """(split or None, "images", "labels", "mask" or "factors"), or None if the key doesn't say.

    A mask is bool: other arrays of that name may be outlines of things in the images. Factors are a
    table.
    """
    found = [word for word in words(key) if word not in _FILLERS]
    if len(found) == 1 and found[0][0] in "xy" and split_of(found[0][1:]):  # as xtrain
        found = [found[0][0], found[0][1:]]
    splits = {split_of(word) for word in found} - {None}
    others = {word for word in found if not split_of(word)}
    if not found or len(splits) > 1 or others - _IMAGES - _LABELS - _MASKS - _FACTORS:
        return None
    split = splits.pop() if splits else None
    if others & _FACTORS:
        return (split, "factors") if len(header.shape) == 2 else None
    if others & _MASKS:
        return (split, "mask") if header.dtype == bool else None
    return split, "labels" if others & _LABELS else "images"


def _unnamed(headers):
    """Roles of arrays that were saved without keys: images alone, or images and their labels."""
    keys = sorted(key for key in headers if _UNNAMED.fullmatch(key) and headers[key])
    if len(keys) == 1:
        return {(None, "images"): keys}
    if len(keys) == 2:
        images, labels = (headers[key] for key in keys)
        if _is_image(images) and len(labels.shape) in (1, 2) and labels.shape[0] == images.shape[0]:
            return {(None, "images"): keys[:1], (None, "labels"): keys[1:]}
    return {}


def _only(name, role, keys, headers, fits):
    """The one of the keys that has this role."""
    fitting = [key for key in keys if fits(headers[key])] if len(keys) > 1 else keys
    if len(fitting) != 1:
        raise ValueError(
            f"{name} has more than one array that can be {role}: {', '.join(keys)}. Say which by "
            f"npz_keys, as {role}={keys[0]}."
        )
    return fitting[0]


def _is_image(header):
    return len(header.shape) in _IMAGE_RANKS and header.dtype.kind in "buif"


def _is_names(key, header, role):
    return header is not None and "".join(words(key)) in _NAMES[role]


def _spare(headers, keys):
    """Keys of arrays that look like images, labels or splits, and have no role."""
    sizes = {headers[key].shape[0] for key in keys.values() if headers[key] and headers[key].shape}
    return [
        key
        for key, header in headers.items()
        if header is not None
        and key not in keys.values()
        and (
            _role(key, header)
            or _is_image(header)
            or any(_is_names(key, header, role) for role in _NAMES_OF)
            or (header.shape and header.shape[0] in sizes)
        )
    ]


def _not_there(name, missing, headers):
    held = ", ".join(sorted(headers)) or "nothing"
    return ValueError(
        f"{name} has no {' or '.join(missing)}; it holds {held}. Name the arrays by "
        "npz_keys, for example train=images."
    )
