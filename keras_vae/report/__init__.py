"""Reports: pictures, numbers and pages of a run.

report.write(run)  # The run must be measured: tasks.evaluate(run).
"""

from keras_vae import _names

_NAMES = {"write": "keras_vae.report.run_report:write"}
__getattr__, __dir__ = _names.lazy(__name__, _NAMES)
__all__ = list(_NAMES)
