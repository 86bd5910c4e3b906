"""Completions against the exact conditional distribution of a linear model; what is refused."""

import numpy as np
import pytest

from tests import tiny


def test_completions_of_a_linear_model_are_of_the_exact_conditional_mean_and_spread():
    """q is the exact posterior, so the chain is Gibbs sampling of p(unknown, z|known)."""
    model, x, _ = tiny.exact_linear(n=1)
    kernel, bias = model.decoder.projection.linear.get_weights()
    weights, scale, n = kernel.T.astype(np.float64), 0.5, 4000
    known = np.arange(12) < 7
    # z given what is known: N(C W^T (x - b) / s^2, C), C = (W^T W / s^2 + I)^-1 of known rows.
    w = weights[known]
    covariance = np.linalg.inv(w.T @ w / scale**2 + np.eye(2))
    loc = covariance @ w.T @ (x.ravel()[known] - bias[known]) / scale**2
    exact_mean = (weights @ loc + bias)[~known]
    exact_scale = np.sqrt(np.diag(weights @ covariance @ weights.T))[~known]

    found = model.complete(np.repeat(x, n, axis=0), known.reshape(4, 3, 1), num_steps=30)
    found = found.numpy().reshape(n, 12)
    np.testing.assert_array_equal(found[:, known], np.tile(x.ravel()[known], (n, 1)))
    error = exact_scale / np.sqrt(n)
    assert (np.abs(found[:, ~known].mean(axis=0) - exact_mean) < 4.5 * error).all()
    np.testing.assert_allclose(found[:, ~known].std(axis=0), exact_scale, rtol=0.06)


@pytest.mark.parametrize(
    "options",
    [
        {"recipe": "ladder"},
        {"likelihood": "discretized_logistic"},
        {"recipe": "deep", "event_shape": (7, 5, 3), "likelihood_components": 2},
    ],
    ids=str,
)
def test_completions_are_the_seeds_and_keep_what_is_known(options):
    model = tiny.randomize(tiny.vae(**options))
    x = tiny.images_for(model, 3)
    known = np.zeros(model.event_shape[:-1], bool)
    known[:, :2] = True
    a, b, other = (model.complete(x, known, 5, seed=seed).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a[:, ~known] != other[:, ~known]).any()
    np.testing.assert_allclose(a[:, known], x[:, known], atol=1e-6)
    # Unknown values have no effect.
    changed = np.where(known[..., np.newaxis], x, 0.0)
    np.testing.assert_array_equal(model.complete(changed, known, 5, seed=1), a)


def test_labels_are_given():
    model = tiny.randomize(tiny.vae(recipe="cvae"))
    x, known = tiny.images(2), np.zeros((2, *model.event_shape), bool)
    labels = np.array([0, 1], np.int32)
    assert model.complete(x, known, 2, condition=labels).shape == x.shape
    with pytest.raises(ValueError, match="condition is missing"):
        model.complete(x, known, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"recipe": "ae"}, "no q"),
        ({"recipe": "monte_carlo"}, "no q"),
        ({"recipe": "cvae_image"}, r"sample\(condition=image\)"),
        ({"recipe": "music"}, "in turn"),
    ],
)
def test_models_that_can_not_are_refused(options, words):
    model = tiny.vae(**options)
    assert not model.can_complete
    with pytest.raises(ValueError, match=words):
        model.complete(np.zeros((1, *model.event_shape)), np.ones(model.event_shape, bool))


def test_bad_arguments_are_refused():
    model = tiny.vae()
    x = tiny.images(2)
    with pytest.raises(ValueError, match=r"known must be of shape .*, got \(3,\)"):
        model.complete(x, [True] * 3)
    with pytest.raises(ValueError, match="num_steps must be at least 1, got 0"):
        model.complete(x, np.ones(model.event_shape, bool), num_steps=0)
