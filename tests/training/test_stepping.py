"""A step in parts equals the whole step; a skipped one changes nothing."""

import numpy as np
import pytest

from keras_vae import data, objectives
from keras_vae._compat import tf, tfk, tfkl
from keras_vae.batches import Block
from tests import tiny

GRAPH, XLA, EAGER = {"jit_compile": False}, {"jit_compile": True}, {"run_eagerly": True}


def values(variables):
    return [variable.numpy() for variable in variables]


def state(model):
    """All that a step changes, but how many steps there were."""
    slots = [v for v in model.optimizer.variables if v is not model.optimizer.iterations]
    return values([*model.trainable_variables, *slots, *model.ema.averages])


def assert_same(found, wanted, **tolerance):
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, **(tolerance or {"rtol": 0, "atol": 0}))


def made(mode=GRAPH, **options):
    options = {"learning_rate": 0.01, "ema_decay": 0.9, "activation": "tanh"} | options
    return tiny.randomize(tiny.vae(**options, **mode))


def steps(block, *indices):
    """The block of these steps."""
    return Block(*(None if t is None else tf.gather(t, indices) for t in block))


def norm_of(model, batch):
    """The norm of all gradients of a step."""

    def loss():
        terms = model.terms(batch.x, batch.noise)
        return tf.reduce_mean(terms.distortion + terms.rate)

    _, gradients = tiny.gradients(model, loss)
    return np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in gradients))


# Skipping --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "optimizer"),
    [(GRAPH, "adam"), (XLA, "adam"), (EAGER, "rmsprop")],
    ids=str,
)
def test_a_skipped_step_changes_nothing_and_counts(mode, optimizer):
    """Slots, too, that earlier steps have filled; the loss that was seen is shown."""
    model = made(mode, optimizer=optimizer, skip_threshold=1e6)
    block = tiny.block(model, 2, 8)
    assert tiny.train(model, steps(block, 0))["skipped"] == 0
    before = state(model)
    model.skip_threshold = 1e-6
    model.make_train_function(force=True)
    logs = tiny.train(model, block)
    assert_same(state(model), before)
    assert model.optimizer.iterations == 3
    assert logs["skipped"] == 2
    assert logs["loss"] > 0


def test_the_threshold_is_the_norm_before_clipping():
    for factor, skipped in ((0.999, 1), (1.001, 0)):
        model = made(optimizer="sgd")
        block = tiny.block(model, 1, 8)
        norm = norm_of(model, block.step(0))
        optimizer = tfk.optimizers.SGD(0.1, global_clipnorm=norm / 4)
        model.compile(optimizer, skip_threshold=factor * norm, jit_compile=False)
        before = values(model.trainable_variables)
        assert tiny.train(model, block)["skipped"] == skipped
        moved = [a - b for a, b in zip(values(model.trainable_variables), before, strict=True)]
        length = np.sqrt(sum(np.sum(np.square(m)) for m in moved))
        np.testing.assert_allclose(length, (1 - skipped) * 0.1 * norm / 4, rtol=1e-4)


@pytest.mark.parametrize(
    ("mode", "bad"), [(GRAPH, np.nan), (EAGER, np.inf), (EAGER, 1e30)], ids=str
)
def test_steps_that_are_not_finite_are_skipped_and_leave_the_means_alone(mode, bad):
    options = {"likelihood": "normal", "optimizer": "sgd", "learning_rate": 1e-4}
    model, wanted = (made(mode, **options, skip_threshold=t) for t in (1e9, None))
    block = tiny.block(model, 3, 8)
    x = block.x.numpy()
    x[1, 3] = bad
    logs = tiny.train(model, block._replace(x=tf.constant(x)))
    wanted_logs = tiny.train(wanted, steps(block, 0, 2))
    assert logs["skipped"] == 1
    assert_same(values(model.trainable_variables), values(wanted.trainable_variables))
    if not np.isfinite(bad):  # A finite loss would count the seven other examples, too.
        assert np.isfinite(logs["loss"])
        assert np.isfinite(wanted_logs["loss"])


def test_fit_shows_how_many_of_an_epoch_were_skipped():
    model = made(skip_threshold=1e-6)
    x = tiny.images(24)
    history = model.fit(x, batch_size=8, epochs=2, validation_data=x, verbose=0).history
    assert history["skipped"] == [3, 3]
    assert "val_skipped" not in history
    assert "skipped" not in made().fit(x, batch_size=8, verbose=0).history


def test_a_plain_step_has_none_of_it():
    """No norm, no branch, no loop."""

    def operations(**options):
        model = made(**options)
        batch = tiny.block(model, 1, 8).step(0)
        model.optimizer.build(model.trainable_variables)
        graph = tf.function(model.train_step).get_concrete_function(batch).graph
        return {operation.type for operation in graph.get_operations()}

    assert not operations() & {"If", "StatelessIf", "IsFinite", "While", "L2Loss"}
    assert {"If", "IsFinite", "L2Loss"} <= operations(skip_threshold=1.0)
    assert "While" in operations(gradient_accumulation_steps=2)


# In parts --------------------------------------------------------------------------------------

KINDS = {
    "exact KL": {},
    "samples of the KL": {"kl": "sampled", "latent_samples": 2},
    "weighted samples": {
        "objective": "importance_weighted",
        "gradient": "dreg",
        "latent_samples": 3,
    },
    "labels, clipped": {"condition": "label", "clip_norm": 0.5},
    "Bayesian weights": {"weights": "bayes"},
    "penalty, skipping": {"weights": "map", "skip_threshold": 1e6},
    "bits per dimension": {"likelihood": "discretized_logistic"},
    "ladder": {"recipe": "ladder"},
    "layers of maps, recomputed": {
        "structure": "ladder",
        "network": "resnet",
        "gradient_checkpointing": True,
    },
}


def assert_trained_alike(model, wanted, block):
    logs, wanted_logs = tiny.train(model, block), tiny.train(wanted, block)
    assert logs.keys() == wanted_logs.keys()
    for name in logs:
        np.testing.assert_allclose(logs[name], wanted_logs[name], rtol=1e-5, atol=1e-6)
    assert model.optimizer.iterations == wanted.optimizer.iterations == block.num_steps
    assert_same(state(model), state(wanted), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_are_the_whole_step(kind):
    """Of 8 examples, four; noise, conditions and all that an example has go with it."""
    options = {"optimizer": "sgd", "learning_rate": 1e-3} | KINDS[kind]
    model, wanted = (made(EAGER, **options, gradient_accumulation_steps=n) for n in (4, 1))
    block = tiny.block(wanted, 2, 8, num_samples=wanted.objective.num_samples)
    assert_trained_alike(model, wanted, block)


@pytest.mark.parametrize("mode", [GRAPH, XLA], ids=str)
def test_parts_are_the_whole_step_however_it_runs(mode):
    options = {"optimizer": "sgd", "beta_schedule": "linear", "beta_warmup_epochs": 1.0}
    model, wanted = (made(mode, **options, gradient_accumulation_steps=n) for n in (2, 1))
    assert_trained_alike(model, wanted, tiny.block(wanted, 3, 8))


def test_parts_draw_the_noise_of_the_whole_batch_and_know_its_mask():
    options = {"optimizer": "sgd"}
    model, wanted = (made(EAGER, **options, gradient_accumulation_steps=n) for n in (4, 1))
    block = tiny.block(wanted, 2, 8)
    mask = tf.constant(np.random.default_rng(0).integers(0, 2, block.x.shape).astype(bool))
    seeds = tf.constant([[1, 2], [3, 4]])
    assert_trained_alike(model, wanted, block._replace(noise=None, seed=seeds, mask=mask))


def test_a_pass_sees_one_part():
    model, seen = made(gradient_accumulation_steps=4), []
    terms = model.terms
    object.__setattr__(
        model,
        "terms",
        lambda x, *args, **kwargs: (seen.append(x.shape), terms(x, *args, **kwargs))[1],
    )
    tiny.train(model, tiny.block(model, 2, 8))
    assert seen == [(2, *tiny.EVENT_SHAPE)]  # Traced once.


@pytest.mark.parametrize(("size", "wanted"), [(8, 4), (6, 6), (9, 9), (3, 3), (15, 5)])
def test_a_batch_that_is_no_multiple_is_taken_in_more_parts(size, wanted):
    """So that none is larger: an array's last batch."""
    batch = tiny.block(tiny.vae(condition="label"), 1, size, num_samples=2).step(0)
    parts = batch.in_parts(4)
    assert parts.num_steps == wanted
    found = [parts.step(i) for i in range(wanted)]
    np.testing.assert_array_equal(np.concatenate([p.x for p in found]), batch.x)
    np.testing.assert_array_equal(np.concatenate([p.condition for p in found]), batch.condition)
    np.testing.assert_array_equal(np.concatenate([p.noise for p in found], axis=1), batch.noise)


def test_fit_takes_an_array_whose_last_batch_is_short():
    options = {"optimizer": "sgd"}
    model, wanted = (made(EAGER, **options, gradient_accumulation_steps=n) for n in (4, 1))
    histories = [
        m.fit(tiny.images(21), batch_size=8, shuffle=False, verbose=0).history
        for m in (model, wanted)
    ]
    assert_same(state(model), state(wanted), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(histories[0]["loss"], histories[1]["loss"], rtol=1e-5)


def test_batches_that_are_not_shared_equally_are_refused():
    model = made(gradient_accumulation_steps=4)
    split = data.InMemory(tiny.images(20).astype(bool), levels=2)
    for x in (tiny.images(20), split):
        with pytest.raises(ValueError, match=r"batch_size=10 .* 1 replicas, .* a multiple of 4"):
            model.fit(x, batch_size=10, verbose=0)


def test_what_makes_no_step_is_refused():
    model = tiny.vae()
    with pytest.raises(ValueError, match=r"FreeBits with gradient_acc.* .* whole batch"):
        model.compile(objective=objectives.FreeBits(), gradient_accumulation_steps=2)
    with pytest.raises(ValueError, match="gradient_accumulation_steps must be at least 1"):
        model.compile(gradient_accumulation_steps=0)
    with pytest.raises(ValueError, match="skip_threshold must be above 0, got nan"):
        model.compile(skip_threshold=float("nan"))
    model.encoder.network = tfk.Sequential([tfkl.Flatten(), tfkl.BatchNormalization()])
    with pytest.raises(ValueError, match="with BatchNormalization, which normalises each part"):
        model.compile(gradient_accumulation_steps=2)


# Replicas --------------------------------------------------------------------------------------


def pair(strategy, **options):
    """Two models of equal weights: one on one replica, one on two."""
    one = made(**options)
    with strategy.scope():
        two = made(**options)
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        a.assign(b)
    return one, two


@pytest.mark.parametrize("parts", [1, 2])
def test_two_replicas_skip_what_one_does(two_replicas, parts):
    """The step of the largest norm, by the norm of all examples together."""
    one, two = pair(
        two_replicas, likelihood="normal", gradient_accumulation_steps=parts, skip_threshold=1.0
    )
    block = tiny.block(one, 3, 8)
    x = block.x.numpy()
    x[1] *= 3.0
    block = block._replace(x=tf.constant(x))
    norms = [norm_of(one, block.step(i)) for i in range(3)]
    assert norms[1] > 1.2 * max(norms[0], norms[2])
    logs = []
    for model, fed in ((one, block), (two, tiny.halves(block, two_replicas))):
        model.skip_threshold = 0.9 * norms[1]
        logs.append(tiny.train(model, fed))
    assert logs[0]["skipped"] == logs[1]["skipped"] == 1
    assert_same(state(two), state(one), rtol=1e-4, atol=2e-5)
    assert two.optimizer.iterations == 3
    for variable in two.trainable_variables:
        np.testing.assert_array_equal(*variable.values)


def test_one_replicas_bad_example_is_skipped_by_both(two_replicas):
    one, two = pair(two_replicas, likelihood="normal", skip_threshold=1e9)
    block = tiny.block(one, 1, 8)
    tiny.train(two, tiny.halves(block, two_replicas))
    before = state(two)
    x = block.x.numpy()
    x[0, 1] = np.nan
    logs = tiny.train(two, tiny.halves(block._replace(x=tf.constant(x)), two_replicas))
    assert_same(state(two), before)
    assert logs["skipped"] == 1
    assert np.isfinite(logs["loss"])
