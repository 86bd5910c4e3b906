"""What all tests share: two logical CPUs, a training in process, and what is reported."""

import functools
import gc
import importlib

import pytest

from keras_vae import evaluation
from keras_vae._compat import tf
from keras_vae.ops.untuned import untuned
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


# Keras' own sets, of arrays, would make a fit of seconds take twice the time.
tf.data.Dataset._apply_debug_options = untuned


@pytest.fixture(scope="session", autouse=True)
def _one_classifier_for_the_same_images():
    """Most runs of the tests are measured in the features of the same digits: learned once."""
    features = importlib.import_module("keras_vae.evaluation.features")  # Not a function.
    learn, learned = features.classifier, {}

    def classifier(images, labels, seed):
        key = (images.shape, images.tobytes(), labels.tobytes(), seed)
        if key not in learned:
            learned[key] = learn(images, labels, seed)
        return learned[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "classifier", classifier)
        yield


@pytest.fixture(scope="session", autouse=True)
def _few_steps_to_tell_samples_apart():
    """Runs of the tests are measured by a network that has learned little."""
    quality = importlib.import_module("keras_vae.evaluation.samples.quality")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "told_apart", functools.partial(quality.told_apart, steps=20))
        yield


@pytest.fixture(scope="session", autouse=True)
def _few_temperatures():
    """Runs of the tests are measured at two temperatures."""
    fewer = functools.partial(evaluation.by_temperature, temperatures=(0.8, 1.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "by_temperature", fewer)
        yield


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy of two replicas, each on a CPU of its own."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
