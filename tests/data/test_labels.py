"""Labels: "Labels" of docs/reference/data.md, row by row. Oracle: scikit-learn's encoders."""

import re

import numpy as np
import pytest
from sklearn.preprocessing import LabelEncoder, OneHotEncoder

from keras_vae.data import from_arrays, load
from keras_vae.data.labels import read_labels

N = 60
RNG = np.random.default_rng(0)
PLAIN = RNG.permutation(np.arange(N) % 4)
ANIMALS = np.array(["cat", "dog", "ant", "zebra fish"])


def read(y, **options):
    """(labels, class names, notes), of one split."""
    labels, names, notes = read_labels("made", {"train": y}, {"train": len(y)}, **options)
    return labels.get("train"), names, notes


@pytest.mark.parametrize(
    "y",
    [PLAIN, PLAIN.astype(np.uint8), PLAIN.astype(np.float32), PLAIN.astype(">i2")]
    + [PLAIN[:, np.newaxis], PLAIN.astype(object), np.ma.array(PLAIN)],
)
def test_whole_numbers_from_zero_on_are_as_they_are(y):
    labels, names, notes = read(y)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, PLAIN)
    assert names is None
    assert notes == []


def test_bools_are_two_classes():
    labels, names, notes = read(PLAIN > 1)
    np.testing.assert_array_equal(labels, PLAIN > 1)
    assert (labels.dtype, names, notes) == (np.int64, None, [])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float64])
def test_one_hot_is_the_place_of_the_one(dtype):
    y = OneHotEncoder(sparse_output=False).fit_transform(PLAIN[:, None]).astype(dtype)
    labels, names, notes = read(y)
    np.testing.assert_array_equal(labels, PLAIN)
    assert names is None
    assert len(notes) == 1
    # A class of which there is no image keeps its place.
    np.testing.assert_array_equal(read(y[PLAIN != 1])[0], PLAIN[PLAIN != 1])


@pytest.mark.parametrize(
    "ids",
    [
        1_000_000 + np.arange(10),
        np.array([-1, 1]),
        np.arange(1, 11),
        np.array([0, 1, 3]),
        -7 + 0 * PLAIN[:1],
    ]
    + [np.array([0.0, 2.0, 1e12]), np.array([2**62, 5], np.uint64)],
)
def test_other_whole_numbers_are_numbered_in_their_order(ids):
    y = ids[RNG.permutation(np.arange(N) % len(ids))]
    labels, names, notes = read(y)
    np.testing.assert_array_equal(labels, LabelEncoder().fit_transform(y))
    assert [int(name) for name in names] == sorted(int(i) for i in ids)
    assert len(notes) == 1
    assert f"0 is {names[0]}" in notes[0]


@pytest.mark.parametrize("dtype", [np.str_, np.bytes_, object, np.dtypes.StringDType()])
@pytest.mark.parametrize("column", [False, True])
def test_strings_are_numbered_in_alphabetical_order(dtype, column):
    y = ANIMALS.astype(dtype)[PLAIN]
    labels, names, notes = read(y[:, None] if column else y)
    np.testing.assert_array_equal(labels, LabelEncoder().fit_transform(ANIMALS[PLAIN]))
    assert names == ("ant", "cat", "dog", "zebra fish")
    assert notes == [
        "labels are numbered in the order of their values: 0 is ant, 1 is cat, 2 is dog, 3 is "
        "zebra fish"
    ]


def test_bytes_of_any_language_are_text():
    y = np.array([name.encode() for name in ("été", "hiver")], object)[PLAIN % 2]
    assert read(y)[1] == ("hiver", "été")
    assert read(y.astype("S"))[1] == ("hiver", "été")


def test_all_splits_are_numbered_together():
    y = {"train": np.array([10, 30, 30]), "test": np.array([20.0, 10.0])}
    labels, names, _ = read_labels("made", y, {"train": 3, "test": 2})
    assert labels["train"].tolist() == [0, 2, 2]
    assert labels["test"].tolist() == [1, 0]
    assert names == ("10", "20", "30")
    with pytest.raises(ValueError, match="must all be names or all numbers"):
        read_labels("made", y | {"test": np.array(["20", "10"])}, {"train": 3, "test": 2})
    y = {"train": np.eye(3), "test": np.eye(2)}
    with pytest.raises(ValueError, match="must all have as many columns"):
        read_labels("made", y, {"train": 3, "test": 2})


def test_known_names_are_those_of_the_numbers():
    names = ("no glasses", "glasses")
    labels, found, notes = read(np.array([0, 1, 1]), class_names=np.array(names))
    assert (labels.tolist(), found, notes) == ([0, 1, 1], names, [])
    # A class may have no image; names that say no more than the numbers are none.
    assert read(np.array([0, 2, 2]), class_names=("a", "b", "c"))[1] == ("a", "b", "c")
    assert read(np.array([0, 2, 2]), class_names=("0", "1", "2"))[1] is None
    labels, found, notes = read(np.array([0, 2, 2]), class_names=names)
    assert (labels.tolist(), found) == ([0, 1, 1], ("0", "2"))
    assert "2 names of classes aren't used: labels go from 0 to 2" in notes[0]


MISSING = {
    "NaN": np.where(PLAIN == 2, np.nan, PLAIN),
    "NaN in a column": np.where(PLAIN == 2, np.nan, PLAIN)[:, None],
    "empty": np.where(PLAIN == 2, "", ANIMALS[PLAIN]),
    "blank": np.where(PLAIN == 2, "  ", ANIMALS[PLAIN]),
    "bytes": np.where(PLAIN == 2, "", ANIMALS[PLAIN]).astype("S"),
    "None": np.where(PLAIN == 2, None, ANIMALS[PLAIN]),
    "NaN among objects": np.where(PLAIN == 2, np.nan, ANIMALS.astype(object)[PLAIN]),
    "masked": np.ma.array(PLAIN, mask=PLAIN == 2),
    "-1": np.where(PLAIN == 2, -1, PLAIN % 2),
}


@pytest.mark.parametrize("kind", list(MISSING))
def test_missing_labels_are_refused_and_the_remedy_works(kind):
    y = MISSING[kind]
    first = np.flatnonzero(PLAIN == 2)[0]
    pattern = rf"15 are (missing|-1), the first at {first}\. .*keep = (.*?); x\[keep\], y\[keep\]"
    with pytest.raises(ValueError, match=pattern) as caught:
        read(y)
    assert "\n" not in str(caught.value)
    line = re.search(pattern, str(caught.value)).group(2)
    keep = eval(line, {"np": np, "y": y})
    np.testing.assert_array_equal(keep, PLAIN != 2)
    assert len(read(y[keep])[0]) == 45


def test_a_split_whose_labels_are_all_missing_has_none():
    for missing in (np.full(3, -1), np.full(3, np.nan), np.full((3, 1), np.nan)):
        y = {"train": np.array([0, 1, 2]), "test": missing}
        labels, names, notes = read_labels("made", y, {"train": 3, "test": 3})
        assert list(labels) == ["train"]
        assert names is None
        assert "test" in notes[0]
    assert read(np.full(3, ""))[0] is None


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.arange(3), "one whole number for each of the 2 images .*got int64 \\[3\\]"),
        (np.array(5), "one whole number for each of the 2 images .*got int64 \\[\\]"),
        (np.zeros((2, 0)), "one whole number for each of the 2 images"),
        (np.zeros((2, 3, 1)), "one whole number for each of the 2 images"),
        (np.array([["a", "b"], ["b", "a"]]), "one whole number for each of the 2 images"),
        (np.array([0.5, 1]), "one whole number for each image, got 0.5"),
        (np.array([np.inf, 1]), "one whole number for each image, got inf"),
        (np.array([1j, 1]), "one whole number .*got complex128"),
        (np.array([0, 1], "M8[s]"), "one whole number .*got datetime64"),
        (np.array([2**63, 1], np.uint64), r"less than 2\*\*63"),
        (
            np.array([[0.2, 0.8], [1, 0]]),
            r"one-hot rows.* row 0 is \[0.2, 0.8\].*y.argmax\(axis=1\)",
        ),
        (np.array([[1, 0], [1, 1]]), r"row 1 is \[1, 1\]"),
        (np.array([[1, 0], [0, 0]]), r"row 1 is \[0, 0\]"),
        (np.array([{}, "a"], object), "a mixture of objects"),
    ],
)
def test_what_is_no_label_is_refused_in_one_line(y, message):
    x = {"train": np.arange(24, dtype=np.uint8).reshape(2, 3, 4)}
    with pytest.raises(ValueError, match=message) as caught:
        from_arrays("made", x, {"train": y})
    assert "\n" not in str(caught.value)


def test_ten_sparse_ids_of_a_file_are_ten_classes(tmp_path):
    ids = 1_000_000 + 17 * (np.arange(200) % 10)
    x = np.random.default_rng(0).integers(0, 256, (200, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "made.npz", x=x, y=ids)
    data = load(f"npz:{tmp_path / 'made.npz'}")
    for split in (data.train, data.validation, data.test):
        assert split.class_names == tuple(str(i) for i in np.unique(ids))
        assert set(split.labels) == set(range(10))
        for image, label in zip(split.array[..., 0], split.labels, strict=True):
            row = np.flatnonzero((x == image).all((1, 2)))[0]
            assert ids[row] == int(split.class_names[label])
