"""Cells filled given the others, against the exact conditionals of a model of one latent."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

import keras_vae
from keras_vae import likelihoods, modality, posteriors, priors
from keras_vae.columns import Column, Squash
from keras_vae.messages.notes import Note
from keras_vae.networks import linear
from keras_vae.ops.positive import inverse_softplus
from tests import tiny

SCALE = 0.5  # of a number given z
SLOPES = np.array([1.2, -0.8])  # of two numbers
LOGITS = np.array([1.5, -0.5, -2.0])  # of a category, times z
AS_IT_IS = Squash(width=1e4, stddev=1e-4)  # y = x
A, B = (
    Column(name, "number", likelihood="normals", offset=10.0, unit=2.0, squash=AS_IT_IS)
    for name in "ab"
)
SHARES = (0.5, 0.3, 0.2)
TOWN = Column("town", "category", ("Bern", "Oslo", "Rome"), frequencies=SHARES, unseen=0.001)
GRID = np.linspace(-6.0, 6.0, 2001)


@pytest.fixture(scope="module")
def model():
    """z ~ N(0, 1); x of a and b ~ N(slope z, 0.5^2); the town by its frequency and its logit z."""
    columns = (A, TOWN, B)
    likelihood = likelihoods.Columns((3,), columns, num_components=1)
    vae = keras_vae.VAE(
        keras_vae.Encoder(linear(), posteriors.DiagonalNormal(1)),
        keras_vae.Decoder(linear(), likelihood),
        priors.StandardNormal(1),
        modality=modality.Table(columns),
    )
    raw_scale = inverse_softplus(SCALE - 1e-3) - inverse_softplus(0.4)
    # The parameters of a and b are the logit of the one component, its place and its scale.
    kernel = [0.0, SLOPES[0], 0.0, 0.0, SLOPES[1], 0.0, *LOGITS]
    bias = [0.0, 0.0, raw_scale, 0.0, 0.0, raw_scale, 0.0, 0.0, 0.0]
    vae.decoder.projection.linear.set_weights([np.array([kernel]), np.array(bias)])
    # q(z|x) is the prior, whatever x is: weights alone make it right.
    vae.encoder.projection.set_weights([np.zeros((3, 2)), np.zeros(2)])
    return vae


def densities(x, mask):
    """p(z|known cells of x) on GRID, by the definition of the model."""
    log_p = scipy.stats.norm.logpdf(GRID)
    for i, slope in zip((0, 2), SLOPES, strict=True):
        if mask[i]:
            log_p += scipy.stats.norm.logpdf(x[i], slope * GRID, SCALE)
    if mask[1]:
        log_p += np.log(towns()[:, int(x[1])])
    p = np.exp(log_p - log_p.max())
    return p / p.sum()


def towns():
    """P(town|z), [Z, 3]."""
    return scipy.special.softmax(np.log(SHARES) + GRID[:, np.newaxis] * LOGITS, axis=1)


def test_means_modes_spreads_and_draws_are_those_of_the_exact_conditionals(model):
    x = np.array([[0.9, 2, 0.3], [-1.0, 2, 0.3], [0.2, 0, np.nan], [np.nan, np.nan, 0.5]])
    mask = np.array([[1, 0, 0], [1, 0, 1], [1, 1, 0], [0, 0, 1]], bool)
    found = model.impute(x, mask, num_samples=8000, num_draws=300, seed=1)
    drawn = found.draws.numpy()
    np.testing.assert_allclose(found.mean.numpy()[mask], x[mask], rtol=1e-6)
    assert np.all(found.spread.numpy()[mask] == 0.0)
    size = found.effective_sample_size.numpy()
    for row, known in enumerate(mask):
        p = densities(x[row], known)
        for place, slope in zip((0, 2), SLOPES, strict=True):
            if known[place]:
                continue
            mean = p @ (slope * GRID)
            deviation = np.sqrt(SCALE**2 + p @ (slope * GRID - mean) ** 2)
            assert abs(found.mean[row, place] - mean) < 5 * deviation / np.sqrt(size[row])
            # Of a normal, the deviation's own error is s / sqrt(2 n).
            error = 5 * deviation / np.sqrt(2 * size[row])
            assert abs(found.spread[row, place] - deviation) < error
            scores = (drawn[:, row, place] - mean) / deviation
            assert scipy.stats.kstest(scores, "norm").pvalue > 1e-3
        if not known[1]:
            shares = p @ towns()
            error = 5 * 0.5 / np.sqrt(size[row])
            assert found.mean[row, 1] == np.argmax(shares)
            assert abs(found.spread[row, 1] - (1.0 - shares.max())) < error
            counts = np.bincount(drawn[:, row, 1].astype(int), minlength=3)
            np.testing.assert_allclose(counts / 300, shares, atol=5 * 0.5 / np.sqrt(300))


def test_rows_with_given_cells_are_draws_of_the_exact_conditional(model):
    with pytest.warns(Note, match=r"importance resampling: [\d,]+ of 20,000 draws of z carry"):
        drawn = model.sample(2000, seed=3, condition={"town": "Rome", "a": 10.5}).numpy()
    assert np.all(drawn[:, 1] == 2.0)
    np.testing.assert_allclose(drawn[:, 0], 0.25)  # (10.5 - offset) / unit
    p = densities([0.25, 2.0, np.nan], [True, True, False])
    mean = p @ (SLOPES[1] * GRID)
    deviation = np.sqrt(SCALE**2 + p @ (SLOPES[1] * GRID - mean) ** 2)
    # The draws are of one set of z, of which about a third carry the weight.
    assert abs(drawn[:, 2].mean() - mean) < 5 * deviation / np.sqrt(2000)
    assert drawn[:, 2].std() == pytest.approx(deviation, rel=0.1)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"towns": "Rome"}, "no column 'towns' is learned, only a, town, b"),
        ({"town": "Paris"}, "'town' must be Bern, Oslo, Rome, got 'Paris'"),
        ({"town": None}, "'town' must be Bern, Oslo, Rome, got None"),
        ({"a": "old"}, "column 'a' must hold numbers"),
    ],
)
def test_cells_that_no_row_can_have_are_refused(model, cells, words):
    with pytest.raises(ValueError, match=words):
        model.sample(3, condition=cells)


def test_models_of_images_have_no_cells():
    with pytest.raises(
        ValueError, match="cells by name are of tables, and this model is of images"
    ):
        tiny.vae().sample(3, condition={"town": "Rome"})
