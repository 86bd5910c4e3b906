"""What all tests share: two logical CPUs, a training in process, and what is reported."""

import gc

import pytest

from keras_vae._compat import tf
from tests.in_process import run_train

__all__ = ["run_train"]

# TensorFlow is a million objects that stay. Looking through them for garbage, as often as Python
# does, takes a sixth of the time of tests that trace graphs.
gc.freeze()
gc.set_threshold(50_000, 20, 20)

pytest_plugins = ["tests.minutes", "tests.tools"]

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy of two replicas, each on a CPU of its own."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
