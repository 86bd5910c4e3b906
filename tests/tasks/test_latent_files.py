"""trainers.latents: its arrays, the projector's files, attributes, and what it refuses."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from keras_vae import data, measures, runs, tasks
from keras_vae.report import plots
from keras_vae.runs import run_data
from keras_vae.tasks import latent_files
from tests import binaries, tiny
from tests.in_process import TINY, parse
from tests.measures import stated
from trainers import train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("latents") / "run"
    parse(*TINY, f"--workdir={path}")
    train.main()
    return runs.load(path)


def test_the_command_writes_codes_and_the_projector(run):
    done = binaries.run("trainers.latents", f"--run={run.path}", "--attribute=3,8")
    assert done.code == 0, done.err
    folder = run.path / "latents"
    names = {
        "latents.npz",
        "latents.json",
        "codes.tsv",
        "columns.tsv",
        "images.png",
        "attribute_3_8.png",
    }
    assert {p.name for p in folder.iterdir()} == names | {"projector_config.pbtxt"}
    assert all(f"Wrote {folder / name}" in done.out for name in names)
    written = json.loads((folder / "latents.json").read_text())
    assert f"Attribute read: changed {written['attribute_read_changed']:.3f}" in done.out
    stated.check(folder / "latents.json")
    assert set(json.loads((folder / "latents.json").read_text())) == measures.keys("latents.json")
    with np.load(folder / "latents.npz") as stored:
        codes, labels = stored["codes"], stored["labels"]
    np.testing.assert_array_equal(labels, run.data.test.labels)
    batch = next(iter(run_data.evaluation_batches(run.config, run.data, "test", 179)))
    np.testing.assert_allclose(codes, run.model.code(batch.x), atol=1e-6)
    np.testing.assert_allclose(np.loadtxt(folder / "codes.tsv"), codes, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(np.loadtxt(folder / "columns.tsv"), labels)
    # 14 x 14 thumbnails of 8 x 8.
    thumbnails = np.asarray(Image.open(folder / "images.png"))
    assert thumbnails.shape == (112, 112, 3)
    np.testing.assert_array_equal(thumbnails[8:16, 16:24, 0], 255 * batch.x[16, :, :, 0].numpy())
    config = (folder / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "codes.tsv"' in config
    assert "single_image_dim: 8" in config


def test_examples_move_along_the_difference_of_means(run, tmp_path, monkeypatch):
    drawn = {}
    grid = plots.image_grid
    monkeypatch.setattr(
        plots, "image_grid", lambda x, columns: drawn.update(x=x, n=columns) or grid(x, columns)
    )
    latent_files.write_files(run, "test", latent_files.Attribute(3, 8), tmp_path, (1,))
    labels = run.data.test.labels
    with np.load(tmp_path / "latents.npz") as stored:
        codes = stored["codes"]
    batches = run_data.evaluation_batches(run.config, run.data, "train", 500)
    trained = np.concatenate([run.model.code(batch.x) for batch in batches])
    of_label = [trained[run.data.train.labels == label] for label in (3, 8)]
    has, lacks = (z.mean(axis=0) for z in of_label)
    # Linear discriminant analysis of independent latents, by hand.
    within = sum(len(z) * z.var(axis=0) for z in of_label) / sum(map(len, of_label))
    weights = (has - lacks) / within
    read = (codes - lacks) @ weights / (weights @ (has - lacks))
    stored = json.loads((tmp_path / "latents.json").read_text())
    assert stored["attribute_read_where_had"] == np.mean(read[labels == 3] > 0.5)
    assert stored["attribute_read_where_lacked"] == np.mean(read[labels == 8] > 0.5)
    shown = np.flatnonzero(labels == 8)[:8]
    way = stored["attribute_strength"] * (has - lacks)
    images = np.reshape(drawn["x"], (8, drawn["n"], 8, 8, 1))
    batch = next(iter(run_data.evaluation_batches(run.config, run.data, "test", 179)))
    np.testing.assert_array_equal(images[:, 0], batch.x.numpy()[shown])
    # The second column has nothing added, the sixth all that is wanted.
    for column, part in ((1, 0.0), (3, 0.5), (5, 1.0)):
        decoded = run.model.decode(codes[shown] + part * way).mean()
        np.testing.assert_allclose(images[:, column], decoded, atol=1e-4)


@pytest.mark.parametrize(
    ("attribute", "words"),
    [(["3"], "two different labels of 0, 1"), (["3", "x"], "got 3,x"), (["3", "3"], "got 3,3")],
)
def test_unknown_labels_are_refused(run, attribute, words):
    with pytest.raises(ValueError, match=words):
        latent_files.parse_attribute(run, "test", attribute)


@pytest.fixture(scope="module")
def with_factors(run):
    """The same run, of images whose brightness and lean are known."""

    def known(split):
        n = split.num_examples
        factors = {"bright": np.arange(n) % 2, "lean": np.arange(n) % 3 + 4}
        return data.InMemory(split.array, split.labels % 2, split.levels, factors=factors)

    splits = {name: known(getattr(run.data, name)) for name in ("train", "test")}
    return dataclasses.replace(run, data=dataclasses.replace(run.data, **splits))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["bright"], (1, 0, "bright")),
        (["bright=0", "1"], (0, 1, "bright")),
        (["lean=6", "4"], (6, 4, "lean")),
        (["1"], (1, 0, None)),
        (["0"], (0, 1, None)),
    ],
)
def test_factors_and_one_of_two_labels_are_attributes(with_factors, words, wanted):
    assert latent_files.parse_attribute(with_factors, "test", words) == wanted


@pytest.mark.parametrize("words", [["lean"], ["lean=4", "7"], ["lean=4"], ["lean=4", "5", "6"]])
def test_values_that_a_factor_has_not_are_refused(with_factors, words):
    said = f"two different values of the factor lean, by lean=A,B, of 4, 5, 6, .*{','.join(words)}"
    with pytest.raises(ValueError, match=said):
        latent_files.parse_attribute(with_factors, "test", words)


def test_an_attribute_that_training_lacks_is_refused_before_any_work(run, with_factors):
    train = run.data.train  # It has no factors.
    without = dataclasses.replace(
        with_factors, data=dataclasses.replace(with_factors.data, train=train)
    )
    with pytest.raises(
        ValueError, match="training split has 0 examples of 6 and 0 of 4, and needs"
    ):
        latent_files.parse_attribute(without, "test", ["lean=6", "4"])


def test_a_factor_changes_examples_that_lack_it(with_factors, tmp_path):
    attribute = latent_files.parse_attribute(with_factors, "test", ["lean=6", "4"])
    paths = latent_files.write_files(with_factors, "test", attribute, tmp_path, (1,))
    assert tmp_path / "attribute_lean_6_4.png" in paths
    stated.check(tmp_path / "latents.json")
    stored = json.loads((tmp_path / "latents.json").read_text())
    assert (stored["attribute"], stored["attribute_of"]) == ([6, 4], "lean")
    with np.load(tmp_path / "latents.npz") as found:
        np.testing.assert_array_equal(found["lean"], with_factors.data.test.factors["lean"])


def test_an_attribute_changes_latents_of_the_layers_that_are_given(run, tmp_path, monkeypatch):
    drawn = {}
    grid = plots.image_grid
    monkeypatch.setattr(plots, "image_grid", lambda x, columns: grid(drawn.setdefault("x", x)))
    model = tiny.randomize(tiny.vae(recipe="ladder", event_shape=(8, 8, 1), levels=17))
    run = dataclasses.replace(run, model=model)
    paths = tasks.write_latents(run, "test", ["3", "8"], tmp_path, layers=["2"])
    assert tmp_path / "attribute_3_8.png" in paths
    stored = json.loads((tmp_path / "latents.json").read_text())
    assert stored["attribute_layers"] == [2]
    batches = run_data.evaluation_batches(run.config, run.data, "train", 500)
    trained = np.concatenate([model.code(batch.x) for batch in batches])
    has, lacks = (trained[run.data.train.labels == label].mean(axis=0) for label in (3, 8))
    assert model.latent_dims == (3, 2, 2)  # The lowest layer's come first.
    way = stored["attribute_strength"] * (has - lacks) * [0, 0, 0, 1, 1, 0, 0]
    with np.load(tmp_path / "latents.npz") as codes:
        shown = codes["codes"][codes["labels"] == 8][:8]
    images = np.reshape(drawn["x"], (8, -1, 8, 8, 1))
    np.testing.assert_allclose(images[:, 5], model.decode(shown + way).mean(), atol=1e-4)


@pytest.mark.parametrize(
    ("attribute", "layers", "said"),
    [
        (["3", "8"], ["2"], "from 1, the lowest, to 1, the run's layers of latents; got 2"),
        ([], ["1"], "layers=1 says which latents an attribute changes, and there is none"),
    ],
)
def test_layers_that_would_change_nothing_are_refused(run, attribute, layers, said):
    with pytest.raises(ValueError, match=said):
        tasks.write_latents(run, "test", attribute, layers=layers)


def test_a_split_that_there_is_not_is_refused(run):
    without = dataclasses.replace(run, data=dataclasses.replace(run.data, validation=None))
    with pytest.raises(ValueError, match="split=validation: the run has none"):
        latent_files.parse_attribute(without, "validation", [])
