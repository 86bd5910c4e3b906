"""The inverse autoregressive flow: one pass from noise to z and log q, which is q's density."""

import numpy as np
import pytest
import scipy.stats

from keras_vae import objectives
from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.posteriors import InverseAutoregressive
from tests import tiny


def posterior_and_params(latent_dim=4, num_layers=3, batch_size=2):
    """A flow far from the identity, and parameters [B, params_size]."""
    posterior = InverseAutoregressive(latent_dim, num_layers, hidden=8)
    posterior.set_weights([np.zeros_like(w) for w in posterior.get_weights()])
    tiny.randomize(posterior, scale=0.5)
    params = np.random.default_rng(1).normal(size=(batch_size, posterior.params_size))
    return posterior, tf.constant(params, tf.float32)


def noise(posterior, num_samples, batch_size=2):
    return tf.random.stateless_normal([num_samples, batch_size, posterior.latent_dim], [0, 7])


def test_log_q_is_the_density_at_z_found_by_the_inverse():
    posterior, params = posterior_and_params()
    z, log_q = posterior.from_noise(posterior(params), noise(posterior, 5))
    assert z.shape == (5, 2, 4)
    # q made anew has not seen z, and goes back.
    np.testing.assert_allclose(posterior(params).log_prob(z), log_q, rtol=1e-4, atol=1e-4)


def test_log_q_is_that_of_the_change_of_variables():
    """log N(noise) - log |det dz / dnoise|, the determinant by automatic differentiation."""
    posterior, params = posterior_and_params(batch_size=1)
    eps = noise(posterior, 6, 1)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(eps)
        z, log_q = posterior.from_noise(posterior(params), eps)
        rows = z[:, 0]
    jacobian = tape.batch_jacobian(rows, eps, experimental_use_pfor=False)[:, :, 0].numpy()
    # Two layers or more mix all latents with all.
    assert (np.abs(jacobian) > 0).all()
    log_noise = scipy.stats.norm.logpdf(eps.numpy()).sum(-1)[:, 0]
    wanted = log_noise - np.linalg.slogdet(jacobian.astype(np.float64))[1]
    np.testing.assert_allclose(log_q[:, 0], wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("num_layers", "order"), [(1, slice(None)), (2, slice(None, None, -1))])
def test_the_order_of_the_latents_is_turned_round_from_step_to_step(num_layers, order):
    """Each step's own Jacobian is triangular; the second one's the other way round."""
    posterior, params = posterior_and_params(num_layers=num_layers, batch_size=1)
    steps = posterior(params).bijector.bijectors[::-1]  # Chain has the last one first.
    z = noise(posterior, 6, 1)[:, 0]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        bent = steps[-1].forward(z)
    jacobian = tape.batch_jacobian(bent, z, experimental_use_pfor=False).numpy()[:, order, order]
    np.testing.assert_allclose(np.triu(jacobian, 1), 0.0, atol=1e-7)
    assert (np.abs(jacobian) > 0).sum() == len(z) * 10  # All of the triangle.


def test_the_density_integrates_to_one():
    posterior, params = posterior_and_params(latent_dim=2, batch_size=1)
    q = posterior(params)
    draws = posterior.from_noise(q, noise(posterior, 4000, 1))[0][:, 0].numpy()
    middle, width = draws.mean(0), 10 * draws.std(0)
    side = np.linspace(-0.5, 0.5, 401)
    grid = np.stack(np.meshgrid(*(m + w * side for m, w in zip(middle, width, strict=True))), -1)
    density = np.exp(q.log_prob(grid.reshape(-1, 1, 2).astype(np.float32)).numpy())
    # The trapezoidal rule, exact for smooth densities wider than a few of its steps.
    total = density.sum() * np.prod(width) / 400**2
    np.testing.assert_allclose(total, 1.0, atol=1e-4)


def test_context_bends_z():
    posterior, params = posterior_and_params()
    eps = noise(posterior, 1)
    with tf.GradientTape() as tape:
        tape.watch(params)
        z, _ = posterior.from_noise(posterior(params), eps)
    assert (tape.gradient(z, params).numpy() != 0).all()


def networks_run(posterior, function):
    """How often the flow's networks run in `function`."""
    count = 0

    def counted(call):
        def wrapper(*args, **kwargs):
            nonlocal count
            count += 1
            return call(*args, **kwargs)

        return wrapper

    for network in posterior.networks:
        network.call = counted(network.call)
    function()
    return count


def test_z_and_log_q_take_one_pass_and_log_q_once_more_none():
    posterior, params = posterior_and_params()
    q = posterior(params)
    eps = noise(posterior, 5)

    def both():
        z, log_q = posterior.from_noise(q, eps)
        np.testing.assert_array_equal(q.log_prob(z), log_q)

    assert networks_run(posterior, both) == 3


@pytest.fixture(scope="module")
def model():
    return tiny.randomize(tiny.vae(posterior="iaf", activation="tanh"))


def operations(function, *args):
    return {
        o.type for o in tf.function(function).get_concrete_function(*args).graph.get_operations()
    }


def test_a_sampled_kl_runs_no_inverse(model):
    x, eps = tf.constant(tiny.images(4)), tiny.noise(model, 2, 4)
    assert not model.has_analytic_kl
    model.compile(objective=objectives.SGVB())

    def call(x, eps):
        terms = model(Batch(x, eps))
        (loss,) = model.losses
        return loss, terms.rate

    loss, rate = call(x, eps)
    np.testing.assert_allclose(loss, np.mean(rate), rtol=1e-5)
    assert not operations(call, x, eps) & {"While", "StatelessWhile"}
    # And the test could tell.
    inverse = lambda x, z: model.encoder(x).log_prob(z)  # noqa: E731
    assert operations(inverse, x, eps) & {"While", "StatelessWhile"}


def test_stopped_log_q_has_the_gradient_of_z_alone():
    posterior, params = posterior_and_params()
    z, _ = posterior.from_noise(posterior(params), noise(posterior, 5))
    sources = [z, params, *posterior.trainable_variables]

    def gradients(log_prob):
        with tf.GradientTape() as tape:
            tape.watch([params, z])
            log_q = log_prob(z)
        return log_q, [
            g.numpy() for g in tape.gradient(log_q, sources, unconnected_gradients="zero")
        ]

    log_q, (by_z, *by_others) = gradients(lambda z: posterior(params).log_prob(z))
    stopped, (stopped_by_z, *stopped_by_others) = gradients(
        lambda z: posterior.stopped_log_prob(params, z)
    )
    np.testing.assert_allclose(stopped, log_q, rtol=1e-6)
    np.testing.assert_allclose(stopped_by_z, by_z, rtol=1e-5, atol=1e-6)
    assert all((g != 0).any() for g in [by_z, *by_others])
    assert not any((g != 0).any() for g in stopped_by_others)


def loss_of(model, gradient, x, eps):
    model.compile(objective=objectives.ImportanceWeighted(len(eps), gradient))
    return tiny.gradients(
        model,
        lambda: tf.reduce_mean(tiny.loss_of(model.objective, model(Batch(x, eps)), model.beta)),
    )


def test_every_gradient_estimator_has_the_same_value_and_a_finite_gradient(model):
    x, eps = tiny.images(4), tiny.noise(model, 3, 4)
    plain, _ = loss_of(model, "plain", x, eps)
    for name in ("stl", "dreg"):
        value, gradients = loss_of(model, name, x, eps)
        np.testing.assert_allclose(value, plain, rtol=1e-5)
        assert all(np.isfinite(g).all() for g in gradients)


def test_sticking_the_landing_leaves_out_the_score(model):
    """With one sample, d(-log w) = (path, all that stl has) + (score, d log q at a fixed z)."""
    x, eps = tiny.images(4), tiny.noise(model, 1, 4)
    z = tf.stop_gradient(model.terms(x, eps).z)
    _, plain = loss_of(model, "plain", x, eps)
    _, stl = loss_of(model, "stl", x, eps)
    _, score = tiny.gradients(model, lambda: tf.reduce_mean(model.encoder(x).log_prob(z)))
    assert any((s != 0).any() for s in score)
    for p, s, d in zip(plain, stl, score, strict=True):
        np.testing.assert_allclose(p, s + d, rtol=1e-3, atol=1e-4 * max(1.0, np.abs(p).max()))


def test_an_identity_flow_is_the_diagonal_normal():
    flow, diagonal = tiny.vae(posterior="iaf"), tiny.randomize(tiny.vae())
    for part in ("decoder", "network"):
        source, target = (
            getattr(m if part == "decoder" else m.encoder, part) for m in (diagonal, flow)
        )
        target.set_weights(source.get_weights())
    d = diagonal.latent_dim
    kernel, bias = flow.encoder.projection.get_weights()
    kernel[:, : 2 * d], bias[: 2 * d] = diagonal.encoder.projection.get_weights()
    flow.encoder.projection.set_weights([kernel, bias])
    for network in flow.encoder.posterior.networks:
        weights = [np.zeros_like(w) for w in network.get_weights()]
        last_bias = max(i for i, w in enumerate(weights) if w.shape == (2 * d,))
        weights[last_bias][0::2] = 30.0  # Gates of sigmoid(32) = 1.
        network.set_weights(weights)
    x, eps = tiny.images(4), tiny.noise(diagonal, 3, 4)
    for name, wanted in diagonal.terms(x, eps)._replace(kl=None, rates=None)._asdict().items():
        if wanted is not None:
            got = getattr(flow.terms(x, eps), name)
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5, err_msg=name)


def test_a_new_flow_makes_z_smaller():
    """Each step begins by keeping sigmoid(2) = 0.88 of z, and nothing else."""
    posterior = InverseAutoregressive(4, 2, hidden=16)
    params = tf.zeros([1, posterior.params_size])
    eps = noise(posterior, 50, 1)
    z, _ = posterior.from_noise(posterior(params), eps)
    kept = (0.01 + 0.99 / (1 + np.exp(-2.0))) ** 2
    np.testing.assert_allclose(z, kept * eps, rtol=1e-4)


def test_one_latent_is_refused():
    with pytest.raises(ValueError, match="latent_dim must be at least 2 for InverseAutoregressive"):
        InverseAutoregressive(1)
    with pytest.raises(ValueError, match="posterior=iaf with latent_dim=1"):
        tiny.config(posterior="iaf", latent_dim=1)
