"""What every binary shares."""

import ast
import errno
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest
from absl import flags

import keras_vae
from keras_vae import command_line
from keras_vae._compat import tf
from keras_vae.messages import notes

# In a finalizer, in which Python drops what is raised; then ten seconds of work.
IN_A_FINALIZER = """
import os, time
from keras_vae import command_line

class Signals:
    def __del__(self):
        os.kill(os.getpid(), {signum})
        time.sleep(0.1)

def main():
    Signals()
    for _ in range(100):
        time.sleep(0.1)

command_line.run(main)
"""

# This code stands for a library that catches every error.
MADE_ANOTHER_ERROR = """
import os
from keras_vae import command_line

def main():
    try:
        os.kill(os.getpid(), {signum})
    except BaseException:
        raise TypeError("of the library's own")

command_line.run(main)
"""
LOOKED_LIKE_BAD_INPUT = """
import os
from keras_vae import command_line

def main():
    with command_line.checking_input():
        try:
            os.kill(os.getpid(), {signum})
        except BaseException:
            raise ValueError("of the library's own")

command_line.run(main)
"""


def test_paths_may_begin_with_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    own = flags.FlagValues()
    flags.DEFINE_string("run", None, "", flag_values=own)
    flags.DEFINE_list("runs", [], "", flag_values=own)
    flags.DEFINE_string("out", None, "", flag_values=own)
    flags.DEFINE_integer("verbosity", 0, "", flag_values=own)
    monkeypatch.setattr(flags, "FLAGS", own)
    command_line._parse(["trainers.compare", "--run=~/a", "--runs=~/a,b/~", "--verbosity=1"])
    assert (own.run, own.runs, own.out) == (f"{tmp_path}/a", [f"{tmp_path}/a", "b/~"], None)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"), "the memory"),
        (MemoryError("Unable to allocate 7 TiB"), "the memory is used up: smaller batches"),
        (tf.errors.ResourceExhaustedError(None, None, "a; No space left on device"), "Make room"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "a"), "written: Read-only file system (a)"),
    ],
)
def test_what_the_machine_lacks_is_one_line(capsys, error, words):
    with pytest.raises(SystemExit) as stop, command_line.stoppable("Resume with: a"):
        raise error
    assert stop.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert line.endswith("Resume with: a")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "main",
    [IN_A_FINALIZER, MADE_ANOTHER_ERROR, LOOKED_LIKE_BAD_INPUT],
    ids=["dropped", "replaced", "refused"],
)
def test_a_signal_is_obeyed_whatever_becomes_of_it(main, signum):
    code = main.format(signum=int(signum))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        # A shell's background jobs, and what they start, ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert done.returncode == 128 + signum
    assert f"Stopped by {signum.name}." in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_one_line_that_shows_what_a_path_has(capsys):
    with pytest.raises(SystemExit) as stop, command_line.checking_input():
        raise ValueError("run=/a\n b\x1b[31m\udce9é  c is no run.\n")
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: run=/a\\n b\\x1b[31m\\udce9é  c is no run.\n"


def test_flags_that_must_be_given_are_named(capsys, monkeypatch):
    values = flags.FlagValues()
    for name in ("runs", "out"):
        flags.DEFINE_string(name, None, "", flag_values=values, required=True)
    monkeypatch.setattr(command_line.flags, "FLAGS", values)
    with pytest.raises(SystemExit) as stop:
        command_line._parse(["trainers.compare"])
    assert stop.value.code == 2
    wanted = "error: --runs and --out must be given. --help says what can be.\n"
    assert capsys.readouterr().err == wanted


def test_a_note_is_one_line_whoever_gives_it(capsys):
    notes.tell("the splits are in a\nb\udce9")
    command_line._show(notes.Note("the splits are in a\nb\udce9"), notes.Note, "file.py", 1)
    assert capsys.readouterr().out == 2 * "Note: the splits are in a\\nb\\udce9\n"


def test_the_library_names_options_without_dashes():
    """Who reads its notes and errors in a notebook has no flags."""
    about_flags = {"command_line.py", "run_directory.py"}  # The latter writes flags.txt.
    found = set()
    for file in pathlib.Path(keras_vae.__file__).parent.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
        texts = {node for node in nodes if isinstance(node, ast.Constant)} - docstrings
        if file.name not in about_flags:
            found |= {t.value for t in texts if re.search(r"(^|[\s(=`'])--[a-z]", str(t.value))}
    assert found == set()


def test_an_installed_script_has_the_help_of_its_module(tmp_path):
    script = tmp_path / "keras-vae-report"
    script.write_text("from trainers.report import run\nrun()\n")
    root = pathlib.Path(keras_vae.__file__).parents[1]
    command = [sys.executable, script, "--help"]
    done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True)
    shown = done.stdout.decode()
    assert "Writes a run's report" in shown
    assert "--run: the run directory" in shown
    assert "--[no]watch" in shown
