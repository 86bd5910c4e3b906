"""The table "Splits" of docs/reference/data.md: which folder is what."""

import functools

import numpy as np

from tests.data_page.doors import refused
from tests.data_page.page import row

row = functools.partial(row, "Splits")


def fill(doors, *folders, n=4):
    """Writes n images into each folder, each image of a level that no other has."""
    for folder in folders:
        for _ in range(n):
            level = 70 + len(list(doors.path.rglob("*.png")))  # As of bytes: without a note.
            pixels = np.full((3, 4), level, np.uint8)
            pixels[0, 0] = 0
            doors.put(f"{folder}/{level}.png", pixels)


def levels_of(images):
    return sorted(images.array.max((1, 2, 3)).tolist())


def levels_in(doors, folder):
    return sorted(int(file.stem) for file in (doors.path / folder).rglob("*.png"))


def load(doors, **options):
    return doors.load(f"folder:{doors.path}", **options)


def loaded(doors):
    """The levels of all images, of whatever split."""
    found = load(doors)
    return sorted(
        level for split in (found.train, found.validation, found.test) for level in levels_of(split)
    )


@row("`train/` (or `Training/`, …) and others of the splits")
def test_folders_of_splits(doors):
    for train, val, test in [("train", "val", "test"), ("Training", "dev", "EVAL")]:
        root = f"{train} first"
        for split in (train, val, test):
            fill(doors, *(f"{root}/{split}/{name}" for name in ("bus", "test")))
        found = doors.load(f"folder:{doors.path}/{root}")
        for images, split in [(found.train, train), (found.validation, val), (found.test, test)]:
            assert levels_of(images) == levels_in(doors, f"{root}/{split}")
            assert images.class_names == ("bus", "test")
            of_test = levels_in(doors, f"{root}/{split}/test")
            wanted = [int(level in of_test) for level in images.array.max((1, 2, 3))]
            assert images.labels.tolist() == wanted


@row("other folders or files beside two splits or more")
def test_what_is_beside_splits(doors):
    fill(doors, "train", "test", "masks")
    (doors.path / "labels.csv").write_text("")
    found = load(doors, validation_size=0)
    assert doors.notes == "left out, beside the splits: labels.csv, masks"
    assert levels_of(found.train) == levels_in(doors, "train")
    assert levels_of(found.test) == levels_in(doors, "test")


@row("`train/` and files beside it")
def test_files_beside_train(doors):
    fill(doors, "train", n=20)
    (doors.path / "labels.csv").write_text("")
    assert loaded(doors) == levels_in(doors, "train")
    assert doors.notes == "left out, beside the splits: labels.csv"


@row("one folder that holds the splits, with nothing beside it")
def test_a_folder_around_the_splits(doors):
    fill(doors, "photos/train", "photos/test")
    assert levels_of(load(doors, validation_size=0).test) == levels_in(doors, "photos/test")
    assert "the splits are in photos" in doors.notes


@row("a data set or split that holds nothing but one folder of its own name, as `train/train/cat/`")
def test_folders_of_the_same_name(doors):
    fill(doors, *(f"a/{s}/{s}/{name}" for s in ("train", "test") for name in ("cat", "dog")))
    found = doors.load(f"folder:{doors.path}/a", validation_size=0)
    for images, split in [(found.train, "train"), (found.test, "test")]:
        assert levels_of(images) == levels_in(doors, f"a/{split}")
        assert images.class_names == ("cat", "dog")
        dogs = levels_in(doors, f"a/{split}/{split}/dog")
        assert images.array.max((1, 2, 3))[images.labels == 1].tolist() == [
            level for level in images.array.max((1, 2, 3)).tolist() if level in dogs
        ]
        assert len(dogs) == images.labels.sum()
    assert doors.notes == "taken as the folder of the same name, all that is inside: test, train"
    fill(doors, *(f"c/{s}/{s}/{name}" for s in ("training_set", "test_set") for name in "xy"))
    found = doors.load(f"folder:{doors.path}/c", validation_size=0)
    assert levels_of(found.test) == levels_in(doors, "c/test_set")
    assert found.train.class_names == ("x", "y")
    fill(doors, "b/b/cat", "b/b/dog", n=10)
    assert doors.load(f"folder:{doors.path}/b").train.class_names == ("cat", "dog")
    assert doors.notes == "taken as the folder of the same name, all that is inside: b"


@row("`test/`, `val/` without `train/`")
def test_splits_without_train(doors):
    fill(doors, "test", "val")
    refused(lambda: load(doors), "test, val", "no train/", "Give one")


@row(
    "one folder named like a split beside others, as `cat/`, `dog/`, `test/` or `bus/`, `car/`, "
    "`train/`"
)
def test_a_split_or_a_class(doors):
    for names, split in [(("cat", "dog", "test"), "test"), (("bus", "car", "train"), "train")]:
        root = f"with {split}"
        fill(doors, *(f"{root}/{name}" for name in names))
        refused(
            lambda root=root: doors.load(f"folder:{doors.path}/{root}"),
            f"{split}, named as a split, beside",
            "Rename it",
            "put the classes into train/",
        )


@row("a split further down, as `cat/train/`, `cat/test/`")
def test_splits_inside_of_classes(doors):
    fill(doors, "cat/train", "cat/test", "dog/train", "dog/test")
    refused(lambda: load(doors), "deeper down, cat/test", "train/cat and test/cat")


@row(
    "splits in other words, as `seg_train/` and `seg_test/`, or `train_images/` and `test_images/`"
)
def test_splits_in_other_words(doors):
    fill(doors, "seg_train/seg_train/cat", "seg_test/seg_test/cat")
    refused(lambda: load(doors), "seg_test", "splits or classes", "name them train and test")


@row("folders of classes without images")
def test_classes_without_images(doors):
    fill(doors, "cat", "dog")
    (doors.path / "eel").mkdir()
    assert load(doors).train.class_names == ("cat", "dog")
    assert "without images, no classes: eel" in doors.notes


@row("two folders for one split, as `val/` and `valid/`")
def test_two_folders_for_a_split(doors):
    fill(doors, "train", "val", "valid")
    refused(lambda: load(doors), "2 folders for its validation split, val, valid", "Join them")


@row("one file in two splits, by links to it or to a folder")
def test_a_file_in_two_splits(doors):
    fill(doors, "train")
    (doors.path / "test").symlink_to(doors.path / "train")
    refused(lambda: load(doors), "one file in two splits", "Take it out of one")
    (doors.path / "test").unlink()
    fill(doors, "test")
    (doors.path / "test" / "again.png").symlink_to(doors.path / "train" / "70.png")
    refused(lambda: load(doors), "train/70.png and test/again.png", "Take it out of one")


@row("sub-folders")
def test_classes(doors):
    fill(doors, "dog", "Cat", "eel/young", "eel/old", n=10)
    train = load(doors).train
    assert train.class_names == ("Cat", "dog", "eel")
    levels = [levels_in(doors, name) for name in train.class_names]
    for level, label in zip(train.array.max((1, 2, 3)), train.labels, strict=True):
        assert level in levels[label]


@row("one sub-folder alone, or a split without any")
def test_no_classes(doors):
    fill(doors, "one/cat", n=20)
    assert doors.load(f"folder:{doors.path}/one").train.labels is None
    assert doors.notes == "no labels: all images are in one folder, cat"
    fill(doors, "two/train/cat", "two/train/dog", "two/test")
    found = doors.load(f"folder:{doors.path}/two", validation_size=0)
    assert found.test.labels is None
    assert np.bincount(found.train.labels).tolist() == [4, 4]
    assert doors.notes == "no labels for test: it has no folders of classes"


@row("images beside sub-folders of classes")
def test_images_beside_classes(doors):
    fill(doors, "cat", "dog")
    doors.put("1.png", np.zeros((3, 4), np.uint8))
    refused(lambda: load(doors), "1 image beside folders of classes", "Put them into")


@row("links to files and folders")
def test_links(doors):
    fill(doors, "store/cat", "store/dog", n=10)
    root = doors.path / "linked"
    (root / "dog").mkdir(parents=True)
    (root / "cat").symlink_to(doors.path / "store" / "cat")
    for file in (doors.path / "store" / "dog").iterdir():
        (root / "dog" / file.name).symlink_to(file)
    found = doors.load(f"folder:{root}", validation_size=0)
    assert found.train.class_names == ("cat", "dog")
    assert sorted(levels_of(found.train) + levels_of(found.test)) == levels_in(doors, "store")
    (root / "dog" / "up").symlink_to(root)
    doors.load(f"folder:{root}")
    assert doors.notes == "links back to a folder above them, passed over: dog/up"


@row("hidden files (`.name`) and what systems leave (`Thumbs.db`, `__MACOSX`, `desktop.ini`)")
def test_what_systems_leave(doors):
    fill(doors, "cat", "dog", n=10)
    wanted = sorted(levels_in(doors, "cat") + levels_in(doors, "dog"))
    fill(doors, "__MACOSX", "cat/__MACOSX", ".cache")
    for name in (".DS_Store", "._70.png", "Thumbs.db", "desktop.ini"):
        (doors.path / "cat" / name).write_text("left")
    assert loaded(doors) == wanted


@row("files that can't be read")
def test_unreadable_files(doors):
    fill(doors, "photos", n=20)
    wanted = levels_in(doors, "photos")
    for i in range(12):
        (doors.path / "photos" / f"note{i:02}.txt").write_text("text")
    (doors.path / "photos" / "empty.png").write_text("")
    (doors.path / "photos" / "gone.png").symlink_to("nowhere")
    whole = (doors.path / "photos" / "70.png").read_bytes()
    (doors.path / "photos" / "cut.png").write_bytes(whole[: len(whole) // 2 + 5])
    found = load(doors, validation_size=0)
    assert sorted(levels_of(found.train) + levels_of(found.test)) == wanted
    for words in (
        "12 files left out, no image: photos/note00.txt, ",
        "photos/note09.txt and 2 more",
        "1 file left out, empty file: photos/empty.png",
        "1 file left out, broken link: photos/gone.png",
        "photos/cut.png",
    ):
        assert words in doors.notes
    assert "note10" not in doors.notes
