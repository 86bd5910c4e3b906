import json
import socket
import urllib.request

import numpy as np
import pytest
from PIL import Image

from keras_vae._compat import tf
from keras_vae.data import Streamed, load, tfds_images, tfds_pixels


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
    with pytest.raises(ValueError, match="label is for TFDS sets and sprites, got dataset=digits"):
        load("digits", label="label")
