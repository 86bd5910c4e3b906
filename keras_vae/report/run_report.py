"""report.html: everything there is to see of a run, in one file that needs no other."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from keras_vae.config import Config
from keras_vae.data import Dataset
from keras_vae.files import read_npz
from keras_vae.report import (
    class_section,
    column_facts,
    follow_ups,
    page,
    pictures,
    plots,
    questions,
    run_facts,
    training_curves,
    training_page,
)
from keras_vae.report.headline import Headline, headlines
from keras_vae.report.measured_pictures import measured_pictures
from keras_vae.report.numbers_as_text import measured_on
from keras_vae.report.plots import Picture
from keras_vae.runs import loading, run, run_data, saved_checkpoints
from keras_vae.runs.results import read_history, read_results
from keras_vae.runs.run import Run
from keras_vae.vae import VAE

_NUM_SHOWN = 1000  # examples in pictures of latent space
# The pictures that say most of a model, first of all.
_FIRST = ("samples", "reconstructions")
# Where an export of the run has its page.
_EXPORTED_PAGE = "export/page.html"


def write(source: Run | str | Path) -> Path:
    """Writes report.html and figures/*.png of a run.

    A run that has been measured gets all there is to see. One that hasn't, as it still trains, gets
    its curves and the last pictures of its training.

    Args:
      source: a Run that has been measured, or the directory of any run.

    Returns:
      The path of report.html, which is replaced only when it is complete.

    Raises:
      ValueError: there is no evaluation.json of a Run's checkpoint.
      ValueError, OSError: the directory isn't a run's, or its data has changed.
    """
    if isinstance(source, Run):
        return _write_measured(source)
    path = Path(source)
    loading.read_config_json(path)
    if not is_measured(path):
        return training_page.write(path)
    return _write_measured(run.load(path))


def is_measured(path: Path) -> bool:
    """Whether a run directory has an evaluation.json of its checkpoint."""
    try:
        step = saved_checkpoints.origin(loading.find_checkpoint(path))["step"]
    except FileNotFoundError:
        return False
    return read_results(path / "evaluation.json", step) is not None


def _write_measured(run: Run) -> Path:
    if run.evaluation is None:
        raise ValueError(
            f"run={run.path} isn't measured at step {run.step}. First call tasks.evaluate(run)."
        )
    model, dataset = run.model, run.data
    batch = run_data.first_examples(run.config, dataset, _NUM_SHOWN)
    names = dataset.train.class_names
    labels = None if dataset.test.labels is None else dataset.test.labels[: len(batch.x)]
    shown = pictures.pictures(model, batch, labels, names, run.path)
    copies = run.path / "copies.npz"
    if copies.is_file() and model.prior is not None:
        file = read_npz(copies)
        shown.insert(2, pictures.neighbours(model, file["samples"], file["neighbours"]))
    shown += measured_pictures(model, run.evaluation)
    return write_report(run.path, model, run.config, run.evaluation, shown, dataset)


def write_report(
    run_dir: Path,
    vae: VAE,
    config: Config,
    evaluation: dict[str, Any],
    shown: Sequence[Picture],
    dataset: Dataset | None = None,
) -> Path:
    """Writes report.html and figures/*.png.

    Args:
      run_dir: a run's directory; curves are drawn from its metrics.csv, if it has one.
      vae: the trained VAE.
      config: its Config.
      evaluation: numbers by the keys of `keras_vae.measures`, None where the model has no such
        number, and perhaps others.
      shown: list of Picture: those called samples and reconstructions come first, the others under
        the question that their section belongs to.
      dataset: the run's data, whose classes are listed; or None.

    Returns:
      The path of report.html, which is replaced only when it is complete.
    """
    history = read_history(run_dir / "metrics.csv")
    first = [p for name in _FIRST for p in shown if p.name == name]
    rest = [*shown, *_rate_distortion(history, evaluation)]
    figures: dict[str, list[str]] = defaultdict(list)
    figures["Training"] += training_curves.curves(history)
    for picture in rest:
        if picture not in first:
            figures[picture.section].append(page.figure(run_dir, picture))
    main = [
        page.side_by_side(page.figure(run_dir, picture) for picture in first),
        *_drawn_anew(run_dir),
        _in_words(headlines(evaluation, vae)),
        f"<p class='soft'>{escape(measured_on(evaluation))}</p>",
        *questions.folds(evaluation, figures),
        follow_ups.section(run_dir, evaluation["step"]),
        page.fold(run_facts.QUESTION, "\n".join(_facts(config, evaluation, run_dir, dataset))),
    ]
    lead = f"<p class='soft'>{escape(run_facts.subtitle(config, vae))}</p>"
    lead += _link_to_alarms(evaluation)
    path = run_dir / "report.html"
    page.write_page(path, f"{config.recipe} on {config.data.dataset}", lead, "\n".join(main))
    return path


def _link_to_alarms(evaluation):
    number = len(evaluation.get("alarms", ()))
    if number == 0:
        return ""
    what = "An alarm was" if number == 1 else f"{number} alarms were"
    return (
        f"<p class='alarm'>{what} raised: <a href='#{questions.ALARMS_ID}'>what went wrong?</a></p>"
    )


def _in_words(found: Iterable[Headline]) -> str:
    cards = "\n".join(
        f"<div><h2>{escape(h.title)}</h2><strong>{escape(h.value)}</strong>"
        f"<p>{escape(h.words)}</p></div>"
        for h in found
    )
    return f"<div class='headlines'>{cards}</div>"


def _drawn_anew(run_dir: Path) -> Iterator[str]:
    """The exported page, if it is there: it draws samples in the browser."""
    if (run_dir / _EXPORTED_PAGE).is_file():
        yield page.fold(
            "Draw new samples",
            f"<iframe data-src='{_EXPORTED_PAGE}' title='The exported generator, which draws "
            "samples by a seed'></iframe>",
            name="draw",
        )


def _facts(config, evaluation, run_dir, dataset):
    """The HTML of tables on the run, its numbers and its data."""
    if dataset is not None:
        yield class_section.section(dataset)
    if evaluation.get("distortion_nats_by_column"):
        yield page.details("Each column", column_facts.rows(evaluation, dataset))
    if rivals := evaluation.get("rivals_nats"):
        nats = {"this model": evaluation["nll_nats"]} | rivals
        yield page.details("Nats of a row", [(name, f"{n:.3f}") for name, n in nats.items()])
    yield page.details(
        "All numbers in full",
        [(key, json.dumps(value, default=float)) for key, value in evaluation.items()],
    )
    yield from run_facts.tables(config, run_dir)


def _rate_distortion(history, evaluation):
    """Where training went, and where test examples are at its end."""
    rate, distortion = evaluation.get("rate_nats"), evaluation["distortion_nats"]
    if rate is None or "rate" not in history:
        return
    # The first tenth of the epochs is left out: it lies far from all others.
    first = len(history["rate"]) // 10
    path = history["rate"][first:], history["distortion"][first:]
    yield Picture(
        "rate_distortion",
        "Rate and distortion",
        plots.rate_distortion({"test": (rate, distortion)}, path=path),
        f"Test examples at a rate of {rate:.1f} and a distortion of {distortion:.1f} nats, and how "
        "training went there.",
        "The epochs of training after the first tenth, and the test examples. To the right, "
        "latents say more of an example; below, less of it is lost. Along a thin line the ELBO is "
        "the same: lower left is better.",
        pixelated=False,
        section="Training",
    )
