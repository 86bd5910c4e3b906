"""Running trainers.train in this process, where that is enough."""

import contextlib
from collections.abc import Iterator

import pytest
from absl import flags

from keras_vae import command_line
from keras_vae.tasks import sample_quality
from tests.binaries import Done
from trainers import train

# A model and a training that take a second; XLA takes another two to compile it.
TINY = (
    "--hidden=8",
    "--latent_dim=2",
    "--epochs=3",
    "--learning_rate_schedule=constant",  # A constant rate lets more epochs follow.
    "--jit_compile=false",
    "--picture_epochs=0",
    "--tensorboard=false",
    "--evaluate=false",
)


def parse(*arguments) -> None:
    """Gives the flags of trainers.train these values, and others their defaults."""
    flags.FLAGS.unparse_flags()
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
    command_line._parse(["trainers.train", *map(str, arguments)])


@contextlib.contextmanager
def samples_unmeasured() -> Iterator[None]:
    """Inside, runs are measured but for codes and samples, which take half of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_quality, "measure_samples", lambda *_: ({}, None))
        yield


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
