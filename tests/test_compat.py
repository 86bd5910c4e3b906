"""Versions that don't fit together are named in one sentence, with the command that mends it."""

import pytest

from keras_vae import _compat


def test_the_installed_versions_fit():
    _compat.check_versions(_compat.tf.__version__, _compat.tfk.__version__, _compat.tfp.__version__)


@pytest.mark.parametrize("versions", [("2.18.1", "2.18.0", "0.25.0"), ("2.21.0", "2.21.3", "0.25")])
def test_patch_versions_may_differ(versions):
    _compat.check_versions(*versions)


@pytest.mark.parametrize(
    "versions",
    [
        ("2.21.0", "2.20.1", "0.25.0"),  # tf_keras of another TensorFlow.
        ("2.20.0", "2.21.0", "0.25.0"),
        ("2.21.0", "3.21.0", "0.25.0"),
        ("2.21.0", "2.21.0", "0.24.0"),
        ("2.21.0", "2.21.0", "0.26.0-dev2025"),
    ],
)
def test_wrong_versions_are_named_with_the_command_that_mends_them(versions):
    with pytest.raises(ImportError) as caught:
        _compat.check_versions(*versions)
    message = str(caught.value)
    assert "\n" not in message
    for version in versions:
        assert version in message
    minor = ".".join(versions[0].split(".")[:2])
    assert f"pip install 'tf-keras=={minor}.*' 'tensorflow-probability==0.25.*'" in message


def test_keras_is_the_one_that_tfp_is_built_on():
    assert _compat.tf.keras.Model is _compat.tfk.Model
    assert issubclass(_compat.tfpl.DistributionLambda, _compat.tfk.layers.Layer)
