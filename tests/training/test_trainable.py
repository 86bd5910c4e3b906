"""Training: steps that don't depend on what runs them, in Keras' verbs and on replicas."""

import numpy as np
import pytest

from keras_vae import (
    VAE,
    Decoder,
    Encoder,
    likelihoods,
    networks,
    objectives,
    posteriors,
    priors,
    seeds,
)
from keras_vae._compat import tf, tfd
from keras_vae.batches import Batch, Block
from keras_vae.seeds import Site
from keras_vae.training import schedules as beta_schedules
from tests import tiny

# Sums of some hundred terms in float32, in another order, over a few steps.
FLOAT32 = {"rtol": 1e-4, "atol": 2e-5}


def split(block):
    """Blocks of one step each."""
    return [Block.of_one(block.step(i)) for i in range(block.num_steps)]


def assert_same(a, b, **tolerance):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, **(tolerance or FLOAT32))


# One step of training --------------------------------------------------------------------------


@pytest.mark.parametrize("kl", ["analytic", "sampled"])
def test_a_step_follows_the_gradient_of_distortion_plus_beta_times_rate(kl):
    model = tiny.randomize(tiny.vae())
    model.compile(tiny.sgd(0.1), objectives.SGVB(kl), beta=4.0, jit_compile=False)
    block = tiny.block(model, 1, 8, num_samples=2)
    x, noise = block.x[0], block.noise[0]

    def loss():
        terms = model.terms(x, noise)
        rate = terms.rate if kl == "analytic" else terms.log_posterior - terms.log_prior
        return tf.reduce_mean(terms.distortion) + 4.0 * tf.reduce_mean(rate)

    value, grads = tiny.gradients(model, loss)
    before = [v.numpy() for v in model.trainable_variables]
    logs = tiny.train(model, block)
    np.testing.assert_allclose(logs["loss"], value, rtol=1e-5)
    assert_same(
        model.trainable_variables, [w - 0.1 * g for w, g in zip(before, grads, strict=True)]
    )


def test_beta_follows_its_schedule_step_by_step():
    model = tiny.vae()
    model.compile(tiny.sgd(), beta=beta_schedules.linear(2.0, 4), jit_compile=False)
    for step, block in enumerate(split(tiny.block(model, 3, 8))):
        tiny.train(model, block)
        np.testing.assert_allclose(model.beta, 2.0 * step / 4, rtol=1e-6)


def test_the_moving_average_follows_after_the_step():
    model = tiny.vae()
    model.compile(tiny.sgd(), ema_decay=0.05, jit_compile=False)
    before = [v.numpy() for v in model.trainable_variables]
    tiny.train(model, tiny.block(model, 1, 8))
    after = [v.numpy() for v in model.trainable_variables]
    wanted = [0.05 * b + 0.95 * a for b, a in zip(before, after, strict=True)]
    assert_same(model.ema.averages, wanted)


# Blocks ----------------------------------------------------------------------------------------

# Everything that a step changes: weights, moving average, beta, the step itself.
BLOCK_MODES = [
    {"jit_compile": False},
    {"jit_compile": True},
    {"run_eagerly": True},
]


def fresh(**mode):
    model = tiny.randomize(tiny.vae(activation="tanh"))
    model.compile(tiny.sgd(), beta=beta_schedules.linear(2.0, 6), ema_decay=0.9, **mode)
    return model


@pytest.fixture(scope="module")
def stepwise():
    """A model trained on five steps one by one, in a graph; its last logs."""
    model = fresh(jit_compile=False)
    return model, tiny.train(model, *split(tiny.block(model, 5, 8)))


@pytest.mark.parametrize("mode", BLOCK_MODES, ids=str)
def test_a_block_of_steps_equals_blocks_of_one(stepwise, mode):
    wanted, wanted_logs = stepwise
    model = fresh(**mode)
    logs = tiny.train(model, tiny.block(model, 5, 8))
    assert model.optimizer.iterations == wanted.optimizer.iterations == 5
    assert_same(model.trainable_variables, wanted.trainable_variables)
    assert_same(model.ema.averages, wanted.ema.averages)
    np.testing.assert_allclose(model.beta, wanted.beta, rtol=1e-6)
    assert logs.keys() == wanted_logs.keys() == {"loss", "distortion", "elbo_nats", "rate"}
    for name in logs:
        np.testing.assert_allclose(logs[name], wanted_logs[name], rtol=1e-4)


def test_blocks_of_other_lengths_train_too(stepwise):
    wanted, _ = stepwise
    model = fresh(jit_compile=False)
    block = tiny.block(model, 5, 8)
    part = lambda rows: Block(block.x[rows], block.noise[rows])  # noqa: E731
    tiny.train(model, part(slice(0, 2)), part(slice(2, 5)))
    assert model.optimizer.iterations == 5
    assert_same(model.trainable_variables, wanted.trainable_variables)


# Keras' verbs ----------------------------------------------------------------------------------


def test_fit_takes_blocks(stepwise):
    wanted, wanted_logs = stepwise
    model = fresh(jit_compile=False)
    data = tf.data.Dataset.from_tensor_slices(tuple(tiny.block(model, 5, 8))[:2])
    history = model.fit(data.batch(5).map(lambda x, noise: Block(x, noise)), verbose=0).history
    assert model.optimizer.iterations == 5
    assert_same(model.trainable_variables, wanted.trainable_variables)
    np.testing.assert_allclose(history["loss"][-1], wanted_logs["loss"], rtol=1e-4)


def test_fit_takes_an_array_and_counts_its_steps():
    model = fresh(jit_compile=False)
    x = tiny.images(20)
    history = model.fit(x, batch_size=8, epochs=2, validation_data=x, verbose=0).history
    assert model.optimizer.iterations == 2 * 3
    assert set(history) == {
        f"{part}{name}"
        for part in ("", "val_")
        for name in ("loss", "distortion", "elbo_nats", "rate")
    }
    assert all(len(values) == 2 and np.isfinite(values).all() for values in history.values())


def test_fit_of_an_array_is_the_seeds():
    def weights(seed):
        model = fresh(jit_compile=False)
        model.seed = seed
        model.fit(tiny.images(16), batch_size=8, shuffle=False, verbose=0)
        return [v.numpy() for v in model.trainable_variables]

    once = weights(1)
    assert_same(once, weights(1), rtol=0)
    assert any((a != b).any() for a, b in zip(once, weights(2), strict=True))


def test_steps_on_an_array_see_new_noise():
    """A learning rate too small to move anything: losses differ by the noise alone."""
    model = tiny.randomize(tiny.vae())
    model.compile(tiny.sgd(1e-30), jit_compile=False)
    losses = model.fit(tiny.images(8), batch_size=8, epochs=3, verbose=0).history["loss"]
    assert len(set(losses)) == 3


def test_fit_takes_labels_beside_the_images():
    """As the same batches in blocks do."""
    wanted, model = (tiny.randomize(tiny.vae(condition="label")) for _ in range(2))
    for m in (wanted, model):
        m.compile(tiny.sgd(), jit_compile=False)
    x, labels = tiny.images(16), np.arange(16) % tiny.NUM_CLASSES
    model.fit(x, labels, batch_size=8, shuffle=False, verbose=0)
    for step, rows in enumerate([slice(0, 8), slice(8, 16)]):
        noise = wanted.draw_noise(seeds.derive(wanted.seed, Site.LATENT, step), 1, 8)
        batch = Batch(tf.constant(x[rows]), noise, tf.constant(labels[rows]))
        tiny.train(wanted, Block.of_one(batch))
    assert_same(model.trainable_variables, wanted.trainable_variables)


def test_evaluation_and_validation_take_labels_too():
    model = tiny.randomize(tiny.vae(condition="label"))
    model.compile(tiny.sgd(1e-30), jit_compile=False)  # Fit leaves the weights where they are.
    x, labels = tiny.images(8), np.arange(8) % tiny.NUM_CLASSES
    evaluate = lambda y: model.evaluate(x, y, return_dict=True, verbose=0)  # noqa: E731
    found = evaluate(labels)
    rate = np.mean(model.terms(x, tiny.noise(model, 1, 8), labels).rate)
    np.testing.assert_allclose(found["rate"], rate, rtol=1e-5)
    assert abs(evaluate(labels[::-1])["rate"] - rate) > 1e-3 * rate
    history = model.fit(x, labels, validation_data=(x, labels), verbose=0).history
    np.testing.assert_allclose(history["val_rate"], [rate], rtol=1e-5)


def test_train_on_batch_is_a_step():
    model = fresh(jit_compile=False)
    before = [v.numpy() for v in model.trainable_variables]
    logs = model.train_on_batch(tiny.images(8), return_dict=True)
    assert model.optimizer.iterations == 1
    assert np.isfinite(logs["loss"])
    assert any(
        (v.numpy() != b).any() for v, b in zip(model.trainable_variables, before, strict=True)
    )


def test_evaluation_is_the_bound_at_beta_one_over_all_examples():
    """Batches of 8 and 2: the mean is over examples, not over batches."""
    model = tiny.randomize(tiny.vae())
    model.compile(tiny.sgd(), beta=4.0, jit_compile=False)
    x = np.concatenate([np.zeros((8, *tiny.EVENT_SHAPE)), np.ones((2, *tiny.EVENT_SHAPE))])
    found = model.evaluate(x, batch_size=8, return_dict=True, verbose=0)
    q = model.encode(x)
    kl = tfd.MultivariateNormalDiag(q.mean(), q.stddev()).kl_divergence(
        tfd.MultivariateNormalDiag(tf.zeros(3), tf.ones(3))
    )
    np.testing.assert_allclose(found["rate"], np.mean(kl), rtol=1e-5)
    np.testing.assert_allclose(found["loss"], found["distortion"] + found["rate"], rtol=1e-5)
    np.testing.assert_allclose(found["elbo_nats"], -found["loss"], rtol=1e-6)


def test_evaluation_draws_the_same_noise_every_time_and_other_noise_for_each_batch():
    model = tiny.randomize(tiny.vae())
    model.compile(tiny.sgd(), jit_compile=False)
    half = tiny.images(8)
    evaluate = lambda x: model.evaluate(x, batch_size=8, return_dict=True, verbose=0)  # noqa: E731
    once, twice = evaluate(half), evaluate(np.concatenate([half, half]))
    assert once == evaluate(half)
    assert once["distortion"] != twice["distortion"]


def test_evaluation_uses_the_moving_average_and_gives_the_weights_back():
    model = fresh(jit_compile=False)
    tiny.train(model, tiny.block(model, 5, 8))
    x = tiny.images(8)
    weights = [v.numpy() for v in model.trainable_variables]
    found = model.evaluate(x, batch_size=8, return_dict=True, verbose=0)["rate"]
    assert_same(model.trainable_variables, weights, rtol=0)
    rate = lambda: float(np.mean(model.terms(x, tiny.noise(model, 1, 8)).rate))  # noqa: E731
    with_weights = rate()
    with model.ema.applied():
        with_average = rate()
    np.testing.assert_allclose(found, with_average, rtol=1e-5)
    assert abs(with_weights - with_average) > 1e-3 * with_average


# Replicas --------------------------------------------------------------------------------------

REPLICA_CASES = {
    "analytic": {"kl": "analytic"},
    "sampled": {"kl": "sampled", "latent_samples": 2},
    "beta schedule": {"beta_schedule": "linear", "beta_warmup_epochs": 1.0},
    "clipped": {"clip_norm": 0.5},
    "moving average": {"ema_decay": 0.9},
    "autoencoder": {"posterior": "deterministic"},
    "importance weighted": {
        "objective": "importance_weighted",
        "latent_samples": 3,
        "gradient": "dreg",
    },
    "labels": {"condition": "label"},
}


def pair(strategy, **options):
    """Two models of equal weights: one on one replica, one on two."""
    one = tiny.randomize(tiny.vae(activation="tanh", optimizer="sgd", learning_rate=0.1, **options))
    with strategy.scope():
        two = tiny.vae(activation="tanh", optimizer="sgd", learning_rate=0.1, **options)
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        a.assign(b)
    if one.ema is not None:
        for a, b in zip(two.ema.averages, one.ema.averages, strict=True):
            a.assign(b)
    return one, two


@pytest.mark.parametrize("case", list(REPLICA_CASES))
def test_two_replicas_of_batch_b_equal_one_of_batch_2b(two_replicas, case):
    one, two = pair(two_replicas, **REPLICA_CASES[case])
    block = tiny.block(one, 3, 8, num_samples=one.objective.num_samples)
    logs = tiny.train(one, block)
    two_logs = tiny.train(two, tiny.halves(block, two_replicas))
    assert one.optimizer.iterations == two.optimizer.iterations == 3
    assert_same(two.trainable_variables, one.trainable_variables)
    np.testing.assert_allclose(two.beta, one.beta, rtol=1e-6)
    if one.ema is not None:
        assert_same(two.ema.averages, one.ema.averages)
    for name in logs:
        np.testing.assert_allclose(two_logs[name], logs[name], rtol=1e-4)


def test_free_bits_average_over_all_replicas(two_replicas):
    """One replica's examples have little KL in some latent, the other's much; all together are
    above the free bits, one replica alone is not."""
    one, two = pair(two_replicas, objective="free_bits", beta=2.0)
    block = tiny.block(one, 1, 8)
    x = np.concatenate([np.zeros((4, *tiny.EVENT_SHAPE)), np.ones((4, *tiny.EVENT_SHAPE))])
    block = Block(tf.constant(x[np.newaxis], tf.float32), block.noise)
    kl = one.terms(block.x[0], block.noise[0]).kl.numpy().reshape(2, 4, -1).mean(axis=1)
    low, high = np.sort(kl, axis=0)[:, np.argmax(np.abs(kl[0] - kl[1]))]
    nats = 0.75 * low + 0.25 * high
    assert nats - low > 0.05  # Replicas that count alone would differ by this.
    for model, fed in [(one, block), (two, tiny.halves(block, two_replicas))]:
        model.objective = objectives.FreeBits(float(nats))
        model.logs = tiny.train(model, fed)
    assert_same(two.trainable_variables, one.trainable_variables)
    np.testing.assert_allclose(two.logs["loss"], one.logs["loss"], rtol=1e-5)
    free = np.maximum(kl.mean(axis=0), nats).sum()
    np.testing.assert_allclose(one.logs["loss"], one.logs["distortion"] + 2.0 * free, rtol=1e-5)


def test_fit_of_an_array_on_two_replicas_equals_one(two_replicas):
    one, two = pair(two_replicas)
    x = tiny.images(16)
    histories = [
        m.fit(x, batch_size=8, epochs=2, shuffle=False, verbose=0).history for m in (one, two)
    ]
    assert one.optimizer.iterations == two.optimizer.iterations == 4
    assert_same(two.trainable_variables, one.trainable_variables)
    for name in histories[0]:
        np.testing.assert_allclose(histories[1][name], histories[0][name], rtol=1e-4)
    found = [m.evaluate(x, batch_size=8, return_dict=True, verbose=0) for m in (one, two)]
    for name in found[0]:
        np.testing.assert_allclose(found[1][name], found[0][name], rtol=1e-4)


# What is refused -------------------------------------------------------------------------------


class Mixture(priors.StandardNormal):
    """A prior to which TFP has no closed KL."""

    def distribution(self, context=None):
        normals = tfd.Independent(tfd.Normal(tf.constant([[0.0, 1.0], [1.0, 0.0]]), 1.0), 1)
        return tfd.MixtureSameFamily(tfd.Categorical(logits=[0.0, 0.0]), normals)


def test_an_exact_kl_that_does_not_exist_is_refused_and_auto_samples():
    model = VAE(
        Encoder(networks.mlp((4,)), posteriors.DiagonalNormal(2)),
        Decoder(networks.mlp((4,)), likelihoods.Bernoulli((2, 2, 1))),
        Mixture(2),
    )
    with pytest.raises(ValueError, match=r"no closed form .* Use kl='sampled' or 'auto'"):
        model.compile(objective=objectives.SGVB("analytic"))
    model.compile(objective=objectives.SGVB("auto"))
    assert not model.uses_analytic_kl
    x, noise = tiny.images(5, event_shape=(2, 2, 1)), tiny.noise(model, 3, 5)
    terms = model(Batch(x, noise))
    assert terms.kl is None
    np.testing.assert_allclose(
        model.losses[0], np.mean(terms.log_posterior - terms.log_prior), rtol=1e-5
    )


def test_exact_is_chosen_where_it_exists():
    model = tiny.vae()
    for kl, exact in [("auto", True), ("analytic", True), ("sampled", False)]:
        model.compile(objective=objectives.SGVB(kl))
        assert model.uses_analytic_kl == exact


def test_fit_refuses_values_that_the_likelihood_gives_no_mass_to():
    """Early and late in the array, of training and of validation."""
    model = tiny.vae()
    x = tiny.images(1500)
    grey = x.copy()
    grey[1400] = 0.5
    with pytest.raises(ValueError, match="values that Bernoulli gives no mass to"):
        model.fit(grey, verbose=0)
    with pytest.raises(ValueError, match="gives no mass"):
        model.fit(x, validation_data=grey, verbose=0)
    with pytest.raises(ValueError, match="x must be of shape"):
        model.fit(x[:, :, :4], verbose=0)
    assert model.optimizer.iterations == 0


def test_fit_refuses_conditions_that_the_model_can_not_take():
    x, labels = tiny.images(8), np.arange(8) % tiny.NUM_CLASSES
    model = tiny.vae(condition="label")
    with pytest.raises(ValueError, match="condition is missing: a label from 0 to 3"):
        model.fit(x, verbose=0)
    with pytest.raises(ValueError, match=r"condition must be a label from 0 to 3, got \[.*4\]"):
        model.fit(x, labels + 1, verbose=0)
    with pytest.raises(ValueError, match="a label from 0 to 3"):
        model.fit(x, labels, validation_data=(x, labels + 1), verbose=0)
    with pytest.raises(ValueError, match="condition is missing"):
        model.evaluate(x, verbose=0)
    assert model.optimizer.iterations == 0
