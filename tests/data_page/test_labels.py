"""The table "Labels" of docs/reference/data.md: which class each image is of."""

import functools

import numpy as np
from sklearn.preprocessing import LabelEncoder

from keras_vae import data
from keras_vae._compat import tf
from tests.data_page.doors import CLASSES, EXAMPLES, built, refused
from tests.data_page.page import row

row = functools.partial(row, "Labels")
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8)
NUMBERS = np.arange(60) * 7 % 3  # 0, 1, 2


def of_file(doors, y, test=NUMBERS, **options):
    """The data set of an npz whose labels of train are y, in order."""
    arrays = {"train": IMAGES, "train_labels": y, "test": IMAGES}
    if test is not None:
        arrays["test_labels"] = test
    return doors.npz({"validation_size": 0, **options}, **arrays)


def from_arrays(y):
    """Of arrays that no file of numpy's holds without pickling."""
    return data.from_arrays("made", {"train": IMAGES}, {"train": y})


@row("whole numbers 0 .. K-1, as integers, bools or floats, [N] or [N, 1]")
def test_whole_numbers(doors):
    wanted = doors.python_labels(NUMBERS[:6])
    for dtype in ("uint8", "int64", "float32"):
        for shape in (-1, (-1, 1)):
            y = NUMBERS.astype(dtype).reshape(shape)
            np.testing.assert_array_equal(of_file(doors, y).train.labels, NUMBERS)
            assert doors.python_labels(y[:6]) == wanted
    y = NUMBERS > 0
    np.testing.assert_array_equal(of_file(doors, y, test=y).train.labels, y)
    assert doors.python_labels(y[:6]) == doors.python_labels(y[:6].astype(int))
    # As columns of tables, and Python's own lists, hold them.
    assert doors.python_labels(NUMBERS[:6].astype(object)) == wanted
    assert doors.python_labels(NUMBERS[:6].tolist()) == wanted


@row("one-hot [N, K]")
def test_one_hot(doors):
    for dtype in (bool, np.uint8, np.float64):
        y = np.eye(3, dtype=dtype)[NUMBERS]
        found = of_file(doors, y, test=y)
        np.testing.assert_array_equal(found.train.labels, y.argmax(1))
        assert doors.python_labels(y[:6]) == doors.python_labels(y[:6].argmax(1))


@row("other whole numbers, as ten ids from 1,000,000 on, or -1 and 1")
def test_ids(doors):
    ten = np.arange(60) * 7 % 10
    for y in (1_000_000 + ten, 2 * (NUMBERS > 0) - 1, 5 * NUMBERS):
        encoder = LabelEncoder().fit(y)
        found = of_file(doors, y, test=y)
        np.testing.assert_array_equal(found.train.labels, encoder.transform(y))
        assert found.train.class_names == tuple(map(str, encoder.classes_))
        assert f"0 is {encoder.classes_[0]}, 1 is {encoder.classes_[1]}" in doors.notes
        refused(lambda y=y: doors.python_labels(y[:6]), "condition", "label from 0 to 2")


@row("strings")
def test_names(doors):
    y = np.array(["eel", "cat", "dog"])[NUMBERS]
    encoder = LabelEncoder().fit(y)
    numbers = encoder.transform(y)
    for names in (y, np.char.encode(y, "utf-8")):
        found = of_file(doors, names, test=names)
        np.testing.assert_array_equal(found.train.labels, numbers)
        assert found.train.class_names == tuple(encoder.classes_) == CLASSES
        assert doors.python_labels(names[:6]) == doors.python_labels(numbers[:6])


@row(
    "labels that are missing for some images: NaN, empty strings, None, a masked value; -1 beside "
    "0 .. K-1"
)
def test_missing_labels(doors):
    names, at = np.array(CLASSES)[NUMBERS], np.arange(60) == 4
    for y in (
        np.where(at, np.nan, NUMBERS),
        np.where(at, "", names),
        np.where(at, None, names.astype(object)),
        np.where(at, None, NUMBERS.astype(object)),
        np.ma.masked_array(NUMBERS, at),
        np.where(at, -1, NUMBERS),
    ):
        if y.dtype.kind != "O" and not np.ma.isMA(y):  # Which are in no npz.
            refused(lambda y=y: of_file(doors, y), "Labels for train", "first at 4", "y[keep]")
        refused(lambda y=y: from_arrays(y), "Labels for train", "first at 4", "y[keep]")
        refused(lambda y=y: doors.python_labels(y[:6]), "condition", "Leave out the examples")


@row("labels that are missing for all of a split, as for the test split of a contest")
def test_a_split_without_labels(doors):
    for missing in (np.full(60, -1), np.full(60, np.nan)):
        found = of_file(doors, NUMBERS, test=missing)
        assert found.test.labels is None
        np.testing.assert_array_equal(found.train.labels, NUMBERS)
        assert "the labels of test are all" in doors.notes


@row("floats with fractions, rows that aren't one-hot, another number of labels than images")
def test_no_labels(doors):
    for y, remedy in [
        (NUMBERS + 0.5, "Number the classes from 0 on"),
        (np.ones((60, 3)), "y.argmax(axis=1)"),
        (NUMBERS[:59], "Leave them out or fix them"),
    ]:
        refused(lambda y=y: of_file(doors, y), "Labels for train", remedy)
    for y in (NUMBERS[:6] + 0.5, np.ones((6, 3)), NUMBERS[:5]):
        refused(lambda y=y: doors.python_labels(y), "condition", "a label from 0 to 2")


@row("a class of validation or test that train has not, or of train that these have not")
def test_classes_that_a_split_lacks(doors):
    two = NUMBERS % 2
    for train, test, lacking in [(two, NUMBERS, "train"), (NUMBERS, two, "test")]:
        found = of_file(doors, train, test)
        np.testing.assert_array_equal(found.test.labels, test)
        assert f"{lacking} has no image of class 2 (20 in all)" in doors.notes
        streamed = of_file(doors, train, test, memory_limit_gb=1e-6)
        assert len(streamed.train.chunk_sizes) > 1
        assert f"{lacking} has no image of class 2 (20 in all)" in doors.notes
    names = np.array(CLASSES)
    found = of_file(doors, names[two], names[NUMBERS])
    assert found.train.class_names == CLASSES
    assert "train has no image of class eel (20 in all)" in doors.notes


@row("Python: labels outside of the model's 0 .. K-1, or not one of its names")
def test_labels_outside(doors):
    model = built("continuous_bernoulli", recipe="cvae")
    names = np.array(CLASSES)[NUMBERS]
    for y, other, got in [(NUMBERS, 3, "[3]"), (NUMBERS, -1, "[-1]"), (names, "yak", "'yak'")]:
        y = y[:6].copy()
        y[3] = other
        batch = tf.data.Dataset.from_tensor_slices((EXAMPLES, y)).batch(6)
        for call in (
            lambda y: model.evaluate(EXAMPLES, y),
            lambda _, batch=batch: model.evaluate(batch),
            lambda y: model.code(EXAMPLES, y),
        ):
            refused(lambda y=y, call=call: call(y), "condition", "from 0 to 2", got)
    for verb in (model.fit, model.encode, model.reconstruct):
        refused(lambda verb=verb: verb(EXAMPLES, y), "condition", "from 0 to 2", "'yak'")
    refused(lambda: model.predict((EXAMPLES, y)), "condition", "from 0 to 2", "'yak'")
    refused(lambda: model.sample(6, condition=y), "condition", "from 0 to 2", "'yak'")
