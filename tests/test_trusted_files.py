"""What may stand in a .keras file, and still loads."""

import os

import numpy as np
import pytest

import keras_vae
from keras_vae import networks
from keras_vae._compat import tf, tfk, tfkl
from keras_vae.messages.notes import Note
from tests import malicious, tiny
from tests.malicious import layer, model_of, refusal, with_body, write


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    return malicious.honest_members(tmp_path_factory.mktemp("honest"))


class Doubled(tfkl.Layer):
    """One of the user's own."""

    def call(self, x):
        return 2.0 * x


def assert_same(a, b):
    x = tiny.images(3)
    np.testing.assert_array_equal(a.encode(x).mean(), b.encode(x).mean())


def test_classes_are_found_by_their_registered_names_whatever_the_module(members, tmp_path):
    """Old files name modules that are no longer there."""
    config = members["config.json"].replace(b'"keras_vae.', b'"keras_vae.moved.')
    assert config.count(b"keras_vae.moved.") >= 6
    path = write(tmp_path / "old.keras", members | {"config.json": config})
    with pytest.warns(Note, match="without a checksum"):
        loaded = keras_vae.load(path)
    write(tmp_path / "now.keras", members)
    with pytest.warns(Note, match="without a checksum"):
        assert_same(loaded, keras_vae.load(tmp_path / "now.keras"))


def test_classes_that_the_program_registered_are_taken(tmp_path):
    try:
        own = tfk.saving.register_keras_serializable("malicious_files")(type("Own", (Doubled,), {}))
        model = model_of(tfk.Sequential([tfkl.Flatten(), own()]))
        model.save(tmp_path / "model.keras")
        assert_same(keras_vae.load(tmp_path / "model.keras"), model)
    finally:
        tfk.saving.get_custom_objects().pop("malicious_files>Own")
    message = refusal(tmp_path / "model.keras")
    assert "custom_objects={'malicious_files>Own': ...}" in message
    loaded = keras_vae.load(tmp_path / "model.keras", custom_objects={"malicious_files>Own": own})
    assert_same(loaded, model)


def test_other_classes_are_taken_if_they_are_given(tmp_path):
    model = model_of(Doubled())
    with pytest.warns(Note, match=r"Doubled isn't registered .*custom_objects=\{'Doubled'"):
        model.save(tmp_path / "model.keras")
    assert "custom_objects={'Doubled': ...}" in refusal(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras", custom_objects={"Doubled": Doubled})
    assert_same(loaded, model)
    with tfk.saving.custom_object_scope({"Doubled": Doubled}):
        assert_same(keras_vae.load(tmp_path / "model.keras"), model)


def test_a_class_that_makes_functions_of_its_config_is_refused_even_if_given(members, tmp_path):
    evil = layer("Own", None, "Own", function="x")
    path = write(tmp_path / "evil.keras", with_body(members, evil))
    own = type("Own", (tfkl.Lambda,), {})
    assert "holds a Own, whose code" in refusal(path, custom_objects={"Own": own})


FUNCTIONAL = {
    "arithmetic": lambda h: (2.0 * h - 1.0) / (1.0 + h**2) + abs(-h) % 2.0 + h // 3.0,
    "relu": lambda h: h + tf.nn.relu(h),
    "slices": lambda h: tf.concat([h[:, 1:], h[:, :-2], h[:, None, 3]], axis=-1),
    "shapes": lambda h: tf.reshape(tf.transpose(h), [tf.shape(h)[0], -1]),
    "logic": lambda h: tf.cast((h > 0.0) & (h < 1.0), h.dtype) - tf.cast(tf.equal(h, 0.0), h.dtype),
    "reductions": lambda h: h - tf.reduce_mean(h, -1, keepdims=True) / tf.math.reduce_std(h),
    "matmul": lambda h: tf.matmul(h, tf.ones([35, 3])) @ tf.ones([3, 2]),
    "stack": lambda h: tf.squeeze(tf.stack(tf.split(tf.pad(h, [[0, 0], [1, 0]]), 3, -1)[:1], 1), 1),
    "backend": lambda h: tfk.backend.l2_normalize(tfk.activations.gelu(tf.exp(h)), -1),
    "math": lambda h: tf.clip_by_value(tf.math.log1p(tf.sqrt(tf.square(h))), 0.0, 0.5),
    "layers": lambda h: tfkl.Dense(3, "relu", kernel_regularizer="l2")(
        tfkl.LayerNormalization()(tfkl.Add()([h, tfkl.Dropout(0.1)(h)]))
    ),
}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_functional_bodies_of_tensor_functions_load(tmp_path, name):
    inputs = tfkl.Input(tiny.EVENT_SHAPE)
    body = tfk.Model(inputs, FUNCTIONAL[name](tfkl.Flatten()(inputs)))
    body.compile("adam", "mse")
    model = model_of(body)
    model.save(tmp_path / "model.keras")
    assert_same(keras_vae.load(tmp_path / "model.keras"), model)


def test_a_body_that_load_would_refuse_is_not_saved(tmp_path):
    inputs = tfkl.Input(tiny.EVENT_SHAPE)
    body = tfk.Model(inputs, tf.debugging.check_numerics(tfkl.Flatten()(inputs), "x"))
    with pytest.raises(ValueError, match=r"can't save: encoder .*calls tf\.debugging\.\w+, which"):
        model_of(body).save(tmp_path / "model.keras")
    assert os.listdir(tmp_path) == []


LAYERS = {
    "recurrent": lambda: [
        tfkl.Reshape((7, 5)),
        tfkl.Bidirectional(tfkl.RNN(tfkl.StackedRNNCells([tfkl.GRUCell(3), tfkl.LSTMCell(2)]))),
    ],
    "per step": lambda: [
        tfkl.Reshape((7, 5)),
        tfkl.TimeDistributed(tfk.Sequential([tfkl.Dense(3, tf.nn.relu6), tfkl.LeakyReLU()])),
        tfkl.Flatten(),
    ],
    "images": lambda: [
        tfkl.Conv2D(3, 2, kernel_constraint="max_norm"),
        tfkl.BatchNormalization(),
        tfkl.Activation(tfk.activations.swish),
        tfkl.GlobalAveragePooling2D(),
    ],
    "options": lambda: [
        tfkl.Flatten(),
        tfkl.Dense(
            4,
            tfkl.PReLU(),
            kernel_initializer=tfk.initializers.Identity(0.5),
            bias_regularizer=tfk.regularizers.L1L2(0.1, 0.1),
            dtype=tfk.mixed_precision.Policy("float32"),
        ),
        tfkl.Identity(),
    ],
}


@pytest.mark.parametrize("name", LAYERS)
def test_bodies_of_keras_layers_load(tmp_path, name):
    model = model_of(tfk.Sequential(LAYERS[name]()))
    model.save(tmp_path / "model.keras")
    assert_same(keras_vae.load(tmp_path / "model.keras"), model)


def test_a_file_of_keras_own_save_loads_with_a_note(tmp_path):
    model = model_of(networks.linear())
    tfk.Model.save(model, tmp_path / "model.keras")
    with pytest.warns(Note, match=r"model\.keras was saved without a checksum"):
        assert_same(keras_vae.load(tmp_path / "model.keras"), model)


def test_keras_itself_loads_what_is_saved(tmp_path):
    model = model_of(networks.linear())
    model.save(tmp_path / "model.keras")
    assert_same(tfk.saving.load_model(tmp_path / "model.keras"), model)
