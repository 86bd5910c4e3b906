"""A modality of one's own: by this file alone a run on series is shown, measured, exported."""

import dataclasses
import json
import re

import jsonschema
import numpy as np
import pytest

import keras_vae
from export import sample, writer
from keras_vae import data, modality, runs, tasks
from keras_vae.batches import Batch
from keras_vae.report import pictures
from tests import tiny
from tests.export.test_card import SCHEMA

STEPS, HEIGHT = 12, 16


@dataclasses.dataclass(frozen=True)
class Series(modality.Modality):
    """Two curves [T, 2] from `low` to `high`."""

    low: float
    high: float

    name = noun = nouns = "series"

    def as_images(self, x):
        """[..., HEIGHT, T, 1], white where a curve is."""
        row = np.round((HEIGHT - 1) * (self.high - x) / (self.high - self.low))
        rows = np.arange(HEIGHT)[:, np.newaxis, np.newaxis]
        return (row[..., np.newaxis, :, :] == rows).any(axis=-1, keepdims=True)


def read(path):
    """Sines and cosines of random phases: their number is the path."""
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, (int(path), 1))
    angle = phase + np.linspace(0, 2 * np.pi, STEPS)
    x = 0.5 + 0.4 * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    return {"train": data.InMemory(x.astype(np.float32), modality=Series(0.0, 1.0))}, []


@pytest.fixture(scope="module")
def waves():
    """Makes dataset=waves:N known; gives options of a small run on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(data.READERS, "waves", read)
        options = {"dataset": "waves:60", "likelihood": "normal", "likelihood_scale": 0.2}
        yield options | {"hidden": (8,), "latent_dim": 2, "batch_size": 8, "epochs": 1}


@pytest.fixture(scope="module")
def run(waves, tmp_path_factory):
    """A run on series, trained, measured and reported."""
    path = tmp_path_factory.mktemp("own") / "run"
    options = {"num_samples": 2, "picture_epochs": 1, "jit_compile": False, "tensorboard": False}
    return runs.train(keras_vae.recipe("vae", **waves), path, **options)


def test_the_run_knows_what_its_examples_are(run):
    assert run.model.modality == run.data.test.modality == Series(0.0, 1.0)
    stored = json.loads((run.path / "config.json").read_text())
    assert stored["config"]["model"]["modality"] == {"name": "series", "low": 0.0, "high": 1.0}
    assert "no test split: 6 of 60 series held out for it" in run.data.notes
    assert (run.path / "pictures" / "epoch_00001.png").is_file()
    assert not (run.path / "copies.npz").exists()  # Copies are found by pixels.


def test_the_report_shows_its_curves(run):
    html = (run.path / "report.html").read_text()
    assert "6 test examples, each with its reconstruction beneath it." in html
    words = re.findall(r"alt='([^']*)'|<figcaption>([^<]*)<", html)
    assert not [word for pair in words for word in pair if "image" in word]
    x = run.data.test.array
    picture = pictures.reconstructions(run.model, Batch(x, None))
    (shown,) = picture.figure.axes[0].get_images()
    pixels = shown.get_array()[..., 0]
    rows = np.round((HEIGHT - 1) * (1 - x[0])).astype(int)  # [T, 2]
    wanted = np.zeros((HEIGHT, STEPS))
    wanted[rows, np.arange(STEPS)[:, np.newaxis]] = 255
    np.testing.assert_array_equal(pixels[:HEIGHT, :STEPS], wanted)


def test_its_codes_have_thumbnails(run):
    tasks.write_latents(run)
    text = (run.path / "latents" / "projector_config.pbtxt").read_text()
    assert f"single_image_dim: {STEPS}\n" in text
    assert f"single_image_dim: {HEIGHT}\n" in text


def test_it_is_saved_with_the_model(run, tmp_path):
    run.model.save(tmp_path / "own.keras")
    assert keras_vae.load(tmp_path / "own.keras").modality == Series(0.0, 1.0)


def test_it_is_exported(run, tmp_path):
    described = runs.loading.read_config_json(run.path)
    options = {"formats": ["tflite"], "batch_sizes": [2], "described": described}
    writer.write(run.model, tmp_path / "export", **options)  # write() compares files and model.
    card = json.loads((tmp_path / "export" / "model_card.json").read_text())
    jsonschema.validate(card, SCHEMA)
    assert card["event_shape"] == [STEPS, 2]
    made = sample.sample(tmp_path / "export" / "generator.tflite", 7, 3)
    assert made.shape == (3, STEPS, 2)
    with pytest.raises(ValueError, match=r"values are of shape \[12, 2\], no images"):
        sample.grid(made)
    with pytest.raises(ValueError, match=r"the page shows images and music, .* is of series"):
        run.model.modality.check_page(run.model)


def test_its_values_are_not_made_black_and_white(waves):
    config = keras_vae.recipe("vae", **waves | {"likelihood": "bernoulli", "likelihood_scale": 1.0})
    with pytest.raises(ValueError, match="binarization=dynamic: the values of series aren't grey"):
        keras_vae.build(config, data=data.load("waves:60"))


@pytest.mark.parametrize("found", [np.zeros((4, 2)), {"train": 1}, ({"test": 1}, []), ({}, [])])
def test_a_reader_that_gives_something_else_is_told_of(found):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(data.READERS, "odd", lambda path: found)
        with pytest.raises(
            ValueError, match=r"data.READERS\['odd'\] must give \(\{'train': a Split"
        ):
            data.load("odd:x")


def test_what_is_not_known_is_refused_in_one_line():
    with pytest.raises(ValueError, match=r"modality 'tale' isn't known, only image, music, .*"):
        modality.stored({"name": "tale"})
    with pytest.raises(ValueError, match=r"modality 'series' has other facts .*'low'"):
        modality.stored({"name": "series", "high": 1.0})
    assert modality.stored(None) == tiny.vae().modality == modality.Image()
