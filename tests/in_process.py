"""Running trainers.train in this process, where that is enough."""

import contextlib
import csv
from collections.abc import Iterator

import numpy as np
import pytest
from absl import flags

from keras_vae import command_line
from keras_vae._compat import tf
from keras_vae.runs.loading import find_checkpoint
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


def weights(workdir):
    """All variables of the last checkpoint, by name: weights, optimizer, averages, progress."""
    reader = tf.train.load_checkpoint(find_checkpoint(workdir, "last"))
    names = reader.get_variable_to_shape_map()
    return {n: reader.get_tensor(n) for n in names if n != "_CHECKPOINTABLE_OBJECT_GRAPH"}


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        if "save_counter" not in name:  # How often was saved, not what was learned.
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def rows(workdir):
    """metrics.csv without the speed."""
    with open(workdir / "metrics.csv", newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "images_per_second"}
            for row in csv.DictReader(file)
        ]
