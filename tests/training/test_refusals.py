"""Objectives that can't train a model are refused, with the reason."""

import pytest

from keras_vae import VAE, Decoder, likelihoods, networks, objectives, priors
from keras_vae.encoder import PriorEncoder
from tests import tiny


@pytest.mark.parametrize(
    ("options", "objective", "words"),
    [
        ({"recipe": "ae"}, objectives.SGVB(), "needs a prior and a posterior density"),
        ({"prior": "mixture"}, objectives.SGVB("analytic"), "there is no closed form"),
        ({"prior": "real_nvp"}, objectives.Reconstruction(), "no KL, and only a KL"),
        ({"recipe": "monte_carlo"}, objectives.SGVB(), "without an encoder"),
        ({"recipe": "monte_carlo"}, objectives.ImportanceWeighted(1), "of 1 samples: without an"),
        ({"weights": "bayes"}, objectives.ImportanceWeighted(2), "is no bound for all examples"),
    ],
)
def test_an_objective_that_can_not_train_the_model_is_refused(options, objective, words):
    with pytest.raises(ValueError, match=words):
        tiny.vae(**options).compile(objective=objective)


def test_a_prior_that_no_gradient_reaches_is_refused():
    with pytest.raises(ValueError, match=r"beta=0\.0 has no KL, and only a KL"):
        tiny.vae(prior="real_nvp").compile(beta=0.0)
    model = VAE(
        PriorEncoder(),
        Decoder(networks.linear(), likelihoods.Bernoulli((2, 2, 1))),
        priors.MixtureOfNormals(3, 4),
    )
    with pytest.raises(ValueError, match="no gradient leads through the choice of a component"):
        model.compile(objective=objectives.ImportanceWeighted(5))


@pytest.mark.parametrize("num_samples", [1, 5])
def test_bayesian_weights_without_an_encoder_are_refused(num_samples):
    built = tiny.vae(weights="bayes")
    model = VAE(PriorEncoder(), built.decoder, built.prior)
    with pytest.raises(ValueError, match="Bayesian weights without an encoder"):
        model.compile(objective=objectives.ImportanceWeighted(num_samples))
