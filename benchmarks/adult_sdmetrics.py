"""Quality of drawn rows by SDMetrics itself: python benchmarks/adult_sdmetrics.py runs/adult/0

In an environment of its own (benchmarks/requirements-tables.txt). The folder is one that
`benchmarks/adult.py` wrote. One JSON line, with the numbers that adult.py calls by the same names.
"""

import json
import pathlib
import sys

import pandas
from sdmetrics.reports.single_table import QualityReport

SDTYPES = {
    "category": "categorical",
    "ordered": "categorical",
    "boolean": "categorical",
    "date": "datetime",
}


def main(folder: pathlib.Path) -> None:
    said = json.loads((folder / "columns.json").read_text())["columns"]
    train, drawn = (pandas.read_csv(folder / f"{name}.csv") for name in ("train", "drawn"))
    kinds = {column["name"]: column["kind"] for column in said}
    metadata = {
        "columns": {name: {"sdtype": SDTYPES.get(kinds[name], "numerical")} for name in train}
    }
    report = QualityReport()
    report.generate(train, drawn, metadata, verbose=False)
    parts = dict(report.get_properties().itertuples(index=False))
    row = {
        "quality": report.get_score(),
        "column_shapes": parts["Column Shapes"],
        "column_pair_trends": parts["Column Pair Trends"],
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
