"""Pictures of numbers of evaluation.json: they show these numbers."""

import types

import numpy as np
import pytest

from keras_vae.report.measured_pictures import bits_of_layers, measured_pictures, temperatures

RATES = [3.0, 2.0, 1.0, 4.0, 0.01]
SHAPES = [(8, 8, 2), (8, 8, 2), (4, 4, 2), (4, 4, 2), (6,)]
MEASURED = {
    "temperatures": [0.6, 0.8, 1.0],
    "temperature_num_compared": 400,
    "precision_by_temperature": [0.9, 0.8, 0.7],
    "precision_by_temperature_stderr": [0.01, 0.02, 0.03],
    "recall_by_temperature": [0.3, 0.4, 0.5],
    "recall_by_temperature_stderr": [0.01, 0.02, 0.03],
    "kernel_distance_by_temperature": [0.2, 0.1, 0.3],
    "kernel_distance_by_temperature_stderr": [0.03, 0.03, 0.04],
}


def test_bars_are_the_bits_of_layers_and_the_legend_adds_up_sizes():
    picture = bits_of_layers(RATES, SHAPES)
    (axes,) = picture.figure.axes
    heights = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in axes.patches}
    np.testing.assert_allclose([heights[i] for i in range(1, 6)], np.array(RATES) / np.log(2))
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["8x8 maps: 7.2 bits", "4x4 maps: 7.2 bits", "6 latents: 0.0 bits"]
    assert len({bar.get_facecolor() for bar in axes.patches}) == 3
    assert "8x8 maps 7.2, 4x4 maps 7.2, 6 latents 0.0" in picture.alt


def test_curves_are_the_numbers_of_each_temperature_with_their_errors():
    picture = temperatures(MEASURED)
    shares, distances = picture.figure.axes
    for axes, names in ((shares, ("precision", "recall")), (distances, ("kernel_distance",))):
        for container, name in zip(axes.containers, names, strict=True):
            line, _, (bars,) = container
            np.testing.assert_allclose(line.get_xdata(), MEASURED["temperatures"])
            np.testing.assert_allclose(line.get_ydata(), MEASURED[f"{name}_by_temperature"])
            half = [np.ptp(ends[:, 1]) / 2 for ends in bars.get_segments()]
            np.testing.assert_allclose(half, MEASURED[f"{name}_by_temperature_stderr"])
    assert "400 samples" in picture.caption


@pytest.mark.parametrize(
    ("errors", "words"),
    [([0.03, 0.03, 0.04], "most like the data at 0.8"), ([0.1, 0.1, 0.1], "none is surely better")],
)
def test_advice_heeds_the_errors(errors, words):
    found = temperatures(MEASURED | {"kernel_distance_by_temperature_stderr": errors})
    assert words in found.caption


def test_only_what_was_measured_is_shown():
    vae = types.SimpleNamespace(prior=types.SimpleNamespace(latent_shapes=SHAPES))
    names = [picture.name for picture in measured_pictures(vae, MEASURED)]
    assert names == ["temperatures"]
    found = measured_pictures(vae, {"rate_nats_by_layer": RATES, "rate_nats": 10.0})
    assert [picture.name for picture in found] == ["bits_of_layers"]
    assert measured_pictures(vae, {"rate_nats_by_layer": None}) == []
