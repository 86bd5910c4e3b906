"""The table "Arrays" of docs/reference/data.md: which arrays are images, and which is what."""

import functools

import numpy as np

from keras_vae import data
from tests.data_page.doors import refused
from tests.data_page.page import row

RNG = np.random.default_rng(0)
row = functools.partial(row, "Arrays")


def images(*shape):
    """Random bytes, of which the first is white."""
    x = RNG.integers(0, 256, shape, np.uint8)
    x.flat[0] = 255
    return x


def as_kept(doors, x, **options):
    """The array that is kept of x."""
    return doors.npz(options | {"validation_size": 0}, train=x, test=x).train.array


@row("[N, H, W, C], C from 1 to 4")
def test_channels_last(doors):
    for channels in (1, 2, 3, 4):
        x = images(6, 8, 7, channels)
        np.testing.assert_array_equal(as_kept(doors, x), x)
    x = images(6, 4, 4, 1)
    np.testing.assert_allclose(doors.python(x), x / 255, rtol=1e-6)


@row("[N, H, W]")
def test_without_channels(doors):
    x = images(6, 4, 4)
    np.testing.assert_array_equal(as_kept(doors, x), x[..., np.newaxis])
    np.testing.assert_allclose(doors.python(x), x[..., np.newaxis] / 255, rtol=1e-6)


@row("[N, C, H, W], C of 1, 3 or 4, H and W above 4")
def test_channels_first(doors):
    for channels in (1, 3, 4):
        x = images(6, channels, 8, 7)
        np.testing.assert_array_equal(as_kept(doors, x), x.transpose(0, 2, 3, 1))
    refused(lambda: doors.python(images(6, 1, 4, 4)), "x must", "np.moveaxis(x, 1, -1)")


@row(
    "four axes of which the second and the last may be C, as [N, 3, 8, 3], or neither, as "
    "[N, 8, 8, 5]"
)
def test_unclear_channels(doors):
    for shape in ((6, 3, 8, 3), (6, 8, 8, 5), (6, 2, 8, 8), (6, 3, 4, 8)):
        x = images(*shape)
        refused(lambda x=x: as_kept(doors, x), "train of", "channels=last", "channels=first")
        np.testing.assert_array_equal(as_kept(doors, x, channels="last"), x)
        found = as_kept(doors, x, channels="first")
        np.testing.assert_array_equal(found, np.moveaxis(x, 1, -1))


@row("a table [N, D]")
def test_tables(doors):
    x = images(6, 16)
    refused(lambda: as_kept(doors, x), "train of", "x.reshape(-1, 4, 4)")
    refused(lambda: doors.python(x), "x must", "x.reshape(-1, 4, 4, 1)")


@row("an empty axis, or no example")
def test_nothing(doors):
    for shape in ((0, 4, 4), (6, 0, 4)):
        refused(lambda s=shape: as_kept(doors, np.zeros(s)), "empty axes", "Leave empty")
    refused(lambda: doors.python(np.zeros((0, 4, 4))), "x must", "at least one example")


@row("a masked array (Python)")
def test_masked_arrays(doors):
    x = np.ma.masked_array(images(6, 4, 4), False)
    np.testing.assert_allclose(doors.python(x)[..., 0], x.data / 255, rtol=1e-6)
    x[3, 2] = np.ma.masked
    for call in (doors.python, lambda x: data.from_arrays("made", {"train": x})):
        refused(lambda call=call: call(x), "4 ", "masked", "x.filled(0)")


@row("a list of images of one shape (Python)")
def test_lists(doors):
    x = list(images(6, 4, 4))
    for call in (doors.python, lambda x: data.from_arrays("made", {"train": x})):
        refused(lambda call=call: call(x), "list", "np.stack(x)")


@row("a `.npy` file (`npz:PATH` or `npy:PATH`)")
def test_npy(doors):
    x = images(30, 4, 4)
    of_npz = doors.npz(x=x)
    np.save(doors.path / "made.npy", x)
    for kind in ("npz", "npy"):
        found = doors.load(f"{kind}:{doors.path}/made.npy")
        np.testing.assert_array_equal(found.train.array, of_npz.train.array)


@row("several splits")
def test_one_scale(doors):
    dark, light = images(30, 4, 4) // 25, images(30, 4, 4)
    found = doors.npz(train=dark, val=dark, test=light)
    assert {s.levels for s in (found.train, found.validation, found.test)} == {256}
    np.testing.assert_array_equal(found.train.array[..., 0], dark)
    for other in (light / 255, light[:, :3]):
        refused(lambda x=other: doors.npz(train=dark, test=x), "splits", "one dtype and shape")


@row(
    "keys of an npz: `x`, `data`, `images`, `train_images`, `x_train`, `xtest`, `y`, `y_train`, "
    "`val_labels` …"
)
def test_keys(doors):
    splits = {split: images(n, 4, 4) for split, n in [("train", 30), ("val", 9), ("test", 9)]}
    labels = {split: np.arange(len(x)) % 3 for split, x in splits.items()}
    for image_key, label_key in [
        ("{}_images", "{}_labels"),
        ("x_{}", "y_{}"),
        ("X{}", "y{}"),
        ("x{}", "y{}"),
        ("images-{}", "{}Targets"),
    ]:
        found = doors.npz(
            **{image_key.format(s): x for s, x in splits.items()},
            **{label_key.format(s): y for s, y in labels.items()},
        )
        for split, its in zip(splits, (found.train, found.validation, found.test), strict=True):
            np.testing.assert_array_equal(its.array[..., 0], splits[split])
            np.testing.assert_array_equal(its.labels, labels[split])
    for image_key, label_key in [("x", "y"), ("data", "target"), ("Images", "LABELS")]:
        found = doors.npz(
            {"validation_size": 0},
            **{image_key: splits["train"], label_key: labels["train"]},
            **{"test_x": splits["test"], "test_y": labels["test"]},
        )
        np.testing.assert_array_equal(found.train.array[..., 0], splits["train"])
        np.testing.assert_array_equal(found.train.labels, labels["train"])


@row("a file larger than `--memory_limit_gb`")
def test_streamed_files(doors):
    x, little = images(60, 8, 8), {"memory_limit_gb": 2e-6}
    for its in (x, x > 127):
        found = doors.npz(little, x=its)
        assert len(found.train.chunk_sizes) > 1
        splits = (found.train, found.validation, found.test)
        everything = np.concatenate([split.array[..., 0] for split in splits])
        assert sorted(map(bytes, everything)) == sorted(map(bytes, its))
    for its in (x / 255, x.astype("uint16")):
        refused(lambda its=its: doors.npz(little, x=its), "memory_limit_gb", "8-bit", "Raise")
    np.savez_compressed(doors.path / "made.npz", x=x)
    dataset = f"npz:{doors.path}/made.npz"
    refused(lambda: doors.load(dataset, **little), "compressed", "raise memory_limit_gb")


@row("`arr_0`, or images `arr_0` and their labels `arr_1`, as `np.savez(path, x, y)` writes them")
def test_arrays_without_names(doors):
    x, y = images(30, 4, 4), np.arange(30) % 3
    np.savez(doors.path / "both.npz", x, y)
    np.savez(doors.path / "one.npz", x)
    found = doors.load(f"npz:{doors.path}/both.npz")
    wanted = doors.npz(x=x, y=y)
    np.testing.assert_array_equal(found.train.array, wanted.train.array)
    np.testing.assert_array_equal(found.train.labels, wanted.train.labels)
    assert doors.load(f"npz:{doors.path}/one.npz").train.labels is None


@row("`class_names`, `label_names`, `target_names` of an npz")
def test_names_of_classes(doors):
    x, y = images(30, 4, 4), np.arange(30) % 3
    for key in ("class_names", "label_names", "target_names"):
        found = doors.npz(x=x, y=y, **{key: np.array(["cat", "dog", "eel"])})
        assert found.train.class_names == ("cat", "dog", "eel")


@row("whole numbers `factors` [N, F] of an npz, as `train_factors`, and their `factor_names` [F]")
def test_factors(doors):
    x, table = images(30, 4, 4), np.stack([np.arange(30) % 2, np.arange(30) % 3], axis=1)
    names = {"factor_names": ["hue", "size"]}
    for key in ("train_factors", "factors_train"):
        found = doors.npz({"validation_size": 0}, x_train=x, x_test=x, **{key: table}, **names)
        np.testing.assert_array_equal(found.train.factors["size"], table[:, 1])
    labelled = doors.npz({"label": "hue"}, x=x, factors=table, **names)
    assert set(labelled.train.labels) == {0, 1}


@row("names of classes or factors that are the same, or empty")
def test_names_that_are_the_same(doors):
    x, y = images(30, 4, 4), np.arange(30) % 2
    for names in (["cat", "cat"], ["cat", ""]):
        for known in (
            {"y": y, "class_names": np.array(names)},
            {"factors": np.stack([y, y], axis=1), "factor_names": np.array(names)},
        ):
            refused(lambda known=known: doors.npz(x=x, **known), "different names")


@row("files that are neither npz nor npy, as a `.mat`, `.h5` or pickle by that name")
def test_files_of_other_kinds(doors):
    (doors.path / "x.npz").write_bytes(b"\x89HDF" + bytes(100))
    refused(lambda: doors.load(f"npz:{doors.path / 'x.npz'}"), "is no npz and no npy", "savez")


@row("two arrays for one role, as `y` and `labels`")
def test_two_for_one_role(doors):
    x, y = images(30, 4, 4), np.arange(30) % 3
    # The other one has no role, and a row of its own says that it is named.
    found = doors.npz({"validation_size": 0}, train=x, test=x, y_train=y, train_labels=y[:7])
    np.testing.assert_array_equal(found.train.labels, y)
    assert doors.notes.startswith("not used: train_labels")
    for more in ({"y": y, "labels": y}, {"images": x}):
        refused(lambda more=more: doors.npz(x=x, **more), "more than one", "npz_keys")
    keys = {"npz_keys": ["train=x", "test=images"], "validation_size": 0}
    np.testing.assert_array_equal(doors.npz(keys, x=x, images=x).train.array[..., 0], x)


@row("a bool array `mask`, `known` or `observed` of an npz, as `train_mask`")
def test_masks(doors):
    x, known = images(30, 4, 4), np.random.default_rng(0).uniform(size=(30, 4, 4)) < 0.7
    for key in ("train_mask", "known_train", "train_observed"):
        found = doors.npz({"validation_size": 0}, x_train=x, x_test=x, **{key: known})
        np.testing.assert_array_equal(found.train.mask[..., 0], known)
    assert doors.npz(x=x, known=known).train.mask is not None
    doors.npz(x=x, mask=255 * known.astype(np.uint8))
    assert "not used: mask (npz_keys" in doors.notes


@row("an array that looks like a split, images or labels, and has no role")
def test_arrays_without_a_role(doors):
    x = images(30, 4, 4)
    for key, other in [
        ("weights", np.ones(30)),
        ("depth", images(30, 5, 5)),
        ("masks", images(7, 4, 4)),
    ]:
        doors.npz(x=x, **{key: other})
        assert f"not used: {key} (npz_keys" in doors.notes
