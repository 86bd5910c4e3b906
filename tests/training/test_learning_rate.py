"""The learning rate: warm-up and cosine by their formulas, planned by `fit`."""

import numpy as np
import pytest

import keras_vae
from keras_vae import data
from keras_vae._compat import tf, tfk
from keras_vae.training import learning_rate
from keras_vae.training.learning_rate import LearningRate
from keras_vae.training.planning import Plan
from tests import tiny

RATE = 0.25


def rates(schedule, steps):
    return [float(schedule(tf.constant(step, tf.int64))) for step in steps]


def wanted(step, warmup, first, last, cosine=True):
    """By Goyal et al. 2017, section 2.2, and Loshchilov & Hutter 2017, eq. 5."""
    if step < warmup:
        return RATE * step / warmup
    if not cosine:
        return RATE
    return RATE * (1 + np.cos(np.pi * min((step - first) / (last - first), 1))) / 2


@pytest.mark.parametrize(
    ("warmup_epochs", "cosine"),
    [(0.0, True), (0.05, False), (0.05, True), (0.5, False), (0.5, True), (2.0, True)],
)
def test_rates_are_those_of_the_formula(warmup_epochs, cosine):
    schedule = LearningRate(RATE, warmup_epochs, cosine, Plan(steps_per_epoch=8, last=40))
    warmup = round(8 * warmup_epochs)
    found = rates(schedule, range(50))
    expected = [wanted(step, warmup, warmup, 40, cosine) for step in range(50)]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7 * RATE)
    assert found[0] == (0.0 if warmup else RATE)
    graph = tf.function(schedule)
    assert graph(tf.constant(11, tf.int64)).dtype == tf.float32
    np.testing.assert_allclose(graph(tf.constant(11, tf.int64)), expected[11], rtol=1e-6)


def test_its_config_makes_it_again():
    schedule = LearningRate(RATE, 1.5, True, Plan(8, 40), fixed=True, factor=0.5)
    stored = tfk.optimizers.schedules.serialize(schedule)
    again = tfk.optimizers.schedules.deserialize(stored)
    assert type(again) is LearningRate
    assert again.get_config() == schedule.get_config()
    assert rates(again, [5, 20]) == rates(schedule, [5, 20])


def test_a_warm_up_that_never_ends_is_refused():
    with pytest.raises(ValueError, match="_epochs=5 are 40 steps, of which there will be 40"):
        LearningRate(RATE, 5.0, False, Plan(8, 40))
    model = built(learning_rate_warmup_epochs=2.0)
    with pytest.raises(ValueError, match="2 are 4 steps, of which there will be 2 in all"):
        model.fit(tiny.images(16), batch_size=8, epochs=1, verbose=0)
    assert model.optimizer.iterations == 0


# Planned by fit --------------------------------------------------------------------------------


def built(**options):
    """A model built without data or steps."""
    return keras_vae.build(tiny.config(learning_rate=RATE, **options), jit_compile=False)


class Noted(tfk.callbacks.Callback):
    """The rate and beta of each step, of blocks of one."""

    def __init__(self):
        super().__init__()
        self.rates, self.betas = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate.numpy()))
        self.betas.append(float(self.model.beta.numpy()))


def fitted(model, n=20, epochs=2, **kwargs):
    noted = Noted()
    model.fit(tiny.images(n), batch_size=8, epochs=epochs, verbose=0, callbacks=[noted], **kwargs)
    return noted


def test_fit_plans_the_rate_to_its_own_last_step():
    """20 images are three steps an epoch. A further fit falls once more, and warms up no more."""
    model = built(
        learning_rate_schedule="cosine", learning_rate_warmup_epochs=1.0, optimizer="sgd", epochs=99
    )
    expected = [wanted(step, 3, 3, 6) for step in range(6)]
    np.testing.assert_allclose(fitted(model).rates, expected, rtol=1e-6)
    expected = [wanted(step, 3, 6, 15) for step in range(6, 15)]
    np.testing.assert_allclose(fitted(model, epochs=3).rates, expected, rtol=1e-6)


def test_a_fit_that_goes_on_has_the_rates_of_one():
    options = {"learning_rate_schedule": "cosine", "optimizer": "sgd"}
    model, once = built(**options), fitted(built(**options), epochs=4).rates

    class Broken(tfk.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    noted = Noted()
    callbacks = [noted, Broken()]
    model.fit(tiny.images(20), batch_size=8, epochs=4, verbose=0, callbacks=callbacks)
    rest = fitted(model, epochs=4, initial_epoch=2).rates
    np.testing.assert_allclose(noted.rates + rest, once, rtol=1e-6)


def test_fit_plans_beta_too_and_traces_once_for_the_same_steps(monkeypatch):
    model, made = built(beta_schedule="linear", beta_warmup_epochs=2.0), []
    make = model.make_train_function
    monkeypatch.setattr(
        model, "make_train_function", lambda force=False: (made.append(force), make(force))[1]
    )
    np.testing.assert_allclose(fitted(model).betas, np.arange(6) / 6, rtol=1e-6)
    np.testing.assert_allclose(fitted(model).betas, np.ones(6))
    assert made.count(True) == 1
    np.testing.assert_allclose(fitted(model, n=800, epochs=1).betas[:3], np.arange(12, 15) / 200)


def test_sets_and_splits_are_planned_for_as_arrays():
    options = {"learning_rate_schedule": "cosine", "optimizer": "sgd"}
    expected = [wanted(step, 0, 0, 4) for step in range(4)]
    x = tiny.images(16)
    given = {
        "set": {"x": tf.data.Dataset.from_tensor_slices(x).batch(8)},
        "generator": {"x": (x[:8] for _ in range(4)), "steps_per_epoch": 2},
    }
    for name, arguments in given.items():
        noted = Noted()
        built(**options).fit(epochs=2, verbose=0, callbacks=noted, **arguments)
        np.testing.assert_allclose(noted.rates, expected, rtol=1e-6, err_msg=name)
    # A block of a split has many steps; the last of all is seen.
    model, noted = built(**options), Noted()
    split = data.InMemory(x.astype(bool), levels=2)
    model.fit(split, batch_size=8, epochs=2, verbose=0, callbacks=[noted])
    np.testing.assert_allclose(noted.rates[-1], expected[-1], rtol=1e-6)


def test_what_does_not_say_its_steps_is_refused_before_it_begins():
    model = built(learning_rate_schedule="cosine")
    batches = tf.data.Dataset.from_tensors(tiny.images(8)).filter(lambda x: True)
    with pytest.raises(ValueError, match=r"how many steps an epoch has.* Give fit steps_per_epoch"):
        model.fit(batches, verbose=0)
    blocks = tf.data.Dataset.from_tensors(tiny.block(model, 2, 8))
    with pytest.raises(ValueError, match=r"fit on examples.* or build\(config, steps_per_epoch"):
        model.fit(blocks, verbose=0)
    assert model.optimizer.iterations == 0


def test_fit_on_replicas_plans_too(two_replicas):
    with two_replicas.scope():
        model = built(learning_rate_schedule="cosine", optimizer="sgd")
    x = tiny.images(16)
    history = Noted()
    model.fit(x, batch_size=8, epochs=2, verbose=0, callbacks=[history])
    np.testing.assert_allclose(history.rates, [wanted(i, 0, 0, 4) for i in range(4)], rtol=1e-6)


def test_steps_that_build_is_told_hold_whatever_fit_does():
    model = tiny.vae(learning_rate=RATE, learning_rate_schedule="cosine", optimizer="sgd", epochs=5)
    expected = [wanted(step, 0, 0, 20) for step in range(6)]
    np.testing.assert_allclose(fitted(model).rates, expected, rtol=1e-6)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_factor_is_of_all_further_rates_in_graphs_that_were_traced_too(schedule):
    model = tiny.vae(learning_rate=RATE, learning_rate_schedule=schedule, optimizer="sgd", epochs=5)
    before = fitted(model, epochs=1).rates
    learning_rate.multiply(model, RATE, 0.25)
    after = fitted(model, epochs=1).rates
    planned = [wanted(step, 0, 0, 20, schedule == "cosine") for step in range(6)]
    np.testing.assert_allclose(before, planned[:3], rtol=1e-6)
    np.testing.assert_allclose(after, np.multiply(planned[3:], 0.25), rtol=1e-6)


def test_a_model_with_a_planned_rate_is_saved(tmp_path):
    model = built(learning_rate_schedule="cosine")
    fitted(model, epochs=1)
    model.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
