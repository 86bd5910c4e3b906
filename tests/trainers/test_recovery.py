"""A loss that isn't finite: training goes back and on at half the rate, stopped in between or not.

The rate rises until gradient descent on a linear model diverges, which half of it does later, and a
quarter never.
"""

import os
import re
import signal

import numpy as np
import pytest

from keras_vae.runs import callbacks
from keras_vae.runs.loading import find_checkpoint
from keras_vae.runs.saved_checkpoints import last_checkpoint
from keras_vae.tasks import training_run
from tests.in_process import TINY, assert_same, rows, weights

DIVERGES = (
    *TINY[1:],
    "--network=linear",
    "--likelihood=normal",
    "--optimizer=sgd",
    "--learning_rate=0.4",
    "--learning_rate_warmup_epochs=8",
    "--epochs=10",
    "--ema_decay=0.9",
    "--steps_per_execution=3",
)


@pytest.fixture(autouse=True)
def _two_epochs_back(monkeypatch):
    monkeypatch.setattr(training_run, "_GOOD_STEPS", 22)


def tries(workdir):
    (name,) = (name for name in weights(workdir) if name.startswith("tries/"))
    return int(weights(workdir)[name])


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return tmp_path_factory.mktemp("unbroken") / "r"


def trained(run_train, workdir, *flags):
    if not workdir.exists():
        done = run_train(*DIVERGES, f"--workdir={workdir}", *flags)
        assert done.code == 0, done.err
        return done.out


def test_it_goes_back_to_the_end_of_an_epoch_at_half_the_rate(run_train, unbroken):
    out = trained(run_train, unbroken)
    told = [line for line in out.splitlines() if line.startswith("Going back to step ")]
    assert len(told) == 2
    for i, line in enumerate(told, 1):
        step = int(line.split()[4].rstrip(":"))
        assert step % 22 == 0
        assert f"is {0.5**i:g} times the planned one (recovery {i} of 2)." in line
    assert tries(unbroken) == 2
    found = rows(unbroken)
    assert [row["epoch"] for row in found] == [str(i) for i in range(10)]
    assert np.isfinite([float(row["loss"]) for row in found]).all()
    # At the last step, which is number 109, the whole warm-up is over.
    assert float(found[-1]["learning_rate"]) == pytest.approx(0.1)
    assert float(found[0]["learning_rate"]) == pytest.approx(0.4 * 10 / 88)


@pytest.mark.parametrize(
    ("stops", "killed"),
    [([(0, 36), (1, 47)], [(1, 47)]), ([(0, 50), (1, 60), (2, 95)], [])],
)
def test_a_training_that_is_stopped_recovers_as_an_unbroken_one(
    run_train, tmp_path, unbroken, monkeypatch, stops, killed
):
    """To the bit. Stops are (recoveries, step): those that are `killed` save nothing.

    Unbroken, it goes back from step 55 to 44, and from 107 to 88.
    """
    trained(run_train, unbroken)
    left = list(stops)
    end = callbacks.StopOnNonFinite.on_train_batch_end

    def stop(self, batch, logs):
        end(self, batch, logs)
        if left and int(self._progress.tries) == left[0][0] and self._progress.step >= left[0][1]:
            if left.pop(0) in killed:
                raise SystemExit(9)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(callbacks.StopOnNonFinite, "on_train_batch_end", stop)
    flags = (*DIVERGES, "--checkpoint_steps=15", f"--workdir={tmp_path}/r")
    for _ in stops:
        assert run_train(*flags).code in (9, 128 + signal.SIGTERM)
    assert not left
    assert run_train(*flags).code == 0
    assert_same(weights(unbroken), weights(tmp_path / "r"))
    assert rows(unbroken) == rows(tmp_path / "r")


def test_without_recoveries_nothing_is_kept_for_them(run_train, tmp_path):
    done = run_train(*DIVERGES, "--recoveries=0", f"--workdir={tmp_path}/r")
    assert done.code == 1
    assert "Going back" not in done.out
    assert not (tmp_path / "r" / "checkpoints" / "good").exists()
    assert run_train(*TINY, "--recoveries=0", f"--workdir={tmp_path}/b").code == 0
    assert not any(name.startswith("tries") for name in weights(tmp_path / "b"))


def test_a_number_that_is_the_rate_is_halved_too(run_train, tmp_path):
    flags = [flag for flag in DIVERGES if "warmup" not in flag and "epochs" not in flag]
    done = run_train(*flags, "--learning_rate=0.3", "--epochs=3", f"--workdir={tmp_path}/r")
    assert done.code == 0, done.err
    assert done.out.count("Going back to step 0: ") == 2
    assert [float(row["learning_rate"]) for row in rows(tmp_path / "r")] == [np.float32(0.075)] * 3
    assert find_checkpoint(tmp_path / "r", "last").endswith("ckpt-33")


def test_when_the_tries_are_spent_it_stops_and_may_begin_anew(run_train, tmp_path):
    """As nothing was saved. What was kept to go back to is of other weights then."""
    run = tmp_path / "r"
    done = run_train(*DIVERGES, "--recoveries=1", "--validation_size=0", f"--workdir={run}")
    assert done.code == 1
    assert done.out.count("Going back") == 1
    assert re.search("error: the loss is (inf|nan) at step", done.err)
    assert "Try a lower learning_rate" in done.err
    kept = last_checkpoint(run / "checkpoints" / "good")
    assert run_train(*TINY, "--epochs=1", f"--workdir={run}").code == 0
    assert kept != last_checkpoint(run / "checkpoints" / "good")


def test_an_epoch_of_skipped_steps_after_others_goes_back_too(run_train, tmp_path):
    """A skipped step leaves the weights, and the gradients, as large as they are."""
    out = trained(run_train, tmp_path / "r", "--skip_threshold=1e4")
    told = re.findall(r"Going back to step (\d+): all 11 steps of an epoch were skipped until", out)
    assert 1 <= len(told) == tries(tmp_path / "r") <= 2
    assert all(float(row["skipped"]) < 11 for row in rows(tmp_path / "r"))


def test_a_first_epoch_of_skipped_steps_stops_it(run_train, tmp_path):
    done = run_train(*TINY, "--skip_threshold=1e-3", f"--workdir={tmp_path}/r")
    assert done.code == 1
    assert "Going back" not in done.out
    assert "all 11 steps of an epoch were skipped until step 11: the norm of" in done.err
    assert "Try a higher skip_threshold" in done.err
