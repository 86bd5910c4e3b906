"""The rival of a likelihood: PNG's own files, and closed forms of independent values."""

import io
import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats
from PIL import Image

from keras_vae.likelihoods import Support
from keras_vae.tasks import simple_rival
from tests import tiny

RNG = np.random.default_rng(0)


def rival_of(model, monkeypatch, **splits):
    """`measure_rival` of a run of this model on arrays."""
    monkeypatch.setattr(simple_rival, "_floats", lambda run, split, *most: splits[split])
    known = SimpleNamespace(mask=None)
    data = SimpleNamespace(train=known, test=known)
    return simple_rival.measure_rival(SimpleNamespace(model=model, data=data))


def test_images_have_pngs_own_size(monkeypatch):
    """No more than one picture of all in a column; and no code of coin tosses is shorter."""
    x = tiny.images(50, Support.BINARY)
    found = rival_of(tiny.vae(), monkeypatch, test=x)
    picture = Image.fromarray(255 * x.reshape(50 * 7, 5).astype(np.uint8)).convert("1")
    picture.save(file := io.BytesIO(), "PNG", optimize=True)
    bits = 8 * len(file.getvalue()) / 50
    assert found["rival"] == "PNG"
    assert 35 < found["rival_nats"] / math.log(2) <= bits * (1 + 1e-9)
    np.testing.assert_allclose(found["rival_bits_per_dim"] * 35 * math.log(2), found["rival_nats"])


def test_densities_have_independent_normals_of_one_spread(monkeypatch):
    train, test = RNG.normal(size=(2, 100, 7, 5, 1)).astype(np.float32)
    train[:, 0] = test[:, 0] = 0.5  # A value that never varies gets no infinite density.
    found = rival_of(tiny.vae(likelihood="normal"), monkeypatch, train=train, test=test)
    mean = train.mean(axis=0)
    scale = math.sqrt(((train - mean) ** 2).mean())
    wanted = scipy.stats.norm(mean, scale).logpdf(test).sum(axis=(1, 2, 3)).mean()
    np.testing.assert_allclose(found["rival_nats"], -wanted, rtol=1e-5)
    assert found["rival"] == "independent values"
    assert found["rival_bits_per_dim"] is None


def test_levels_and_counts_have_their_frequencies_and_means():
    numbers = RNG.integers(0, 3, (40, 2))
    p = simple_rival.independent_values(numbers / 2.0, Support.LEVELS, 3)
    frequencies = (1 + np.bincount(numbers[:, 1], minlength=3)) / 43
    values = np.stack([numbers[:3, 0], [0, 1, 2]], axis=1)
    first = (1 + np.bincount(numbers[:, 0], minlength=3)) / 43
    wanted = np.log(first[numbers[:3, 0]] * frequencies)
    np.testing.assert_allclose(p.log_prob(values), wanted, rtol=1e-5)
    counts = RNG.poisson(3.0, (40, 2)).astype(np.float32)
    p = simple_rival.independent_values(counts, Support.COUNTS)
    poissons = scipy.stats.poisson((counts.sum(0) + 0.5) / 40)
    np.testing.assert_allclose(p.log_prob(counts), poissons.logpmf(counts).sum(1), rtol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"posterior": "deterministic"},
        {"condition": "image_part", "visible": "top_half"},
    ],
)
def test_models_without_a_likelihood_of_all_of_x_have_no_rival(options, monkeypatch):
    assert rival_of(tiny.vae(**options), monkeypatch) == {}
