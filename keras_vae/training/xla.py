"""When XLA compiles: where it helps, measured and not assumed (benchmarks/training.py)."""

from keras_vae._compat import tf, tfk, tfkl
from keras_vae.networks import FromColumns

_CONVOLUTIONS = (tfkl.Conv1D, tfkl.Conv2D, tfkl.Conv3D)  # The transposed ones derive from these.
# On 15 columns of UCI Adult, XLA compiled for 15 s, and steps took no less time than without.
_COLUMNS = (FromColumns,)


def prefers_xla(model: tfk.Model) -> bool:
    """True on GPU and TPU, and on CPU for models without convolutions or columns of tables.

    XLA's CPU convolutions are slower than TensorFlow's own, inside a loop sixty times.
    """
    if tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("TPU"):
        return True
    return not any(isinstance(module, _CONVOLUTIONS + _COLUMNS) for module in model.submodules)
