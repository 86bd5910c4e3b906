"""What was done with a run's weights beside its evaluation: a fold of its report."""

import re
from collections.abc import Iterator
from pathlib import Path

from keras_vae.files import read_json, write_atomically
from keras_vae.measures import SCORES, of_file
from keras_vae.report import page
from keras_vae.report.numbers_as_text import number
from keras_vae.runs.results import read_results

# The part of report.html between these marks is written anew after each task.
_START, _END = "<!-- uses -->", "<!-- end of uses -->"


def section(run_dir: Path, step: int) -> str:
    """The HTML of what was done with the weights of `step`, as far as it left its files."""
    parts = [*_anomaly(run_dir, step), *_compression(run_dir, step), *_attribute(run_dir, step)]
    found = page.fold("What else was done with it?", "\n".join(parts)) if parts else ""
    return "\n".join([_START, found, _END])


def refresh(run_dir: Path) -> None:
    """Brings that section of report.html up to date, if there is a report."""
    report, evaluation = run_dir / "report.html", run_dir / "evaluation.json"
    if not (report.is_file() and evaluation.is_file()):
        return
    before, _, rest = report.read_text(encoding="utf-8").partition(_START)
    if rest:
        found = section(run_dir, read_json(evaluation)["step"])
        write_atomically(report, before + found + rest.partition(_END)[2])


def _anomaly(run_dir: Path, step: int) -> Iterator[str]:
    found = read_results(run_dir / "anomaly.json", step)
    if found is None:
        return
    other = found["other_dataset"]
    scores = {name: title for name, title in SCORES.items() if f"auroc_{name}" in found}
    of = (
        f"Of {found['num_examples_of_other']:,} examples of {other} and {found['num_examples']:,} "
        "test examples."
    )
    measures = [of_file("anomaly.json")[f"auroc_{name}"] for name in scores]
    cards = [
        page.card(m.name, number(m.key, found), m.unit, f"{m.meaning} {of}", m.what_is_good)
        for m in measures
    ]
    yield page.grid(f"Anomalies: {other}", cards)
    figures = [
        page.image(
            file,
            title,
            f"Histograms of test examples and of {other}.",
            "Where both overlap, this score can't tell them apart.",
            pixelated=False,
        )
        for name, title in scores.items()
        if (file := run_dir / "figures" / f"anomaly_{name}.png").is_file()
    ]
    yield page.side_by_side(figures)


def _compression(run_dir: Path, step: int) -> Iterator[str]:
    found = read_results(run_dir / "compression.json", step)
    if found is None:
        return
    rivals = {name: size["bits_per_dim"] for name, size in found["rivals"].items() if size}
    own = of_file("compression.json")["file_bits_per_dim"]
    cards = [
        page.card(
            own.name,
            f"{found[own.key]:.4f}",
            own.unit,
            f"{found['num_examples']:,} test examples, bits-back coded without loss and "
            f"{'decoded exactly' if found['decoded_exactly'] else 'NOT decoded exactly'}. -ELBO is "
            f"{found['expected_bits_per_dim']:.4f}.",
        ),
        *(
            page.card(name, f"{bits:.4f}", own.unit, "The same examples.")
            for name, bits in sorted(rivals.items(), key=lambda pair: pair[1])
        ),
    ]
    yield page.grid("Compression", cards)


def _attribute(run_dir: Path, step: int) -> Iterator[str]:
    found = read_results(run_dir / "latents" / "latents.json", step)
    if found is None or not found["attribute"]:
        return
    has, lacks = found["attribute"]
    factor = found.get("attribute_of")
    file = run_dir / "latents" / attribute_file(has, lacks, factor)
    if not file.is_file():
        return
    has, lacks = found.get("attribute_names") or (has, lacks)  # Older files have numbers alone.
    kind = "label" if factor is None else factor
    yield page.image(
        file,
        f"Attributes: {kind} {lacks} towards {has}",
        f"Rows of examples, each changing from one of {kind} {lacks} towards {kind} {has}.",
        f"Examples of {kind} {lacks}, then their reconstructions. Further to the right more and "
        f"more of the way to {kind} {has} is added to their codes, a way that training examples "
        "tell. Look for change of that alone.",
    )


def attribute_file(has: int, lacks: int, factor: str | None) -> str:
    """The name of an attribute's pictures, of the values of a factor, or of two labels."""
    of = "" if factor is None else "_" + re.sub(r"\W+", "_", factor)
    return f"attribute{of}_{has}_{lacks}.png"
