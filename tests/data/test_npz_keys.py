"""Which array of an npz is what."""

import numpy as np
import pytest

from keras_vae.data import load

IMAGES = np.random.default_rng(0).integers(0, 256, (90, 5, 6), dtype=np.uint8)
PARTS = {"train": IMAGES[:50], "validation": IMAGES[50:70], "test": IMAGES[70:]}
LABELS = {split: np.arange(len(x)) % 3 for split, x in PARTS.items()}


def open_(folder, **arrays):
    np.savez(folder / "made.npz", **arrays)
    return load(f"npz:{folder / 'made.npz'}")


@pytest.mark.parametrize(
    ("keys", "label_keys"),
    [
        (("train_images", "valid_images", "test_images"), None),
        (
            ("train_images", "val_images", "test_images"),
            ("train_labels", "val_labels", "test_labels"),
        ),
        (
            ("images_train", "images_val", "images_test"),
            ("labels_train", "labels_val", "labels_test"),
        ),
        (("x_train", "x_val", "x_test"), ("y_train", "y_val", "y_test")),
        (("X_train", "X_valid", "X_test"), ("Y_train", "Y_valid", "Y_test")),
        (("X_Train", "X_Dev", "X_Testing"), ("y_Train", "y_Dev", "y_Testing")),
        (("xTrain", "xVal", "xTest"), ("yTrain", "yVal", "yTest")),
        (("trainX", "valX", "testX"), ("trainY", "valY", "testY")),
        (("xtrain", "xval", "XTest"), ("ytrain", "yval", "YTest")),
        (("train_x", "dev_x", "eval_x"), ("train_y", "dev_y", "eval_y")),
        (("training_data", "validation_data", "testing_data"), None),
        (("train", "val", "test"), ("train_labels", "val_labels", "test_labels")),
        (("TRAIN-IMAGES", "VALID-IMAGES", "TEST-IMAGES"), ("TRAIN-Y", "VALID-Y", "TEST-Y")),
        (("train_set_x", "val_set_x", "test_set_x"), ("train_set_y", "val_set_y", "test_set_y")),
        (("x", "x_val", "x_test"), ("y", "y_val", "y_test")),
        (("image_data", "val_img", "test.imgs"), ("target", "val_target", "test.targets")),
        (("train_input", "val_input", "test_input"), ("train_input_labels", "val_class", "test_y")),
    ],
)
def test_splits_and_roles_by_their_words(tmp_path, keys, label_keys):
    arrays = dict(zip(keys, PARTS.values(), strict=True))
    if label_keys:
        arrays |= dict(zip(label_keys, LABELS.values(), strict=True))
    data = open_(tmp_path, **arrays)
    assert data.notes == []
    for split, x in PARTS.items():
        images = getattr(data, split)
        np.testing.assert_array_equal(images.array[..., 0], x)
        if label_keys:
            np.testing.assert_array_equal(images.labels, LABELS[split])
        else:
            assert images.labels is None


@pytest.mark.parametrize(
    ("x", "y"),
    [("x", "y"), ("X", "Y"), ("x", "x_labels"), ("data", "target"), ("images", "labels")]
    + [("arr_0", "arr_1"), ("img", "class"), ("train_images", "labels"), ("x_train", "y")],
)
def test_one_array_and_its_labels(tmp_path, x, y):
    data = open_(tmp_path, **{x: IMAGES, y: np.arange(90) % 9})
    labels = np.concatenate([s.labels for s in (data.train, data.validation, data.test)])
    assert np.bincount(labels).tolist() == [10] * 9
    for split in (data.train, data.validation, data.test):
        assert set(split.labels) == set(range(9))
    assert not [note for note in data.notes if "not used" in note]


def test_an_array_without_a_name(tmp_path):
    np.savez(tmp_path / "made.npz", IMAGES)
    assert load(f"npz:{tmp_path / 'made.npz'}").train.num_examples == 72
    np.savez(tmp_path / "made.npz", IMAGES, IMAGES)
    with pytest.raises(ValueError, match="has no train_images or x; it holds arr_0, arr_1"):
        load(f"npz:{tmp_path / 'made.npz'}")


def test_the_digits_of_scikit_learn_as_they_come(tmp_path):
    from sklearn.datasets import load_digits

    digits = load_digits()
    columns = ("data", "images", "target", "target_names")
    data = open_(tmp_path, **{key: digits[key].astype(int) for key in columns})
    assert data.train.shape == (8, 8, 1)
    assert data.train.levels == 17
    assert data.train.class_names is None
    assert set(data.test.labels) == set(range(10))
    assert data.notes[0].startswith("not used: data (")


@pytest.mark.parametrize(
    ("arrays", "unused"),
    [
        ({"x": IMAGES, "mask": IMAGES}, "mask"),
        ({"x": IMAGES, "x_mask": IMAGES[:3] > 9}, "x_mask"),
        ({"x": IMAGES, "index": np.arange(90), "version": np.array(3)}, "index"),
        ({"train_images": IMAGES, "x": IMAGES[:9]}, "x"),
        ({"train_images": IMAGES, "test_images": IMAGES, "y": LABELS["test"]}, "y"),
        ({"x": IMAGES, "extra": IMAGES[:9], "names": np.array(["a", "b"])}, "extra"),
        ({"x": IMAGES, "weights": np.ones((90, 3))}, "weights"),
    ],
)
def test_what_looks_like_data_and_is_not_used_is_named(tmp_path, arrays, unused):
    notes = open_(tmp_path, **arrays).notes
    assert [note for note in notes if note.startswith(f"not used: {unused} (")]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"train_images": IMAGES, "x_train": IMAGES},
            r"more than one array that can be train: train_images, x_train\. .*npz_keys, as train=",
        ),
        ({"x": IMAGES, "images": IMAGES}, "more than one array that can be train: x, images"),
        (
            {"x": IMAGES, "val_x": IMAGES, "valid_x": IMAGES},
            "more than one array that can be validation: val_x, valid_x",
        ),
        (
            {"x": IMAGES, "y": np.arange(90), "labels": np.arange(90)},
            "more than one array that can be train_labels: y, labels",
        ),
        ({"test_images": IMAGES, "val_images": IMAGES}, "has no train_images or x; it holds test"),
        ({"x": IMAGES, "y_test": np.arange(9)}, "has labels of test, y_test, without its images"),
        ({"train_test_x": IMAGES}, "has no train_images or x"),
        ({"y": IMAGES}, "has no train_images or x; it holds y"),
        ({"x": IMAGES, "y": np.arange(9)}, "one whole number for each of the 90 images"),
    ],
)
def test_what_is_unclear_is_refused_in_one_line(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message) as caught:
        open_(tmp_path, **arrays)
    assert "\n" not in str(caught.value)


def test_names_of_classes_are_found(tmp_path):
    names = np.array(["cat", "dog", "eel"])
    for key in ("class_names", "label_names", "classNames", "target_names"):
        data = open_(tmp_path, x=IMAGES, y=np.arange(90) % 3, **{key: names})
        assert data.train.class_names == ("cat", "dog", "eel")
    assert open_(tmp_path, x=IMAGES, class_names=names).train.class_names is None


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (np.array([b"caf\xc3\xa9", b"b\xff"]), ("café", "b\\xff")),
        (np.array([7, 9]), ("7", "9")),
        (np.array(["a\nb", "\x1b[31m"]), ("a\\nb", "\\x1b[31m")),
    ],
)
def test_names_of_classes_are_text_in_one_line(tmp_path, names, wanted):
    data = open_(tmp_path, x=IMAGES, y=np.arange(90) % 2, class_names=names)
    assert data.train.class_names == wanted


def test_names_of_classes_that_are_not_used_are_named(tmp_path):
    for names in (np.array([["a", "b"]]), np.array([0.5, 1.5])):
        notes = open_(tmp_path, x=IMAGES, y=np.arange(90) % 2, class_names=names).notes
        assert [note for note in notes if note.startswith("not used: class_names (")]


def test_names_of_classes_must_differ(tmp_path):
    for names in (["a", "a"], ["a", ""]):
        with pytest.raises(ValueError, match="must be different names, none of them empty"):
            open_(tmp_path, x=IMAGES, y=np.arange(90) % 2, class_names=np.array(names))
