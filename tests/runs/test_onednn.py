"""A run goes on with the kernels that it began with: by oneDNN or not, which round otherwise."""

import json
import pathlib
import shutil

import pytest

from keras_vae import runs
from keras_vae._compat import ONEDNN, ONEDNN_BY_DEFAULT, onednn_is_on
from keras_vae.config import Config
from keras_vae.runs import run_directory
from tests import binaries, in_process
from trainers import train

pytestmark = pytest.mark.skipif(ONEDNN_BY_DEFAULT is None, reason="oneDNN is x86's")
OTHER = not onednn_is_on()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("onednn") / "run"
    in_process.parse(*in_process.TINY, f"--workdir={path}")
    train.main()
    return path


@pytest.fixture
def run(trained, tmp_path):
    return pathlib.Path(shutil.copytree(trained, tmp_path / "run"))


def stored(run):
    return json.loads((run / "config.json").read_text())


def begin_otherwise(run):
    (run / "config.json").write_text(json.dumps(stored(run) | {"onednn": OTHER}))


def test_a_run_knows_how_it_began_and_another_process_is_refused(run):
    assert stored(run)["onednn"] == onednn_is_on()
    assert run_directory.onednn_to_set(run) is None
    begin_otherwise(run)
    before = stored(run)
    config = Config.from_dict(before["config"])
    with pytest.raises(ValueError, match=f"began as with {ONEDNN}={int(OTHER)}") as caught:
        runs.train(config.replace(epochs=4), run)
    assert "\n" not in str(caught.value)
    assert stored(run) == before


def test_the_command_starts_again_with_the_kernels_of_the_run(run):
    begin_otherwise(run)
    done = binaries.run("trainers.train", *in_process.TINY, "--epochs=4", f"--workdir={run}")
    assert done.code == 0, done.err
    assert done.out.count(f"Note: starting again with {ONEDNN}={int(OTHER)}, as the run") == 1
    assert "Resuming at step" in done.out
    assert stored(run)["onednn"] is OTHER  # As the process that went on says.


def test_a_run_without_the_entry_began_as_tensorflow_does_by_itself(run, monkeypatch):
    content = stored(run)
    del content["onednn"]
    (run / "config.json").write_text(json.dumps(content))
    for by_default, wanted in ((OTHER, str(int(OTHER))), (not OTHER, None), (None, None)):
        monkeypatch.setattr(run_directory, "ONEDNN_BY_DEFAULT", by_default)
        assert run_directory.onednn_to_set(run) == wanted


def test_a_tensorflow_without_onednn_goes_on_as_it_can(run, monkeypatch):
    """It was told, and doesn't."""
    begin_otherwise(run)
    monkeypatch.setenv(ONEDNN, str(int(OTHER)))
    assert run_directory.onednn_to_set(run) is None


def test_what_never_saved_may_begin_anew(run):
    begin_otherwise(run)
    shutil.rmtree(run / "checkpoints")
    assert run_directory.onednn_to_set(run) is None
