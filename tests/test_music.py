"""Decoders that go from value to value, and the recipe for music made of them."""

import itertools

import numpy as np
import pytest

import keras_vae
from keras_vae import autoregressive, likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfk, tfkl
from tests import tiny

SMALL = (2, 2, 1)  # Two steps of two values of three levels: 81 sequences.
LEVELS = 3


def small(body=networks.linear):
    """A model whose decoder has the body that `body()` makes."""
    tfk.utils.set_random_seed(0)  # Layers draw their initializers' seeds as they are made.
    likelihood = likelihoods.Categorical(SMALL, LEVELS)
    decoder = autoregressive.AutoregressiveDecoder(body(), likelihood, 6)
    encoder = keras_vae.Encoder(networks.mlp((4,)), posteriors.DiagonalNormal(3))
    return tiny.randomize(keras_vae.VAE(encoder, decoder, priors.StandardNormal(3)), scale=1.0)


def all_sequences():
    """[81, 2, 2, 1]."""
    levels = itertools.product(range(LEVELS), repeat=4)
    return np.reshape([*levels], (-1, *SMALL)).astype(np.float32) / (LEVELS - 1)


@pytest.fixture(scope="module")
def model():
    return small()


@pytest.fixture(scope="module")
def music():
    """A tiny model by the recipe: 7 steps of 5 voices of 5 levels, bars of 3 steps."""
    return tiny.randomize(tiny.vae(recipe="music"), scale=0.5)


def z_of(n, latent_dim=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, latent_dim)).astype(np.float32)


@pytest.mark.parametrize(
    "body",
    [
        networks.linear,
        lambda: networks.gru_decoder(SMALL, (4,)),
        lambda: networks.conv_decoder(SMALL, (3,)),
    ],
    ids=["one for all steps", "each step", "each pixel"],
)
def test_probabilities_of_all_sequences_sum_to_one(body):
    p = small(body).decode(z_of(4))
    probs = tf.exp(p.log_prob(all_sequences()[:, np.newaxis]))
    assert probs.shape == (81, 4)
    np.testing.assert_allclose(tf.reduce_sum(probs, axis=0), np.ones(4), atol=1e-5)
    assert np.abs(probs[:, 0] - probs[:, 1]).max() > 1e-3  # z says something.


def test_a_value_depends_on_those_before_it_alone(music):
    x, z = tiny.images(1, likelihoods.Support.LEVELS), z_of(1)
    p = music.decoder.given(z, x).tensor_distribution.distribution.base  # Of each value.
    for step, value in [(0, 0), (3, 2), (6, 4)]:
        changed = x.copy()
        changed[0, step, value] = (changed[0, step, value] + 0.5) % 1.25  # Two levels off.
        q = music.decoder.given(z, changed).tensor_distribution.distribution.base
        moved = np.abs(p.logits - q.logits).max(axis=-1).reshape(-1) > 1e-6
        first = step * 5 + value + 1
        assert not moved[:first].any()
        assert moved[first:].all()


def test_samples_come_as_often_as_they_should(model):
    p = model.decode(z_of(1))
    n = 40_000
    x = p.sample(n, seed=[1, 2]).numpy()
    assert x.shape == (n, 1, *SMALL)
    number = np.round(x.reshape(n, 4) * (LEVELS - 1)) @ LEVELS ** np.arange(4)[::-1]
    found = np.bincount(number.astype(int), minlength=81) / n
    wanted = np.exp(p.log_prob(all_sequences()[:, np.newaxis]))[:, 0]
    # Five standard errors of a frequency.
    assert (np.abs(found - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / n) + 1e-4).all()


@pytest.fixture(scope="module")
def completing():
    """A model of the second value and the third, given the first and the last."""
    given = {"condition": "image_part", "visible_mask": (1, 0, 0, 1)}
    options = {"event_shape": SMALL, "levels": LEVELS, "bar_steps": 1}
    return tiny.randomize(tiny.vae(recipe="music", **options, **given), scale=0.5)


def probabilities(completing, z):
    """Of all sequences, each value an axis: [3, 3, 3, 3]."""
    x = all_sequences()
    p = completing.decode(np.repeat(z, len(x), axis=0), condition=x)
    return np.exp(p.log_prob(x)).reshape(4 * [LEVELS])


def test_probabilities_of_what_is_hidden_sum_to_one(completing):
    probs = probabilities(completing, z_of(1))
    np.testing.assert_allclose(probs.sum(axis=(1, 2)), np.ones((3, 3)), atol=1e-5)
    # The second value knows the first one and the last.
    of_second = probs.sum(axis=2)
    assert np.ptp(of_second, axis=0).max() > 0.01
    assert np.ptp(of_second, axis=2).max() > 0.01


def test_completions_come_as_often_as_they_should_and_keep_what_is_given(completing):
    z, n = z_of(1), 40_000
    given = all_sequences()[[17]]  # 0, 1, 2, 2
    x = completing.decode(z, condition=given).sample(n, seed=[1, 2]).numpy()
    levels = np.round(x.reshape(n, 4) * (LEVELS - 1)).astype(int)
    np.testing.assert_array_equal(levels[:, [0, 3]], np.tile([0, 2], (n, 1)))
    found = np.bincount(levels[:, 1:3] @ [LEVELS, 1], minlength=9) / n
    wanted = probabilities(completing, z)[0, :, :, 2].ravel()
    # Five standard errors of a frequency.
    assert (np.abs(found - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / n) + 1e-4).all()


def test_what_is_hidden_in_a_condition_does_not_count(completing):
    z, given = z_of(1), all_sequences()[[17]]
    other = given + [[[[0.0], [0.5]], [[-0.5], [0.0]]]]
    x = all_sequences()[[17]]
    np.testing.assert_array_equal(
        completing.decode(z, condition=other).log_prob(x),
        completing.decode(z, condition=given).log_prob(x),
    )


def test_the_temperature_divides_the_logits(model):
    """Of the first value, whose probabilities are one softmax."""
    z = z_of(1)
    p = model.decode(z)
    logits = model.decoder.given(z, np.zeros([1, *SMALL], np.float32))
    logits = logits.tensor_distribution.distribution.base.logits[0, 0, 0, 0]
    noise = tf.random.stateless_normal([40_000, 1, *p.noise_shape], [3, 4])
    for temperature in (0.5, 1.0):
        x = p.from_noise(noise, temperature).numpy()[:, 0, 0, 0, 0]
        found = np.bincount(np.round(x * (LEVELS - 1)).astype(int), minlength=LEVELS) / len(x)
        np.testing.assert_allclose(found, tf.nn.softmax(logits / temperature), atol=0.0125)


def test_the_mean_is_the_greedy_sequence(music):
    z = z_of(4)
    p = music.decode(z)
    greedy = p.mean().numpy()
    assert greedy.shape == (4, *music.event_shape)
    levels = music.decoder.given(z, greedy).tensor_distribution.distribution.base.mode()
    np.testing.assert_array_equal(levels, np.round(4 * greedy))
    noise = tf.random.stateless_normal([4, *p.noise_shape], [5, 6])
    np.testing.assert_array_equal(p.from_noise(noise, temperature=0.0), greedy)
    assert (p.from_noise(noise) != greedy).numpy().any(axis=(1, 2, 3)).all()


def test_samples_and_examples_share_x(music):
    x, z = tiny.images(3, likelihoods.Support.LEVELS), z_of(6).reshape(2, 3, 3)
    p = music.decode(z)
    assert p.batch_shape == (2, 3)
    each = [[music.decode(z[s, b]).log_prob(x[b]) for b in range(3)] for s in range(2)]
    np.testing.assert_allclose(p.log_prob(x), each, rtol=1e-4)


def test_sample_is_reproducible_and_varied(music):
    x = music.sample(5, seed=1)
    np.testing.assert_array_equal(x, music.sample(5, seed=1))
    assert (x.numpy() != music.sample(5, seed=2).numpy()).any()
    music.decoder.likelihood.check_values(x)
    # At zero both the latents and what they are decoded to stand still.
    cold = music.sample(5, temperature=0.0, seed=3)
    np.testing.assert_array_equal(cold, np.repeat(cold[:1], 5, axis=0))
    np.testing.assert_array_equal(cold[:1], music.decode(np.zeros([1, 3], np.float32)).mean())


def test_all_steps_of_a_bar_are_told_the_same(music):
    features = music.decoder.network(z_of(2)).numpy()
    assert features.shape == (2, 7, 8)
    for bar in (features[:, :3], features[:, 3:6]):
        np.testing.assert_array_equal(bar, np.repeat(bar[:, :1], 3, axis=1))
    assert np.abs(features[:, 2] - features[:, 3]).max() > 1e-3
    assert np.abs(features[:, 5] - features[:, 6]).max() > 1e-3


def test_the_encoder_sees_levels_one_hot():
    x = tiny.images(3, likelihoods.Support.LEVELS)
    one_hot = networks.OneHot(5, channels=1)
    wanted = tf.one_hot(np.round(4 * x[..., 0]).astype(int), 5)
    np.testing.assert_allclose(one_hot(x), wanted, atol=1e-6)
    between = one_hot(tf.constant([[0.3]]))
    np.testing.assert_allclose(between, [[0, 0.8, 0.2, 0, 0]], atol=1e-6)
    beside = np.float32([[0.0, -0.7], [1.0, 9.0]])  # A context beside the levels.
    wanted = [[1, 0, 0, 0, 0, -0.7], [0, 0, 0, 0, 1, 9.0]]
    np.testing.assert_allclose(one_hot(beside), wanted, atol=1e-6)


def test_a_decoder_that_ignores_z_is_a_plain_autoregressive_model():
    """And its bound is then the exact likelihood, the rate apart."""
    model = small()
    kernel, recurrent, bias = model.decoder.cell.get_weights()
    kernel[-3:] = 0.0
    model.decoder.cell.set_weights([kernel, recurrent, bias])
    x = all_sequences()[:9]
    terms = model.terms(x, tiny.noise(model, 4, 9))
    alone = model.decode(np.zeros([1, 3], np.float32)).log_prob(x)
    np.testing.assert_allclose(terms.log_likelihood, np.tile(alone, (4, 1)), rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"likelihood": "bernoulli"},
            "autoregressive with likelihood=bernoulli: it says how likely",
        ),
        ({"weights": "bayes", "network": "mlp"}, "autoregressive with weights=bayes"),
        ({"hidden": ()}, "hidden must have at least one"),
        ({"network": "mlp", "bar_steps": 8}, "bar_steps=8 is an option of network=bars"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        keras_vae.recipe("music", **options)


def test_no_verb_walks_through_steps_in_python(monkeypatch):
    """The second time, nothing of a step is done in Python."""
    vae = tiny.vae(recipe="music")
    x = tiny.images_for(vae, 3)

    def verbs():
        return vae.sample(3), vae.code(x), vae.decode(vae.code(x)).mean()

    verbs()
    calls = []
    monkeypatch.setattr(vae.decoder.projection, "walk", lambda *_: calls.append("value"))
    monkeypatch.setattr(tfkl.GRUCell, "call", lambda *_, **__: calls.append("step"))
    verbs()
    assert not calls


def test_one_voice_trains():
    vae = tiny.vae(recipe="music", event_shape=(6, 1, 1))
    before = [v.numpy() for v in vae.trainable_variables]
    assert np.isfinite(tiny.train(vae, tiny.block(vae, 2, 4))["loss"])
    for v, b in zip(vae.trainable_variables, before, strict=True):
        assert (v.numpy() != b).any(), v.name
