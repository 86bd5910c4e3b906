"""report.html of a run that isn't measured, as it still trains: pictures and curves so far."""

from html import escape
from pathlib import Path

import numpy as np

from keras_vae.config import Config
from keras_vae.measures import HOW_TRAINING_WENT
from keras_vae.report import page, run_facts, training_curves
from keras_vae.report.numbers_as_text import in_short
from keras_vae.runs import loading
from keras_vae.runs.results import read_history

_NUM_PICTURES = 4  # of those that training drew, the newest first


def write(run_dir: Path, reload_seconds: int = 0) -> Path:
    """Writes report.html from what training has written; reads neither weights nor data.

    Args:
      run_dir: a run's directory.
      reload_seconds: after which the page loads itself anew; 0 for a page that stays.

    Returns:
      The path of report.html, which is replaced only when it is complete.

    Raises:
      ValueError, FileNotFoundError: the directory isn't a run's.
    """
    config = Config.from_dict(loading.read_config_json(run_dir)["config"])
    history = read_history(run_dir / "metrics.csv")
    drawn = sorted((run_dir / "pictures").glob("epoch_*.png"))[: -_NUM_PICTURES - 1 : -1]
    curves = page.side_by_side(training_curves.curves(history))
    main = [
        page.side_by_side(map(_picture, drawn)),
        page.fold(HOW_TRAINING_WENT, curves, is_open=True) if curves else "",
        page.fold(run_facts.QUESTION, "\n".join(run_facts.tables(config, run_dir))),
    ]
    lead = (
        f"<p class='soft'>{escape(run_facts.subtitle(config))}</p>"
        f"<p>{escape(_progress(history, config.training.epochs))}</p>"
    )
    path, title = run_dir / "report.html", f"{config.recipe} on {config.data.dataset}"
    page.write_page(path, title, lead, "\n".join(main), reload_seconds)
    return path


def epochs_done(run_dir: Path) -> int:
    """How many epochs metrics.csv has the numbers of."""
    return len(read_history(run_dir / "metrics.csv").get("epoch", ()))


def _progress(history, epochs):
    words = f"{len(history.get('epoch', ()))} of {epochs} epochs are done."
    for part, prefix in (("validation", "val_"), ("training", "")):
        values = history.get(f"{prefix}elbo_nats", np.array([]))
        if np.isfinite(values).any():
            last = in_short(values[np.isfinite(values)][-1].item())
            words += f" ELBO of {part} examples: {last} nats."
            break
    return f"{words} This run isn't measured yet: trainers.evaluate measures it."


def _picture(file):
    epoch = int(file.stem.rpartition("_")[2])
    return page.image(
        file,
        f"Epoch {epoch}",
        f"A grid of examples that the model made after epoch {epoch}.",
        "Samples by the same random numbers at each epoch; of a model that draws none, "
        "reconstructions. Look for what gets better.",
    )
