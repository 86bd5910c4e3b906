"""The pages of docs/reference that are made from the table: measures.md, evaluation.schema.json.

python -m keras_vae.measures.documents
"""

import json
import pathlib

from keras_vae.measures.json_schema import schema
from keras_vae.measures.measure import Measure, Shown
from keras_vae.measures.of_runs import PROVENANCE
from keras_vae.measures.table import FILES

_HEAD = """# Measures

The numbers that tasks write beside a run, and what each of them means. This page and the
[JSON Schema of evaluation.json](evaluation.schema.json) are written from the table in
`keras_vae/measures/` by `make docs` (`python -m keras_vae.measures.documents`).

- Numbers are means over test examples. Those in nats are nats of one example.
- Where a number doesn't apply, its key is missing or its value is null.

| mark | the number |
|---|---|
| **±** | has a standard error, `nll_stderr` of `nll_nats`; null if there is only one example |
| **p** | has a p-value: `predictive_contrast_p_value` of `predictive_contrast` |
| **\\*** | is a column of compare.html |
| **\\*\\*** | is a column of compare.html, and of the table that `trainers.compare` prints |

Keys keep their names. A file of another version may have more keys, which readers ignore.
"""

_FILES = {
    "evaluation.json": "`tasks.evaluate` and `trainers.evaluate` write it.",
    "anomaly.json": "`tasks.find_anomalies` and `trainers.anomaly` write it.",
    "compression.json": "`tasks.compress` and `trainers.compress` write it.",
    "latents.json": "`tasks.write_latents` and `trainers.latents` write it, beside latents.npz.",
}


def page() -> str:
    """The text of docs/reference/measures.md."""
    parts = [_HEAD]
    for file, sections in FILES.items():
        parts.append(f"## {file}\n\n{_FILES[file]}\n")
        for section, measures in sections.items():
            # The facts on data and weights, which all files have, are listed once.
            new = [m for m in measures if file == "evaluation.json" or m not in PROVENANCE]
            rows = "\n".join(map(_row, new))
            parts.append(
                f"### {section}\n\n| Key | Name | Unit | Better | What it is | Applies to |\n"
                f"|---|---|---|---|---|---|\n{rows}\n"
            )
            if len(new) < len(measures):
                parts.append("And the facts on data and weights that evaluation.json has.\n")
    return "\n".join(parts)


def _row(measure: Measure) -> str:
    beside = [" ±"] * measure.has_error + [" p"] * measure.has_p_value
    columns = max(0, measure.shown - Shown.CARD)
    cells = [
        f"`{measure.key}`{''.join(beside)}",
        measure.name + "\\*" * columns,
        measure.unit,
        measure.better,
        f"{measure.meaning} {measure.good}".rstrip(),
        measure.of or "all",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def documents() -> dict[str, str]:
    """The texts by path, from the root of the repository."""
    return {
        "docs/reference/measures.md": page(),
        "docs/reference/evaluation.schema.json": json.dumps(schema(), indent=2) + "\n",
    }


if __name__ == "__main__":
    for path, text in documents().items():
        pathlib.Path(path).write_text(text, encoding="utf-8")
        print("Wrote", path)
