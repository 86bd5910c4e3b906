"""Curves in a page: points where the numbers are, and the numbers beside them."""

import json
import re

import numpy as np

from keras_vae.report.line_chart import line_chart
from tests.report.test_run_report import Page

EPOCHS = np.arange(1, 5)
CURVE = EPOCHS, np.array([4.0, 1.0, np.nan, 2.0])


def shown(page):
    (chart,) = page.all("svg")
    return json.loads(chart["data-shown"])


def points(attrs):
    return np.array([pair.split(",") for pair in attrs["points"].split()], float)


def test_points_are_in_proportion_and_missing_ones_left_out():
    page = Page(line_chart("Loss", "nats", "It should fall.", {"training": CURVE}))
    (line,) = page.all("polyline")
    x, y = points(line).T
    np.testing.assert_allclose((x - x[0]) / (x[-1] - x[0]), [0, 1 / 3, 1], atol=1e-3)
    np.testing.assert_allclose((y - y[0]) / (y[1] - y[0]), [0, 1, 2 / 3], atol=1e-3)
    assert y[0] < y[1]  # The higher value stands higher.
    found = shown(page)
    assert found["epochs"] == [1, 2, 4]
    assert found["places"] == x.tolist()
    assert found["lines"] == [{"name": "training", "values": ["4", "1", "2"]}]
    assert "Epoch 4: training 2 It should fall." in page.text


def test_runs_have_a_colour_each_and_training_has_dashes():
    others = np.array([2, 3]), np.array([10.0, 20.0])
    lines, dashed = {"<a>": CURVE}, {"<a>": others, "b": others}
    page = Page(line_chart("Loss", "", "", lines, dashed))
    solid, dash, other = page.all("polyline")
    assert solid["stroke"] == dash["stroke"] != other["stroke"]
    assert "stroke-dasharray" not in solid
    assert dash["stroke-dasharray"] == other["stroke-dasharray"]
    assert shown(page)["lines"] == [
        {"name": "<a>", "values": ["4", "1", None, "2"]},
        {"name": "<a>, training", "values": [None, "10.00", "20.00", None]},
        {"name": "b", "values": [None, "10.00", "20.00", None]},
    ]
    assert "<a> b" in page.text  # The key.


def test_one_epoch_and_one_value_are_shown_too():
    page = Page(line_chart("Loss", "", "", {"training": (np.array([3]), np.array([0.5]))}))
    assert len(page.all("circle")) == 1
    assert shown(page)["lines"][0]["values"] == ["0.5"]
    flat = Page(line_chart("Loss", "", "", {"training": (EPOCHS, np.full(4, 0.5))}))
    (_, first), *_ = points(flat.all("polyline")[0])
    assert 8 < first < 196


def test_long_trainings_keep_their_ends_and_few_points():
    values = np.random.default_rng(0).normal(size=20_000)
    html = line_chart("Loss", "", "", {"training": (np.arange(1, 20_001), values)})
    found = shown(Page(html))
    assert (found["epochs"][0], found["epochs"][-1]) == (1, 20_000)
    assert len(found["epochs"]) == 500
    assert len(re.sub(r"\s+", " ", html)) < 40_000
