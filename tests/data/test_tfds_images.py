import json
import socket
import urllib.request

import numpy as np
import pytest
from PIL import Image

from keras_vae._compat import tf
from keras_vae.data import Streamed, load, tfds_images, tfds_pixels, tfds_rows


@pytest.fixture
def no_network(monkeypatch):
    """Every way out raises OSError, as on a machine without a network; a builder is an error."""
    import tensorflow_datasets as tfds

    def refuse(*args, **kwargs):
        raise OSError("no network")

    def forbidden(*args, **kwargs):
        raise AssertionError("the builder was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(tfds, "builder", forbidden)


def test_unprepared_set_is_found_out_without_the_builder(no_network, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"mnist is not prepared in .* no network"
    ) as caught:
        load("mnist", data_dir=str(tmp_path))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["mnits", "./made.npz", "", "no such:1"])
def test_unknown_name_lists_near_ones(no_network, tmp_path, name):
    with pytest.raises(ValueError, match=r"not known to TFDS.*Near names: .*mnist") as caught:
        load(name, data_dir=str(tmp_path))
    assert "\n" not in str(caught.value)


def test_download_that_fails_is_one_line(monkeypatch, tmp_path):
    import tensorflow_datasets as tfds

    def fail(*args, **kwargs):
        raise RuntimeError("checksum\n  wrong")

    monkeypatch.setattr(tfds_images, "network_is_there", lambda: True)
    monkeypatch.setattr(tfds, "builder", fail)
    with pytest.raises(ValueError, match=r"could not be fetched into .*: checksum wrong"):
        load("mnist", data_dir=str(tmp_path))


def test_set_without_images_is_refused(no_network, tmp_path):
    folder = tmp_path / "made" / "1.0.0"
    folder.mkdir(parents=True)
    core = "tensorflow_datasets.core.features"
    text = {"pythonClassName": f"{core}.text_feature.Text", "text": {}}
    features = {
        "pythonClassName": f"{core}.features_dict.FeaturesDict",
        "featuresDict": {"features": {"words": text}},
    }
    (folder / "features.json").write_text(json.dumps(features))
    info = {"name": "made", "version": "1.0.0", "fileFormat": "tfrecord"}
    (folder / "dataset_info.json").write_text(json.dumps(info))
    with pytest.raises(ValueError, match=r'must have a feature "image".*it has words'):
        load("made", data_dir=str(tmp_path))


def test_prepared_set(mnist):
    data = mnist
    assert [s.num_examples for s in (data.train, data.validation, data.test)] == [
        54_000,
        6_000,
        10_000,
    ]
    assert data.train.shape == (28, 28, 1)
    assert data.train.dtype == np.uint8
    assert data.train.levels == 256
    test_digits = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(data.test.labels).tolist() == test_digits
    assert abs(data.train.array.mean() / 255 - 0.1307) < 0.001


def test_streaming_gives_the_same_images_in_the_same_order(mnist, mnist_dir):
    stream = load("mnist", data_dir=mnist_dir, memory_limit_gb=0.05)
    assert [s.num_examples for s in (stream.train, stream.validation, stream.test)] == [
        54_000,
        6_000,
        10_000,
    ]
    assert len(stream.test.chunk_sizes) > 2
    np.testing.assert_array_equal(stream.test.array, mnist.test.array)
    np.testing.assert_array_equal(stream.test.labels, mnist.test.labels)
    start = stream.test.chunk_sizes[0]
    np.testing.assert_array_equal(stream.test.read(1)[:3], mnist.test.array[start : start + 3])
    assert stream.fingerprint != mnist.fingerprint


def test_images_are_cropped_and_resized_as_pil_does(mnist, mnist_dir):
    small = load("mnist", data_dir=mnist_dir, image_size=14, memory_limit_gb=0.002).test
    assert small.shape == (14, 14, 1)
    for full, image in zip(mnist.test.array[:20], small.read(0)[:20], strict=True):
        by_pil = Image.fromarray(full[..., 0]).resize((14, 14), Image.Resampling.BICUBIC)
        # PIL rounds and clips between its two passes; TensorFlow does so at the end.
        difference = np.asarray(by_pil, int) - image[..., 0]
        assert np.abs(difference).max() <= 8
        assert np.abs(difference).mean() < 0.5

    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200  # the central square
    cropped = tfds_pixels.resize(tf.constant(wide), 5, "crop")
    np.testing.assert_array_equal(cropped, np.full((5, 5, 3), 200))


def test_prepared_set_needs_no_network_and_brings_its_validation_split(no_network, mnist_dir):
    data = load("binarized_mnist", data_dir=mnist_dir)
    assert data.train.dtype == bool
    assert data.validation.num_examples == 10_000
    assert data.notes == []
    assert abs(data.test.array.mean() - 0.132512) < 1e-6


@pytest.fixture(scope="module")
def factors_dir(tmp_path_factory):
    """Prepared TFDS sets whose pixels are all 20 * shape + scale: made, and one with one column."""
    import tensorflow_datasets as tfds

    def prepare(name, columns):
        rows = [
            {
                "image": np.full((4, 4, 1), 20 * i + j, np.uint8),
                "attributes": {"even": j % 2 == 0, "place": np.array([i, j], np.float32)},
                **dict(zip(columns, (i, j), strict=False)),
            }
            for i, j in np.ndindex(3, 20)
        ]
        attributes = {"even": np.bool_, "place": tfds.features.Tensor(shape=(2,), dtype=np.float32)}
        features = {"image": tfds.features.Image(shape=(4, 4, 1)), "attributes": attributes}
        features |= {c: tfds.features.ClassLabel(num_classes=20) for c in columns}
        rows = tf.nest.map_structure(lambda *values: np.stack(values), *rows)
        tfds.dataset_builders.store_as_tfds_dataset(
            name,
            version="1.0.0",
            features=tfds.features.FeaturesDict(features),
            split_datasets={"train": tf.data.Dataset.from_tensor_slices(rows)},
            data_dir=folder,
        )

    folder = tmp_path_factory.mktemp("factors")
    prepare("made", ["label_shape", "label_scale"])
    prepare("alone", ["label_shape"])
    return str(folder)


@pytest.mark.parametrize("memory_limit_gb", [4.0, 9e-7])
def test_several_label_columns_are_factors(no_network, factors_dir, memory_limit_gb):
    data = load("made", data_dir=factors_dir, memory_limit_gb=memory_limit_gb)
    assert isinstance(data.test, Streamed) == (memory_limit_gb < 1)
    for split in (data.validation, data.test):
        assert split.num_examples == 6
        assert split.labels is None
        assert list(split.factors) == ["scale", "shape"]
        values = 20 * split.factors["shape"] + split.factors["scale"]
        np.testing.assert_array_equal(split.array[:, 0, 0, 0], values)
    assert load("alone", data_dir=factors_dir).test.factors is None


@pytest.mark.parametrize("memory_limit_gb", [4.0, 9e-7])
def test_any_whole_number_is_a_label_if_it_is_named(no_network, factors_dir, memory_limit_gb):
    def labels(label):
        test = load("made", data_dir=factors_dir, memory_limit_gb=memory_limit_gb, label=label).test
        assert test.labels.dtype == np.int64
        return test.labels, test.array[:, 0, 0, 0]

    shape, pixels = labels("label_shape")
    np.testing.assert_array_equal(shape, pixels // 20)
    even, pixels = labels("attributes/even")
    np.testing.assert_array_equal(even, pixels % 2 == 0)
    known = r"made has attributes/even, label_scale, label_shape\."
    for wrong in ("attributes/place", "image", "label", "attributes"):
        with pytest.raises(ValueError, match=rf"label={wrong} must be .* whole numbers.*{known}"):
            load("made", data_dir=factors_dir, label=wrong)
    with pytest.raises(
        ValueError, match="label is for TFDS sets, sprites, tables and factors of an npz, got"
    ):
        load("digits", label="label")


RNG = np.random.default_rng(0)


@pytest.fixture
def prepare(no_network, tmp_path):
    """(features, dict split name -> dict of columns) -> options for load of such a set, "own"."""
    import tensorflow_datasets as tfds

    def prepare(features, splits):
        tfds.dataset_builders.store_as_tfds_dataset(
            "own",
            version="1.0.0",
            features=tfds.features.FeaturesDict(features),
            split_datasets={
                name: tf.data.Dataset.from_tensor_slices(columns)
                for name, columns in splits.items()
            },
            data_dir=str(tmp_path),
        )
        return {"data_dir": str(tmp_path)}

    return prepare


def grey(n, shape=(4, 5, 1), highest=255, dtype=np.uint8):
    return RNG.integers(0, highest + 1, (n, *shape)).astype(dtype)


def brightness(images):
    """The images' bytes in an order of their own: sets are stored in another."""
    return sorted(image.tobytes() for image in images)


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train", "validation", "test"), ("train", "validation", "test")),
        (("Training", "DEV", "Testing"), ("train", "validation", "test")),
        (("train", "val", "eval"), ("train", "validation", "test")),
        (("train", "validation"), ("train", "validation")),
        (("train", "extra", "test"), ("train", None, "test")),
        (("dev", "validation", "train"), (None, "validation", "train")),
    ],
)
def test_splits_by_what_people_call_them(prepare, names, splits):
    import tensorflow_datasets as tfds

    x = {name: grey(20 + i) for i, name in enumerate(names)}
    options = prepare(
        {"image": tfds.features.Image(shape=(4, 5, 1))},
        {name: {"image": images} for name, images in x.items()},
    )
    data = load("own", **options)
    for name, split in zip(names, splits, strict=True):
        if split == "train":
            found = [data.train.array]
            found += [data.validation.array] if "validation" not in splits else []
            found += [data.test.array] if "test" not in splits else []
            assert brightness(np.concatenate(found)) == brightness(x[name])
        elif split:
            assert brightness(getattr(data, split).array) == brightness(x[name])
    unused = [name for name, split in zip(names, splits, strict=True) if split is None]
    assert [n for n in data.notes if "not used" in n] == [
        f"not used: the splits {name}" for name in unused
    ]


def test_a_set_without_a_train_split_is_refused(prepare):
    import tensorflow_datasets as tfds

    options = prepare(
        {"image": tfds.features.Image(shape=(4, 5, 1))}, {"test": {"image": grey(20)}}
    )
    with pytest.raises(ValueError, match=r"dataset=own must have a train split; it has test\."):
        load("own", **options)


@pytest.mark.parametrize(
    ("kind", "memory_limit_gb"),
    [(kind, 4.0) for kind in ("named", "plain", "text", "ids", "one-hot", "column")]
    + [("named", 2.3e-6), ("text", 2.3e-6)],
)
def test_labels_of_all_kinds(prepare, kind, memory_limit_gb):
    import tensorflow_datasets as tfds

    names = np.array(["cat", "été", "ant"])
    ids = np.array([1_000_003, 17, 99])
    number = np.arange(60) % 3
    feature, column, class_names, order = {
        "named": (tfds.features.ClassLabel(names=list(names)), number, tuple(names), [0, 1, 2]),
        "plain": (tfds.features.ClassLabel(num_classes=3), number, None, [0, 1, 2]),
        "text": (tfds.features.Text(), names[number], ("ant", "cat", "été"), [1, 2, 0]),
        "ids": (np.int64, ids[number], ("17", "99", "1000003"), [2, 0, 1]),
        "one-hot": (
            tfds.features.Tensor(shape=(3,), dtype=np.uint8),
            np.eye(3, dtype=np.uint8)[number],
            None,
            [0, 1, 2],
        ),
        "column": (
            tfds.features.Tensor(shape=(1,), dtype=np.int64),
            number[:, None],
            None,
            [0, 1, 2],
        ),
    }[kind]
    x = np.repeat(number + 100, 20).astype(np.uint8).reshape(60, 4, 5, 1)
    features = {"image": tfds.features.Image(shape=(4, 5, 1)), "label": feature}
    rows = {"image": x, "label": column}
    options = prepare(features, {"train": rows, "test": rows})
    data = load("own", memory_limit_gb=memory_limit_gb, **options)
    assert isinstance(data.train, Streamed) == (memory_limit_gb < 1)
    for split in (data.train, data.validation, data.test):
        assert split.class_names == class_names
        assert split.labels.dtype == np.int64
        np.testing.assert_array_equal(
            split.labels, np.array(order)[split.array[:, 0, 0, 0].astype(int) - 100]
        )


@pytest.mark.parametrize("memory_limit_gb", [4.0, 1.7e-6])
def test_classes_that_a_split_lacks_are_named(prepare, memory_limit_gb):
    import tensorflow_datasets as tfds

    features = {
        "image": tfds.features.Image(shape=(4, 5, 1)),
        "label": tfds.features.ClassLabel(names=["ant", "bee", "cow", "dog"]),
    }
    number = np.arange(60)
    splits = {
        "train": {"image": grey(60), "label": number % 2},
        "test": {"image": grey(60), "label": number % 2 * 2},
    }
    data = load("own", memory_limit_gb=memory_limit_gb, **prepare(features, splits))
    assert isinstance(data.train, Streamed) == (memory_limit_gb < 1)
    notes = [note for note in data.notes if "has no image of class" in note]
    assert [note for note in notes if note.startswith("train")] == [
        "train has no image of class cow (30 in all), which the model has and learns nothing of"
    ]
    assert "test has no image of class bee (30 in all)" in notes
    in_runs = "streamed: validation held out in neighbouring rows, not label by label"
    assert (in_runs in data.notes) == (memory_limit_gb < 1)


def test_one_missing_label_of_a_streamed_set_is_refused_at_once(prepare, monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setattr(tfds_rows, "READ_BATCH", 20)
    features = {
        "image": tfds.features.Image(shape=(4, 5, 1)),
        "label": tfds.features.ClassLabel(names=["a", "b"]),
    }
    label = np.arange(60) % 2
    label[0] = -1
    options = prepare(features, {"train": {"image": grey(60), "label": label}})
    with pytest.raises(ValueError, match=r"Labels for train of own .* -1"):
        load("own", memory_limit_gb=1.1e-6, **options)


@pytest.mark.parametrize("memory_limit_gb", [4.0, 1.7e-6])
def test_a_split_without_labels_has_none(prepare, memory_limit_gb):
    import tensorflow_datasets as tfds

    features = {
        "image": tfds.features.Image(shape=(4, 5, 1)),
        "label": tfds.features.ClassLabel(names=["a", "b"]),
    }
    rows = {"image": grey(60), "label": np.arange(60) % 2}
    unlabelled = {"image": grey(30), "label": np.full(30, -1)}
    options = prepare(features, {"train": rows, "test": unlabelled})
    data = load("own", memory_limit_gb=memory_limit_gb, **options)
    assert data.test.labels is None
    assert set(data.train.labels) == {0, 1}
    assert [note for note in data.notes if "test are all -1" in note]


def test_a_label_of_several_classes_an_image_is_named(prepare):
    import tensorflow_datasets as tfds

    features = {
        "image": tfds.features.Image(shape=(4, 5, 1)),
        "label": tfds.features.Scalar(np.float32),
    }
    options = prepare(features, {"train": {"image": grey(20), "label": np.zeros(20, np.float32)}})
    data = load("own", **options)
    assert data.train.labels is None
    assert "not used: label, which isn't one label an image" in data.notes


@pytest.mark.parametrize(
    ("x", "values", "dtype", "levels"),
    [
        (grey(60, highest=4000, dtype=np.uint16), "unit", np.uint16, 4096),
        (grey(60, highest=4000, dtype=np.uint16), "levels", np.uint8, 256),
        (grey(60, highest=16), "levels", np.uint8, 17),
        (grey(60, highest=16), "counts", np.uint8, None),
        (RNG.uniform(size=(60, 4, 5, 1)).astype(np.float32), "unit", np.float32, None),
        (RNG.normal(size=(60, 4, 5, 1)).astype(np.float32), "real", np.float32, None),
        (RNG.normal(size=(60, 4, 5, 1)).astype(np.float32), "unit", None, None),
        (RNG.uniform(size=(60, 4, 5, 1)).astype(np.float32), "levels", None, None),
    ],
)
def test_values_of_any_dtype(prepare, x, values, dtype, levels):
    import tensorflow_datasets as tfds

    features = {"image": tfds.features.Tensor(shape=(4, 5, 1), dtype=x.dtype)}
    if x.dtype != np.float32:
        features = {"image": tfds.features.Image(shape=(4, 5, 1), dtype=x.dtype)}
    options = prepare(features, {"train": {"image": x}})
    if dtype is None:
        with pytest.raises(ValueError, match=r"own must hold .* Write .*, or use"):
            load("own", values=values, **options)
        return
    data = load("own", values=values, **options)
    assert (data.train.dtype, data.train.levels) == (dtype, levels)
    wanted = np.round(x / 4095 * 255).astype(np.uint8) if (levels, dtype) == (256, np.uint8) else x
    parts = [data.train.array, data.validation.array, data.test.array]
    assert brightness(np.concatenate(parts)) == brightness(wanted)


def test_few_levels_of_a_streamed_set_are_those_of_all_images(prepare, monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setattr(tfds_rows, "READ_BATCH", 20)
    x = grey(60, highest=9)
    x[0, 0, 0, 0] = 40
    options = prepare({"image": tfds.features.Image(shape=(4, 5, 1))}, {"train": {"image": x}})
    data = load("own", memory_limit_gb=1.1e-6, **options)
    assert (data.train.levels, data.test.levels) == (41, 41)
    assert load("own", memory_limit_gb=1.1e-6, grey_levels=256, **options).train.levels == 256


@pytest.mark.parametrize(
    ("ground", "memory_limit_gb"),
    [("white", 4.0), ("black", 4.0), ("FF8000", 4.0), ("FF8000", 3.4e-6)],
)
def test_transparency_is_put_on_a_ground(prepare, ground, memory_limit_gb):
    import tensorflow_datasets as tfds

    x = grey(60, (4, 5, 4))
    options = prepare({"image": tfds.features.Image(shape=(4, 5, 4))}, {"train": {"image": x}})
    options |= {"memory_limit_gb": memory_limit_gb}
    data = load("own", alpha_background=ground, **options)
    behind = {"white": (255, 255, 255), "black": (0, 0, 0), "FF8000": (255, 128, 0)}[ground]
    wanted = []
    for image in x:
        under = Image.new("RGBA", (5, 4), (*behind, 255))
        wanted.append(Image.alpha_composite(under, Image.fromarray(image)).convert("RGB"))
    found = np.concatenate([s.array for s in (data.train, data.validation, data.test)])
    assert found.shape == (60, 4, 5, 3)
    # In an order of their own, and PIL rounds by another rule.
    wanted = np.array([np.asarray(image, int).ravel() for image in wanted])
    distances = np.abs(found.reshape(60, 1, -1).astype(int) - wanted).max(-1)
    assert sorted(distances.argmin(1)) == list(range(60))
    assert distances.min(1).max() <= 1
    note = f"transparent images are put on alpha_background={ground}"
    assert [found for found in data.notes if found.startswith(note)]
    ignored = load("own", alpha_background="ignore", **options)
    assert ignored.train.shape == (4, 5, 4)
    assert ignored.fingerprint != data.fingerprint
    with pytest.raises(ValueError, match="alpha_background must be white, black or a colour"):
        load("own", alpha_background="grey", **options)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("ground", ["white", "black", "FF8000"])
def test_transparency_is_as_in_folders(prepare, tmp_path, ground, channels, dtype):
    """Of opacity in the middle, opaque, or drawn in a ground's own colour alone."""
    import tensorflow_datasets as tfds

    white = np.iinfo(dtype).max
    x = grey(24, (4, 5, channels), white, dtype)
    colours = [(255, 255, 255), (0, 0, 0), (255, 128, 0)]
    for i in range(15):
        x[i, ..., :-1] = np.array(colours[i % 3][: channels - 1]) * (white // 255)
    x[9:12, ..., -1] = white
    x[12:15, ..., -1] = 0
    x[15:18, ..., -1] = white
    features = {"image": tfds.features.Image(shape=(4, 5, channels), dtype=dtype)}
    data = load("own", alpha_background=ground, **prepare(features, {"train": {"image": x}}))
    assert data.train.shape == (4, 5, 1 if channels == 2 and ground != "FF8000" else 3)
    assert data.train.dtype == dtype
    files = tmp_path / "files"
    files.mkdir()
    for i, image in enumerate(x):
        (files / f"{i}.png").write_bytes(tf.io.encode_png(image).numpy())
    wanted = load(f"folder:{files}", alpha_background=ground)
    of_tfds, of_folder = (
        np.concatenate([s.array for s in (d.train, d.validation, d.test)]) for d in (data, wanted)
    )
    assert brightness(of_tfds) == brightness(of_folder)


def test_images_are_padded_or_stretched(prepare):
    import tensorflow_datasets as tfds

    wide = tf.constant(np.full((10, 30, 1), 200, np.uint8))
    padded = tfds_pixels.resize(wide, 30, "pad")[..., 0].numpy()
    np.testing.assert_array_equal(padded, np.pad(np.full((10, 30), 200), ((10, 10), (0, 0))))
    np.testing.assert_array_equal(tfds_pixels.resize(wide, 6, "stretch"), np.full((6, 6, 1), 200))
    edge = tf.constant(np.eye(12, dtype=np.float32)[..., None])
    assert 0 <= np.min(tfds_pixels.resize(edge, 7, "crop")) < np.max(edge) <= 1

    x = np.zeros((60, 20, 4, 1), np.uint8)
    x[:, :3] = grey(60, (3, 4, 1))
    options = prepare({"image": tfds.features.Image(shape=(20, 4, 1))}, {"train": {"image": x}})
    with pytest.raises(ValueError, match=r"image_size=4 is of one colour, 0\. Use resize=pad"):
        load("own", image_size=4, **options)
    for how in ("pad", "stretch"):
        assert load("own", image_size=4, resize=how, **options).train.shape == (4, 4, 1)


@pytest.mark.parametrize("memory_limit_gb", [4.0, 2e-5])
def test_many_sizes_are_brought_to_64_where_no_size_is_given(prepare, memory_limit_gb):
    """In memory and streamed, as if image_size=64 were given."""
    import tensorflow_datasets as tfds

    features = {"image": tfds.features.Image(shape=(None, None, 3))}
    options = prepare(features, {"train": {"image": grey(20, (9, 12, 3))}})
    options["memory_limit_gb"] = memory_limit_gb
    found, given = load("own", **options), load("own", image_size=64, **options)
    assert found.train.shape == (64, 64, 3)
    np.testing.assert_array_equal(found.test.array, given.test.array)
    assert (found.fingerprint, found.image_size) == (given.fingerprint, 64)
    (note,) = set(found.notes) - set(given.notes)
    assert note.startswith("images of many sizes are cut to the centre and brought to 64x64")


def test_an_image_must_fit_into_the_memory(prepare):
    import tensorflow_datasets as tfds

    x = grey(20, (4, 5, 3))
    options = prepare({"image": tfds.features.Image(shape=(4, 5, 3))}, {"train": {"image": x}})
    with pytest.raises(ValueError, match="own with images of 100000x100000x3 takes 30 GB for one"):
        load("own", image_size=100_000, **options)
