"""A disk that is full: one line, and the run goes on once there is room."""

import pytest

from tests import binaries
from tests.in_process import TINY, assert_same, weights


def left_half_written(folder):
    return [p.name for p in folder.rglob(".*") if p.name != ".lock"]


def test_a_training_goes_on_once_there_is_room(run_train, tmp_path):
    run, unbroken = tmp_path / "run", tmp_path / "unbroken"
    flags = (*TINY, "--checkpoint_steps=3", "--steps_per_execution=3")
    assert run_train(*flags, f"--workdir={unbroken}").code == 0
    # The checkpoints of these models are of 25 kB, the list of the run's options of 4 kB.
    done = binaries.run_limited(15_000, "trainers.train", *flags, f"--workdir={run}")
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("error: a file can't be written: File too large")
    assert f"Resume with: python -m trainers.train --flagfile={run}/flags.txt" in done.err
    assert "Traceback" not in done.err
    assert left_half_written(run) == []
    assert run_train(*flags, f"--workdir={run}").code == 0
    assert_same(weights(run), weights(unbroken))


@pytest.mark.parametrize(
    ("size", "command"),
    [
        (100, "trainers.evaluate --num_samples=2 --num_examples=20"),
        (20_000, "trainers.report"),
        (100, "trainers.latents"),
        (100, "trainers.score --dataset=digits --num_samples=2"),
    ],
)
def test_what_is_made_of_a_run_is_whole_or_not_there(trained, size, command):
    before = {p: p.read_bytes() for p in trained.rglob("*") if p.is_file() and p.name != ".lock"}
    module, *flags = command.split()
    done = binaries.run_limited(size, module, f"--run={trained}", *flags)
    assert done.code == 1, done.err
    line = "error: a file can't be written: File too large. Make room. Then run the same command"
    assert done.err.splitlines()[-1].startswith(line)
    assert "Traceback" not in done.err
    assert left_half_written(trained) == []
    after = {p: p.read_bytes() for p in trained.rglob("*") if p.is_file() and p.name != ".lock"}
    assert {p: after[p] for p in before} == before


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = tmp_path_factory.mktemp("trained") / "run"
    done = binaries.run(
        "trainers.train", *TINY, "--evaluate=true", "--num_samples=2", f"--workdir={run}"
    )
    assert done.code == 0, done.err
    return run
