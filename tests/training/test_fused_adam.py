"""FusedAdam against Keras' Adam: the same numbers, variables and files."""

import numpy as np
import pytest

from keras_vae._compat import tf, tfk
from keras_vae.training.fused_adam import FusedAdam
from tests import tiny

SCHEDULE = tfk.optimizers.schedules.CosineDecay(0.02, 100)
# 1 - 0.999 is 0.001 to Keras and 1.00005e-3 to the kernel, which takes it in float32: 2.4e-5 of the
# step. A hundred steps lead 1 far at most.
ROUNDING = {"rtol": 1e-4, "atol": 5e-5}
OPTIONS = {
    "plain": {"learning_rate": 0.01},
    "schedule": {"learning_rate": SCHEDULE},
    "clipped": {"learning_rate": 0.01, "global_clipnorm": 0.5},
    "betas": {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    "decay": {"learning_rate": 0.01, "weight_decay": 0.1},
    "amsgrad": {"learning_rate": 0.01, "amsgrad": True},
    "adaptive_epsilon": {"learning_rate": 0.01, "epsilon": 1e-2, "adaptive_epsilon": True},
}
# How a step runs.
MODES = {"eager": lambda f: f, "graph": tf.function, "xla": tf.function(jit_compile=True)}


def run(kind, options, mode, steps=100):
    """(variables, optimizer) after steps on gradients that depend on the variables."""
    rng = np.random.default_rng(0)
    variables = [tf.Variable(rng.normal(size=s).astype(np.float32)) for s in ((3, 5), (7,), ())]
    optimizer = kind(**options)
    optimizer.build(variables)

    def step(noise):
        gradients = [tf.sin(3.0 * v) + n for v, n in zip(variables, noise, strict=True)]
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    step = MODES[mode](step)
    for _ in range(steps):
        step([tf.constant(rng.normal(size=v.shape).astype(np.float32)) for v in variables])
    return variables, optimizer


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", OPTIONS)
def test_a_hundred_steps_give_the_numbers_of_keras(name, mode):
    found, fused = run(FusedAdam, OPTIONS[name], mode)
    wanted, keras = run(tfk.optimizers.Adam, OPTIONS[name], "graph")
    for a, b in zip((*found, *fused.variables), (*wanted, *keras.variables), strict=True):
        np.testing.assert_allclose(a, b, **ROUNDING)


def test_a_step_is_that_of_the_paper():
    """Kingma & Ba 2014, algorithm 1, at the second step of a constant gradient: both moments are
    the gradient's own, so that the step is the learning rate."""
    variable = tf.Variable([1.0, -2.0])
    optimizer = FusedAdam(0.25, epsilon=0.0)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant([4.0, -0.5]), variable)])
    np.testing.assert_allclose(variable, [0.5, -1.5], **ROUNDING)


def test_rows_of_a_table_take_steps_as_with_keras():
    def table(kind):
        variable, optimizer = tf.Variable(tf.ones([4, 2])), kind(0.1)
        for row in (1, 3, 1):
            gradient = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([row]), tf.constant([4, 2]))
            optimizer.apply_gradients([(gradient, variable)])
        return variable

    np.testing.assert_array_equal(table(FusedAdam), table(tfk.optimizers.Adam))


@pytest.mark.parametrize(
    ("before", "after"), [(tfk.optimizers.Adam, FusedAdam), (FusedAdam, tfk.optimizers.Adam)]
)
def test_checkpoints_are_those_of_keras(before, after, tmp_path):
    variables, optimizer = run(before, OPTIONS["schedule"], "graph", steps=3)
    path = tf.train.Checkpoint(o=optimizer, v=variables).write(str(tmp_path / "saved"))
    read, restored = run(after, OPTIONS["schedule"], "graph", steps=0)
    status = tf.train.Checkpoint(o=restored, v=read).read(path)
    status.assert_consumed().assert_existing_objects_matched()
    for a, b in zip((*read, *restored.variables), (*variables, *optimizer.variables), strict=True):
        np.testing.assert_array_equal(a, b)


def test_its_config_is_that_of_keras_and_makes_it_again():
    given = {"learning_rate": 0.5, "beta_1": 0.8, "global_clipnorm": 2.0}
    wanted = tfk.optimizers.Adam(**given).get_config() | {"adaptive_epsilon": False}
    assert FusedAdam(**given).get_config() == wanted
    stored = tfk.saving.serialize_keras_object(FusedAdam(**given))
    again = tfk.saving.deserialize_keras_object(stored)
    assert type(again) is FusedAdam
    assert again.get_config() == FusedAdam(**given).get_config()


def test_two_replicas_take_the_steps_of_one(two_replicas):
    with two_replicas.scope():
        variable, optimizer = tf.Variable([1.0, -2.0]), FusedAdam(SCHEDULE)
        optimizer.build([variable])

    @tf.function
    def step():  # Half of the gradient each: the optimizer sums them.
        two_replicas.run(
            lambda: optimizer.apply_gradients([(0.5 * tf.sin(3.0 * variable), variable)])
        )

    alone, keras = tf.Variable([1.0, -2.0]), tfk.optimizers.Adam(SCHEDULE)
    for _ in range(20):
        step()
        keras.apply_gradients([(tf.sin(3.0 * alone), alone)])
    np.testing.assert_allclose(variable, alone, **ROUNDING)


def test_models_take_it_by_its_name():
    model = tiny.vae()
    assert type(model.optimizer) is FusedAdam
    for name in ("adam", "Adam"):
        model.compile(name, jit_compile=False)
        assert type(model.optimizer) is FusedAdam
    given = tfk.optimizers.Adam()
    model.compile(given, jit_compile=False)
    assert model.optimizer is given
    model.compile("nadam", jit_compile=False)
    assert type(model.optimizer) is tfk.optimizers.Nadam
