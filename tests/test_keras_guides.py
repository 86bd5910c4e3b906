"""Keras' guides on training, saving and callbacks, row by row: each works, or says what to do.

Models run in Python, where tracing a graph would take longer than the test, and each is trained for
as many rows as it can serve.
"""

import csv
import functools
import warnings

import keras as keras_3
import numpy as np
import pytest

import keras_vae
from keras_vae import likelihoods, networks, objectives, posteriors, priors
from keras_vae._compat import tf, tfk
from keras_vae.training import schedules
from tests import tiny

X, V = tiny.images(16), tiny.images(8, seed=1)
LABELS = (np.arange(16) % tiny.NUM_CLASSES).astype(np.int32)
STEPS = 2  # An epoch has 2 batches of 8.
BY_CLASS = {0: 0.0, 1: 2.0, 2: 1.0, 3: 0.5}
CB = tfk.callbacks


def vae(**options):
    return tiny.vae(**{"run_eagerly": True, "network": "linear", "latent_dim": 2} | options)


# A model for rows that don't change it.
unchanged = functools.cache(vae)


def compiled(optimizer="adam", **arguments):
    model = vae()
    model.compile(optimizer, **{"run_eagerly": True} | arguments)
    return model


def fit(model, x=X, *args, epochs=1, **kwargs):
    """The history of a training in order, so that two can be compared."""
    known = {"batch_size": None if isinstance(x, tf.data.Dataset) else 8, "shuffle": False}
    return model.fit(x, *args, epochs=epochs, **known | {"verbose": 0} | kwargs).history


def measured(model, x=V, **kwargs):
    return model.evaluate(x, batch_size=8, verbose=0, return_dict=True, **kwargs)


def bound(model, x=V):
    return measured(model, x)["elbo_nats"]


def steps(model):
    return int(model.optimizer.iterations)


def values(model):
    """The weights as they train, not their average."""
    return [v.numpy() for v in model.trainable_variables]


def same(a, b):
    for one, other in zip(a, b, strict=True):
        np.testing.assert_array_equal(one, other)


# Callbacks -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worse(tmp_path_factory):
    """(Folder, history, model, callbacks by name) of a training that is worse by the epoch."""
    folder = tmp_path_factory.mktemp("worse")
    model = compiled(tiny.sgd(-1e-3), ema_decay=0.5)
    best = functools.partial(CB.ModelCheckpoint, save_best_only=True)
    seen = []
    callbacks = {
        "every epoch": CB.ModelCheckpoint(str(folder / "{epoch}.keras")),
        "best.keras": best(str(folder / "best.keras"), "val_elbo_nats"),
        "loss.keras": best(str(folder / "loss.keras"), "val_loss"),
        **{
            name: best(str(folder / name), "val_elbo_nats", save_weights_only=True)
            for name in ("best.weights.h5", "best.h5", "best")
        },
        "plateau": CB.ReduceLROnPlateau("val_elbo_nats", factor=0.5, patience=1, min_lr=-1.0),
        "csv": CB.CSVLogger(str(folder / "log.csv")),
        "tensorboard": CB.TensorBoard(str(folder / "logs"), histogram_freq=1),
        "lambda": CB.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch)),
        "stop": CB.EarlyStopping("val_elbo_nats", patience=2, restore_best_weights=True),
    }
    given = list(callbacks.values())
    history = fit(model, epochs=5, validation_data=(V,), callbacks=given)
    callbacks["lambda"].seen = seen
    return folder, history, model, callbacks


def test_early_stopping_of_the_bound_keeps_the_epoch_where_it_is_highest(worse):
    """Keras alone takes the bound for a loss, of which less is better."""
    _, history, model, callbacks = worse
    assert np.all(np.diff(history["val_elbo_nats"]) < 0)
    assert len(history["loss"]) == 3
    assert callbacks["stop"].best_epoch == 0
    assert bound(model) == history["val_elbo_nats"][0]


def test_checkpoints_hold_the_model_of_each_epoch(worse):
    folder, history, _, _ = worse
    found = [bound(keras_vae.load(folder / f"{epoch}.keras")) for epoch in (1, 2, 3)]
    np.testing.assert_array_equal(found, history["val_elbo_nats"])


@pytest.mark.parametrize("name", ["best.keras", "loss.keras", "best.weights.h5", "best.h5", "best"])
def test_the_best_file_holds_the_best_epoch(worse, name):
    folder, history, _, callbacks = worse
    if name.endswith(".keras"):
        model = keras_vae.load(folder / name)
    else:
        model = compiled(tiny.sgd(), ema_decay=0.5)
        fit(model)  # Which has an average of its own until other weights are loaded.
        model.load_weights(str(folder / name))
    assert bound(model) == history["val_elbo_nats"][0] == max(history["val_elbo_nats"])
    assert abs(callbacks[name].best) == abs(history["val_elbo_nats"][0])


def test_the_rate_is_reduced_when_the_bound_falls(worse):
    _, history, _, _ = worse
    np.testing.assert_allclose(history["lr"], [-1e-3, -1e-3, -5e-4], rtol=1e-6)


def test_a_csv_file_has_the_history(worse):
    folder, history, _, _ = worse
    with open(folder / "log.csv") as file:
        rows = list(csv.DictReader(file))
    for name in ("loss", "val_elbo_nats"):
        assert [float(row[name]) for row in rows] == history[name]


def test_tensorboard_has_the_history(worse):
    folder, history, _, _ = worse
    (file,) = (folder / "logs" / "validation").iterdir()
    written = {
        event.step: float(tf.make_ndarray(value.tensor))
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
        if value.tag == "epoch_elbo_nats"
    }
    assert written == dict(enumerate(np.float32(history["val_elbo_nats"]).tolist()))


def test_a_callback_of_functions_is_called_after_each_batch(worse):
    assert worse[-1]["lambda"].seen == [0, 1] * 3


class Stopped(Exception):
    pass


def test_a_training_that_was_backed_up_goes_on_to_the_bit(tmp_path):
    """With its moving average, of which Keras' callback knows nothing."""

    def stop(epoch, logs):
        if epoch == 1:
            raise Stopped

    unbroken, broken, model = (vae(ema_decay=0.9) for _ in range(3))
    history = fit(unbroken, epochs=2, validation_data=(V,))
    backup = CB.BackupAndRestore(str(tmp_path))
    with pytest.raises(Stopped):
        fit(broken, epochs=2, callbacks=[backup, CB.LambdaCallback(on_epoch_begin=stop)])
    rest = fit(model, epochs=2, validation_data=(V,), callbacks=[backup])
    same(values(model), values(unbroken))
    assert rest == {name: found[1:] for name, found in history.items()}
    assert list(tmp_path.iterdir()) == []


def test_a_learning_rate_scheduler_sets_the_rate():
    model = vae()
    before = values(model)
    schedule = CB.LearningRateScheduler(lambda epoch, rate: 0.0 if epoch == 0 else rate + 0.01)
    assert fit(model, callbacks=[schedule])["lr"] == [0.0]
    same(values(model), before)
    rate = fit(model, callbacks=[schedule], initial_epoch=1, epochs=2)["lr"]
    assert rate == [pytest.approx(0.01)]
    assert not np.array_equal(values(model)[0], before[0])


def test_a_training_ends_when_the_loss_is_nan():
    model = compiled(tiny.sgd(1e30))
    fit(model, epochs=9, callbacks=[CB.TerminateOnNaN()])
    assert steps(model) < 9 * STEPS


# compile -------------------------------------------------------------------------------------


def test_metrics_compare_x_with_its_reconstruction():
    model = compiled(metrics=["mae"], weighted_metrics=["mse"])
    weight = np.array([0, 1, 2, 0, 0, 0, 0, 1.0])
    error = model.reconstruct(V) - V
    mae, mse = np.mean(np.abs(error)), np.mean(error**2, axis=(1, 2, 3))
    found = measured(model, sample_weight=weight)
    assert found["mae"] == pytest.approx(mae, rel=1e-5)
    assert found["mse"] == pytest.approx(np.average(mse, weights=weight), rel=1e-5)
    history = fit(model, V)  # Its metrics are of the weights before the step.
    assert history["mae"] == [pytest.approx(mae, rel=1e-5)]
    assert history["mse"] == [pytest.approx(np.mean(mse), rel=1e-5)]


def test_several_steps_an_execution_are_the_same_steps():
    calls = []
    count = CB.LambdaCallback(on_train_batch_end=lambda batch, logs: calls.append(batch))
    models = compiled(), compiled(steps_per_execution=2)
    one, two = (fit(model, callbacks=[count], validation_data=X) for model in models)
    assert (one, calls) == (two, [0, 1, 1])
    same(values(models[0]), values(models[1]))
    np.testing.assert_array_equal(*(m.predict(X, batch_size=8, verbose=0) for m in models))


def test_xla_takes_the_same_steps():
    models = compiled(), compiled(run_eagerly=False, jit_compile=True)
    losses = [fit(model, V)["loss"] for model in models]
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert models[1].jit_compile


# fit and its like ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", [X, LABELS], ids=["x", "labels"])
def test_a_target_is_left_out_with_one_note(target):
    wanted = fit(vae())
    pairs = tf.data.Dataset.from_tensor_slices((X, target)).batch(8)
    for given in ((X, target), (pairs,)):
        model = vae()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert fit(model, *given) == wanted
            fit(model, *given, validation_data=(X[:8], target[:8]))
            model.train_on_batch(X[:8], target[:8])
        (note,) = caught
        assert "learns x alone: what stands beside it (y, labels or targets)" in str(note.message)


def test_epochs_splits_and_validation_are_counted_as_keras_does():
    model, told = vae(), []
    tell = CB.LambdaCallback(on_epoch_begin=lambda epoch, logs: told.append(epoch))
    options = {"validation_split": 0.5, "validation_freq": 2, "callbacks": [tell]}
    history = fit(model, initial_epoch=1, epochs=4, **options)
    assert (told, steps(model)) == ([1, 2, 3], 3)  # Each epoch has 8 of 16 examples.
    assert (len(history["loss"]), len(history["val_loss"])) == (3, 2)
    assert history["val_elbo_nats"][-1] == bound(model, X[8:])


@tfk.saving.register_keras_serializable("tests")
class Steady(keras_vae.VAE):
    """Each example has the same noise, wherever it stands in a batch."""

    def draw_noise(self, seed, num_samples, batch_size):
        return tf.ones([num_samples, batch_size, self.noise_size])


def steady(objective=None):
    model = Steady(
        keras_vae.Encoder(networks.linear(), posteriors.DiagonalNormal(2)),
        keras_vae.Decoder(networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
        priors.StandardNormal(2),
    )
    rng = np.random.default_rng(5)
    for v in model.trainable_variables:
        v.assign(0.1 * rng.normal(size=v.shape))
    model.compile(tiny.sgd(), objective, run_eagerly=True)
    return model


WEIGHT = np.array([1.0, 0, 1, 2, 0, 1, 1, 2])  # The mean is 1.
REPEATED = X[[0, 2, 3, 3, 5, 6, 7, 7]]
WEIGHED = {
    "array": lambda m: fit(m, X[:8], sample_weight=WEIGHT, validation_data=(X[:8], None, WEIGHT)),
    "set": lambda m: fit(m, of_weights := weighed_set(), validation_data=of_weights),
    "generator": lambda m: fit(m, iter([(X[:8], WEIGHT, WEIGHT)]), batch_size=None),
    "train_on_batch": lambda m: {
        name: [value]
        for name, value in m.train_on_batch(X[:8], None, WEIGHT, return_dict=True).items()
    },
}


def weighed_set():
    return tf.data.Dataset.from_tensors((X[:8], LABELS[:8], WEIGHT))


@pytest.fixture(scope="module")
def repeated():
    """{objective: (history, weights) of a training on examples that are there several times}."""
    found = {}
    for objective in OBJECTIVES:
        model = steady(objective)
        found[objective] = fit(model, REPEATED, validation_data=(REPEATED,)), values(model)
    return found


OBJECTIVES = [
    objectives.SGVB("analytic"),
    objectives.SGVB("sampled"),
    objectives.ImportanceWeighted(2),
]


@pytest.mark.filterwarnings("ignore:.*learns x alone")
@pytest.mark.parametrize(
    ("objective", "door"),
    [*((OBJECTIVES[0], door) for door in WEIGHED), *((o, "array") for o in OBJECTIVES[1:])],
    ids=str,
)
def test_a_weight_counts_an_example_so_often(repeated, objective, door):
    """A weight of 0 leaves the example out; of 2, the example counts as if it were there twice."""
    wanted, weights = repeated[objective]
    found = WEIGHED[door](model := steady(objective))
    for name, value in found.items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-5, err_msg=name)
    for value, weight in zip(values(model), weights, strict=True):
        np.testing.assert_allclose(value, weight, rtol=1e-4, atol=1e-7)


def test_one_batch_is_measured_with_weights():
    found = steady().test_on_batch(X[:8], sample_weight=WEIGHT)
    np.testing.assert_allclose(found, steady().test_on_batch(REPEATED), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*learns x alone")
def test_class_weights_are_those_of_the_examples():
    of_array, of_set, wanted = steady(), steady(), steady()
    fit(of_array, X, LABELS, class_weight=BY_CLASS)
    pairs = tf.data.Dataset.from_tensor_slices((X, LABELS)).batch(8)
    fit(of_set, pairs, class_weight=BY_CLASS)
    fit(wanted, X, sample_weight=[BY_CLASS[label] for label in LABELS])
    same(values(of_array), values(wanted))
    same(values(of_set), values(wanted))


def test_one_batch_is_as_a_set_of_one():
    model, other = vae(), vae()
    found = model.train_on_batch(V, return_dict=True)
    assert {name: [value] for name, value in found.items()} == fit(other, V)
    same(values(model), values(other))
    assert model.test_on_batch(V, return_dict=True) == measured(other)
    np.testing.assert_allclose(model.predict_on_batch(V), model.reconstruct(V), rtol=1e-5)


# Looking and saving --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"recipe": "hvae", "network": "mlp"}, {"prior": "vamp", "condition": "label"}]
)
def test_a_summary_counts_all_weights(options):
    lines = []
    options = options if "recipe" in options else options | {"network": "linear"}
    (model := tiny.vae(**options)).summary(line_length=120, print_fn=lines.append)
    counts = [int(line.split()[-1]) for line in lines if "multiple" in line]
    assert sum(counts) == sum(v.shape.num_elements() for v in model.variables)
    assert counts[1:3] == [model.encoder.count_params(), model.decoder.count_params()]
    assert f"Total params: {sum(counts)} " in " ".join(lines)


def test_a_clone_has_the_same_parts_and_takes_the_weights():
    model = tiny.randomize(vae(seed=3))
    again = tfk.models.clone_model(model)
    assert not np.array_equal(values(again)[0], values(model)[0])
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.sample(2, seed=0), model.sample(2, seed=0))


def test_saving_and_measuring_leaves_the_training_as_it_was(tmp_path):
    model, unbroken = vae(ema_decay=0.9), vae(ema_decay=0.9)
    assert fit(model) == fit(unbroken)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    assert bound(model) < 0
    assert not np.array_equal(model.get_weights()[1], values(model)[0])
    assert fit(model) == fit(unbroken)
    same(values(model), values(unbroken))


PLANNED = {
    "ema_decay": 0.9,
    "beta_schedule": "linear",
    "beta_warmup_epochs": 3.0,
    "beta": 4.0,
    "learning_rate_schedule": "cosine",
    "clip_norm": 1.0,
    "skip_threshold": 10.0,
}


@pytest.mark.parametrize(
    ("load", "options"),
    [
        (keras_vae.load, PLANNED),
        (keras_vae.load, {"recipe": "iwae", "beta": 0.5}),
        (tfk.models.load_model, {"ema_decay": 0.9}),
    ],
    ids=["planned", "iwae", "by Keras"],
)
def test_a_loaded_model_goes_on_to_the_bit(tmp_path, load, options):
    """With optimizer, objective, beta and moving average as they were."""
    fit(model := vae(**options))
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    assert bound(loaded) == bound(model)
    assert fit(loaded) == fit(model)
    same(values(loaded), values(model))
    same(loaded.optimizer.variables, model.optimizer.variables)
    assert (steps(loaded), bound(loaded)) == (2 * STEPS, bound(model))
    assert loaded.objective == model.objective
    assert [float(loaded.beta_schedule(i)) for i in range(9)] == [
        float(model.beta_schedule(i)) for i in range(9)
    ]


@pytest.mark.parametrize(
    "schedule",
    [schedules.constant(2.0), *(f(2.0, 5) for f in (schedules.sigmoid, schedules.cyclic))],
)
def test_schedules_of_beta_are_stored(schedule):
    again = schedules.from_stated(schedules.stated(schedule))
    assert [float(again(i)) for i in range(9)] == [float(schedule(i)) for i in range(9)]


def test_a_schedule_of_ones_own_is_no_part_of_a_file(tmp_path):
    model = compiled(beta=lambda step: tf.constant(0.5))
    with pytest.warns(UserWarning, match="compile the loaded model before it trains"):
        model.save(tmp_path / "model.keras")
    with pytest.raises(RuntimeError, match=r"isn't compiled.*compile\('adam'\)"):
        fit(keras_vae.load(tmp_path / "model.keras"))


# What is said instead ------------------------------------------------------------------------


def with_callback(callback, **options):
    return lambda folder: fit(unchanged(**options), callbacks=[callback(folder)])


def compile_with(**arguments):
    return lambda folder: unchanged().compile(**arguments)


COSINE = {"learning_rate_schedule": "cosine"}
SAID = {
    "whole models of another format": (
        with_callback(lambda folder: CB.ModelCheckpoint(str(folder / "model.h5"))),
        r"ModelCheckpoint writes whole models to \.keras files.*save_weights_only=True",
    ),
    "a rate that a schedule sets": (
        with_callback(lambda folder: CB.LearningRateScheduler(lambda epoch: 0.1), **COSINE),
        "LearningRateScheduler sets the learning rate.*learning_rate_schedule='constant'",
    ),
    "a plateau under a schedule": (
        with_callback(lambda folder: CB.ReduceLROnPlateau("loss"), **COSINE),
        "ReduceLROnPlateau sets the learning rate.*learning_rate_schedule='constant'",
    ),
    "a callback of Keras 3": (
        with_callback(lambda folder: keras_3.callbacks.TerminateOnNaN()),
        "callbacks: TerminateOnNaN is of Keras 3.*from tf_keras in place of keras",
    ),
    "an optimizer of Keras 3": (
        lambda folder: unchanged().compile(keras_3.optimizers.Adam()),
        "optimizer: Adam is of Keras 3.*from tf_keras in place of keras",
    ),
    "a metric of Keras 3": (
        compile_with(metrics=[keras_3.metrics.MeanSquaredError()]),
        "metrics: MeanSquaredError is of Keras 3.*from tf_keras in place of keras",
    ),
    "a layer of Keras 3": (
        lambda folder: keras_vae.Encoder(keras_3.layers.Dense(2), posteriors.DiagonalNormal(2)),
        "must be a layer or model of tf_keras, got keras.*Make it of tf_keras.layers",
    ),
    "loss": (compile_with(loss="mse"), r"loss has no meaning.*objective=.*SGVB\(\)"),
    "a loss in its place": (
        lambda folder: unchanged().compile("adam", "mse"),
        "objective must be one of keras_vae.objectives, got 'mse'",
    ),
    "loss_weights": (compile_with(loss_weights=[1.0]), "loss_weights has no meaning.*beta="),
    "an unknown argument": (compile_with(los="mse"), "unexpected keyword argument 'los'"),
    "steps_per_execution": (
        compile_with(steps_per_execution="auto"),
        "steps_per_execution must be a whole number, got 'auto'",
    ),
    "jit_compile in Python": (
        compile_with(jit_compile=True, run_eagerly=True),
        "jit_compile=True with run_eagerly=True",
    ),
    "beta below 0": (compile_with(beta=-1), "beta must be at least 0 and finite, got -1"),
    "beta that is no number": (
        compile_with(beta=float("nan")),
        "beta must be at least 0 and finite, got nan",
    ),
    "a schedule below 0": (
        lambda folder: schedules.linear(-1.0, 10),
        r"beta must be at least 0 and finite, got -1\.0",
    ),
    "a schedule of no steps": (
        lambda folder: schedules.linear(1.0, 0),
        "steps must be at least 1, got 0",
    ),
    "weights below 0": (
        lambda folder: fit(unchanged(), sample_weight=-np.ones(16)),
        "sample_weight must be a finite number from 0 on for each of 16 examples",
    ),
    "too few weights": (
        lambda folder: fit(unchanged(), sample_weight=np.ones(7)),
        r"for each of 16 examples, got shape \(7,\)",
    ),
    "weights of a set below 0": (
        lambda folder: fit(unchanged(), tf.data.Dataset.from_tensors((V, V, -np.ones(8)))),
        "sample_weight must be a finite number from 0 on for each of 8 examples",
    ),
    "classes without labels": (
        lambda folder: fit(unchanged(), class_weight={0: 1.0}),
        "class_weight needs y, a label for each of the 16 examples",
    ),
    "classes without weights": (
        lambda folder: fit(unchanged(), X, LABELS, class_weight={0: 1.0}),
        "class_weight must have all labels, it lacks 1, 2, 3",
    ),
    "weights of a whole batch's loss": (
        lambda folder: fit(unchanged(objective="free_bits"), sample_weight=np.ones(16)),
        r"weigh the losses of single examples.*FreeBits.*Use objectives\.SGVB",
    ),
    "weights and a split": (
        lambda folder: fit(unchanged(), sample_weight=np.ones(16), validation_split=0.5),
        "validation_split is of an array without mask and weights.*validation_data",
    ),
    "a model that isn't compiled": (
        lambda folder: fit(tfk.models.clone_model(unchanged())),
        r"isn't compiled.*compile\('adam'\)",
    ),
    "a SavedModel of TensorFlow": (
        lambda folder: tf.saved_model.save(unchanged(), str(folder)),
        r"export\.write\(vae, folder\)",
    ),
    "export": (lambda folder: unchanged().export(str(folder)), r"export\.write\(vae, folder\)"),
    "LiteRT": (
        lambda folder: tf.lite.TFLiteConverter.from_keras_model(unchanged()).convert(),
        r"export\.write\(vae, folder\)",
    ),
    "save as a SavedModel": (
        lambda folder: unchanged().save(str(folder), save_format="tf"),
        r"must end in \.keras.*export\.write\(vae, folder\)",
    ),
    "save over a file": (
        lambda folder: [unchanged().save(folder / "a.keras", overwrite=False) for _ in range(2)],
        "a.keras is there already. Give overwrite=True",
    ),
}


@pytest.mark.filterwarnings("ignore:.*learns x alone")
@pytest.mark.parametrize("case", SAID)
def test_says(case, tmp_path):
    door, words = SAID[case]
    with pytest.raises((ValueError, TypeError, RuntimeError, OSError), match=words) as caught:
        door(tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
