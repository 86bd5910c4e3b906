"""What every prior must do: its density is one, and noise becomes draws from it."""

import functools

import numpy as np
import pytest
import scipy.stats

import keras_vae
from keras_vae import priors
from keras_vae._compat import tf, tfk
from tests import tiny

NAMES = ["learned_normal", "mixture", "vamp", "real_nvp", "maf", "conditional_normal"]
# Noise is scaled by the temperature before the flow, or after the mean of a component.
FLOWS = ["real_nvp", "maf"]


@functools.cache
def model(name, latent_dim=2):
    """A tiny VAE with the prior, all weights drawn anew."""
    return tiny.randomize(tiny.vae(prior=name, latent_dim=latent_dim), scale=0.4, seed=1)


def context_of(model):
    """One context [1, ...], or None."""
    return None if model.condition is None else model.condition(tf.constant([2]))


def at(name, latent_dim=2):
    """(prior, p, function of noise to z) given one condition."""
    vae = model(name, latent_dim)
    context = context_of(vae)
    from_noise = functools.partial(vae.prior.from_noise, context=context)
    return vae.prior, vae.prior.distribution(context), from_noise


def probabilities(p, half_width=12.0, steps=480):
    """(probabilities of the small cells [steps, steps] of a plane, by the density in their
    middles; the lines between them [steps + 1])."""
    lines = np.linspace(-half_width, half_width, steps + 1)
    middles = (lines[1:] + lines[:-1]) / 2
    z = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1).astype(np.float32)
    density = np.exp(p.log_prob(z.reshape(-1, 2)).numpy().astype(np.float64))
    return density.reshape(steps, steps) * (lines[1] - lines[0]) ** 2, lines


@pytest.mark.parametrize("name", NAMES)
def test_the_density_integrates_to_one(name):
    assert abs(probabilities(at(name)[1])[0].sum() - 1.0) < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_draws_fall_where_the_density_is(name):
    """Chi-squared of 64 big cells of the plane."""
    prior, p, from_noise = at(name)
    n = 20_000
    z = from_noise(prior.draw_noise([0, 1], n)).numpy()
    small, lines = probabilities(p)
    # Big cells of about equal probability along each axis.
    cuts = [np.searchsorted(np.cumsum(small.sum(1 - d)), np.arange(1, 8) / 8) + 1 for d in (0, 1)]
    rows = np.add.reduceat(small, [0, *cuts[0]], axis=0)
    expected = n * np.add.reduceat(rows, [0, *cuts[1]], axis=1).ravel()
    cells = [np.searchsorted(lines[cuts[d]], z[:, d]) for d in (0, 1)]
    counts = np.bincount(8 * cells[0] + cells[1], minlength=64)
    full = expected > 5
    chi_squared = np.sum((counts - expected)[full] ** 2 / expected[full])
    assert scipy.stats.chi2(full.sum() - 1).sf(chi_squared) > 1e-3
    assert counts[~full].sum() <= 10 + 2 * expected[~full].sum()


@pytest.mark.parametrize("name", NAMES)
def test_moments_are_those_of_the_draws(name):
    prior, _, from_noise = at(name, 3)
    n = 40_000
    z = from_noise(prior.draw_noise([0, 2], n)).numpy().astype(np.float64)
    loc, scale = prior.moments(context_of(model(name, 3)))
    assert loc.shape == scale.shape == (3,)
    # Those of flows are themselves of 10,000 draws.
    errors = 5 * np.sqrt(1 / n + (1 / 10_000 if name in FLOWS else 0))
    assert (np.abs(z.mean(0) - loc) < errors * z.std(0)).all()
    kurtosis = scipy.stats.kurtosis(z, fisher=False)
    assert (np.abs(z.std(0) / scale - 1) < errors * np.sqrt(kurtosis - 1) / 2).all()


@pytest.mark.parametrize("name", NAMES)
def test_temperature_scales_the_noise(name):
    prior, _, from_noise = at(name, 3)
    noise = prior.draw_noise([0, 3], 50).numpy()
    half = from_noise(noise, 0.5)
    if name in FLOWS:
        np.testing.assert_allclose(half, from_noise(0.5 * noise), atol=1e-6)
        return
    middle = from_noise(noise, 0.0)  # Of the normal that was chosen.
    np.testing.assert_allclose(half - middle, 0.5 * (from_noise(noise) - middle), atol=1e-5)
    assert np.abs(half - middle).max() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_noise_of_samples_and_examples(name):
    """[S, B, N] is S times B draws, each from its own noise."""
    vae = model(name, 3)
    context = None
    if vae.condition is not None:
        context = vae.condition(tf.constant([0, 1, 2, 3]))
    noise = tf.reshape(vae.prior.draw_noise([0, 4], 8), [2, 4, -1])
    z = vae.prior.from_noise(noise, 0.7, context)
    assert z.shape == (2, 4, 3)
    for s in range(2):
        np.testing.assert_allclose(z[s], vae.prior.from_noise(noise[s], 0.7, context), atol=1e-6)
    log_prob = vae.prior.distribution(context).log_prob(z)
    assert log_prob.shape == (2, 4)
    for b in range(4):
        one = None if context is None else context[b : b + 1]
        wanted = vae.prior.distribution(one).log_prob(z[:, b : b + 1])
        np.testing.assert_allclose(log_prob[:, b : b + 1], wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_extreme_latents_have_finite_densities_and_gradients(name):
    _, p, _ = at(name, 3)
    z = tf.constant([[0.0, 0.0, 0.0], [1e3, -1e3, 0.0], [-1e3, 1e3, 1e3]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        log_prob = p.log_prob(z)
    assert np.isfinite(log_prob).all()
    assert np.isfinite(tape.gradient(log_prob, z)).all()


def numbers(vae):
    """All densities at the same x and noise, and samples."""
    x, condition = tiny.images_for(vae, 4), tiny.conditions_for(vae, 4)
    terms = vae.terms(x, tiny.noise(vae, 2, 4), condition)
    samples = vae.sample(4, seed=1, condition=condition)
    return [t.numpy() for t in (*terms[:-1], samples) if t is not None]


def assert_same(a, b):
    for value, wanted in zip(numbers(a), numbers(b), strict=True):
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_holds_the_prior(name, tmp_path):
    vae, other = model(name, 3), tiny.vae(prior=name)
    path = tf.train.Checkpoint(model=vae).write(str(tmp_path / "checkpoint"))
    status = tf.train.Checkpoint(model=other).read(path)
    status.assert_existing_objects_matched()
    assert_same(other, vae)


@pytest.mark.parametrize("name", NAMES)
def test_its_weights_are_the_models(name):
    vae = model(name, 3)
    assert len(vae.prior.trainable_variables) >= 1
    known = [v.ref() for v in vae.trainable_variables]
    assert {v.ref() for v in vae.prior.trainable_variables} <= set(known)
    assert len(set(known)) == len(known)


def degenerate(name):
    """A model whose prior is N(0, I), and all else as in `reference`."""
    name, _, covariance = name.partition(" ")
    if name == "mixture":
        vae = tiny.vae(prior=name, prior_components=1, prior_covariance=covariance or "diagonal")
        vae.prior.loc.assign(tf.zeros_like(vae.prior.loc))
        vae.prior.raw_scale.assign(tf.zeros_like(vae.prior.raw_scale))
        return vae
    return tiny.vae(prior=name)  # As it begins.


@pytest.mark.parametrize("name", [*(n for n in NAMES if n != "vamp"), "mixture full"])
def test_a_degenerate_prior_is_the_standard_normal(name):
    vae = degenerate(name)
    conditional = {} if vae.condition is None else {"condition": "label"}
    reference = tiny.randomize(tiny.vae(kl="sampled", **conditional))
    vae.encoder.set_weights(reference.encoder.get_weights())
    vae.decoder.set_weights(reference.decoder.get_weights())
    x, condition = tiny.images_for(vae, 5), tiny.conditions_for(vae, 5)
    terms, wanted = (m.terms(x, tiny.noise(m, 3, 5), condition) for m in (vae, reference))
    np.testing.assert_array_equal(terms.z, wanted.z)
    np.testing.assert_array_equal(terms.log_likelihood, wanted.log_likelihood)
    np.testing.assert_allclose(terms.log_prior, wanted.log_prior, rtol=1e-5, atol=1e-5)
    if terms.kl is not None:
        np.testing.assert_allclose(terms.kl, wanted.kl, rtol=1e-5, atol=1e-5)
    noise = vae.prior.draw_noise([0, 5], 6)
    context = None if condition is None else vae.condition(tf.zeros([6], tf.int32))
    z = vae.prior.from_noise(noise, 0.8, context)
    np.testing.assert_allclose(z, 0.8 * noise[:, :3], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_which_kl_has_a_closed_form(name):
    normal = name in ("learned_normal", "conditional_normal")
    assert model(name, 3).has_analytic_kl == normal
    assert tiny.vae(prior=name, posterior="full_covariance").has_analytic_kl == normal


@pytest.mark.parametrize("prior", [priors.RealNVP, priors.MAF])
def test_flows_of_one_latent_are_refused(prior):
    with pytest.raises(ValueError, match=r"latent_dim must be at least 2 for .*, got 1"):
        prior(1)


def test_the_optimizer_moves_the_prior_of_a_saved_model(tmp_path):
    """Weights that are made late would be missing."""
    vae = model("vamp", 3)
    vae.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    loaded.compile(tfk.optimizers.SGD(0.1))
    before = loaded.prior.raw_inputs.numpy()
    loaded.fit(tiny.images_for(loaded, 8), batch_size=4, verbose=0)
    assert (loaded.prior.raw_inputs.numpy() != before).any()


@pytest.mark.parametrize("name", [*NAMES, "standard_normal", "categorical"])
def test_it_says_whether_it_is_a_mixture(name):
    options = {"posterior": "categorical"} if name == "categorical" else {}
    vae = tiny.vae(prior=name, **options)
    p = vae.prior.distribution(context_of(vae))
    assert vae.prior.is_mixture == vae.has_clusters == hasattr(p, "posterior_marginal")
