"""Running the binaries, here each in a process of its own.

TensorFlow takes seconds to import. One process does, and nothing else; each binary is a fork of it.
"""

import multiprocessing
import os
import pathlib
import runpy
import signal
import sys
import tempfile
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[1]
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["keras_vae"])


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Started:
    """A command `python -m module *arguments` that runs, or `python module.py *arguments`.

    Args:
      module: its name, or the path of a script.
      arguments: of the command.
      folder: where it runs.

    Attributes:
      out, err: what it has written so far.
    """

    def __init__(self, module, *arguments, folder=ROOT):
        self._folder = tempfile.TemporaryDirectory()
        self._files = [os.path.join(self._folder.name, name) for name in ("out", "err")]
        self._process = _FORKS.Process(
            target=_run,
            args=(str(module), [*map(str, arguments)], self._files, dict(os.environ), str(folder)),
            daemon=True,  # Or a test that fails before its end would wait for it.
        )
        self._process.start()

    out = property(lambda self: self._written(0))
    err = property(lambda self: self._written(1))

    def _written(self, number):
        path = pathlib.Path(self._files[number])
        return path.read_text() if path.exists() else ""

    def assert_running(self) -> None:
        assert self._process.is_alive(), self.err

    def send_signal(self, signum) -> None:
        if self._process.is_alive():
            os.kill(self._process.pid, signum)

    def wait(self, timeout: float = 300.0) -> Done:
        """Waits for the end, for `timeout` seconds at most."""
        self._process.join(timeout)
        if self._process.is_alive():
            self._process.kill()
            raise TimeoutError(f"it still runs after {timeout} s: {self.out}{self.err}")
        done = Done(self._process.exitcode, self.out, self.err)
        self._folder.cleanup()
        return done


def run(module: str, *arguments) -> Done:
    """Runs a command to its end."""
    return Started(module, *arguments).wait()


def run_code(code: str, folder) -> Done:
    """Runs Python's code in a folder, which stays as it is, to the code's end."""
    with tempfile.TemporaryDirectory() as scripts:
        return Started(script(code, scripts), folder=folder).wait()


# A limit on the size of files stands for a disk that is full: what is beyond it isn't written.
_LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))
sys.argv = {argv!r}
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def run_limited(size: int, module: str, *arguments) -> Done:
    """Runs a command to its end; it can't write a file of more than `size` bytes."""
    argv = [str(part) for part in (module, *arguments)]
    return run_code(_LIMITED.format(size=size, argv=argv), ROOT)


def script(code: str, folder) -> pathlib.Path:
    """A file of the code in the folder."""
    path = pathlib.Path(folder) / "code.py"
    path.write_text(code)
    return path


def _run(module, arguments, files, environment, folder):
    for descriptor, path in enumerate(files, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.stdout.reconfigure(line_buffering=True)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # A shell's background jobs, and what they start, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [module, *arguments]
    if module.endswith(".py"):
        runpy.run_path(module, run_name="__main__")
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
