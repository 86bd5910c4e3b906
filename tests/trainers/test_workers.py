"""Several workers: two processes of one replica each, over the local network."""

import json
import signal
import socket
import time

import numpy as np
import pytest

import keras_vae
from tests import binaries
from tests.in_process import TINY, assert_same, rows, weights
from trainers import workers


@pytest.fixture
def start(monkeypatch):
    """Function (flags of each worker, ...) that starts them -> list of Started."""
    started = []

    def command(*flags_of_each):
        found = []
        with socket.socket() as a, socket.socket() as b:
            a.bind(("localhost", 0))
            b.bind(("localhost", 0))
            addresses = [f"localhost:{s.getsockname()[1]}" for s in (a, b)]
        for index, flags in enumerate(flags_of_each):
            task = {"type": "worker", "index": index}
            cluster = {"cluster": {"worker": addresses}, "task": task}
            monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
            found.append(binaries.Started("trainers.train", *flags))
        started.extend(found)
        return found

    yield command
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_two_workers_train_as_one(run_train, tmp_path, start):
    """And then one more epoch, resumed."""
    flags = (*TINY, "--optimizer=sgd", "--learning_rate=0.01", "--jit_compile=auto")
    one, two = tmp_path / "one", tmp_path / "two"
    assert run_train(*flags, f"--workdir={one}").code == 0
    for epochs in (2, 3):
        given = (*flags, f"--epochs={epochs}", f"--workdir={two}")
        for done in [worker.wait(timeout=120) for worker in start(given, given)]:
            assert done.code == 0, done.err
            assert "2 replica(s)" in done.out
    assert [row["epoch"] for row in rows(two)] == ["0", "1", "2"]
    a, b = keras_vae.load(one), keras_vae.load(two)
    for v, w in zip(a.trainable_variables, b.trainable_variables, strict=True):
        np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=1e-4, atol=1e-6)


def test_workers_of_different_flags_all_end_with_one_line(tmp_path, start):
    flags = (*TINY, f"--workdir={tmp_path}/r")
    for worker in start(flags, (*flags, "--batch_size=64", "--beta=2")):
        done = worker.wait(timeout=120)
        assert done.code == 2, done.err
        said = "error: the workers were started with different beta, batch_size. "
        assert done.err.splitlines()[-1].startswith(said)
    assert not (tmp_path / "r").exists()


def test_a_worker_that_is_missing_is_named(tmp_path, start):
    flags = (*TINY, f"--workdir={tmp_path}/r")
    (waiting,) = start((*flags, "--worker_wait=1"))
    done = waiting.wait(timeout=60)
    assert done.code == 2
    assert "Note: waiting for worker 1 (localhost:" in done.out
    assert "after 1 seconds, worker 1 (localhost:" in done.err.splitlines()[-1]
    (waiting,) = start(flags)
    while "waiting for worker" not in waiting.out:
        waiting.assert_running()
        time.sleep(0.05)
    waiting.send_signal(signal.SIGTERM)
    done = waiting.wait(timeout=10)
    assert done.code == 128 + signal.SIGTERM
    assert "Traceback" not in done.err


@pytest.mark.parametrize("index", [0, 1])
def test_when_one_worker_dies_the_other_says_so_and_nothing_is_lost(tmp_path, start, index):
    flags = (*TINY, "--epochs=8", "--checkpoint_steps=5")
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    given = (*flags, f"--workdir={broken}")
    both = start(given, given)
    metrics = broken / "metrics.csv"
    while not metrics.exists() or len(metrics.read_text().splitlines()) < 3:
        for worker in both:
            worker.assert_running()
        time.sleep(0.02)
    both[index].send_signal(signal.SIGKILL)
    done = both[1 - index].wait(timeout=120)
    assert done.code == 1, done.err
    line = done.err.splitlines()[-1]
    assert line.startswith(f"error: worker {index} (localhost:")
    assert "start the same command on all workers" in line
    assert len(metrics.read_text().splitlines()) < 8
    for workdir in (broken, unbroken):
        given = (*flags, f"--workdir={workdir}")
        for done in [worker.wait(timeout=120) for worker in start(given, given)]:
            assert done.code == 0, done.err
    assert_same(weights(broken), weights(unbroken))
    assert rows(broken) == rows(unbroken)


def test_an_error_names_the_workers_that_are_lost(monkeypatch):
    cluster = {"worker": ["a:1", "b:2", "c:3"]}
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    said = "{{node a}} Collective ops is aborted by: unhealthy: /job:worker/replica:0/task:2 The"
    assert workers.lost(RuntimeError(said)).startswith("worker 2 (c:3) has ended")
    assert workers.lost(RuntimeError("some other error of /job:worker/task:1")) is None
