"""Any names of arrays in an npz: each is used as what it says, named in a note, or one line."""

import os
import tempfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from keras_vae.data import load
from keras_vae.data.split_names import SPLITS
from tests.fuzz.tried import tried

_SPLIT_WORDS = {word: split for split, words in SPLITS.items() for word in words}


@st.composite
def keys(draw):
    """A key, the split and the role that a reader would take it for."""
    split = draw(st.sampled_from(["", *_SPLIT_WORDS]))
    role = draw(st.sampled_from(["x", "images", "data", "y", "labels", "extra"]))
    words = [w for w in ((split, role) if draw(st.booleans()) else (role, split)) if w]
    join = draw(st.sampled_from(["_", "-"]))
    key = join.join(words)
    key = draw(st.sampled_from([str.lower, str.upper, str.title]))(key)
    return key, _SPLIT_WORDS.get(split, ""), role


@given(st.lists(keys(), min_size=1, max_size=5, unique_by=lambda key: key[0].lower()))
def test_an_array_is_used_as_what_its_key_says(chosen):
    arrays = {}
    for i, (key, _, role) in enumerate(chosen):
        if role in ("y", "labels"):
            arrays[key] = np.arange(20) % 2
        else:
            arrays[key] = np.random.default_rng(i).integers(
                30 * i, 30 * i + 30, (20, 4, 4), np.uint8
            )
            arrays[key][0, 0, 0] = 255
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "made.npz")
        np.savez(path, **arrays)
        found, refusal, _ = tried(lambda: load(f"npz:{path}", validation_size=2))
    if refusal:
        assert "made.npz" in refusal
        return
    used = {}
    for split in ("train", "validation", "test"):
        first = int(getattr(found, split).array[0, 1, 1, 0]) // 30
        used[split] = {key for i, (key, _, _) in enumerate(chosen) if i == first}
    for key, split, role in chosen:
        told = any(key in note for note in found.notes)
        is_used = any(key in keys for keys in used.values())
        if role in ("x", "images", "data"):
            assert told or is_used, key
        if split == "test":
            assert key not in used["train"]
        if role == "extra" and not split:
            assert told or is_used
        if role in ("y", "labels") and not told:
            splits = (found.train, found.validation, found.test)
            assert any(images.labels is not None for images in splits)
