"""Which folders are splits and classes, through links too."""

import os

import numpy as np
import pytest
from PIL import Image

from keras_vae.data import load

RNG = np.random.default_rng(0)


def fill(folder, n=4):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        Image.fromarray(RNG.integers(0, 256, (3, 4), dtype=np.uint8)).save(folder / f"{i}.png")
    return folder


def pixels_of(*folders):
    return {Image.open(file).tobytes() for folder in folders for file in folder.rglob("[!.]*.png")}


def pixels(images):
    return {x.tobytes() for x in images.array}


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Training", "Validation", "TESTING"),
        ("TRAIN", "dev", "eval"),
        ("training", "valid", "Evaluation"),
        ("training_set", "val_set", "Test_Set"),
    ],
)
@pytest.mark.parametrize("wrapper", ["", "photos"])
def test_splits_by_their_usual_names(tmp_path, train, validation, test, wrapper):
    root = tmp_path / wrapper
    for split in (train, validation, test):
        for name in ("cat", "dog"):
            fill(root / split / name)
    data = load(f"folder:{tmp_path}")
    for images, split in [(data.train, train), (data.validation, validation), (data.test, test)]:
        assert pixels(images) == pixels_of(root / split)
        assert images.class_names == ("cat", "dog")
        is_dog = [x.tobytes() in pixels_of(root / split / "dog") for x in images.array]
        assert images.labels.tolist() == [int(dog) for dog in is_dog]
    assert any("the splits are in photos" in note for note in data.notes) == bool(wrapper)


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (["cat", "dog", "test"], "test, named as a split, beside cat, dog: split or class"),
        (["cat", "dog", "EVAL"], "EVAL, named as a split, beside cat, dog"),
        (["bus", "car", "train"], "train, named as a split, beside bus, car"),
        (["test", "val", "cat"], "test, val, named as a split, beside cat|val, test"),
        (["test"], "has test, but no train/ to learn from"),
        (["val", "test"], "but no train/"),
        (["train", "val", "valid"], "2 folders for its validation split, val, valid"),
        (["train", "Training"], "2 folders for its train split, Training, train"),
        (["photos/cat", "photos/test"], "test, named as a split, beside cat"),
        (["cat/train", "cat/test", "dog/train"], "test split deeper down, cat/test"),
        (["cat", "dog/a/Val"], "validation split deeper down, dog/a/Val"),
        (["train/cat/test", "test/cat"], "test split deeper down, train/cat/test"),
        (["train/train", "train/test"], "splits inside of a split: test, train in train"),
    ],
)
def test_what_may_be_a_split_or_a_class_is_refused(tmp_path, folders, message):
    for folder in folders:
        fill(tmp_path / folder)
    with pytest.raises(ValueError, match=message) as caught:
        load(f"folder:{tmp_path}")
    assert "\n" not in str(caught.value)


def test_classes_named_as_splits_are_classes_inside_of_splits(tmp_path):
    for split in ("train", "test"):
        for name in ("bus", "test", "train"):
            fill(tmp_path / split / name, 2)
        fill(tmp_path / split / "bus" / "front", 2)
    (tmp_path / "train" / "train").rename(tmp_path / "train" / "tram")
    (tmp_path / "test" / "train").rename(tmp_path / "test" / "tram")
    data = load(f"folder:{tmp_path}", validation_size=0)
    assert data.train.class_names == ("bus", "test", "tram")
    assert np.bincount(data.train.labels).tolist() == [4, 2, 2]
    assert pixels(data.test) == pixels_of(tmp_path / "test")


def test_one_train_folder_is_all_there_is(tmp_path):
    fill(tmp_path / "train" / "one", 10)  # as some archives are packed
    (tmp_path / "labels.csv").write_text("")
    data = load(f"folder:{tmp_path}")
    assert data.train.num_examples == 8
    assert "left out, beside the splits: labels.csv" in data.notes
    assert "no labels: all images are in one folder, one" in data.notes


def test_images_beside_classes_are_refused(tmp_path):
    fill(tmp_path / "cat")
    fill(tmp_path / "dog")
    (tmp_path / "README.txt").write_text("of cats and dogs")
    data = load(f"folder:{tmp_path}")
    assert "1 file left out, no image: README.txt" in data.notes
    assert data.train.class_names == ("cat", "dog")
    fill(tmp_path, 1)
    with pytest.raises(ValueError, match=r"1 image beside folders of classes.*: 0\.png"):
        load(f"folder:{tmp_path}")


def test_labels_of_some_splits(tmp_path):
    fill(tmp_path / "train" / "cat")
    fill(tmp_path / "train" / "dog")
    fill(tmp_path / "test")
    data = load(f"folder:{tmp_path}", validation_size=0)
    assert data.test.labels is None
    assert np.bincount(data.train.labels).tolist() == [4, 4]
    assert "no labels for test: it has no folders of classes" in data.notes
    (tmp_path / "test").rename(tmp_path / "other")
    (tmp_path / "train").rename(tmp_path / "test")
    (tmp_path / "other").rename(tmp_path / "train")
    data = load(f"folder:{tmp_path}", validation_size=0)
    assert data.train.labels is None
    assert data.test.labels is None
    assert "no labels: train has no folders of classes, as test has" in data.notes


def test_links_to_folders_and_files_are_followed(tmp_path):
    fill(tmp_path / "store" / "cats", 6)
    fill(tmp_path / "store" / "dogs", 6)
    root = tmp_path / "data"
    root.mkdir()
    (root / "cat").symlink_to(tmp_path / "store" / "cats")
    (root / "dog").mkdir()
    for file in (tmp_path / "store" / "dogs").iterdir():
        (root / "dog" / file.name).symlink_to(file)
        (root / "dog" / f"again-{file.name}").symlink_to(file)
    (root / "dog" / "back").symlink_to(root)
    data = load(f"folder:{root}", validation_size=0)
    assert data.train.class_names == ("cat", "dog")
    labels = np.concatenate([data.train.labels, data.test.labels])
    assert np.bincount(labels).tolist() == [6, 12]
    assert pixels(data.train) | pixels(data.test) == pixels_of(tmp_path / "store")
    assert "links back to a folder above them, passed over: dog/back" in data.notes


@pytest.mark.parametrize("linked", ["test", "test/cat", "test/1.png", "hard"])
def test_links_never_put_one_image_into_train_and_test(tmp_path, linked):
    fill(tmp_path / "train" / "cat")
    fill(tmp_path / "train" / "dog")
    if linked == "test":
        (tmp_path / "test").symlink_to(tmp_path / "train")
    elif linked == "hard":
        (tmp_path / "test").mkdir()
        os.link(tmp_path / "train" / "cat" / "0.png", tmp_path / "test" / "other.png")
    else:
        (tmp_path / "test").mkdir()
        real = "cat" if linked == "test/cat" else "cat/1.png"
        (tmp_path / linked).symlink_to(tmp_path / "train" / real)
    with pytest.raises(ValueError, match=r"one file in two splits, by a link: train/.* and test/"):
        load(f"folder:{tmp_path}")


def test_names_are_shown_in_one_line_whatever_they_are(tmp_path):
    odd = os.fsdecode(b"caf\xe9")  # Latin-1, which is no UTF-8
    fill(tmp_path / odd)
    fill(tmp_path / "two\nlines")
    (tmp_path / odd / "no\nimage.txt").write_text("")
    for memory_limit_gb in (4, 2e-8):
        data = load(f"folder:{tmp_path}", memory_limit_gb=memory_limit_gb)
        assert data.train.class_names == ("caf\\udce9", "two\\nlines")
        assert "1 file left out, empty file: caf\\udce9/no\\nimage.txt" in data.notes
        "".join(data.notes).encode()


def test_what_systems_leave_is_passed_over(tmp_path):
    fill(tmp_path / "cat")
    fill(tmp_path / "dog")
    for name in ("__MACOSX", "@eaDir", ".git"):
        fill(tmp_path / name)
        fill(tmp_path / "cat" / name)
    for name in ("Thumbs.db", "desktop.ini", "._0.png"):
        (tmp_path / name).write_text("")
        (tmp_path / "dog" / name).write_text("")
    data = load(f"folder:{tmp_path}", validation_size=0)
    assert pixels(data.train) | pixels(data.test) == pixels_of(
        tmp_path / "cat", tmp_path / "dog"
    ) - (pixels_of(*(tmp_path / "cat" / name for name in ("__MACOSX", "@eaDir", ".git"))))
    assert not any("left out" in note for note in data.notes)


def test_pipes_are_not_waited_for(tmp_path):
    fill(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "a.png").symlink_to("b.png")
    (tmp_path / "b.png").symlink_to("a.png")
    notes = load(f"folder:{tmp_path}").notes
    assert "2 files left out, no image: pipe.png, zero.png" in notes
    assert "2 files left out, broken link: a.png, b.png" in notes


@pytest.mark.parametrize(
    "folders",
    [
        ["my_training_set/my_training_set/cat", "my_test_set/my_test_set/cat"],
        ["seg_train/a", "seg_test/a", "seg_pred"],
        ["train_images", "test_images"],
        ["train1", "test1"],
        ["set/ImagesTrain", "set/ImagesTest"],
    ],
)
def test_splits_in_other_words_are_no_classes(tmp_path, folders):
    """Their test images would be trained on."""
    for folder in folders:
        fill(tmp_path / folder)
    with pytest.raises(ValueError, match=r"splits or classes\? If they are splits, name them"):
        load(f"folder:{tmp_path}")


def test_classes_with_a_split_in_their_names_are_classes(tmp_path):
    for name in ("bullet_train", "test_tube", "cat"):
        fill(tmp_path / name)
    assert load(f"folder:{tmp_path}").train.class_names == ("bullet_train", "cat", "test_tube")


def test_folders_without_images_are_named(tmp_path):
    for name in ("cat", "dog"):
        fill(tmp_path / name)
    (tmp_path / "eel").mkdir()
    data = load(f"folder:{tmp_path}")
    assert data.train.class_names == ("cat", "dog")
    assert "without images, no classes: eel" in data.notes


def test_only_a_folder_of_the_same_name_with_nothing_beside_it_is_passed_through(tmp_path):
    def classes(name, **options):
        return load(f"folder:{tmp_path / name}", validation_size=0, **options).train.class_names

    for name in ("cat", "dog"):
        fill(tmp_path / "a" / "other" / name, 6)
        fill(tmp_path / "b" / "b" / name, 6)
        fill(tmp_path / "c" / "c" / name, 6)
        fill(tmp_path / "d" / "train" / "Train" / name, 6)
        fill(tmp_path / "e" / "e" / "train" / name, 6)
        fill(tmp_path / "f" / "photos" / "photos" / "train" / name, 6)
    (tmp_path / "b" / "labels.csv").write_text("")
    (tmp_path / "c" / ".DS_Store").write_text("")
    assert [classes(name) for name in "abd"] == [None] * 3
    assert [classes(name) for name in "cef"] == [("cat", "dog")] * 3
    assert classes("c", memory_limit_gb=1e-7) == ("cat", "dog")
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "g").symlink_to(tmp_path / "g")
    with pytest.raises(ValueError, match="must hold images"):
        classes("g")


def test_classes_that_hold_a_folder_of_their_name_are_classes(tmp_path):
    for name in ("cat", "dog"):
        fill(tmp_path / name / name, 6)
    data = load(f"folder:{tmp_path}")
    assert data.train.class_names == ("cat", "dog")
    assert not any("same name" in note for note in data.notes)
