"""trainers.train: the whole path, resuming, extending, and what it leaves on disk."""

import errno
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import keras_vae
from keras_vae import data, runs
from keras_vae._compat import tf, tfk, tfkl
from keras_vae.files import checksums, locking
from keras_vae.messages.notes import Note
from keras_vae.modality import Image, Table
from keras_vae.runs import callbacks, fitted_prior
from keras_vae.runs.loading import find_checkpoint
from keras_vae.training import feeding
from tests import binaries, in_process
from tests.in_process import TINY, assert_same, rows, samples_unmeasured, weights
from trainers import train


def test_a_run_leaves_what_it_promises(run_train, tmp_path):
    workdir = tmp_path / "run"
    flags = ("--hidden=8", "--latent_dim=2", "--epochs=3", "--picture_epochs=2", "--num_samples=20")
    done = run_train(*flags, f"--workdir={workdir}")
    assert done.code == 0, done.err
    assert {p.name for p in workdir.iterdir()} == {
        ".lock",
        "checkpoints",
        "config.json",
        "copies.npz",
        "evaluation.json",
        "evaluation.npz",
        "extent.json",
        "figures",
        "flags.txt",
        "metrics.csv",
        "pictures",
        "report.html",
        "tensorboard",
    }
    assert [p.name for p in (workdir / "pictures").iterdir()] == ["epoch_00002.png"]
    assert len(rows(workdir)) == 3
    stored = json.loads((workdir / "config.json").read_text())
    assert stored["config"]["model"]["event_shape"] == [8, 8, 1]
    assert stored["config"]["data"]["binarization"] == "dynamic"
    assert stored["data"]["num_examples"] == {"train": 1439, "validation": 179, "test": 179}
    result = json.loads((workdir / "evaluation.json").read_text())
    assert result["num_examples"] == 179
    assert result["num_samples"] == 20
    assert result["elbo_nats"] == pytest.approx(-result["rate_nats"] - result["distortion_nats"])
    # The importance-weighted bound is tighter than the ELBO.
    assert -result["nll_nats"] > result["elbo_nats"]
    assert "images_per_second" in done.out
    assert done.out.splitlines()[-5:-3] == ["Next:", f"  open the report     {workdir}/report.html"]
    # The report's model is the run's.
    loaded = keras_vae.load(workdir)
    assert loaded.event_shape == (8, 8, 1)


def test_without_a_report_the_end_says_what_writes_it(tmp_path):
    workdir = tmp_path / "my run"
    assert train._next_steps(workdir, Image()).splitlines() == [
        "Next:",
        f"  open the report     python -m trainers.evaluate --run='{workdir}' writes it",
        f"  draw images         python -m trainers.sample --run='{workdir}' --n=100 --out=drawn",
        f"  export a generator  python -m export.export --run='{workdir}'",
        f"  use it in Python    keras_vae.load('{workdir}')",
    ]


def test_the_end_says_what_is_done_with_a_table(tmp_path):
    steps = train._next_steps(tmp_path, Table(()), has_prior=False)
    for command in ("impute", "score"):
        assert f"python -m trainers.{command} --run={tmp_path} --dataset=csv:in.csv" in steps
    assert "trainers.sample" not in steps
    steps = train._next_steps(tmp_path, Table(()))
    assert (
        f"draw rows           python -m trainers.sample --run={tmp_path} --n=100 --out=d" in steps
    )


def test_a_flag_file_replays_a_run(run_train, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    assert run_train(*TINY, "--beta=2", "--seed=3", f"--workdir={first}").code == 0
    replay = run_train(f"--flagfile={first / 'flags.txt'}", f"--workdir={second}", *TINY[3:])
    assert replay.code == 0, replay.err
    assert_same(weights(first), weights(second))


@pytest.mark.parametrize("kind", ["mlp, in memory", "conv, streamed"])
def test_resuming_after_sigkill_equals_never_stopping(run_train, tmp_path, kind):
    """Bit for bit: weights, optimizer, averages, best score and metrics."""
    unbroken, killed = tmp_path / "unbroken", tmp_path / "killed"
    tiny = TINY
    if kind == "conv, streamed":
        images = np.uint8(255 * data.load("digits").train.array)
        np.savez(tmp_path / "large.npz", x=images)
        source = (f"--dataset=npz:{tmp_path}/large.npz", "--memory_limit_gb=1e-5")
        tiny = (*source, "--augment=flip,crop", "--network=conv", "--filters=4", *TINY[1:])
    flags = (
        *tiny,
        "--jit_compile=auto",
        "--ema_decay=0.9",
        "--early_stopping=5",
        "--epochs=30",
        "--steps_per_execution=3",
        "--learning_rate_schedule=cosine",
        "--beta_schedule=linear",
        "--beta_warmup_epochs=10",
    )
    process = binaries.Started(
        "trainers.train", *flags, "--checkpoint_steps=1", f"--workdir={killed}"
    )
    try:
        # At a random moment after its first checkpoint.
        while tf.train.latest_checkpoint(killed / "checkpoints" / "last") is None:
            process.assert_running()
            time.sleep(0.02)
        time.sleep(np.random.default_rng().uniform(0.0, 1.0))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    stopped_at = int(find_checkpoint(killed, "last").rpartition("-")[2])
    assert 0 < stopped_at < 30 * 11
    resumed = run_train(*flags, f"--workdir={killed}")
    assert resumed.code == 0, resumed.err
    assert f"Resuming at step {stopped_at}" in resumed.out
    assert run_train(*flags, f"--workdir={unbroken}").code == 0
    assert_same(weights(unbroken), weights(killed))
    assert rows(unbroken) == rows(killed)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_resume(tmp_path, signum):
    flags = ("--epochs=9999", "--checkpoint_steps=999999", f"--workdir={tmp_path}/r")
    process = binaries.Started("trainers.train", *TINY, *flags)
    metrics = tmp_path / "r" / "metrics.csv"
    while not metrics.exists() or len(metrics.read_text().splitlines()) < 2:
        process.assert_running()
        time.sleep(0.05)
    assert tf.train.latest_checkpoint(tmp_path / "r" / "checkpoints" / "last") is None
    process.send_signal(signum)
    done = process.wait(timeout=60)
    assert done.code == 128 + signum
    assert f"Resume with: python -m trainers.train --flagfile={tmp_path}/r/flags.txt" in done.err
    assert "Traceback" not in done.err
    # Nothing else would have saved: the last whole block, at the end of which the signal was seen.
    assert int(find_checkpoint(tmp_path / "r", "last").rpartition("-")[2]) > 0


def test_two_trainings_in_one_directory_are_refused(run_train, tmp_path, monkeypatch):
    run = tmp_path / "r"
    run.mkdir()
    with locking.lock("workdir", run):
        refused = run_train(*TINY, f"--workdir={run}")
        assert refused.code == 2
        assert f"workdir={run} is written by process {os.getpid()} of " in refused.err
        assert [path.name for path in run.iterdir()] == [".lock"]
    assert run_train(*TINY, "--epochs=1", f"--workdir={run}").code == 0

    def unsupported(file, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locking.fcntl, "flock", unsupported)
    with pytest.warns(Note, match="can't be locked"):
        assert run_train(*TINY, "--epochs=2", f"--workdir={run}").code == 0


def test_a_signal_in_the_last_epoch_is_obeyed_too(run_train, tmp_path, monkeypatch):
    on_epoch_end = callbacks.Speed.on_epoch_end

    def signal_at_the_end(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(callbacks.Speed, "on_epoch_end", signal_at_the_end)
    done = run_train(*TINY[:-1], f"--workdir={tmp_path}/r")
    assert done.code == 128 + signal.SIGTERM
    assert "Stopped by SIGTERM. Resume with" in done.err
    assert not (tmp_path / "r" / "evaluation.json").exists()
    assert "finished: 33 steps" in run_train(*TINY, f"--workdir={tmp_path}/r").out


def test_a_signal_in_the_evaluation_says_how_to_go_on(run_train, tmp_path):
    workdir = f"--workdir={tmp_path}/r"
    assert run_train(*TINY, workdir).code == 0
    for signum in (signal.SIGINT, signal.SIGTERM):
        process = binaries.Started("trainers.train", *TINY[:-1], "--num_samples=10000000", workdir)
        while "Training is finished" not in process.out:  # Now it is measured.
            process.assert_running()
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signum)
        done = process.wait(timeout=60)
        assert done.code == 128 + signum
        assert f"Stopped by {signum.name}. Resume with: python -m trainers.train" in done.err
        assert "Traceback" not in done.err


def test_a_terminal_gets_a_progress_bar(run_train, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    done = run_train(*TINY, "--steps_per_execution=2", f"--workdir={tmp_path}/r")
    assert done.code == 0, done.err
    assert "ETA" in done.out
    for name in ("loss", "distortion", "rate", "images_per_second"):
        assert f"{name}: " in done.out
    shown = [int(step) for step in re.findall(r"(\d+)/11 \[", done.out)]
    assert (shown[0], shown[-1]) == (1, 11)  # Steps, of blocks of 1, 2, 2, 2, 2 and 2.


def test_training_imports_nothing_that_it_does_not_need(tmp_path):
    """Pictures, classic estimators and TFDS take seconds to import. (tf_keras itself takes PIL.)"""
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).integers(0, 256, (300, 8, 8), "uint8"))
    flags = [*TINY, f"--dataset=npz:{tmp_path}/x.npz", f"--workdir={tmp_path}/r"]
    code = (
        "import sys; from keras_vae import command_line; from trainers import train\n"
        f"sys.argv = {['train', *flags]!r}\n"
        "try: command_line.run(train.main)\n"
        "finally: print('imported:', *{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=binaries.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.splitlines()[-1].split())
    assert "tf_keras" in imported
    assert not imported & {"matplotlib", "sklearn", "tensorflow_datasets"}


def test_the_demo_trains_what_the_readme_says(run_train):
    """The flags of `make demo` are of a run that passes all checks: a VAE of two latents."""
    made = subprocess.run(["make", "-n", "demo"], cwd=binaries.ROOT, capture_output=True, text=True)
    (command,) = re.findall(r"-m trainers\.train ((?:.*\\\n)*.*)", made.stdout)
    in_process.parse(*command.replace("\\\n", " ").split())
    config = train.prepare().config
    assert (config.recipe, config.data.dataset, config.model.latent_dim) == ("vae", "digits", 2)


def test_a_finished_run_says_so_and_more_epochs_extend_it(run_train, tmp_path):
    short, long = tmp_path / "short", tmp_path / "long"
    assert run_train(*TINY, f"--workdir={short}").code == 0
    before = weights(short)
    again = run_train(*TINY, f"--workdir={short}")
    assert again.code == 0
    assert "Training is finished: 33 steps. More epochs extend it." in again.out
    assert_same(before, weights(short))
    assert run_train(*TINY, "--epochs=5", f"--workdir={short}").code == 0
    assert run_train(*TINY, "--epochs=5", f"--workdir={long}").code == 0
    assert_same(weights(short), weights(long))
    assert rows(short) == rows(long)


def test_early_stopping_stops_and_stays_stopped(run_train, tmp_path):
    flags = (*TINY, "--epochs=60", "--early_stopping=2", "--learning_rate=0.3")
    assert run_train(*flags, f"--workdir={tmp_path}/r").code == 0
    losses = [float(row["val_loss"]) for row in rows(tmp_path / "r")]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 < 60
    assert find_checkpoint(tmp_path / "r", "best").endswith(f"ckpt-{(best + 1) * 11}")
    assert "early stopping" in run_train(*flags, f"--workdir={tmp_path}/r").out
    longer = run_train(*flags, "--epochs=99", f"--workdir={tmp_path}/r")
    assert longer.code == 2
    assert "early stopping" in longer.err


def test_leftovers_of_a_kill_do_not_stop_a_resume(run_train, tmp_path):
    """A torn row of metrics.csv, or none; the scratch file of a write."""
    workdir = tmp_path / "r"
    workdir.mkdir()
    (workdir / ".config.json.abc").write_text("{")
    assert run_train(*TINY, f"--workdir={workdir}").code == 0
    wanted = rows(workdir)
    with open(workdir / "metrics.csv", "a") as file:
        file.write("3")
    assert run_train(*TINY, "--epochs=4", f"--workdir={workdir}").code == 0
    assert rows(workdir)[:3] == wanted
    assert [row["epoch"] for row in rows(workdir)] == ["0", "1", "2", "3"]
    (workdir / "metrics.csv").write_text("")
    assert run_train(*TINY, "--epochs=5", f"--workdir={workdir}").code == 0


def test_flags_that_are_not_of_the_config_are_replayed_too(run_train, tmp_path):
    assert run_train(*TINY, f"--workdir={tmp_path}/r").code == 0
    lines = (tmp_path / "r" / "flags.txt").read_text().splitlines()
    assert {"--jit_compile=false", "--picture_epochs=0", "--evaluate=False"} <= set(lines)


@samples_unmeasured()
def test_a_run_started_again_is_measured_anew_where_that_says_more(run_train, tmp_path):
    def train(*more):
        done = run_train(*TINY[:-1], f"--workdir={tmp_path}/r", *more)
        assert done.code == 0, done.err
        return json.loads((tmp_path / "r" / "evaluation.json").read_text())

    assert train("--num_samples=5")["num_samples"] == 5
    tfk.Sequential([tfkl.InputLayer((8, 8, 1)), tfkl.Flatten()]).save(tmp_path / "own.keras")
    own = f"--features={tmp_path}/own.keras"
    done = binaries.run("trainers.evaluate", f"--run={tmp_path}/r", "--num_samples=7", own)
    assert done.code == 0, done.err
    assert "num_samples: 7" in done.out
    assert "feature_space: network own.keras (SHA-256 " in done.out
    kept = train("--num_samples=5")
    assert (kept["num_samples"], kept["checkpoint"]) == (7, "best")
    assert train("--num_samples=9")["num_samples"] == 9
    # Also where the best checkpoint may be the same: the report shows all of the training.
    report = tmp_path / "r" / "report.html"
    before = report.stat().st_mtime_ns
    train("--num_samples=5", "--epochs=4")
    assert report.stat().st_mtime_ns > before
    # And where the last measurement was stopped before its report was written.
    os.utime(report, ns=(before, before))
    train("--num_samples=5", "--epochs=4")
    assert report.stat().st_mtime_ns > before


def test_each_checkpoint_of_an_autoencoder_keeps_its_prior(run_train, tmp_path):
    run = tmp_path / "r"
    assert run_train(*TINY, "--recipe=ae", f"--workdir={run}").code == 0
    best = run / "checkpoints" / "best"
    for file in list(best.iterdir()):  # The checkpoint looks like one of an earlier step.
        if file.name == "checkpoint":
            file.write_text(file.read_text().replace("ckpt-33", "ckpt-22"))
        else:
            file.rename(best / file.name.replace("ckpt-33", "ckpt-22"))
    checksums.write_beside(best / "ckpt-22")
    for checkpoint in ("best", "last"):
        fitted_prior.ensure(runs.load(run, checkpoint))
    assert keras_vae.load(run, "best").prior is not None
    assert keras_vae.load(run, "last").prior is not None
    (run / "prior-22.npz").unlink()
    done = binaries.run("export.export", f"--run={run}")
    assert done.code == 2
    assert "First run: python -m trainers.evaluate" in done.err


def test_what_was_made_of_lost_weights_goes_with_them(run_train, tmp_path):
    """A training begun anew in its directory has other codes, and other numbers."""
    run = tmp_path / "r"
    found = []
    for seed in (0, 1):
        assert run_train(*TINY, "--recipe=ae", f"--seed={seed}", f"--workdir={run}").code == 0
        (prior,) = run.glob("prior-*.npz")
        with np.load(prior) as file:
            found.append(file["weight_0"])
        shutil.rmtree(run / "checkpoints")
    assert not np.allclose(*found)


def test_a_loss_that_is_not_finite_stops_the_run(run_train, tmp_path):
    done = run_train(
        *TINY[1:],
        "--likelihood=normal",
        "--network=linear",
        "--optimizer=sgd",
        "--learning_rate=1e6",
        "--steps_per_execution=1",
        "--checkpoint_steps=1",
        f"--workdir={tmp_path}/r",
    )
    assert done.code == 1
    assert "step" in done.err
    assert "Try a lower learning_rate" in done.err
    for tensor in weights(tmp_path / "r").values():
        if tensor.dtype == np.float32 and tensor.ndim:
            assert np.isfinite(tensor).all()


def test_without_validation_the_last_weights_count(run_train, tmp_path):
    done = run_train(*TINY, "--validation_size=0", f"--workdir={tmp_path}/r")
    assert done.code == 0, done.err
    assert rows(tmp_path / "r")[0]["val_loss"] == "NA"
    assert find_checkpoint(tmp_path / "r").endswith(f"last/ckpt-{3 * 12}")


@pytest.mark.parametrize(("recipe", "augment"), [("vae", ""), ("cvae", "flip,crop")])
def test_two_replicas_train_as_one(run_train, tmp_path, monkeypatch, two_replicas, recipe, augment):
    """On the same noise; sums over replicas are rounded in another order."""
    # TensorFlow numbers the collectives of every strategy alike: two in one process get mixed up.
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda devices: two_replicas)
    one, two = tmp_path / "one", tmp_path / "two"
    flags = (*TINY, f"--recipe={recipe}", "--optimizer=sgd", "--learning_rate=0.01")
    flags = (*flags, "--jit_compile=false", f"--augment={augment}")
    assert run_train(*flags, "--strategy=cpu", f"--workdir={one}").code == 0
    mirrored = run_train(*flags, "--strategy=mirrored", f"--workdir={two}")
    assert mirrored.code == 0, mirrored.err
    assert "2 replica(s)" in mirrored.out
    a, b = keras_vae.load(one), keras_vae.load(two)
    for v, w in zip(a.trainable_variables, b.trainable_variables, strict=True):
        np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=1e-4, atol=1e-6)
    for key in ("loss", "val_loss", "rate"):
        expected, actual = float(rows(one)[-1][key]), float(rows(two)[-1][key])
        assert actual == pytest.approx(expected, rel=1e-5)


def test_steps_that_draw_their_noise_make_the_same_run(run_train, tmp_path, monkeypatch):
    """To the bit, resumed in the other form too."""
    drawn_before, drawn_within = tmp_path / "before", tmp_path / "within"
    assert run_train(*TINY, f"--workdir={drawn_before}").code == 0
    assert run_train(*TINY, "--epochs=1", f"--workdir={drawn_within}").code == 0
    monkeypatch.setattr(feeding, "MOST_NOISE", 0)
    assert run_train(*TINY, f"--workdir={drawn_within}").code == 0
    assert_same(weights(drawn_before), weights(drawn_within))
    assert rows(drawn_before) == rows(drawn_within)


STATUS = pathlib.Path("/proc/self/statm")


@pytest.mark.skipif(not STATUS.exists(), reason="needs Linux' /proc")
def test_memory_does_not_grow_over_epochs(run_train, tmp_path, monkeypatch):
    """A graph traced anew, or a pipeline kept, in every epoch would add up."""
    used = []  # MB
    on_epoch_end = callbacks.Speed.on_epoch_end

    def note(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        used.append(int(STATUS.read_text().split()[1]) * resource.getpagesize() / 2**20)

    monkeypatch.setattr(callbacks.Speed, "on_epoch_end", note)
    assert run_train(*TINY, "--epochs=60", f"--workdir={tmp_path}/r").code == 0
    assert len(used) == 60
    assert np.mean(used[-10:]) - np.mean(used[20:30]) < 15, used[::5]  # The first epochs compile.


def test_a_file_of_metrics_keeps_the_columns_that_it_has(tmp_path):
    """One of an older version; a new one has all."""
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("epoch,loss,val_loss\n0,2.5,2.0\n")
    for path in (old, new):
        file = callbacks.MetricsFile(path)
        file.on_train_begin()
        file.on_epoch_end(1, {"val_loss": 1.0, "loss": 1.5, "bits_per_dim": 3.0})
        file.on_train_end()
    assert old.read_text().splitlines() == ["epoch,loss,val_loss", "0,2.5,2.0", "1,1.5,1.0"]
    assert new.read_text().splitlines() == ["epoch,bits_per_dim,loss,val_loss", "1,3.0,1.5,1.0"]
