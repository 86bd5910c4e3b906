"""Bad input: one line on stderr, exit code 2, nothing left behind."""

import errno
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_vae import runs
from keras_vae.data import tfds_images
from keras_vae.runs import run_directory
from tests import binaries
from tests.in_process import TINY


@pytest.fixture
def places(tmp_path):
    """Files and folders that are wrong, by name."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "corrupt").mkdir()
    (tmp_path / "corrupt" / "a.png").write_bytes(b"no image")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years of work")
    (tmp_path / "file").write_text("")
    x = np.random.default_rng(0).uniform(size=(30, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "constant.npz", x=np.full_like(x, 0.5))
    np.savez(tmp_path / "rank.npz", x=x[0])
    np.savez(tmp_path / "names.npz", pictures=x)
    np.savez(tmp_path / "outside.npz", x=4 * x - 2)
    np.savez(tmp_path / "minus.npz", x=np.int64(9 * x) - 1)
    np.savez(tmp_path / "grey.npz", x=x)
    np.savez(tmp_path / "negative.npz", x=x, x_labels=np.arange(30) - 1)
    x[3, 2, 1] = np.nan
    np.savez(tmp_path / "nan.npz", x=x)
    (tmp_path / "grey").mkdir()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "grey" / "one.png")
    Image.fromarray(np.zeros((4, 8), np.uint8)).save(tmp_path / "mask.png")
    Image.new("LA", (8, 8)).save(tmp_path / "clear.png")
    Image.fromarray(np.full((8, 8), 300, np.uint16)).save(tmp_path / "deep.png")
    whole = (tmp_path / "mask.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[:-20])
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--recipe=nope"], ["recipe", "nope", "linear_vae"]),
        (["--nope=1"], ["nope", "latent_dim"]),
        (["nope"], ["nope", "--name=value"]),
        (["--network=nope"], ["network", "nope", "resnet"]),
        (["--latent_dim=0"], ["latent_dim", "at least 1", "0"]),
        (["--latent_dim=two"], ["latent_dim", "two"]),
        (["--latent_dim=2000000"], ["latent_dim", "at most 1,048,576", "2000000"]),
        (["--hidden=1048576,1048576"], ["model's weights would take", "GiB"]),
        (["--checkpoint_steps=9999999999"], ["--checkpoint_steps", "at most 2,147,483,647"]),
        (["--worker_wait=nan"], ["--worker_wait must be a finite number", "nan"]),
        (["--beta=inf"], ["--beta", "finite", "inf"]),
        (["--hidden=8,x"], ["hidden", "whole numbers", "8,x"]),
        (["--hidden=0"], ["hidden", "at least 1"]),
        (["--latent_shape=2xx4"], ["latent_shape", "x between, as in 8x8x4", "2xx4"]),
        (["--latent_shape=2,2,4"], ["latent_shape", "x between", "2,2,4"]),
        (["--latent_shape=2x2x4"], ["latent_shape=2x2x4", "network=conv or gated_conv"]),
        (["--network=conv", "--filters="], ["filters"]),
        (["--free_bits=2"], ["free_bits", "objective"]),
        (["--likelihood_scale=3"], ["likelihood_scale", "likelihood"]),
        (["--early_stopping=3", "--validation_size=0"], ["early_stopping", "validation"]),
        (["--workdir={}/file/run"], ["workdir", "file/run"]),
        (["--epochs=0"], ["epochs", "at least 1"]),
        (["--learning_rate=0"], ["learning_rate", "above 0"]),
        (["--likelihood_scale=-1"], ["likelihood_scale", "above 0"]),
        (["--ema_decay=1"], ["ema_decay", "below 1"]),
        (["--batch_size=100000"], ["batch_size", "1439", "100000"]),
        (["--validation_size=100000"], ["validation_size", "100000"]),
        (["--beta_schedule=linear"], ["beta_schedule", "beta_warmup_epochs"]),
        (["--beta_schedule=linear", "--beta_warmup_epochs=9"], ["can't finish", "epochs=3"]),
        (["--posterior=deterministic"], ["posterior", "prior"]),
        (["--recipe=ae", "--objective=sgvb"], ["objective", "reconstruction"]),
        (["--recipe=ae", "--beta=2"], ["beta", "reconstruction"]),
        (["--posterior=prior"], ["posterior=prior", "monte_carlo"]),
        (["--gradient=dreg"], ["gradient", "importance_weighted"]),
        (["--network=conv"], ["hidden", "network=mlp"]),
        (["--condition=label", "--dataset=npz:{}/grey.npz"], ["label", "grey.npz"]),
        (["--condition=label", "--dataset=npz:{}/negative.npz"], ["Labels", "0 or more", "-1"]),
        (["--visible=top_half"], ["visible", "image_part"]),
        (["--condition=image_part", "--visible=middle"], ["visible", "left_half", "middle"]),
        (["--condition=image_part", "--visible={}/file"], ["visible", "no image", "file"]),
        (["--condition=image_part", "--visible={}/mask.png"], ["mask.png", "4x8", "8x8"]),
        (["--condition=image_part", "--visible={}/clear.png"], ["clear.png", "transparency"]),
        (["--condition=image_part", "--visible={}/deep.png"], ["deep.png", "8 bits"]),
        (["--condition=image_part", "--visible={}/half.png"], ["half.png", "can't be read"]),
        (
            ["--condition=image_part", "--visible={}/grey/one.png"],
            ["one.png", "none given", "white"],
        ),
        (["--condition=image_part", "--visible={}/no.png"], ["no.png' is neither", "left_half"]),
        (["--objective=free_bits", "--kl=sampled"], ["kl", "sgvb"]),
        (["--binarization=none"], ["binarization", "continuous_bernoulli"]),
        (["--likelihood=discretized_logistic", "--dataset=npz:{}/outside.npz"], ["whole numbers"]),
        (["--likelihood=continuous_bernoulli", "--dataset=npz:{}/outside.npz"], ["[0, 1]"]),
        (["--likelihood=poisson", "--dataset=npz:{}/outside.npz"], ["whole numbers"]),
        (["--likelihood=poisson", "--dataset=npz:{}/minus.npz"], ["counts", "-1"]),
        (["--posterior=iaf", "--latent_dim=1"], ["iaf", "posterior=diagonal"]),
        (["--dataset=npz:{}/outside.npz"], ["[0, 1]"]),
        (["--dataset=folder:{}/missing"], ["missing"]),
        (["--dataset=folder:{}/empty"], ["empty"]),
        (["--dataset=folder:{}/corrupt"], ["corrupt", "none of its 1 files"]),
        (["--dataset=folder:{}/grey"], ["grey"]),
        (["--dataset=npz:{}/missing.npz"], ["missing.npz"]),
        (["--dataset=npz:{}/nan.npz"], ["NaN"]),
        (["--dataset=npz:{}/constant.npz"], ["constant"]),
        (["--dataset=npz:{}/rank.npz"], ["rank.npz", "[N, H, W, C]", "[8, 8]"]),
        (["--dataset=npz:{}/names.npz"], ["names.npz", "pictures"]),
        (["--dataset=npz:{}/file"], ["file"]),
        (["--dataset=cifar10", "--data_dir={}/empty"], ["cifar10", "network"]),
        (["--dataset=mnits", "--data_dir={}/empty"], ["mnits", "mnist"]),
        (["--workdir={}/file"], ["workdir", "file"]),
        (["--workdir={}/other"], ["workdir", "other"]),
        (["--strategy=gpu"], ["strategy", "GPU"]),
        (["--strategy=multiworker"], ["strategy", "TF_CONFIG"]),
        (["--strategy=mirrored", "--batch_size=7"], ["batch_size", "7", "2 replicas"]),
    ],
    ids=lambda value: " ".join(value) if value and str(value[0]).startswith("-") else "",
)
def test_bad_input(run_train, places, arguments, words, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setattr(tfds_images, "network_is_there", lambda: False)
    before = sorted(os.walk(places))
    done = run_train(*TINY, f"--workdir={places}/run", *(a.format(places) for a in arguments))
    assert done.code == 2
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.err
    for word in words:
        assert word in errors[0]
    assert "Traceback" not in done.err
    assert sorted(os.walk(places)) == before


def test_folders_that_can_not_be_written(run_train, tmp_path, monkeypatch):
    """Found out before anything is made, for training and for what adds to a run."""
    assert run_train(*TINY, f"--workdir={tmp_path}/r").code == 0
    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    done = run_train(*TINY, f"--workdir={tmp_path}/locked/new")
    assert done.code == 2
    assert f"workdir={tmp_path}/locked/new can't be written" in done.err
    assert list((tmp_path / "locked").iterdir()) == []
    with pytest.raises(PermissionError, match=r"run=.* can't be written"):
        runs.load(tmp_path / "r")


def test_a_run_that_can_not_be_begun_leaves_no_folder(run_train, tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_directory, "write_atomically", full)
    done = run_train(*TINY, f"--workdir={tmp_path}/r")
    assert done.code == 2
    assert "No space left" in done.err
    assert list(tmp_path.iterdir()) == []


def test_workdir_of_another_config(run_train, tmp_path):
    """The error lists what differs; the run stays as it was."""
    workdir = f"--workdir={tmp_path}/r"
    assert run_train(*TINY, workdir).code == 0
    config = (tmp_path / "r" / "config.json").read_bytes()
    other = run_train(*TINY, workdir, "--beta=2", "--batch_size=64", "--epochs=9")
    assert other.code == 2
    assert "beta 1.0 -> 2.0" in other.err
    assert "batch_size 128 -> 64" in other.err
    assert "epochs 3" not in other.err
    assert "recipe vae -> beta_vae" in run_train(*TINY, workdir, "--recipe=beta_vae").err
    assert run_train(*TINY, workdir, "--resume=false").code == 2
    assert run_train(*TINY, workdir, "--epochs=2").code == 2
    assert (tmp_path / "r" / "config.json").read_bytes() == config


def test_a_run_that_never_saved_may_be_begun_anew(run_train, tmp_path):
    workdir = tmp_path / "r"
    assert run_train(*TINY, f"--workdir={workdir}").code == 0
    shutil.rmtree(workdir / "checkpoints")
    again = run_train(*TINY, f"--workdir={workdir}", "--beta=2")
    assert again.code == 0, again.err
    config = json.loads((workdir / "config.json").read_text())["config"]
    assert config["objective"]["beta"] == 2.0


def test_data_may_be_kept_elsewhere_the_next_time(run_train, tmp_path):
    workdir = tmp_path / "r"
    assert run_train(*TINY, f"--workdir={workdir}").code == 0
    moved = run_train(*TINY, f"--workdir={workdir}", "--data_dir=/elsewhere", "--epochs=4")
    assert moved.code == 0, moved.err
    config = json.loads((workdir / "config.json").read_text())["config"]
    assert config["data"]["data_dir"] == "/elsewhere"


def test_a_file_of_the_same_data_may_lie_elsewhere_the_next_time(run_train, tmp_path):
    x = np.random.default_rng(0).integers(0, 2, (60, 8, 8), np.uint8)
    for name, images in (("old", x), ("new", x), ("other", 1 - x)):
        np.savez(tmp_path / f"{name}.npz", x=images)
    workdir = tmp_path / "r"
    flags = (*TINY, "--batch_size=8", f"--workdir={workdir}")
    assert run_train(*flags, f"--dataset=npz:{tmp_path}/old.npz").code == 0
    (tmp_path / "old.npz").unlink()
    with pytest.raises(
        FileNotFoundError, match=f"tell the run: .* workdir={workdir}, and dataset="
    ):
        runs.load(workdir)
    other = run_train(*flags, f"--dataset=npz:{tmp_path}/other.npz")
    assert other.code == 2
    assert "another config: the data's content. Choose" in other.err
    assert run_train(*flags, f"--dataset=npz:{tmp_path}/new.npz", "--epochs=4").code == 0
    assert runs.load(workdir).config.data.dataset == f"npz:{tmp_path}/new.npz"


def test_an_export_is_no_place_for_a_run(run_train, tmp_path):
    (tmp_path / "parity.json").write_text("{}")
    (tmp_path / "config.json").write_text("{}")
    done = run_train(*TINY, f"--workdir={tmp_path}")
    assert done.code == 2
    assert "is an export" in done.err


def test_a_schedule_over_all_epochs_can_not_be_extended(run_train, tmp_path):
    flags = (*TINY, "--learning_rate_schedule=cosine", f"--workdir={tmp_path}/r")
    assert run_train(*flags).code == 0
    assert f"give warm_start={tmp_path}/r and another workdir" in run_train(*flags).out
    longer = run_train(*flags, "--epochs=4")
    assert longer.code == 2
    assert "cosine" in longer.err
    assert f"give warm_start={tmp_path}/r and another workdir" in longer.err


def test_a_process_ends_with_code_2_and_one_line():
    for command in (
        ("trainers.train", "--dataset=folder:/nowhere/at/all"),
        ("trainers.evaluate", "--run=/nowhere/at/all"),
    ):
        done = binaries.run(*command)
        assert done.code == 2
        assert "Traceback" not in done.err
        assert done.err.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize("config", ["oops", "[]", '{"cluster": {"worker": []}}'])
def test_a_variable_that_names_no_workers_is_named(run_train, monkeypatch, config):
    monkeypatch.setenv("TF_CONFIG", config)
    done = run_train(*TINY)
    assert done.code == 2
    assert "needs the variable TF_CONFIG to name the workers, as in {" in done.err
    assert f"got {config!r}." in done.err
