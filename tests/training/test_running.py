"""Blocks with the seeds of their noise train as those with the noise itself."""

import numpy as np
import pytest

from keras_vae import data, seeds
from keras_vae._compat import tf
from keras_vae.batches import Batch, Block
from keras_vae.training import feeding, replicas
from keras_vae.training.running import block_runner, with_noise
from tests import tiny

KINDS = {
    "one layer, several samples": {"latent_samples": 3, "kl": "sampled"},
    "flow, labels": {"posterior": "iaf", "condition": "label"},
    "autoencoder": {"posterior": "deterministic"},
    "bottom up": {"recipe": "hvae"},
    "ladder": {"recipe": "ladder"},
    "layers of maps": {"recipe": "deep", "event_shape": (7, 5, 3), "likelihood_components": 2},
    "sequence": {"recipe": "sequence"},
    "Bayesian weights": {"weights": "bayes"},
    "prior as posterior": {"recipe": "monte_carlo", "latent_samples": 4},
}
MODES = [{"run_eagerly": True}, {"jit_compile": False}, {"jit_compile": True}]


def kept(block, model) -> tuple[Block, Block]:
    """The block with seeds, and with the noise drawn from them, as the pipeline draws it."""
    of_steps = tf.constant([[7, i] for i in range(block.num_steps)])
    drawn = [
        model.draw_noise(seed, model.objective.num_samples, block.x.shape[1]) for seed in of_steps
    ]
    return block._replace(noise=None, seed=of_steps), block._replace(noise=tf.stack(drawn))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_model_trains_on_seeds_as_on_noise(kind):
    """To the bit: the same operations on the same numbers."""
    models = [tiny.randomize(tiny.vae(**KINDS[kind]), 0.05) for _ in range(2)]
    logs = []
    for model, block in zip(models, kept(tiny.block(models[0], 2, 8), models[0]), strict=True):
        # A sequence's loops are graphs, each of which would be traced by itself.
        model.compile(
            tiny.sgd(1e-4), model.objective, run_eagerly=kind != "sequence", jit_compile=False
        )
        logs.append(tiny.train(model, block))
    assert np.isfinite(logs[0]["loss"])
    assert logs[0] == logs[1]
    for a, b in zip(*(m.trainable_variables for m in models), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_steps_see_the_same_noise_whatever_runs_them(mode):
    """To the bit, under XLA too, which itself draws other numbers from the same seed."""
    model = tiny.vae()
    model.compile(**mode)
    with_seeds, with_noise_there = kept(tiny.block(model, 3, 8), model)
    seen = tf.Variable(tf.zeros_like(with_noise_there.noise))
    run = block_runner(
        model, lambda batch: seen.assign(tf.concat([seen[1:], batch.noise[tf.newaxis]], 0))
    )
    for block in (with_seeds, with_noise_there):
        seen.assign(tf.zeros_like(seen))
        run(block)
        np.testing.assert_array_equal(seen, with_noise_there.noise)


def test_xla_trains_on_seeds_as_on_noise():
    models = [tiny.randomize(tiny.vae()) for _ in range(2)]
    for model, block in zip(models, kept(tiny.block(models[0], 3, 8), models[0]), strict=True):
        model.compile(tiny.sgd(0.01), jit_compile=True)
        tiny.train(model, block)
    for a, b in zip(*(m.trainable_variables for m in models), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("size", [8, 7, 1])
def test_replicas_draw_the_rows_of_one_batch(two_replicas, size):
    """Of an odd number, one takes one more; of one example, one none."""
    model = tiny.vae(latent_samples=2, kl="sampled")
    block = tiny.block(model, 2, size)
    seeded, wanted = kept(block, model)
    for i in range(2):
        shares = [
            with_noise(model, replicas.rows_of_replica(seeded, replica, 2).step(i))
            for replica in range(2)
        ]
        np.testing.assert_array_equal(tf.concat([s.noise for s in shares], 1), wanted.noise[i])
        np.testing.assert_array_equal(tf.concat([s.x for s in shares], 0), block.x[i])


@pytest.mark.parametrize("kind", ["one layer, several samples", "ladder", "layers of maps"])
def test_two_replicas_train_on_seeds_as_one_on_noise(two_replicas, kind):
    options = KINDS[kind] | {"optimizer": "sgd", "learning_rate": 1e-3}
    one = tiny.randomize(tiny.vae(**options), 0.05)
    with two_replicas.scope():
        two = tiny.vae(**options)
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        a.assign(b)
    seeded, noisy = kept(tiny.block(one, 3, 8), one)
    logs = tiny.train(one, noisy)
    blocks = tf.data.Dataset.from_tensors(seeded)
    step, feed = two.make_train_function(), iter(replicas.distribute(blocks, two_replicas))
    two_logs = step(feed)
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)
    for name in logs:
        np.testing.assert_allclose(two_logs[name], logs[name], rtol=1e-4)


def test_a_block_without_noise_or_seed_is_refused():
    model = tiny.vae()
    x = tiny.block(model, 1, 4).x
    with pytest.raises(ValueError, match="batch has neither noise nor seed"):
        model.make_train_function()(iter([Block(x)]))


def test_a_step_draws_the_noise_of_its_batch_alone(monkeypatch):
    """What memory holds: [S, B, N], whatever the number of steps."""
    model, drawn = tiny.vae(), []
    draw = model.draw_noise
    monkeypatch.setattr(
        model, "draw_noise", lambda *a: (drawn.append(a[1:]), draw(*a))[1], raising=False
    )
    block = tiny.block(model, 40, 8)
    drawn.clear()
    seeded = block._replace(noise=None, seed=tf.zeros([40, 2], tf.int32))
    tiny.train(model, seeded)
    assert drawn == [(1, 8)]  # Traced once.


# The pipeline ----------------------------------------------------------------------------------

SPLIT = data.InMemory(np.random.default_rng(0).integers(0, 2, (60, 7, 5, 1)).astype(bool), levels=2)


def fed(model, noise, start_step=0):
    blocks = feeding.training_blocks(
        model,
        SPLIT,
        batch_size=8,
        steps_per_block=4,
        epochs=2,
        binarization="none",
        start_step=start_step,
        noise=noise,
    )
    return [block.step(i) for block in blocks for i in range(block.num_steps)]


@pytest.mark.parametrize("start_step", [0, 5])
def test_the_pipeline_gives_the_seeds_of_what_it_draws(start_step):
    """From the first step on, and where a training is resumed."""
    model = tiny.vae()
    drawn, seeded = fed(model, "pipeline"), fed(model, "step", start_step)
    assert len(seeded) == len(drawn) - start_step
    for a, b in zip(drawn[start_step:], seeded, strict=True):
        assert b.noise is None
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.noise, with_noise(model, b).noise)


@pytest.mark.parametrize("in_pipeline", [True, False])
def test_blocks_bring_noise_that_is_small(monkeypatch, in_pipeline):
    model, size = tiny.vae(), 8 * 4 * 3 * 4  # Bytes: of 8 x 4 examples, 3 floats each.
    monkeypatch.setattr(feeding, "MOST_NOISE", size if in_pipeline else size - 1)
    spec = feeding.training_blocks(
        model, SPLIT, batch_size=8, steps_per_block=4, epochs=1, binarization="none"
    ).element_spec
    assert isinstance(spec.noise, tf.TensorSpec) == in_pipeline
    assert isinstance(spec.seed, tf.TensorSpec) != in_pipeline


def test_evaluation_draws_the_same_in_either_form(monkeypatch):
    model = tiny.randomize(tiny.vae())
    model.compile(jit_compile=True)
    evaluate = lambda: model.evaluate(SPLIT, batch_size=8, verbose=0, return_dict=True)  # noqa: E731
    in_pipeline = evaluate()
    monkeypatch.setattr(feeding, "MOST_NOISE", 0)
    for name, value in evaluate().items():
        np.testing.assert_allclose(value, in_pipeline[name], rtol=1e-6)


def test_a_fit_on_a_split_is_validated_as_trainings_are():
    """By the draws of the validation split, in `evaluate` too."""
    model = tiny.randomize(tiny.vae())
    model.compile(tiny.sgd(1e-30), jit_compile=False)  # Fit leaves the weights where they are.
    history = model.fit(SPLIT, batch_size=8, validation_data=SPLIT, verbose=0).history
    terms, sizes = [], []
    for i in range(8):
        x = SPLIT.array[8 * i : 8 * i + 8]
        seed = seeds.derive(model.seed, seeds.Site.EVALUATE, 1, seeds.Site.LATENT, i)
        terms.append(model.terms(x, model.draw_noise(seed, 1, len(x))).elbo_nats)
        sizes.append(len(x))
    assert sizes[-1] == 4
    np.testing.assert_allclose(history["val_elbo_nats"], [np.mean(np.concatenate(terms))], 1e-5)
    found = model.evaluate(SPLIT, batch_size=8, verbose=0, return_dict=True)
    np.testing.assert_allclose(found["loss"], history["val_loss"][0], rtol=1e-6)


def test_parts_of_a_batch_go_with_its_rows():
    batch = Batch(np.arange(8.0).reshape(4, 2), mask=np.eye(4, 2, dtype=bool), seed=[0, 1])
    rows = batch.rows(1, 3)
    np.testing.assert_array_equal(rows.mask, [[False, True], [False, False]])
    assert rows.seed is None
