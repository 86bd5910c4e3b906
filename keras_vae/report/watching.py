"""report.html of a run that trains, written anew as training goes on."""

import time
from pathlib import Path

from keras_vae.report import run_report, training_page
from keras_vae.runs import loading

_RELOAD_SECONDS = 5  # after which a browser loads the page anew
_POLL_SECONDS = 0.5


def watch(run_dir: str | Path) -> Path:
    """Writes report.html whenever metrics.csv changes, until the last epoch is done or measured.

    The page loads itself anew. After the last epoch it does so until the run's measurement has
    replaced it.

    Args:
      run_dir: the directory of a run.

    Returns:
      The path of report.html.

    Raises:
      ValueError, FileNotFoundError: the directory isn't a run's.
      KeyboardInterrupt: as it came; the page no longer loads itself anew then.
    """
    path = Path(run_dir)
    epochs = loading.read_config_json(path)["config"]["training"]["epochs"]
    shown = None
    try:
        while not _is_over(path, epochs):
            if (changed := _changed(path / "metrics.csv")) != shown:
                report, shown = training_page.write(path, _RELOAD_SECONDS), changed
                if training_page.epochs_done(path) >= epochs:
                    return report
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        if not run_report.is_measured(path):
            training_page.write(path)
        raise
    return run_report.write(path)


def _is_over(path, epochs):
    """Whether training has ended, and what it came to was measured."""
    if not run_report.is_measured(path):
        return False
    stopped_early = _changed(path / "metrics.csv") <= _changed(path / "evaluation.json")
    return stopped_early or training_page.epochs_done(path) >= epochs


def _changed(file):
    """When a file was written, in nanoseconds; 0 if it isn't there."""
    return file.stat().st_mtime_ns if file.exists() else 0
