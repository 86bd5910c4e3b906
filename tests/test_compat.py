"""Versions that don't fit together are named in one sentence, with the command that mends it."""

import importlib.metadata
import re
import subprocess
import sys

import pytest

from keras_vae import Decoder, Encoder, _compat, likelihoods, posteriors


def test_the_installed_versions_fit():
    _compat.check_versions(_compat.tf.__version__, _compat.tfk.__version__, _compat.tfp.__version__)


def test_what_is_checked_is_what_setup_pins():
    needed = importlib.metadata.requires("keras-vae")
    assert "tensorflow-probability==0.25.*" in needed
    tensorflow, keras = (
        next(line for line in needed if re.match(rf"{name}[<>=]", line))
        for name in ("tensorflow", "tf-keras")
    )
    assert tensorflow.removeprefix("tensorflow") == keras.removeprefix("tf-keras")


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


def test_a_layer_of_keras_3_is_refused():
    keras = pytest.importorskip("keras", minversion="3")
    layer = keras.layers.Flatten()
    with pytest.raises(TypeError, match=r"network must be a layer .* tf_keras, got keras.*Flatten"):
        Encoder(layer, posteriors.DiagonalNormal(2))
    with pytest.raises(TypeError, match="network must be a layer"):
        Decoder(layer, likelihoods.Bernoulli((4, 4, 1)))


@pytest.mark.parametrize("binary", ["trainers.train", "export.export"])
def test_binaries_name_wrong_versions_in_one_line(tmp_path, binary):
    (tmp_path / "tf_keras.py").write_text("raise ImportError('No module named tf_keras')")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
            f"import runpy; runpy.run_module({binary!r}, run_name='__main__')",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]  # TensorFlow says something first.
    assert last.startswith("error: keras_vae needs tensorflow, tf-keras and")


def test_what_tensorflow_leaves_off_is_known_by_the_cpu():
    """TensorFlow's rule (tensorflow/core/util/port.cc)."""
    cpu = "processor\t: 0\nflags\t\t: fpu avx2 avx512f{}\nbugs\t\t: avx_vnni\n\n"
    assert _compat.onednn_by_default(cpu.format("")) is False
    for feature in ("avx512_vnni", "avx_vnni", "amx_int8", "avx512_bf16"):
        assert _compat.onednn_by_default(cpu.format(f" {feature}") * 2) is True
    assert _compat.onednn_by_default("processor\t: 0\nFeatures\t: fp asimd\n") is None
    assert _compat.onednn_by_default("") is None


@pytest.mark.skipif(_compat.ONEDNN_BY_DEFAULT is None, reason="oneDNN is x86's")
@pytest.mark.parametrize(("given", "wanted"), [(None, "True"), ("0", "False")])
def test_onednn_is_on_unless_the_user_has_said_otherwise(monkeypatch, given, wanted):
    """As TensorFlow itself says."""
    monkeypatch.delenv(_compat.ONEDNN, raising=False)
    if given is not None:
        monkeypatch.setenv(_compat.ONEDNN, given)
    code = "from keras_vae import _compat; print(_compat.onednn_is_on())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == [wanted], done.stderr
