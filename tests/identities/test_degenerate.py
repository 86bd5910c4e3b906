"""Members of every axis at settings where they say nothing new: the plain VAE, number for number.

(Priors of one component and flows without steps are in tests/priors, one stochastic layer in
test_hierarchical, one step of time in test_sequence, a condition that carries nothing in
test_conditions, weights without doubt in test_bayesian, one importance sample in test_estimators.)
"""

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.ops.positive import raw_of
from tests import tiny

B, S = 4, 3


def assert_same_densities(found, wanted, *more):
    for name in ("log_likelihood", "log_prior", "log_posterior", *more):
        np.testing.assert_allclose(
            getattr(found, name), getattr(wanted, name), rtol=1e-5, atol=1e-5, err_msg=name
        )


@pytest.mark.parametrize(
    ("relaxation", "label"), [("straight_through", 1.0), ("relaxed", np.log(1.0))]
)
def test_one_label_is_none(relaxation, label):
    plain = tiny.randomize(tiny.vae(kl="sampled"))
    labelled = tiny.vae(recipe="gmvae", prior_components=1, relaxation=relaxation)
    labelled.decoder.set_weights(plain.decoder.get_weights())
    labelled.encoder.network.set_weights(plain.encoder.network.get_weights())
    kernel, bias = plain.encoder.projection.get_weights()
    logit = np.random.default_rng(0).normal(size=(len(kernel) + 1, 1))  # The logit has no effect.
    labelled.encoder.projection.set_weights(
        [np.hstack([logit[1:], kernel]), np.append(logit[0], bias)]
    )
    labelled.prior.loc.assign(tf.zeros([1, 3]))
    labelled.prior.raw_scale.assign(tf.fill([1, 3], np.float32(raw_of(1.0))))
    x, noise = tiny.images(B), tiny.noise(labelled, S, B)
    found, wanted = labelled.terms(x, noise), plain.terms(x, noise[..., -3:])
    np.testing.assert_allclose(found.z[..., 0], tf.fill([S, B], np.float32(label)))
    np.testing.assert_allclose(found.z[..., 1:], wanted.z, rtol=1e-5, atol=1e-6)
    exact = ("rate", "elbo_nats") if relaxation == "straight_through" else ()
    assert_same_densities(found, wanted, *exact)


def test_one_pseudo_input_is_a_learned_normal():
    vamp = tiny.randomize(tiny.vae(prior="vamp", prior_components=1))
    plain = tiny.vae(prior="learned_normal")
    for part in ("encoder", "decoder"):
        getattr(plain, part).set_weights(getattr(vamp, part).get_weights())
    q = vamp.encoder(tf.sigmoid(vamp.prior.raw_inputs))
    plain.prior.loc.assign(q.mean()[0])
    plain.prior.raw_scale.assign(raw_of(q.stddev()[0].numpy()))
    x, noise = tiny.images(B), tiny.noise(plain, S, B)
    found, wanted = vamp.terms(x, noise), plain.terms(x, noise)
    np.testing.assert_allclose(found.log_weight, wanted.log_weight, rtol=1e-5, atol=1e-5)


def trained(step=0, **options):
    """(loss, weights) of a model after a training step, that of number `step`."""
    model = tiny.vae(optimizer="sgd", learning_rate=0.1, run_eagerly=True, **options)
    model.optimizer.iterations.assign(step)
    logs = tiny.train(model, tiny.block(model, 1, B))
    return [logs["loss"], *model.get_weights()]


@pytest.mark.parametrize(
    ("options", "step", "elsewhere"),
    [
        ({"recipe": "beta_vae", "beta": 1.0}, 0, {"beta": 4.0}),
        # Warm-up over an epoch, which has 4 steps.
        ({"beta_schedule": "linear", "beta_warmup_epochs": 1.0}, 4, {"step": 3}),
        ({"beta_schedule": "sigmoid", "beta_warmup_epochs": 1.0}, 4, {"step": 3}),
        ({"objective": "free_bits", "free_bits": 0.0}, 0, {"free_bits": 0.5}),
        ({"weights": "map", "weight_scale": 1e6}, 0, {"weight_scale": 1.0}),
    ],
    ids=["beta", "linear schedule", "sigmoid schedule", "free bits", "weight prior"],
)
def test_an_objective_that_adds_nothing_trains_as_the_plain_one(options, step, elsewhere):
    wanted = trained()
    for a, b in zip(trained(step, **options), wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    other = trained(**({"step": step} | options | elsewhere))
    assert abs(other[0] - wanted[0]) > 1e-3 * wanted[0]
