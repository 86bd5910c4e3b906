"""Figures: which pixel stands where, and what the curves and points are."""

import io

import numpy as np
import pytest
from matplotlib import image as matplotlib_image
from matplotlib.lines import AxLine

from keras_vae.report import plots


def _pixels(figure):
    """The uint8 RGBA array that a figure shows, before it is enlarged."""
    (shown,) = figure.axes[0].images
    return np.asarray(shown.get_array())


def _rendered(figure):
    """The figure's PNG as uint8 RGBA, transparent pixels as zeros."""
    png = io.BytesIO()
    figure.savefig(png, format="png")
    png.seek(0)
    rgba = np.round(255 * matplotlib_image.imread(png)).astype(np.uint8)
    return np.where(rgba[..., 3:] > 0, rgba, 0)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 3, 4, 1), dtype=np.uint8)


def test_grid_places_images_row_by_row(images):
    pixels = _pixels(plots.image_grid(images, columns=2))
    assert pixels.shape == (3 * 4 - 1, 2 * 5 - 1, 4)
    for i, image in enumerate(images):
        top, left = 4 * (i // 2), 5 * (i % 2)
        cell = pixels[top : top + 3, left : left + 4]
        np.testing.assert_array_equal(cell, np.concatenate([image] * 3 + [image * 0 + 255], -1))
    assert not pixels[3].any()  # The gaps
    assert not pixels[:, 4].any()
    assert not pixels[8:, 5:].any()  # and what no image fills are transparent.


def test_grid_is_about_square_by_default(images):
    assert _pixels(plots.image_grid(images)).shape[:2] == (2 * 4 - 1, 3 * 5 - 1)


@pytest.mark.parametrize(("height", "width"), [(3, 4), (5, 7), (11, 31), (100, 100)])
def test_png_holds_every_pixel_enlarged_by_a_whole_number(height, width):
    images = np.random.default_rng(1).uniform(size=(6, height, width, 3))
    figure = plots.image_grid(images)
    pixels = _pixels(figure)
    zoom = plots.GRID_WIDTH // pixels.shape[1]
    assert zoom > 1
    np.testing.assert_array_equal(
        _rendered(figure), pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    )


def test_values_and_channels():
    def shown(image):
        return _pixels(plots.image_grid(np.array(image)[np.newaxis, np.newaxis, np.newaxis]))[0, 0]

    np.testing.assert_array_equal(shown([-0.5]), [0, 0, 0, 255])
    np.testing.assert_array_equal(shown([1.5]), [255, 255, 255, 255])
    np.testing.assert_array_equal(shown([0.2]), [51, 51, 51, 255])
    np.testing.assert_array_equal(shown([True]), [255, 255, 255, 255])
    np.testing.assert_array_equal(shown(np.uint8([7])), [7, 7, 7, 255])
    np.testing.assert_array_equal(shown([0.2, 0.4, 1.0]), [51, 102, 255, 255])
    for channels in (2, 4, 5):
        np.testing.assert_array_equal(shown([0.2, *[0.9] * (channels - 1)]), [51, 51, 51, 255])


def test_reconstructions_stand_below_their_inputs(images):
    outputs = 1.0 - images / 255.0  # Another dtype than the inputs'.
    pixels = _pixels(plots.reconstructions(images, outputs, columns=3))
    assert pixels.shape == (2 * (3 + 1 + 3) + 3, 3 * 4 + 2 * 3, 4)
    for i, image in enumerate(images[..., 0]):
        top, left = 10 * (i // 3), 7 * (i % 3)
        np.testing.assert_array_equal(pixels[top : top + 3, left : left + 4, 0], image)
        below = pixels[top + 4 : top + 7, left : left + 4, 0]
        np.testing.assert_array_equal(below, 255 - image)


def test_few_reconstructions_make_a_narrow_figure(images):
    assert _pixels(plots.reconstructions(images[:1], images[:1])).shape == (7, 4, 4)


def test_interpolations_run_along_rows():
    steps, n = np.meshgrid(np.arange(4), np.arange(3), indexing="ij")
    images = (10 * steps + n).astype(np.uint8)[..., np.newaxis, np.newaxis, np.newaxis]
    values = _pixels(plots.interpolations(images))[::2, ::2, 0]
    np.testing.assert_array_equal(values, [[0, 10, 20, 30], [1, 11, 21, 31], [2, 12, 22, 32]])


def test_manifold_keeps_rows_and_columns():
    images = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1, 1)
    values = _pixels(plots.manifold(images))[::2, ::2, 0]
    np.testing.assert_array_equal(values, [[0, 1, 2], [3, 4, 5]])


def test_traversals_are_named_at_their_rows_and_values_at_their_columns():
    images = np.arange(2 * 5, dtype=np.uint8).reshape(2, 5, 1, 1, 1).repeat(4, 2).repeat(6, 3)
    figure = plots.traversals(images, np.linspace(-1, 1, 5), ["z[1]", "z[0]"])
    pixels, axes = _pixels(figure)[..., 0], figure.axes[0]
    rows = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    assert {t.get_text(): pixels[int(y), 0] for y, t in rows} == {"z[1]": 0, "z[0]": 5}
    columns = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    assert {t.get_text(): pixels[0, int(x)] for x, t in columns} == {"-1": 0, "0": 2, "1": 4}


def test_scatter_gives_each_label_its_points_and_colour():
    z = np.random.default_rng(2).normal(size=(30, 2))
    labels = np.arange(30) % 3
    figure = plots.latent_scatter(z, labels, ("a", "b"))
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "b")
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["0", "1", "2"]
    for label, points in enumerate(axes.collections):
        np.testing.assert_array_equal(points.get_offsets(), z[labels == label])
    assert len({tuple(points.get_facecolor()[0]) for points in axes.collections}) == 3


def test_scatter_has_names_as_they_are_in_its_legend():
    names = ("$cat$", "_dog", "yak")
    figure = plots.latent_scatter(np.zeros([4, 2]), [0, 2, 1, 0], class_names=names)
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert [text.lstrip("\u200b") for text in shown] == [r"\$cat\$", "_dog", "yak"]


def test_what_the_font_has_no_glyph_for_cannot_be_written():
    assert plots.can_write("été, naïve & Ωmega")
    assert not plots.can_write("猫")


def test_scatter_of_many_labels_has_as_many_colours_but_no_legend():
    figure = plots.latent_scatter(np.zeros([25, 2]), np.arange(25))
    points = figure.axes[0].collections
    assert len({tuple(p.get_facecolor()[0]) for p in points}) == 25
    assert not figure.legends


def test_scatter_without_labels():
    z = np.random.default_rng(3).normal(size=(30, 2))
    figure = plots.latent_scatter(z)
    (points,) = figure.axes[0].collections
    np.testing.assert_array_equal(points.get_offsets(), z)
    assert not figure.legends


def test_scatter_before_other_points():
    rng = np.random.default_rng(4)
    z, behind = rng.normal(size=(5, 2)), rng.normal(size=(7, 2))
    first, second = plots.latent_scatter(z, behind=behind).figure.axes[0].collections
    np.testing.assert_array_equal(first.get_offsets(), behind)
    np.testing.assert_array_equal(second.get_offsets(), z)
    assert first.get_zorder() <= second.get_zorder()


def test_curves_of_training_and_validation():
    history = {
        "epoch": np.array([0, 1, 2]),
        "rate": np.array([3.0, 2.0, 1.0]),
        "val_rate": np.array([np.nan, 5.0, np.nan]),
    }
    axes = plots.curves(history, "rate", "nats").axes[0]
    training, validation = axes.lines
    np.testing.assert_array_equal(training.get_xydata(), [[1, 3], [2, 2], [3, 1]])
    np.testing.assert_array_equal(validation.get_xydata(), [[2, 5]])
    assert validation.get_marker() == "o"  # A single point without a marker would be invisible.
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["training", "validation"]
    assert axes.get_ylabel() == "nats"


def test_curves_take_a_keras_history():
    axes = plots.curves({"loss": [2.0, 1.0]}, "loss").axes[0]
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_xydata(), [[1, 2], [2, 1]])
    assert axes.get_legend() is None
    assert axes.get_ylabel() == "loss"


def test_bars_stand_at_whole_numbers():
    axes = plots.bars(np.array([2.0, 1.0, 0.0]), "latents", "nats").axes[0]
    assert [bar.get_height() for bar in axes.patches] == [2, 1, 0]
    assert [bar.get_center()[0] for bar in axes.patches] == pytest.approx([1, 2, 3])


def test_a_heat_map_shows_its_values_from_zero():
    values = np.array([[1.0, 2.0, 0.5], [0.2, 0.0, 3.0]])
    figure = plots.heat_map(values, "nats")
    (image,) = figure.axes[0].images
    np.testing.assert_array_equal(image.get_array(), values)
    assert image.get_clim() == (0.0, 3.0)
    assert figure.axes[1].get_ylabel() == "nats"


@pytest.mark.parametrize("connected", [False, True])
def test_rate_and_distortion_with_lines_of_equal_elbo(connected):
    points = {"b": (20.0, 70.0), "a": (5.0, 90.0), "c": (10.0, 80.0)}
    axes = plots.rate_distortion(points, connected).axes[0]
    shown = [tuple(s.get_offsets()[0]) for s in axes.collections]
    assert shown == list(points.values())
    equal = [line for line in axes.get_lines() if isinstance(line, AxLine)]
    assert [line.get_slope() for line in equal] == [-1] * 3
    curves = [line for line in axes.get_lines() if not isinstance(line, AxLine)]
    assert len(curves) == connected
    if connected:
        np.testing.assert_array_equal(curves[0].get_xdata(), [5, 10, 20])
    assert axes.get_xlim()[0] >= 0
