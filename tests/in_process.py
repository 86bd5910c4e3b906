"""Running trainers.train in this process, where that is enough."""

import pytest
from absl import flags

from keras_vae import command_line
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
