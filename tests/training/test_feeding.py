"""A split of a data set given to `fit` and `evaluate`."""

import warnings

import numpy as np
import pytest

import keras_vae
from keras_vae import data, seeds
from keras_vae._compat import tf
from keras_vae.messages.notes import Note
from keras_vae.training.feeding import evaluation_set, training_set
from tests import tiny

N = 60


def split(dtype="uint8", labels=True, top=255):
    x = np.random.default_rng(0).integers(0, top + 1, (N, 7, 5, 1)).astype(dtype)
    y = np.arange(N) % 4 if labels else None
    return data.InMemory(x, y, levels=top + 1)


def dataset(train):
    return data.Dataset("made", train, None, train, "", [])


def built(config, data):
    return keras_vae.build(config, data=data, jit_compile=False)


def fitted(model, x, **kwargs):
    return model.fit(x, verbose=0, batch_size=20, **kwargs).history["loss"]


def test_grey_images_are_made_black_and_white_with_one_note():
    images = split()
    vae = built(tiny.config(), data=dataset(images))
    with pytest.warns(Note, match="drawn black or white anew") as notes:
        fitted(vae, images, epochs=2, validation_data=images)
    assert len(notes) == 1
    assert vae.optimizer.iterations == 2 * 3


def test_the_shape_levels_and_steps_come_from_the_data():
    images = split(top=4)
    config = tiny.config(
        likelihood="categorical", event_shape=None, levels=None, learning_rate_schedule="cosine"
    ).replace(batch_size=20, epochs=2)
    vae = built(config, data=dataset(images))
    assert (vae.event_shape, vae.levels) == ((7, 5, 1), 5)
    fitted(vae, images, epochs=2)  # Each epoch has three steps; the rate is that of the last step.
    wanted = 1e-3 * (1 + np.cos(np.pi * 5 / 6)) / 2
    np.testing.assert_allclose(vae.optimizer.learning_rate.numpy(), wanted, rtol=1e-5)


def test_a_split_gives_what_its_array_gives():
    """Evaluated in batches of the same order; noise apart, which autoencoders have none of."""
    images = split()
    vae = built(tiny.config(recipe="ae", likelihood="continuous_bernoulli"), data=dataset(images))
    of_split = vae.evaluate(images, batch_size=20, verbose=0, return_dict=True)
    of_array = vae.evaluate(images.array, batch_size=20, verbose=0, return_dict=True)
    np.testing.assert_allclose(of_split["distortion"], of_array["distortion"], rtol=1e-5)


def test_labels_come_with_the_split():
    images = split(bool, top=1)
    vae = built(tiny.config(condition="label"), data=dataset(images))
    assert vae.condition.num_classes == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error", Note)
        fitted(vae, images)
    with pytest.raises(ValueError, match="Leave y out"):
        vae.fit(images, images.labels)


def test_a_built_model_augments_what_it_trains_on_alone():
    """By the draws of its seed, epoch and step."""
    images = split(bool, top=1)
    config = tiny.config(recipe="ae").replace(augment=("flip",))
    vae = built(config, data=dataset(images))

    def steps():
        blocks, _ = training_set(vae, images, batch_size=20, epochs=2, first_epoch=0)
        return [x for block in blocks for x in block.x.numpy()]

    augmented = steps()
    vae.augment = ()
    for step, (found, plain) in enumerate(zip(augmented, steps(), strict=True)):
        seed = seeds.derive(vae.seed, seeds.Site.AUGMENT, *divmod(step, 3))
        np.testing.assert_array_equal(found, data.augment(plain, ("flip",), seed))
    held_out = [batch.x[0] for batch in evaluation_set(vae, images, 20)]
    vae.augment = ("flip",)
    for found, plain in zip(evaluation_set(vae, images, 20), held_out, strict=True):
        np.testing.assert_array_equal(found.x[0], plain)
    np.testing.assert_array_equal(np.concatenate(held_out), images.array)


def test_images_of_ones_own_are_not_augmented_which_is_said():
    x = split(bool, top=1).array
    vae = built(
        tiny.config(recipe="ae").replace(augment=("flip",)), data=dataset(split(bool, top=1))
    )
    for images in (x, tf.data.Dataset.from_tensor_slices(x).batch(20)):
        with pytest.warns(Note, match="augment=flip changes images of a data set's split alone"):
            vae.fit(images, batch_size=20, verbose=0)


def test_epochs_go_on_where_the_model_stands():
    """Two fits of one epoch shuffle and draw as one of two."""
    images = split(bool, top=1)
    once, twice = (built(tiny.config(), data=dataset(images)) for _ in range(2))
    losses = fitted(once, images, epochs=2)
    assert losses == fitted(twice, images) + fitted(twice, images)
    np.testing.assert_array_equal(once.get_weights()[0], twice.get_weights()[0])


def test_other_levels_than_the_models_are_refused():
    vae = built(tiny.config(likelihood="continuous_bernoulli"), data=dataset(split(top=4)))
    with pytest.raises(ValueError, match="have 256 levels, the model has 5"):
        vae.fit(split())
    with pytest.raises(ValueError, match="x must be of shape"):
        vae.fit(data.InMemory(np.zeros((4, 3, 3, 1), bool), levels=2))
