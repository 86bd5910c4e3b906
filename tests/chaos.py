"""Kills commands at random instants and has their disk fill up: make chaos.

make chaos ROUNDS=1000. Each round breaks one command in one way, starts it again, and
asserts what must hold then: weights are those of an unbroken training, to the bit; what a command
left is whole; an error is one line. A round is settled by its number; rounds that are done are
counted in a file, so that a session goes on where the last one ended.
"""

import argparse
import json
import pathlib
import shutil
import signal
import tempfile
import time
from typing import NamedTuple

import numpy as np

from tests import binaries
from tests.in_process import TINY, assert_same, rows, weights

TRAINED = (*TINY, "--checkpoint_steps=2", "--steps_per_execution=2", "--ema_decay=0.9")
# What follows a training, by the module: (flags, the files that it makes in the run directory).
FOLLOWING = {
    "trainers.evaluate": (("--num_samples=2", "--num_examples=40"), ["evaluation.json"]),
    "trainers.report": ((), ["report.html"]),
    "trainers.latents": ((), ["latents"]),
    "export.export": (("--formats=tflite", "--batch_sizes=1"), ["export"]),
    "trainers.compress": ((), ["compressed.bin"]),
}


class Unbroken(NamedTuple):
    """A training that nothing broke, and how long each command takes.

    Attributes:
      path: its run directory, measured.
      weights: all variables of its last checkpoint, by name.
      rows: its metrics.csv.
      seconds: of each command, by the module.
    """

    path: pathlib.Path
    weights: dict
    rows: list
    seconds: dict


def unbroken(folder: pathlib.Path) -> Unbroken:
    """Trains, measures and reports in `folder`."""
    run, seconds = folder / "unbroken", {}
    for module, flags in {
        "trainers.train": (*TRAINED, f"--workdir={run}"),
        **{module: (*flags, f"--run={run}") for module, (flags, _) in FOLLOWING.items()},
    }.items():
        began = time.monotonic()
        done = binaries.run(module, *flags)
        seconds[module] = time.monotonic() - began
        assert done.code == 0, done.err
    return Unbroken(run, weights(run), rows(run), seconds)


def round_of(number: int, of: Unbroken, folder: pathlib.Path) -> str:
    """Does one round in an empty folder and returns what it was; AssertionError where it failed."""
    rng = np.random.default_rng(number)
    module = rng.choice(["trainers.train", *FOLLOWING])
    how = rng.choice(["killed", "stopped", "full disk"])
    run = folder / "run"
    if module == "trainers.train":
        flags: tuple = (*TRAINED, f"--workdir={run}")
        for _ in range(rng.integers(1, 4)):
            broken(rng, how, of.seconds[module], module, flags)
        done = binaries.run(module, *flags)
        assert done.code == 0, done.err
        assert_same(weights(run), of.weights)
        assert rows(run) == of.rows
        assert not [*run.glob("checkpoints/**/*_temp")]
    else:
        shutil.copytree(of.path, run)
        own, made = FOLLOWING[module]
        for name in made:
            target = run / name
            shutil.rmtree(target) if target.is_dir() else target.unlink()
        flags = (*own, f"--run={run}")
        broken(rng, how, of.seconds[module], module, flags)
        for name in made:
            assert_whole_or_absent(run / name)
        done = binaries.run(module, *flags)
        assert done.code == 0, done.err
        for name in made:
            assert (run / name).exists()
            assert_whole_or_absent(run / name)
        assert_same(weights(run), of.weights)
    return f"{module} {how}"


def broken(rng, how, seconds, module, flags):
    """Runs a command that is broken at a random place."""
    if how == "full disk":
        size = int(10 ** rng.uniform(3.5, 5.5))  # Below, the command can't even say so.
        done = binaries.run_limited(size, module, *flags)
        assert done.code in (0, 1, 2), done.err
        assert "Traceback" not in done.err, (size, done.err)
        if done.code:
            assert done.err.splitlines()[-1].startswith("error: "), (size, done.err)
        return
    process = binaries.Started(module, *flags)
    time.sleep(rng.uniform(0, 1.2 * seconds))
    process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGTERM)
    assert "Traceback" not in process.wait().err


def assert_whole_or_absent(path: pathlib.Path) -> None:
    """What a command left under this name is all of it, or isn't there."""
    if not path.exists():
        return
    if path.suffix == ".json":
        assert json.loads(path.read_text())["nll_nats"]
    elif path.suffix == ".html":
        assert path.read_text().rstrip().endswith("</html>")
    elif path.suffix == ".bin":
        decoded = path.with_suffix(".npz")
        done = binaries.run(
            "trainers.compress", f"--run={path.parent}", f"--decode={path}", f"--out={decoded}"
        )
        assert done.code == 0, done.err
    elif path.name == "export":
        parity = json.loads((path / "parity.json").read_text())
        assert parity["artefacts"]
        json.loads((path / "model_card.json").read_text())
    elif (path / "latents.json").exists():  # It is written last.
        with np.load(path / "latents.npz") as arrays:
            assert len(arrays["codes"]) == 179


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="of this session")
    parser.add_argument("--to", type=pathlib.Path, default="runs/chaos", help="where they count")
    given = parser.parse_args()
    given.to.mkdir(parents=True, exist_ok=True)
    file = given.to / "rounds.json"
    counts = json.loads(file.read_text()) if file.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        of = unbroken(pathlib.Path(folder))
        for _ in range(given.rounds):
            number = sum(counts.values())
            with tempfile.TemporaryDirectory() as scratch:
                what = round_of(number, of, pathlib.Path(scratch))
            counts[what] = counts.get(what, 0) + 1
            file.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
            print(number, what, flush=True)
    print(f"{sum(counts.values())} rounds in all, none failed.")
