"""A prior that a network makes of the condition."""

import numpy as np
import pytest
import scipy.stats

from keras_vae.priors import ConditionalNormal
from tests import tiny


def test_each_example_has_the_prior_of_its_condition():
    vae = tiny.randomize(tiny.vae(prior="conditional_normal"))
    labels = np.array([0, 1, 2, 3, 1], np.int32)
    context = vae.condition(labels)
    outputs = vae.prior.network(context).numpy()
    loc, scale = outputs[:, :3], np.log1p((np.e - 1) * np.exp(outputs[:, 3:]))
    terms = vae.terms(tiny.images_for(vae, 5), tiny.noise(vae, 2, 5), labels)
    wanted = scipy.stats.norm(loc, scale).logpdf(terms.z).sum(-1)
    np.testing.assert_allclose(terms.log_prior, wanted, rtol=1e-4, atol=1e-4)
    assert terms.kl.shape == (5, 3)
    noise = vae.prior.draw_noise([0, 0], 5)
    wanted = loc + 0.5 * scale * noise.numpy()
    np.testing.assert_allclose(vae.prior_sample(noise, 0.5, labels), wanted, rtol=1e-5, atol=1e-5)
    for moment, wanted in zip(vae.prior_moments(labels[:1]), (loc[0], scale[0]), strict=True):
        np.testing.assert_allclose(moment, wanted, rtol=1e-5)


def test_images_are_conditions_too():
    vae = tiny.randomize(tiny.vae(prior="conditional_normal", condition="image_part"))
    x = tiny.images_for(vae, 4)
    terms = vae.terms(x, tiny.noise(vae, 1, 4))
    # The hidden half changes neither the context nor the prior.
    hidden = x.copy()
    hidden[:, :, 2:] = 1 - hidden[:, :, 2:]
    for moment, wanted in zip(vae.prior_moments(hidden[:1]), vae.prior_moments(x[:1]), strict=True):
        np.testing.assert_array_equal(moment, wanted)
    assert np.isfinite(terms.log_prior).all()
    assert (vae.prior_moments(x[:1])[0].numpy() != vae.prior_moments(x[1:2])[0].numpy()).any()


def test_without_a_condition_it_says_what_to_do():
    with pytest.raises(ValueError, match=r"is p\(z\|c\), but this model has no condition\. Give"):
        ConditionalNormal(3).distribution(None)
