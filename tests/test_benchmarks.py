"""The benchmark of training prints the rows that its README table is made of."""

import importlib
import json
import pathlib

import pytest
from absl import flags

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def training(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    module = importlib.import_module("training")
    small = {
        name: (arguments, 512, bodies) for name, (arguments, _, bodies) in module.MODELS.items()
    }
    monkeypatch.setattr(module, "MODELS", small)
    monkeypatch.setattr(module, "seconds_to_first_step", lambda: 1.0)
    flags.FLAGS(["benchmark", "--rounds=1"])
    return module


def test_rows(training, capsys):
    training.main()
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == {"model": "mlp", "seconds_to_first_step": 1.0}
    paths = ("trainers.train", "keras_fit", "bare_loop")
    assert [(row["model"], row["path"]) for row in rows[1:]] == [
        (model, path) for model in ("mlp", "conv") for path in paths
    ]
    for row, keras in zip(rows[1:], [rows[2]] * 3 + [rows[5]] * 3, strict=True):
        ratio = row["images_per_second"] / keras["images_per_second"]
        assert row["ratio_to_keras_fit"] == pytest.approx(ratio, rel=0.01)
    assert flags.FLAGS.rounds == 1
