"""Measured runs side by side: a table, and compare.html."""

import json
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_vae import evaluation
from keras_vae.batches import Batch
from keras_vae.building.parts import CONDITIONS, support_of
from keras_vae.config import Config, options
from keras_vae.files import read_json, read_npz
from keras_vae.measures import Measure, Shown, columns
from keras_vae.messages.notes import tell
from keras_vae.report.numbers_as_text import number, with_error
from keras_vae.runs import loading, run_data, saved_checkpoints
from keras_vae.runs.results import read_history

_NUM_EXAMPLES = 1000  # examples whose codes say where to look for holes

# The facts that must be the same for likelihoods to be comparable.
_SAME = ("dataset", "split", "binarization", "binarization_seed", "num_examples", "num_samples")


class Measured(NamedTuple):
    """A run and what its evaluation wrote.

    Attributes:
      name: its path without what all runs have in common.
      fingerprint: of its data.
      numbers: content of evaluation.json, by key of `measures.of_file`, and perhaps others.
      nll: of each test example, [N]; None for autoencoders.
      history: metrics.csv, dict name -> [E]; empty where there is none.
      examples: Batch of test examples, where there are autoencoders among the runs; else None.
    """

    path: pathlib.Path
    name: str
    config: Config
    fingerprint: str
    numbers: dict[str, Any]
    nll: np.ndarray | None
    history: dict[str, np.ndarray]
    examples: Batch | None = None


def compare(runs: Iterable[str | pathlib.Path], out: str | pathlib.Path) -> pathlib.Path:
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
    page = write_page(runs, out)
    print("Page:", page)
    return page


def write_page(runs: list[Measured], out: pathlib.Path) -> pathlib.Path:
    """Writes compare.html and figures/ to the folder `out`; returns the page's path."""
    from keras_vae.report import comparison_page  # matplotlib takes a second to import.

    notes = [*differences(runs), *_of_distortions(runs)]
    shown = table(runs, columns(Shown.PAGE))
    return comparison_page.write(runs, out, shown, notes, _differing(runs) == ["beta"])


def _numbers(path: pathlib.Path) -> tuple[dict[str, Any], np.ndarray | None]:
    """(evaluation.json, -log p(x) of each example or None) of a run."""
    try:
        numbers = read_json(path / "evaluation.json")
        nll = read_npz(path / "evaluation.npz").get("nll")
        known = {"checkpoint": str, "step": int, "binarization": str}
        if all(isinstance(numbers[key], kind) for key, kind in known.items()):
            return numbers, nll
    except (OSError, ValueError, KeyError):
        pass
    raise ValueError(
        f"{path}: evaluation.json and evaluation.npz are damaged or of another program. Measure "
        "the run again: call tasks.evaluate, or run trainers.evaluate."
    )


def read_measured(paths: Iterable[str | pathlib.Path]) -> list[Measured]:
    """The runs at `paths`.

    Raises:
      FileNotFoundError: one isn't a run, isn't measured, or its data is needed and not there.
      ValueError: fewer than two, or one twice, or an export, or one that was trained on since it
        was measured.
    """
    folders = [pathlib.Path(path) for path in paths]
    if len({path.resolve() for path in folders}) < max(2, len(folders)):
        raise ValueError(
            f"runs must be two or more different ones, got {', '.join(map(str, folders))}."
        )
    runs = []
    for path, name in zip(folders, _names(folders), strict=True):
        stored = loading.read_config_json(path)
        if loading.is_export(path):
            raise ValueError(f"runs: {path} is an export. Compare the run that it is of.")
        if not (path / "evaluation.npz").is_file():
            raise FileNotFoundError(
                f"{path} isn't measured. First call tasks.evaluate, or run trainers.evaluate."
            )
        numbers, nll = _numbers(path)
        found = loading.find_checkpoint(path, numbers["checkpoint"])
        step = saved_checkpoints.origin(found)["step"]
        if step != numbers["step"]:
            raise ValueError(
                f"{path} was measured at step {numbers['step']} and trained on to step {step}. "
                "First call tasks.evaluate, or run trainers.evaluate."
            )
        runs.append(
            Measured(
                path,
                name,
                Config.from_dict(stored["config"]),
                stored["data"]["fingerprint"],
                numbers,
                nll,
                read_history(path / "metrics.csv"),
            )
        )
    if any(run.nll is None for run in runs):
        runs = [
            run._replace(
                examples=run_data.first_examples(
                    run.config, run_data.load_data(run.config), _NUM_EXAMPLES
                )
            )
            for run in runs
        ]
    return runs


def differences(runs: Sequence[Measured]) -> list[str]:
    """Why the likelihoods of these runs don't compare; empty if they do."""
    having = [run for run in runs if run.nll is not None]
    values = {key: {json.dumps(run.numbers.get(key)) for run in having} for key in _SAME}
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


def against_best(runs: Sequence[Measured]) -> dict[str, tuple[float, float | None]]:
    """dict name -> (difference of the NLL from the best run's, its standard error), in nats.

    The error is of the mean of each example's difference: much of what makes an example likely
    or not is the same under all models.
    """
    nlls = {run.name: run.nll for run in runs if run.nll is not None}
    if len({len(nll) for nll in nlls.values()}) != 1:
        return {}
    best = min(nlls.values(), key=lambda nll: nll.mean())
    return {
        name: (float(np.mean(nll - best, dtype=np.float64)), evaluation.stderr(nll - best))
        for name, nll in nlls.items()
    }


def table(
    runs: Sequence[Measured], measures: Sequence[Measure] = columns(Shown.TERMINAL)
) -> tuple[list[str], list[list[tuple]]]:
    """Measures of the runs, as far as any run has them, and options that differ.

    Returns:
      (names of the columns, for each run a list of (text, number to sort by or text)).
    """
    comparable = not differences(runs)
    behind = against_best(runs) if comparable else {}
    found = [m for m in measures if any(run.numbers.get(m.key) is not None for run in runs)]
    differing = _differing(runs)
    names = ["Run", *(["Behind the best (nats)"] if behind else [])]
    names += [measure.title for measure in found] + differing
    rows = []
    for run in runs:
        row: list[tuple[str, Any]] = [(run.name, run.name)]
        if behind:
            difference = behind.get(run.name)
            text = "none" if difference is None else with_error(*difference)
            row.append((text, difference and difference[0]))
        row += [(number(m.key, run.numbers), run.numbers.get(m.key)) for m in found]
        for name in differing:
            value = run.config.value(name)
            row.append((str(value), value if isinstance(value, int | float) else str(value)))
        rows.append(row)
    return names, rows


def _differing(runs):
    """The names of the user's options that aren't the same in all runs."""
    return [
        option.name
        for _, option in options()
        if option.name != "seed"
        and option.metadata["flag"]
        and len({run.config.value(option.name) for run in runs}) > 1
    ]


def _kind(model):
    support = support_of(model)
    return "a probability" if support.is_discrete else "a density"


def _condition(model):
    has_part = "visible" in CONDITIONS[model.condition].options
    return f"{model.condition} {model.visible}" if has_part else model.condition


def _names(paths):
    """The paths without the folders that all of them begin with."""
    parts = [path.resolve().parts for path in paths]
    common = 0
    while len({p[common] for p in parts if len(p) > common}) == 1 and all(
        len(p) > common + 1 for p in parts
    ):
        common += 1
    return ["/".join(p[common:]) for p in parts]


def print_table(runs: Sequence[Measured]) -> None:
    """Prints the table."""
    names, rows = table(runs)
    lines = [names, *([text for text, _ in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
