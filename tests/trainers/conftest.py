"""Running the binaries: in this process, where that is enough."""

import pathlib
import signal
import subprocess
import sys
from typing import NamedTuple

import pytest
from absl import flags

from keras_vae import app
from trainers import train

# A model and a training that take a second.
TINY = (
    "--hidden=8",
    "--latent_dim=2",
    "--epochs=3",
    "--picture_epochs=0",
    "--tensorboard=false",
    "--evaluate=false",
)
ROOT = pathlib.Path(__file__).parents[2]


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def parse(*arguments) -> None:
    """Gives the flags of trainers.train these values, and others their defaults."""
    flags.FLAGS.unparse_flags()
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
    app._parse(["trainers.train", *map(str, arguments)])


@pytest.fixture
def run_train(capfd):
    """Function of flags that runs trainers.train in this process -> Done."""

    def command(*arguments) -> Done:
        code = 0
        try:
            parse(*arguments)
            train.main()
        except SystemExit as stop:
            code = stop.code
        return Done(code, *capfd.readouterr())

    return command


def start(module: str, *arguments) -> subprocess.Popen:
    """Starts a binary in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs, and what they start, ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
