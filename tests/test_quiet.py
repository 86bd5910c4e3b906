"""Commands leave out what TensorFlow remarks while it starts, and nothing else."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from keras_vae import _quiet
from tests import binaries
from tests.in_process import TINY

# TensorFlow isn't imported: that takes seconds.
LINES = """
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("quiet", {path!r})
quiet = importlib.util.module_from_spec(spec)
spec.loader.exec_module(quiet)
print("before", file=sys.stderr, flush=True)
with quiet.without_remarks():
    os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are\\n")
    os.write(2, b"I0000 00:00:1795991795.547697    4384 port.cc:153] oneDNN operations are on\\n")
    os.write(2, b"E0000 00:00:1.0 4 a.cc:52] failed call to cuInit: C: UNKNOWN ERROR (303)\\n")
    os.write(2, b"E0000 00:00:1.0 4 a.cc:52] failed call to cuInit: SYSTEM_DRIVER_MISMATCH\\n")
    os.write(2, b"W0000 00:00:1.0 4 gpu_device.cc:2020] Cannot dlopen some GPU libraries\\n")
    print("from Python", file=sys.stderr, flush=True)
    os.write(2, b"the last words")
    {end}
print("after", file=sys.stderr, flush=True)
"""
REMARKS = ("WARNING: All log messages", "I0000 00:00", "E0000 00:00:1.0 4 a.cc:52] failed call to")


def environment(**variables):
    kept = {k: v for k, v in os.environ.items() if k not in (_quiet.LEVEL, _quiet.COMMAND)}
    return kept | variables


def stderr_of(command, code=0, **variables):
    """What a command writes to it, as lines."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=binaries.ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done.stderr.splitlines()


def lines(end="pass", code=0, **variables):
    path = str(pathlib.Path(_quiet.__file__))
    return stderr_of(["-c", LINES.format(path=path, end=end)], code, **variables)


@pytest.mark.parametrize("level", [{}, {_quiet.LEVEL: "1"}, {_quiet.LEVEL: "3"}], ids=str)
def test_remarks_alone_are_left_out(level):
    before, driver, library, python, last = lines(**{_quiet.COMMAND: "1"}, **level)
    assert (before, python, last) == ("before", "from Python", "the last wordsafter")
    assert driver.endswith("SYSTEM_DRIVER_MISMATCH")
    assert library.endswith("Cannot dlopen some GPU libraries")


@pytest.mark.parametrize(
    "variables", [{}, {_quiet.COMMAND: "1", _quiet.LEVEL: "0"}], ids=["library", "asked for"]
)
def test_a_library_and_who_asks_for_remarks_have_them(variables):
    assert sum(line.startswith(REMARKS) for line in lines(**variables)) == 4


def test_the_last_words_before_a_crash_get_through():
    found = lines("os.abort()", -signal.SIGABRT, **{_quiet.COMMAND: "1"})
    assert found[-2:] == ["from Python", "the last words"]


def test_a_closed_stderr_stays_closed():
    code = LINES.format(path=_quiet.__file__, end="pass").partition("print")[0]
    code = f"{code}os.close(2)\nwith quiet.without_remarks():\n    pass\nos.fstat(2)"
    assert stderr_of(["-c", code], 1, **{_quiet.COMMAND: "1"}) == []


def test_a_training_prints_nothing_on_stderr(tmp_path):
    assert stderr_of(["-m", "trainers.train", *TINY, f"--workdir={tmp_path}/run"]) == []


def test_an_export_that_is_refused_prints_its_one_line(tmp_path):
    (line,) = stderr_of(["-m", "export.export", f"--run={tmp_path}/none"], code=2)
    assert line.startswith(f"error: no model at {tmp_path}/none")
