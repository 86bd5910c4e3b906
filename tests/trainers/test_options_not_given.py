"""Options that aren't given: a run that goes on has its own, and the data chooses a recipe."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import keras_vae
from keras_vae import data
from keras_vae.config import Config
from keras_vae.config.sections import TrainingConfig
from keras_vae.runs import job
from keras_vae.runs.checkpoints import Progress
from tests import defaults, in_process, tiny
from trainers import train

RNG = np.random.default_rng(0)
DEEP = ("--stages=4x1,1x1", "--width=4", "--latent_channels=2", "--batch_size=8")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder that holds photos.npz, 8x8 pixels of 3 channels; runs are beside it."""
    monkeypatch.chdir(tmp_path)
    # Configs are what is tested here: models of their sizes take seconds to build.
    small = tiny.vae()
    monkeypatch.setattr(job, "build", lambda config, **options: small)
    np.savez("photos.npz", x=RNG.integers(0, 256, (90, 8, 8, 3)).astype(np.uint8))
    return tmp_path


def prepared(*flags):
    in_process.parse(*flags)
    return train.prepare()


def begun(*flags):
    """The directory of a run that has saved before its first step."""
    found = prepared(*flags)
    with job.begin(found):
        Progress(found.model, found.workdir / "checkpoints").save()
    return found.workdir


def config_of(run):
    return json.loads((run / "config.json").read_text())["config"]


def test_colours_are_deep_and_the_same_command_goes_on(photos, capsys):
    """Another recipe is refused."""
    run = begun("--dataset=npz:photos.npz", *DEEP)
    assert (
        "Note: recipe=deep is chosen for images of 8x8x3 and 256 levels" in capsys.readouterr().out
    )
    assert str(run) == "runs/photos-deep"
    assert config_of(run)["recipe"] == "deep"
    assert config_of(run)["model"]["likelihood"] == "logistic_mixture"
    assert "--recipe=deep\n" in (run / "flags.txt").read_text()
    again = prepared("--dataset=npz:photos.npz")
    assert again.config == Config.from_dict(config_of(run))
    # Read by its own likelihood now, the data is the same.
    stored = json.loads((run / "config.json").read_text())
    assert again.described["data"] == stored["data"]
    out = capsys.readouterr().out
    assert "Going on with runs/photos-deep; another recipe or workdir begins another run." in out
    assert "Note: recipe" not in out
    with pytest.raises(ValueError, match=r"of another config: recipe deep -> vae\. Choose another"):
        prepared("--workdir=runs/photos-deep", "--recipe=vae")
    assert [path.name for path in (photos / "runs").iterdir()] == ["photos-deep"]
    # Other data and options begin another run.
    other = prepared("--dataset=npz:photos.npz", "--network=linear", "--batch_size=8")
    assert (other.config.recipe, str(other.workdir)) == ("vae", "runs/photos-vae")


def test_images_of_many_sizes_are_stored_with_the_size_they_got(photos):
    """And nothing is made before a run begins."""
    (photos / "mine").mkdir()
    for i in range(40):
        pixels = RNG.integers(0, 256, (9 + i % 3, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / "mine" / f"{i}.png")
    found = prepared("--dataset=folder:mine", "--stages=4x1,1x1", *DEEP[1:])
    assert (found.config.recipe, found.config.data.image_size) == ("deep", 64)
    assert str(found.workdir) == "runs/mine-deep"
    assert found.config.model.event_shape == (64, 64, 3)
    assert not (photos / "runs").exists()
    assert found.dataset.fingerprint == data.load("folder:mine", image_size=64).fingerprint


def test_a_run_of_the_usual_recipe_goes_on_though_its_data_chooses_another(photos, capsys):
    """As one that began when there was one recipe for all data goes on by the same command."""
    run = begun("--dataset=npz:photos.npz", "--recipe=vae", "--hidden=4", "--batch_size=8")
    found = prepared("--dataset=npz:photos.npz")
    assert found.workdir == run
    assert found.config == Config.from_dict(config_of(run))
    assert "Going on with runs/photos-vae" in capsys.readouterr().out
    # A new one begins where the user says so.
    new = prepared("--dataset=npz:photos.npz", "--workdir=runs/new", *DEEP)
    assert new.config.recipe == "deep"
    assert str(prepared("--dataset=npz:photos.npz", *DEEP).workdir) == "runs/photos-deep"


def test_a_deep_run_of_grey_images_is_not_their_default(photos):
    np.savez("grey.npz", x=RNG.integers(0, 256, (90, 8, 8, 1)).astype(np.uint8))
    begun("--dataset=npz:grey.npz", "--recipe=deep", *DEEP)
    found = prepared("--dataset=npz:grey.npz", "--hidden=4", "--batch_size=8")
    assert (found.config.recipe, str(found.workdir)) == ("vae", "runs/grey-vae")


def test_a_run_keeps_what_is_not_given(photos, monkeypatch):
    """All options, whatever their defaults have become; its epochs too, unless more are given."""
    given = ("--hidden=8", "--epochs=3", "--beta=2", "--learning_rate=0.01", "--seed=5")
    given += ("--learning_rate_schedule=constant",)  # To which epochs may be added.
    before = config_of(begun(*given, "--workdir=r"))
    changed = {"learning_rate": 0.5, "optimizer": "sgd", "ema_decay": 0.5, "epochs": 99}
    defaults.change(monkeypatch, TrainingConfig, **changed)
    assert keras_vae.recipe("vae").training == TrainingConfig(**changed)
    stored = Config.from_dict(before)
    assert stored.training.ema_decay == 0.999
    assert prepared("--workdir=r").config == stored
    assert prepared("--workdir=r", "--epochs=4").config == stored.replace(epochs=4)
    # Options may be given again with the run's values; so may its recipe's name.
    assert prepared("--workdir=r", "--recipe=vae", *given).config == stored
    for flag, words in [
        ("--beta=1", "beta 2.0 -> 1.0"),
        ("--learning_rate=0.5", "learning_rate 0.01 -> 0.5"),
        ("--network=conv", "network mlp -> conv"),
        ("--dataset=sprites", "dataset digits -> sprites"),
        ("--recipe=beta_vae", "recipe vae -> beta_vae"),
    ]:
        with pytest.raises(ValueError, match=f"holds a run of another config: {words}. Choose"):
            prepared("--workdir=r", flag)
    # A run that never saved begins anew.
    shutil.rmtree("r/checkpoints")
    assert prepared("--workdir=r", "--hidden=4").config.training.epochs == 99
