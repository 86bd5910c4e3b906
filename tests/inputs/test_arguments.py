"""What users give to Keras' verbs is used as what it is, or refused by name."""

import numpy as np
import pytest

from keras_vae._compat import tf, tfk
from tests.test_doors import BYTES, GREY, LABELS, distortion, model_of

X, Y = GREY[:8], LABELS[:8]


@pytest.fixture(scope="module")
def vae():
    return model_of(levels=256)


@pytest.fixture(scope="module")
def cvae():
    return model_of(recipe="cvae", num_classes=10)


class Batches(tfk.utils.Sequence):
    def __init__(self, *batches):
        self._batches, self.epochs = batches, 0

    def __len__(self):
        return len(self._batches)

    def __getitem__(self, i):
        return self._batches[i]

    def on_epoch_end(self):
        self.epochs += 1


class Foreign:
    """An array of another library."""

    def __init__(self, x):
        self._x = x

    def __array__(self, dtype=None, copy=None):
        return self._x


BOTH = [lambda *batches: iter(batches), Batches]


def refused(function):
    with pytest.raises(ValueError, match=r"\w") as caught:
        function()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("labels", [list, tuple, Foreign, lambda y: [[label] for label in y]])
def test_labels_come_in_any_list(cvae, labels):
    wanted = distortion(cvae, X, Y)
    assert distortion(cvae, X, labels(Y)) == pytest.approx(wanted)
    cvae.fit(X, labels(Y), validation_data=(X, labels(Y)), verbose=0)
    cvae.train_on_batch(X, labels(Y))
    cvae.fit(iter([(X, labels(Y))]), verbose=0)


def test_arrays_of_other_libraries_are_checked(vae):
    assert distortion(vae, Foreign(X)) == pytest.approx(distortion(vae, X))
    assert "gives no mass" in refused(lambda: vae.fit(Foreign(255 * X), verbose=0))
    assert "gives no mass" in refused(lambda: vae.fit(X, validation_data=Foreign(255 * X)))


@pytest.mark.parametrize("x", [None, "digits", 3, {1, 2}, object()])
def test_what_is_no_input_is_refused_by_every_verb(vae, x):
    for verb in (vae.fit, vae.evaluate, vae.predict, vae.train_on_batch, vae.test_on_batch):
        assert refused(lambda verb=verb: verb(x)).startswith("x must be one array of examples")


@pytest.mark.parametrize(
    "x",
    [tf.RaggedTensor.from_tensor(tf.constant(X)), tf.sparse.from_dense(X)],
    ids=["ragged", "sparse"],
)
def test_tensors_that_are_not_dense_are_refused(vae, x):
    for verb in (vae.fit, vae.evaluate, vae.encode, vae.code):
        assert "x must be one dense array" in refused(lambda verb=verb: verb(x))


def test_long_floats_are_floats_at_every_door(vae):
    np.testing.assert_array_equal(vae.code(X.astype(np.longdouble)), vae.code(X))


@pytest.mark.parametrize("of", BOTH)
def test_batches_of_other_numbers_than_the_first_are_refused(vae, cvae, of):
    """Keras casts them: 0.5 would be 0, a label 1.5 would be 1."""
    assert "of floats after uint8" in refused(
        lambda: vae.fit(of((BYTES[:8],), (X,)), shuffle=False, verbose=0)
    )
    assert "after floats, int64" in refused(
        lambda: cvae.fit(of((X, Y.astype(int)), (X, Y + 0.5)), shuffle=False, verbose=0)
    )


@pytest.mark.parametrize("of", BOTH)
def test_weights_are_refused_where_there_is_no_y(vae, of):
    """Keras leaves them out without a word."""
    for verb in (vae.fit, vae.evaluate):
        found = refused(lambda verb=verb: verb(of((X, None, np.ones(8))), verbose=0))
        assert "weights of examples come beside a y" in found


@pytest.mark.parametrize("of", BOTH)
@pytest.mark.parametrize("batch", [None, X.tolist(), {"image": X}, (X, Y, None, None), ()])
def test_batches_that_are_none_are_refused(vae, of, batch):
    assert "x must come in batches" in refused(lambda: vae.fit(of(batch), verbose=0))


def test_a_generator_at_its_end_is_refused(vae):
    assert "at least one batch" in refused(lambda: vae.fit(iter([]), verbose=0))


def test_a_sequence_is_told_of_its_epochs(vae):
    batches = Batches((X,), (X,))
    vae.fit(batches, epochs=2, verbose=0)
    assert batches.epochs == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(-1), "n must be at least 0"),
        (lambda m: m.sample(1.5), "n must be a whole number"),
        (lambda m: m.sample(2, temperature=-1.0), "temperature must be"),
        (lambda m: m.sample(2, temperature=float("nan")), "temperature must be"),
        (lambda m: m.sample(2, seed="a"), "seed must be"),
        (lambda m: m.interpolate(X, X[:3]), "start and end must be as many images"),
        (lambda m: m.interpolate(X, X, steps=2.5), "steps must be"),
        (lambda m: m.log_likelihood(X, 1.5), "num_samples must be"),
        (lambda m: m.complete(X, np.full((8, 8), 0.5)), "known must be bool"),
        (lambda m: m.code(X, noise=np.zeros((3, 2))), r"noise must be of shape [8, 2]"),
        (lambda m: m.decode(np.zeros((2, 5))), "z must be [..., B, 2]"),
        (lambda m: model_of(levels=2.5), "levels must be"),
        (lambda m: type(m)(m.encoder, m.decoder, m.prior, levels=2.5), "levels must be a whole"),
        (lambda m: type(m)(m.encoder, m.decoder, m.prior, seed="a"), "seed must be a whole"),
    ],
)
def test_arguments_are_named_by_what_is_wrong_with_them(vae, call, message):
    assert message in refused(lambda: call(vae))
