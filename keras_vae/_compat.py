"""The one place that imports Keras and TFP, and checks that they fit together.

tfp.layers is built on tf_keras (Keras 2). TensorFlow would load Keras 3 beside it, which costs a
second of start-up and mixes badly; an environment variable keeps it out, set before TensorFlow
is first imported.
"""

import importlib
import os
import pathlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_vae._quiet import LEVEL, without_remarks

# The variable by which TensorFlow is told, when it is imported, whether to compute by oneDNN.
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
_NEURAL = {"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"}
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}  # The last is Arm's.


def onednn_by_default(cpuinfo: str) -> bool | None:
    """Whether TensorFlow, told nothing, computes by oneDNN: its own rule for x86 CPUs.

    Args:
      cpuinfo: the text of /proc/cpuinfo.

    Returns:
      None where the text isn't of an x86 CPU.
    """
    return _has_any(_NEURAL, cpuinfo, "flags")


def has_bfloat16(cpuinfo: str) -> bool | None:
    """Whether a CPU, x86 or Arm, has instructions for bfloat16.

    Args:
      cpuinfo: the text of /proc/cpuinfo.

    Returns:
      None where the text doesn't say what the CPU has.
    """
    return _has_any(_BFLOAT16, cpuinfo, "flags", "Features")


def _has_any(instructions, cpuinfo, *names):
    """Whether a CPU has any of the instructions, by the first line of one of the names."""
    features = [line.split() for line in cpuinfo.splitlines() if line.startswith(names)]
    return not instructions.isdisjoint(features[0]) if features else None


_file = pathlib.Path("/proc/cpuinfo")
_cpuinfo = _file.read_text() if _file.exists() else ""
ONEDNN_BY_DEFAULT = onednn_by_default(_cpuinfo)
HAS_BFLOAT16 = has_bfloat16(_cpuinfo)

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
# Remarks on how TensorFlow was compiled are for its developers; warnings and errors still show.
os.environ.setdefault(LEVEL, "1")
# Without oneDNN, older CPUs train convolutions at three quarters of the speed.
if ONEDNN_BY_DEFAULT is False and "tensorflow" not in sys.modules:
    os.environ.setdefault(ONEDNN, "1")

try:
    with without_remarks():
        importlib.import_module("tensorflow")
    import tensorflow as tf
    import tensorflow_probability as tfp
    import tf_keras as tfk
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    from tensorflow.python.autograph.core import config as _autograph
    from tensorflow.python.util import _pywrap_util_port
except ImportError as error:
    raise ImportError(
        f"keras_vae needs tensorflow, tf-keras and tensorflow-probability, but: {error}. "
        "Run: pip install -e . (setup.py pins versions that work together)."
    ) from error


def leave_as_written(module: str) -> None:
    """Tells AutoGraph that no function of a module has Python's loops or branches over tensors.

    AutoGraph rewrites every function that a graph calls, in search of them, for a fifth of the time
    of tracing. TensorFlow, Keras and TFP are left as they are too; layers of a user's own are not.
    """
    rule = _autograph.DoNotConvert(module)
    _autograph.CONVERSION_RULES = (rule, *_autograph.CONVERSION_RULES)


leave_as_written("keras_vae")


def of_user(function: Callable) -> Callable:
    """A user's function, rewritten by AutoGraph, for a caller that is left as written.

    Its loops and branches over tensors then work, as Keras makes them work in layers.
    """
    autograph = tf.__internal__.autograph
    return autograph.tf_convert(function, autograph.control_status_ctx())


def onednn_is_on() -> bool:
    """Whether TensorFlow computes by oneDNN in this process: other kernels, other rounding."""
    return _pywrap_util_port.IsMklEnabled()


def check_versions(tensorflow: str, tf_keras: str, probability: str) -> None:
    """Raises ImportError in one sentence unless the three versions work together.

    setup.py pins them for pip; this catches versions that were installed in other ways.

    Args:
      tensorflow: TensorFlow's version, for example "2.21.0".
      tf_keras: tf_keras' version; major and minor must equal TensorFlow's.
      probability: TensorFlow Probability's version; must be 0.25.x.

    Raises:
      ImportError: names what was found and the command that mends it.
    """
    tf_minor = tensorflow.split(".")[:2]
    if tf_keras.split(".")[:2] != tf_minor or probability.split(".")[:2] != ["0", "25"]:
        raise ImportError(
            "keras_vae needs tf_keras of TensorFlow's own version and TensorFlow Probability "
            f"0.25; found tensorflow {tensorflow}, tf_keras {tf_keras}, "
            f"tensorflow_probability {probability}. "
            f"Run: pip install 'tf-keras=={'.'.join(tf_minor)}.*' 'tensorflow-probability==0.25.*'"
        )


def check_layer(name: str, layer: Any) -> None:
    """Raises TypeError unless `layer` is one of tf_keras: those of Keras 3 look alike.

    Args:
      name: what the error calls it.
      layer: what should be a tfk.layers.Layer (models are layers).
    """
    if not isinstance(layer, tfk.layers.Layer):
        found = type(layer)
        raise TypeError(
            f"{name} must be a layer or model of tf_keras, got {found.__module__}."
            f"{found.__qualname__}. Make it of tf_keras.layers; Keras 3 doesn't mix with TFP's "
            "layers."
        )


def refuse_keras_3(name: str, *parts: Any) -> None:
    """Raises TypeError for objects of Keras 3 (optimizers, callbacks, metrics), which look alike.

    Args:
      name: the argument, which the error names.
      *parts: what stands there.
    """
    for part in parts:
        for kind in (part if isinstance(part, type) else type(part)).__mro__:
            if kind.__module__.partition(".")[0] == "keras":
                raise TypeError(
                    f"{name}: {kind.__name__} is of Keras 3, which doesn't mix with tf_keras, on "
                    "which TFP's layers are built. Take it from tf_keras in place of keras."
                )


check_versions(tf.__version__, tfk.__version__, tfp.__version__)

tfkl = tfk.layers
tfb = tfp.bijectors
tfd = tfp.distributions
tfpl = tfp.layers

# What functions of numbers take: a tensor, or an array that becomes one.
TensorLike = tf.Tensor | np.ndarray
# A user's condition: labels, their names, or images; one for all examples, or one for each.
ConditionLike = TensorLike | Sequence | int | str

__all__ = [
    "HAS_BFLOAT16",
    "ONEDNN",
    "ONEDNN_BY_DEFAULT",
    "ConditionLike",
    "SavedModel",
    "TensorLike",
    "check_layer",
    "check_versions",
    "has_bfloat16",
    "onednn_by_default",
    "onednn_is_on",
    "refuse_keras_3",
    "tf",
    "tfb",
    "tfd",
    "tfk",
    "tfkl",
    "tfp",
    "tfpl",
]
