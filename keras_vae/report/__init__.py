"""Reports: pictures, numbers and pages of a run.

report.write(run)  # The run must be measured: tasks.evaluate(run).
report.watch("runs/digits")  # While the run trains.
"""

from keras_vae import _names

_NAMES = {
    "watch": "keras_vae.report.watching:watch",
    "write": "keras_vae.report.run_report:write",
}
__getattr__, __dir__ = _names.lazy(__name__, _NAMES)
__all__ = list(_NAMES)
