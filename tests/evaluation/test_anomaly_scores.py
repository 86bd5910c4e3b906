"""Likelihood regret against the closed form of a linear model; typicality."""

import numpy as np
import pytest

from keras_vae.evaluation import LikelihoodRegret, auroc, typicality
from tests import tiny


def test_the_regret_of_a_linear_model_is_how_far_its_posterior_is_from_the_exact_one():
    """Of two latents; the best q is p(z|x), so the regret is KL(q(z|x) || p(z|x)), for every x."""
    offset, widening = 0.6, 1.5
    model, x, _ = tiny.exact_linear(offset, widening)
    exact = 2 * (0.5 * (widening**2 + offset**2 - 1) - np.log(widening))
    found = LikelihoodRegret(model, num_steps=200, num_draws=16)(x).numpy()
    # ELBO's of 64 draws: a draw of KL's integrand spreads by a nat or so.
    assert abs(found.mean() - exact) < 4 * found.std() / np.sqrt(len(x))
    assert found.std() < 0.3


def test_there_is_none_where_the_posterior_is_exact():
    model, x, _ = tiny.exact_linear()
    regret = LikelihoodRegret(model)
    # Two bounds by 64 draws.
    np.testing.assert_allclose(regret(x), 0.0, atol=0.2)
    assert abs(np.mean(regret(x))) < 0.05


def test_it_is_the_seeds_and_each_example_s_own():
    model, x, _ = tiny.exact_linear(0.5)
    regret = LikelihoodRegret(model, num_steps=20)
    first = regret(x, seed=1).numpy()
    np.testing.assert_array_equal(regret(x, seed=1), first)
    assert (regret(x, seed=2) != first).numpy().all()
    changed = x.copy()
    changed[0] += 1.0
    np.testing.assert_allclose(regret(changed, seed=1)[1:], first[1:], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", [{"posterior": "iaf"}, {"recipe": "ladder"}])
def test_it_serves_every_posterior(options):
    model = tiny.randomize(tiny.vae(**options))
    assert (LikelihoodRegret(model, num_steps=50)(tiny.images(4)) > 0.0).numpy().all()


def test_autoencoders_have_none():
    with pytest.raises(ValueError, match="autoencoder has not"):
        LikelihoodRegret(tiny.vae(recipe="ae"))


def test_auroc_is_the_chance_of_a_higher_score():
    usual, other = [1.0, 2.0, 2.0, 5.0], [2.0, 3.0, 6.0]
    higher = [(b > a) + 0.5 * (b == a) for a in usual for b in other]
    assert auroc(usual, other)[0] == pytest.approx(np.mean(higher))
    assert auroc([0.0, 1.0], [2.0, 3.0]) == (1.0, 0.0)


def test_its_error_is_that_of_drawing_anew():
    rng = np.random.default_rng(0)
    areas, errors = zip(
        *(auroc(rng.normal(size=60), rng.normal(1.0, 2.0, 40)) for _ in range(400)), strict=True
    )
    # A standard deviation of 400 is known to 1/sqrt(800) of itself; to four of its errors.
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=4 / np.sqrt(800))


def test_typicality_is_the_distance_to_either_side():
    np.testing.assert_array_equal(typicality([90.0, 100.0, 130.0], 100.0), [10.0, 0.0, 30.0])
