"""Measured runs side by side: a table, and compare.html."""

import json
import pathlib
from html import escape
from typing import NamedTuple

import numpy as np

from keras_vae import evaluation
from keras_vae.batches import Batch
from keras_vae.building.parts import LIKELIHOODS
from keras_vae.config import Config, options
from keras_vae.messages.notes import tell
from keras_vae.report import class_section, page, pictures, plots, run_report
from keras_vae.report.glossary import NUMBERS, measured_on, number, with_error
from keras_vae.report.pictures import Picture
from keras_vae.runs import inputs, loading
from keras_vae.runs.results import read_history

_NUM_EXAMPLES = 1000  # whose codes say where holes are looked for

# Columns of the table on a terminal, of the numbers that keras_vae.report.glossary names.
COLUMNS = (
    "nll_nats",
    "bits_per_dim",
    "elbo_nats",
    "rate_nats",
    "distortion_nats",
    "active_units",
    "mutual_information_nats",
    "cluster_accuracy",
    "effective_sample_size",
)
# These too on the page.
MORE_COLUMNS = (
    "nll_looseness_nats",
    "ais_nll_nats",
    "bdmc_gap_nats",
    "posterior_against_prior_p_value",
    "cluster_adjusted_rand_index",
    "cluster_mutual_information",
    "probe_linear_accuracy",
    "probe_knn_accuracy",
    "precision",
    "recall",
    "density",
    "coverage",
    "frechet_distance",
    "kernel_distance",
    "copied_fraction",
    "mig",
    "sap",
    "dci_disentanglement",
    "factor_vae_score",
    "beta_vae_score",
    "modularity",
)
# The facts that must be the same for likelihoods to be comparable.
SAME = ("dataset", "split", "binarization", "binarization_seed", "num_examples", "num_samples")


class Measured(NamedTuple):
    """A run and what its evaluation wrote.

    Attributes:
      name: its path without what all runs have in common.
      fingerprint: of its data.
      numbers: evaluation.json.
      nll: of each test example, [N]; None for autoencoders.
      history: metrics.csv, dict name -> [E]; empty where there is none.
      examples: Batch of test examples, where there are autoencoders among the runs; else None.
    """

    path: pathlib.Path
    name: str
    config: Config
    fingerprint: str
    numbers: dict
    nll: np.ndarray | None
    history: dict
    examples: Batch | None = None


def compare(runs, out) -> pathlib.Path:
    """Sets measured runs side by side: prints a table, and writes a page with their curves.

    Args:
      runs: two or more run directories, measured by `tasks.evaluate`.
      out: folder for compare.html and its figures.

    Returns:
      The path of compare.html.

    Raises:
      ValueError, FileNotFoundError: see `read_measured`.
    """
    return show(read_measured(runs), pathlib.Path(out))


def show(runs: list[Measured], out: pathlib.Path) -> pathlib.Path:
    """Prints notes and table of runs that were read; writes their page and returns its path."""
    for note in differences(runs):
        tell(note)
    print_table(runs)
    page_path = write_page(runs, out)
    print("Page:", page_path)
    return page_path


def read_measured(paths) -> list[Measured]:
    """The runs at `paths`.

    Raises:
      FileNotFoundError: one isn't a run, isn't measured, or its data is needed and not there.
      ValueError: fewer than two, or one twice, or an export, or one that was trained on since it
        was measured.
    """
    paths = [pathlib.Path(path) for path in paths]
    if len({path.resolve() for path in paths}) < max(2, len(paths)):
        raise ValueError(
            f"runs must be two or more different ones, got {', '.join(map(str, paths))}."
        )
    runs = []
    for path, name in zip(paths, _names(paths), strict=True):
        stored = loading.read_run(path)
        if loading.is_export(path):
            raise ValueError(f"runs: {path} is an export. Compare the run that it is of.")
        if not (path / "evaluation.npz").is_file():
            raise FileNotFoundError(
                f"{path} isn't measured. First run: python -m trainers.evaluate --run={path}"
            )
        numbers = json.loads((path / "evaluation.json").read_text())
        step = loading.origin(loading.find_checkpoint(path, numbers["checkpoint"]))["step"]
        if step != numbers["step"]:
            raise ValueError(
                f"{path} was measured at step {numbers['step']} and trained on to step {step}. "
                f"First run: python -m trainers.evaluate --run={path}"
            )
        with np.load(path / "evaluation.npz", allow_pickle=False) as examples:
            nll = examples.get("nll")
        metrics = path / "metrics.csv"
        runs.append(
            Measured(
                path,
                name,
                Config.from_dict(stored["config"]),
                stored["data"]["fingerprint"],
                numbers,
                nll,
                read_history(metrics) if metrics.exists() else {},
            )
        )
    if any(run.nll is None for run in runs):
        runs = [
            run._replace(
                examples=inputs.first_examples(
                    run.config, inputs.load_data(run.config), _NUM_EXAMPLES
                )
            )
            for run in runs
        ]
    return runs


def differences(runs) -> list[str]:
    """Why the likelihoods of these runs don't compare; empty if they do."""
    having = [run for run in runs if run.nll is not None]
    values = {key: {json.dumps(run.numbers.get(key)) for run in having} for key in SAME}
    values["data"] = {run.fingerprint for run in having}
    # Given something of x, or its label, x is likelier.
    values["condition"] = {_condition(run.config.model) for run in having}
    values["kind of likelihood"] = {_kind(run.config.model) for run in having}
    return [
        f"The runs differ in {key.replace('_', ' ')} ({', '.join(sorted(found))}): their "
        "likelihoods don't compare."
        for key, found in values.items()
        if len(found) > 1
    ]


def _of_distortions(runs) -> list[str]:
    """A note where distortions, of autoencoders too, don't compare."""
    found = sorted({run.config.model.likelihood for run in runs})
    if len(found) == 1:
        return []
    return [f"The runs differ in likelihood ({', '.join(found)}): their distortions don't compare."]


def against_best(runs) -> dict:
    """dict name -> (difference of the NLL from the best run's, its standard error), in nats.

    The error is of the mean of each example's difference: much of what makes an example likely
    or not is the same under all models.
    """
    having = [run for run in runs if run.nll is not None]
    if len({len(run.nll) for run in having}) != 1:
        return {}
    best = min(having, key=lambda run: run.nll.mean())
    return {
        run.name: (
            float(np.mean(run.nll - best.nll, dtype=np.float64)),
            evaluation.stderr(run.nll - best.nll),
        )
        for run in having
    }


def table(runs, columns=COLUMNS) -> tuple[list[str], list[list[tuple]]]:
    """(names of the columns, for each run a list of (text, number to sort by or text))."""
    comparable = not differences(runs)
    behind = against_best(runs) if comparable else {}
    keys = [k for k in columns if any(run.numbers.get(k) is not None for run in runs)]
    differing = _differing(runs)
    names = ["Run", *(["Behind the best (nats)"] if behind else [])]
    names += [NUMBERS[k][0] + (f" ({NUMBERS[k][1]})" if NUMBERS[k][1] else "") for k in keys]
    names += [name for _, name in differing]
    rows = []
    for run in runs:
        row = [(run.name, run.name)]
        if behind:
            difference = behind.get(run.name)
            text = "none" if difference is None else with_error(*difference)
            row.append((text, difference and difference[0]))
        row += [(number(k, run.numbers), run.numbers.get(k)) for k in keys]
        for section, name in differing:
            value = getattr(getattr(run.config, section), name)
            row.append((str(value), value if isinstance(value, int | float) else str(value)))
        rows.append(row)
    return names, rows


def _differing(runs):
    """(section, name) of each option of the user's that isn't the same in all runs."""
    return [
        (section, option.name)
        for section, option in options()
        if option.name != "seed"
        and option.metadata["flag"]
        and len({getattr(getattr(run.config, section), option.name) for run in runs}) > 1
    ]


def write_page(runs, out: pathlib.Path) -> pathlib.Path:
    """Writes compare.html and figures/ to the folder `out`; returns the page's path."""
    figures = []
    for column, (title, unit, caption) in run_report.CURVES.items():
        lines, dashed = (
            {r.name: line for r in runs if (line := _curve(r.history, f"{part}{column}"))}
            for part in ("val_", "")
        )
        if dashed:
            alt = f"{title} at each epoch of {', '.join(dashed)}."
            figure = plots.overlaid(lines, unit, dashed)
            if lines:
                caption += " Dashed: of training images."
            figures.append(Picture(f"curve_{column}", title, figure, alt, caption, False))
    points = {
        run.name: (run.numbers["rate_nats"], run.numbers["distortion_nats"])
        for run in runs
        if run.numbers.get("rate_nats") is not None
    }
    if len(points) > 1:
        figures.append(
            Picture(
                "rate_distortion",
                "Rate and distortion",
                plots.rate_distortion(points, {name for _, name in _differing(runs)} == {"beta"}),
                "Rate and distortion of "
                + "; ".join(f"{n}: {r:.1f} and {d:.1f} nats" for n, (r, d) in points.items())
                + ".",
                "To the right, latents say more of an image; below, less of it is lost. Along a "
                "thin line the ELBO is the same: lower left is better.",
                False,
            )
        )
    models = [loading.load_model(run.path, run.numbers["checkpoint"]) for run in runs]
    samples = [
        Picture(
            f"samples_{i}",
            run.name,
            figure,
            f"Samples of {run.name}.",
            "Images decoded from draws of the prior, the same seed for all runs"
            + (f", in rows of the labels {', '.join(called)}." if called else "."),
            not called,
        )
        for i, (run, vae) in enumerate(zip(runs, models, strict=True))
        for figure, called in _samples(run, vae)
    ]
    holes = [
        _holes(run, vae)._replace(name=f"holes_{i}", title=run.name)
        for i, (run, vae) in enumerate(zip(runs, models, strict=True))
        if run.examples is not None
    ]
    out.mkdir(parents=True, exist_ok=True)
    notes = [*differences(runs), *_of_distortions(runs)]
    notes += [f"{run.name}: {alarm}" for run in runs for alarm in run.numbers["alarms"]]
    lead = f"<p class='soft'>{len(runs)} runs on {escape(runs[0].numbers['dataset'])}.</p>"
    lead += "".join(f"<p class='alarm'>{escape(note)}</p>" for note in notes)
    measured = [(run.name, measured_on(run.numbers)) for run in runs]
    main = ["<h2>Numbers</h2>", page.sortable(*table(runs, COLUMNS + MORE_COLUMNS))]
    main += [page.details("What was measured", measured), "<h2>Training and balance</h2>"]
    main += ["<div class='pictures'>", *(page.figure(out, p) for p in figures), "</div>"]
    main += ["<h2>Samples</h2>" if samples else "", "<div class='pictures'>"]
    main += [*(page.figure(out, p) for p in samples), "</div>"]
    main += ["<h2>Holes in latent space</h2>" if holes else "", "<div class='pictures'>"]
    main += [*(page.figure(out, p) for p in holes), "</div>"]
    page.write_page(out / "compare.html", "Runs compared", lead, "\n".join(main))
    return out / "compare.html"


def _curve(history, column):
    """(epochs, values) of a column of metrics.csv; None where there is none."""
    return (1 + history["epoch"], history[column]) if column in history else None


def _samples(run, vae):
    """[(figure of samples, labels of its rows)], or [] where there are none.

    There are none without a prior, of music, and of models that are to be given images.
    """
    if vae.prior is None or run.config.data.dataset.startswith("chorales:"):
        return []
    if vae.condition is None:
        return [(plots.image_grid(vae.sample(64, seed=0).numpy()), [])]
    return [] if vae.condition.in_examples else [class_section.samples(vae, 8, seed=0)]


def _holes(run, vae):
    """What lies between and around the codes: for every model at the moments of its codes."""
    latents = pictures.measure_latents(vae, run.examples)
    moments = {"loc": latents.codes.mean(axis=0), "scale": latents.codes.std(axis=0)}
    return pictures.holes(vae, run.examples, latents._replace(**moments))._replace(
        caption="Images decoded from a normal with the mean and deviation of each latent's codes. "
        "What is no image stands for a hole: training put no codes there."
    )


def _kind(model):
    support = LIKELIHOODS[model.likelihood][0].support
    return "a probability" if support.is_discrete else "a density"


def _condition(model):
    return (
        f"{model.condition} {model.visible}" if model.condition == "image_part" else model.condition
    )


def _names(paths):
    """The paths without the folders that all of them begin with."""
    parts = [path.resolve().parts for path in paths]
    common = 0
    while len({p[common] for p in parts if len(p) > common}) == 1 and all(
        len(p) > common + 1 for p in parts
    ):
        common += 1
    return ["/".join(p[common:]) for p in parts]


def print_table(runs) -> None:
    """Prints the table."""
    names, rows = table(runs)
    lines = [names, *([text for text, _ in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
