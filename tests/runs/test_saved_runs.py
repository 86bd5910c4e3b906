"""What a training saved is compared with its checksums before it is used again."""

import json
import shutil

import pytest

import keras_vae
from export import writer
from keras_vae.messages.notes import Note
from keras_vae.runs import loading
from keras_vae.tasks import exported
from tests import binaries
from tests.in_process import TINY, assert_same, weights

EPOCHS = [flag for flag in TINY if not flag.startswith("--epochs")]


@pytest.fixture
def run(run_train, tmp_path):
    """A run that was saved several times, so that older checkpoints were deleted."""
    path = tmp_path / "run"
    flags = (*TINY, "--checkpoint_steps=2", "--steps_per_execution=2", f"--workdir={path}")
    assert run_train(*flags).code == 0
    return path


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def data_of(run, name="last"):
    found = loading.find_checkpoint(run, name)
    return next((run / "checkpoints" / name).glob(f"{found.rpartition('/')[2]}.data*"))


def refused(done):
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    return done.err.splitlines()[-1]


def test_each_checkpoint_has_its_checksums_and_they_go_with_it(run):
    for name in ("last", "best"):
        folder = run / "checkpoints" / name
        saved = sorted(file.stem for file in folder.glob("*.index"))
        assert len(saved) == {"last": 2, "best": 1}[name]
        assert sorted(file.stem for file in folder.glob("*.sha256")) == saved
    # The lines have the form of the command sha256sum.
    lines = (folder / f"{saved[0]}.sha256").read_text().splitlines()
    assert [line[64:] for line in lines] == [
        f"  {saved[0]}.data-00000-of-00001",
        f"  {saved[0]}.index",
    ]


def test_a_damaged_checkpoint_is_not_measured(run_train, run):
    flip(data_of(run))
    done = binaries.run("trainers.evaluate", f"--run={run}", "--checkpoint=last")
    assert "is damaged or was changed" in refused(done)
    keras_vae.load(run)  # The best one isn't damaged.
    flip(data_of(run, "best"))
    done = binaries.run("export.export", f"--run={run}")
    assert "is damaged or was changed" in refused(done)
    warm = f"--warm_start={run}"
    done = run_train(*TINY, warm, f"--workdir={run.parent}/other")
    assert "is damaged or was changed" in refused(done)
    assert not (run.parent / "other").exists()


def lose_list(folder, saved):
    (folder / "checkpoint").unlink()


def lose_index(folder, saved):
    (folder / f"{saved[-1]}.index").unlink()


def lose_data(folder, saved):
    (folder / f"{saved[-1]}.data-00000-of-00001").unlink()


def damage_data(folder, saved):
    flip(folder / f"{saved[-1]}.data-00000-of-00001")


def damage_index_without_checksum(folder, saved):
    (folder / f"{saved[-1]}.sha256").unlink()
    flip(folder / f"{saved[-1]}.index")
    lose_list(folder, saved)


# What is done to the last checkpoints, what is said of it, and which of the two is taken.
HARMS = [
    (lose_list, "its list `checkpoint` is lost", -1),
    (lose_index, "is lost", 0),
    (lose_data, "is damaged", 0),
    (damage_data, "is damaged", 0),
    (damage_index_without_checksum, "its list `checkpoint` is lost", 0),
]


@pytest.mark.parametrize(("harm", "said", "taken"), HARMS)
def test_training_goes_on_from_the_newest_whole_checkpoint_and_says_so(
    run_train, run, harm, said, taken
):
    unbroken = run.parent / "unbroken"
    shutil.copytree(run, unbroken)
    folder = run / "checkpoints" / "last"
    saved = sorted((file.stem for file in folder.glob("*.index")), key=lambda s: int(s[5:]))
    left = folder / f"{saved[-1]}9_temp"  # As a save that is killed leaves it.
    left.mkdir()
    harm(folder, saved)
    with pytest.warns(Note, match=f"{said}. {saved[taken]}, the newest whole checkpoint, is taken"):
        done = run_train(*EPOCHS, "--epochs=4", f"--workdir={run}")
    assert done.code == 0, done.err
    assert f"Resuming at step {saved[taken][5:]} " in done.out
    assert not left.exists()
    assert run_train(*EPOCHS, "--epochs=4", f"--workdir={unbroken}").code == 0
    assert_same(weights(run), weights(unbroken))


@pytest.mark.parametrize("harm", [lose_list, lose_index])
def test_a_run_with_no_whole_checkpoint_is_never_begun_anew(run_train, run, harm):
    folder = run / "checkpoints" / "last"
    saved = sorted((file.stem for file in folder.glob("*.index")), key=lambda s: int(s[5:]))
    for file in folder.glob("*.data*"):
        file.unlink()
    harm(folder, saved)
    done = run_train(*EPOCHS, "--epochs=4", f"--workdir={run}")
    assert "no checkpoint in it is whole" in refused(done)


def test_the_best_checkpoint_is_measured_though_its_list_is_lost(run):
    lose_list(run / "checkpoints" / "best", None)
    with pytest.warns(Note, match="best: its list `checkpoint` is lost"):
        assert "/best/" in loading.find_checkpoint(run)


def test_a_cut_checkpoint_is_found(run):
    file = data_of(run, "best")
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(ValueError, match="damaged or was changed"):
        keras_vae.load(run)


def test_a_run_from_before_there_were_checksums_goes_on(run_train, run):
    for file in run.rglob("*.sha256"):
        file.unlink()
    with pytest.warns(Note, match=r"ckpt-\d+ was saved without a checksum"):
        keras_vae.load(run)
    done = binaries.run("trainers.train", *EPOCHS, "--epochs=4", f"--workdir={run}")
    assert done.code == 0, done.err
    notes = [line for line in done.out.splitlines() if line.startswith("Note: ")]
    assert any("without a checksum: whether it is damaged can't be told." in n for n in notes)
    assert "Note" not in done.err
    assert list((run / "checkpoints" / "last").glob("*.sha256"))


def test_a_list_of_files_elsewhere_is_not_resumed(run_train, run):
    other = run.parent / "other"
    shutil.copytree(run, other)
    state = run / "checkpoints" / "last" / "checkpoint"
    victim = loading.find_checkpoint(other, "last")
    state.write_text(state.read_text() + f'all_model_checkpoint_paths: "{victim}"\n')
    done = run_train(*EPOCHS, "--epochs=9", f"--workdir={run}")
    assert "names" in refused(done)
    assert "in another folder" in done.err
    assert loading.find_checkpoint(other, "last") == victim
    assert data_of(other).exists()


def test_a_fitted_prior_has_a_checksum(run_train, tmp_path):
    run = tmp_path / "run"
    assert run_train(*TINY, "--recipe=ae", f"--workdir={run}").code == 0
    (prior,) = run.glob("prior-*.npz")
    assert prior.with_suffix(".sha256").is_file()
    keras_vae.load(run)
    flip(prior)
    with pytest.raises(ValueError, match="damaged or was changed"):
        keras_vae.load(run)


def test_a_changed_export_is_not_measured(run):
    described = loading.read_config_json(run)
    options = {"formats": ["savedmodel"], "batch_sizes": [1], "described": described}
    writer.write(keras_vae.load(run), run / "export", **options)
    exported.load_export(run / "export")
    parity = run / "export" / "parity.json"
    content = json.loads(parity.read_text())
    whole = json.dumps(content)
    del content["artefacts"]["saved_model"]["sha256"]
    parity.write_text(json.dumps(content))
    with pytest.warns(Note, match="without a checksum"):
        exported.load_export(run / "export")
    parity.write_text(whole)
    flip(run / "export" / "saved_model" / "variables" / "variables.data-00000-of-00001")
    done = binaries.run("trainers.evaluate", f"--run={run}/export")
    assert "variables.data-00000-of-00001 is damaged or was changed" in refused(done)
