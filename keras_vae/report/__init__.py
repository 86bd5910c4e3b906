"""Reports: pictures, numbers and pages of a run.

report.write("runs/digits")  # All of a measured run; the curves of one that still trains.
report.watch("runs/digits")  # Again after each epoch, until training ends.
"""

from keras_vae import _names

_NAMES = {
    "watch": "keras_vae.report.watching:watch",
    "write": "keras_vae.report.run_report:write",
}
__getattr__, __dir__ = _names.lazy(__name__, _NAMES)
__all__ = list(_NAMES)
