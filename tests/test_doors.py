"""Every way into a model from Python takes the same values, and refuses the same."""

import contextlib

import numpy as np
import pytest
from sklearn import datasets

import keras_vae
from keras_vae import objectives
from keras_vae._compat import tf, tfk, tfkl
from keras_vae.conditions import Label
from tests import tiny

N = 32  # In one batch, as of Keras' default.
GREY = (datasets.load_digits().images[:N, ..., np.newaxis] / 16.0).astype(np.float32)
LABELS = datasets.load_digits().target[:N].astype(np.int32)
BYTES = np.round(255 * GREY).astype(np.uint8)
FEW = np.round(16 * GREY).astype(np.uint8)


def model_of(likelihood="continuous_bernoulli", recipe="vae", **options):
    """Which runs in Python: tracing a graph would take longer than the test."""
    # A constant rate, as some doors don't say how many steps there are.
    small = {"hidden": (8,), "latent_dim": 2, "learning_rate_schedule": "constant"}
    options = small | options
    config = keras_vae.recipe(recipe, likelihood=likelihood, event_shape=(8, 8, 1), **options)
    return keras_vae.build(config, run_eagerly=True)


@pytest.fixture(scope="module")
def vae():
    return model_of()


@pytest.fixture(scope="module")
def cvae():
    return model_of(recipe="cvae", num_classes=10)


def batches(*arrays, batch_size=N):
    return tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0]).batch(
        batch_size
    )


class Sequence(tfk.utils.Sequence):
    """One batch, as Keras' own class has it."""

    def __init__(self, *batch):
        self._batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, i):
        return self._batch if len(self._batch) > 1 else self._batch[0]


# Each way to train on, or measure, one batch.
DOORS = {
    "array": lambda *batch: batch,
    "tensor": lambda *batch: tuple(map(tf.constant, batch)),
    "tf.data": lambda *batch: (batches(*batch),),
    "tf.data of unknown shape": lambda *batch: (
        tf.data.Dataset.from_generator(
            lambda: iter([batch if len(batch) > 1 else batch[0]]),
            tuple(b.dtype for b in batch) if len(batch) > 1 else batch[0].dtype,
        ),
    ),
    "Sequence": lambda *batch: (Sequence(*batch),),
    "generator": lambda *batch: (iter([batch if len(batch) > 1 else (batch[0],)]),),
}
VERBS = {
    "encode": lambda m, x: m.encode(x).mean(),
    "code": lambda m, x: m.code(x),
    "reconstruct": lambda m, x: m.reconstruct(x),
    "predict": lambda m, x: m.predict(x, verbose=0),
    "call": lambda m, x: m(x).mean(),
    "interpolate": lambda m, x: m.interpolate(x, x, steps=2),
    "complete": lambda m, x: m.complete(x, np.ones((8, 8), bool), num_steps=1),
    "log_likelihood": lambda m, x: m.log_likelihood(x, 3),
}


def distortion(model, *inputs):
    return model.evaluate(*inputs, verbose=0, return_dict=True)["distortion"]


# The same values give the same numbers -----------------------------------------------------------


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "same",
    [
        BYTES.astype(np.int64),
        BYTES.astype(np.uint16),
        (BYTES / np.float32(255)),
        (BYTES / np.float64(255)),
        BYTES[..., 0],
    ],
    ids=["int64", "uint16", "float32", "float64", "without channels"],
)
def test_whole_numbers_of_any_width_have_one_scale(vae, door, same):
    wanted = distortion(vae, BYTES)
    assert distortion(vae, *DOORS[door](same)) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_images_without_channels_do_not_broadcast(batch_size):
    """Of [1, 8, 8] and [1, 8, 8, 1] the difference would be [1, 8, 8, 8]."""
    measured = []
    for x in (GREY[:3], GREY[:3, ..., 0]):
        model, examples = model_of(), batches(x, batch_size=batch_size)
        losses = model.fit(examples, verbose=0).history["loss"]
        measured.append([*losses, distortion(model, examples)])
    np.testing.assert_allclose(*measured, rtol=1e-5)


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_have_the_same_scale(vae, verb):
    wanted = VERBS[verb](vae, BYTES[:4] / np.float32(255))
    for same in (BYTES[:4], BYTES[:4].astype(np.int64), BYTES[:4, ..., 0]):
        np.testing.assert_allclose(VERBS[verb](vae, same), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_fit_of_whole_numbers_is_that_of_their_floats(dtype):
    def losses(x):
        return model_of().fit(x, epochs=2, verbose=0, shuffle=False).history["loss"]

    told = pytest.warns(UserWarning, match="int64 up to 255: taken as bytes")
    with told if dtype != np.uint8 else contextlib.nullcontext():
        found = losses(BYTES.astype(dtype))
    np.testing.assert_allclose(found, losses(BYTES / np.float32(255)), rtol=1e-5)


def test_the_levels_of_a_whole_array_are_found_and_kept():
    model = model_of()
    with pytest.warns(UserWarning, match="up to 16: taken as 17 levels"):
        found = model.fit(FEW, epochs=1, verbose=0, shuffle=False).history["loss"]
    wanted = model_of().fit(GREY, epochs=1, verbose=0, shuffle=False).history["loss"]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert model.levels == 17
    # A darker image, alone, has the scale of the set.
    np.testing.assert_allclose(model.code(FEW[:1] // 2), model.code((FEW[:1] // 2) / 16.0))


def test_levels_are_saved(tmp_path):
    model = model_of(levels=17)
    model.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    assert loaded.levels == 17
    np.testing.assert_array_equal(loaded.code(FEW[:4]), model.code(GREY[:4]))


def test_deep_arrays_keep_their_depth():
    model = model_of()
    deep = np.round(1023 * GREY).astype(np.uint16)
    with pytest.warns(UserWarning, match="taken as 1024 levels"):
        found = distortion(model, deep)
    assert found == pytest.approx(distortion(model, deep / np.float32(1023)), rel=1e-5)


@pytest.mark.parametrize("white", [1, 255])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.float32])
def test_black_and_white_comes_in_any_form(white, dtype):
    if white == 255 and dtype in (bool, np.float32):
        return
    model, black_and_white = model_of("bernoulli"), GREY > 0.5
    wanted = distortion(model, black_and_white)
    x = (black_and_white * white).astype(dtype)
    for door in DOORS.values():
        assert distortion(model, *door(x)) == pytest.approx(wanted, rel=1e-5)


def test_counts_are_counts():
    model = model_of("poisson")
    for x in (FEW, FEW.astype(np.int64), FEW.astype(np.float64)):
        for door in DOORS.values():
            wanted = distortion(model, FEW.astype(np.float32))
            assert distortion(model, *door(x)) == pytest.approx(wanted, rel=1e-5)


def test_a_likelihood_of_levels_knows_them():
    model = model_of("discretized_logistic", levels=17)
    wanted = distortion(model, GREY)
    for door in DOORS.values():
        assert distortion(model, *door(FEW)) == pytest.approx(wanted, rel=1e-5)
    with pytest.warns(UserWarning, match="up to 16 of the model's 256 levels"):
        distortion(model_of("discretized_logistic", levels=256), FEW)


# What is refused ---------------------------------------------------------------------------------

NAN = np.where(np.arange(64).reshape(8, 8, 1) == 9, np.float32(np.nan), GREY[:8])
BAD = {
    "not a batch": (GREY[0], r"x must be of shape \[B, 8, 8, 1\]"),
    "flat": (GREY[:8].reshape(8, 64), r"got \[(8|None), 64\].*reshape\(-1, 8, 8, 1\)"),
    "larger": (np.zeros((8, 9, 8, 1), np.float32), r"got \[(8|None), 9, 8, 1\]"),
    "bytes as floats": (255 * GREY[:8], r"gives no mass to.*x / 255"),
    "signed": (2 * GREY[:8] - 1, r"gives no mass to.*\(x \+ 1\) / 2"),
    "NaN": (NAN, r"x must be finite, got 8 NaN .* the first at \(0, 1, 1, 0\)"),
    "infinite": (np.where(GREY[:8] > 0.9, np.float32(np.inf), GREY[:8]), "x must be finite"),
    "negative": (BYTES[:8].astype(np.int64) - 9, "whole numbers from -9 to 246.*from 0 to 255"),
    "wide": (BYTES[:8].astype(np.int64) * 9, "whole numbers from 0 to 2295.*levels=4096"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("door", DOORS)
def test_bad_values_are_refused_at_every_door(vae, door, bad):
    if bad == "wide" and door in ("array", "tensor"):
        return  # A whole array shows its levels.
    x, message = BAD[bad]
    if door.startswith("tf.data") and bad == "not a batch":
        x = GREY[:8]  # Rows that aren't batched.
        inputs = (tf.data.Dataset.from_tensor_slices(x),)
    else:
        inputs = DOORS[door](x)
    for verb in (vae.evaluate, vae.fit):
        with pytest.raises(ValueError, match=message) as caught:
            verb(*inputs, verbose=0)
        assert "\n" not in str(caught.value)
        inputs = DOORS[door](x) if door == "generator" else inputs


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("verb", VERBS)
def test_bad_values_are_refused_by_every_verb(vae, verb, bad):
    x, message = BAD[bad]
    with pytest.raises(ValueError, match=message):
        VERBS[verb](vae, x)


@pytest.mark.parametrize("verb", VERBS)
def test_few_levels_in_one_batch_are_refused(verb):
    with pytest.raises(ValueError, match=r"looks like 17 levels.*levels=17 or levels=256"):
        VERBS[verb](model_of(), FEW[:8])


@pytest.mark.parametrize("door", list(DOORS)[2:])
def test_few_levels_in_a_set_are_refused_until_they_are_told(door):
    with pytest.raises(ValueError, match=r"looks like 17 levels.*levels=17 or levels=256"):
        model_of().fit(*DOORS[door](FEW), verbose=0)
    wanted = distortion(model_of(levels=17), GREY)
    assert distortion(model_of(levels=17), *DOORS[door](FEW)) == pytest.approx(wanted, rel=1e-5)
    dark = distortion(model_of(levels=256), *DOORS[door](FEW))
    assert dark == pytest.approx(distortion(model_of(), FEW / np.float32(255)), rel=1e-5)


def test_black_images_are_black_at_any_scale(vae):
    np.testing.assert_array_equal(
        vae.code(np.zeros((2, 8, 8, 1), np.uint8)), vae.code(0 * GREY[:2])
    )


@pytest.mark.parametrize("door", DOORS)
def test_grey_under_bernoulli_is_refused(door):
    model = model_of("bernoulli")
    for x in (GREY, BYTES):
        with pytest.raises(ValueError, match=r"x >= (0\.5|128)|gives no mass"):
            model.fit(*DOORS[door](x), verbose=0)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("label", [10, -1, 100])
def test_labels_outside_of_the_models_are_refused(cvae, door, label):
    labels = LABELS.copy()
    labels[3] = label
    for verb in (cvae.fit, cvae.evaluate):
        with pytest.raises(ValueError, match=rf"label from 0 to 9, got \[{label}\]"):
            verb(*DOORS[door](GREY, labels), verbose=0)


def test_a_label_outside_is_refused_by_every_verb(cvae):
    x, bad = GREY[:2], [3, 10]
    known = np.ones((8, 8), bool)
    for verb in (
        lambda: cvae.encode(x, bad),
        lambda: cvae.code(x, bad),
        lambda: cvae.reconstruct(x, bad),
        lambda: cvae.interpolate(x, x, condition=bad),
        lambda: cvae.complete(x, known, 1, condition=bad),
        lambda: cvae.log_likelihood(x, 3, condition=bad),
        lambda: cvae.sample(2, condition=bad),
        lambda: cvae.decode(tf.zeros([2, 2]), bad),
        lambda: cvae.predict((x, np.array(bad)), verbose=0),
        lambda: cvae.predict(batches(x, np.array(bad)), verbose=0),
    ):
        with pytest.raises(ValueError, match=r"label from 0 to 9, got \[10\]"):
            verb()


def test_checks_stand_outside_of_what_xla_compiles():
    """Which leaves assertions out without a word."""
    model = model_of()
    model.compile(objective=objectives.SGVB(), jit_compile=True)
    model.fit(batches(GREY[:8], batch_size=8), verbose=0)
    before = [w.numpy() for w in model.weights]
    for bad, message in ((NAN, "x must be finite"), (255 * GREY[:8], "gives no mass")):
        with pytest.raises(ValueError, match=message):
            model.fit(batches(bad, batch_size=8), verbose=0)
    for weight, wanted in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, wanted)


def test_two_replicas_check_too(two_replicas):
    with two_replicas.scope():
        model = model_of()
        model.compile()
    bad = 255 * GREY[:8]
    for verb in (
        lambda: model.predict(bad, verbose=0),
        lambda: model.predict(batches(bad, batch_size=8), verbose=0),
        lambda: model.fit(batches(bad, batch_size=8), verbose=0),
    ):
        with pytest.raises(ValueError, match="gives no mass"):
            verb()


def test_a_last_batch_may_leave_a_replica_without_examples(two_replicas):
    with two_replicas.scope():
        model = model_of()
        model.compile()
    x = GREY[:9]
    rest = batches(x, batch_size=4)  # The batches have 4, 4 and 1 examples.
    np.testing.assert_allclose(
        model.predict(rest, verbose=0), model.reconstruct(x), rtol=1e-5, atol=1e-6
    )
    model.fit(rest, verbose=0)
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_an_empty_batch_is_refused(vae):
    for verb in (vae.predict, vae.evaluate, vae.fit):
        with pytest.raises(ValueError, match="at least one example"):
            verb(tf.data.Dataset.from_tensors(GREY[:0]), verbose=0)


def test_a_masked_array_is_refused_where_it_is_masked(vae):
    with pytest.raises(ValueError, match=r"with 512 values masked.*x\.filled\(0\)"):
        vae.fit(np.ma.masked_array(GREY[:8], np.ones_like(GREY[:8], bool)), verbose=0)
    with pytest.raises(ValueError, match=r"masked.*x\.filled\(0\)"):
        vae.complete(np.ma.masked_array(GREY[:2], GREY[:2] == 0), np.ones((8, 8), bool))
    distortion(vae, np.ma.masked_array(GREY[:8], False))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (255 * GREY[0], r"wanted \[0, 1\], got values from 0 to"),
        (np.where(GREY[0] > 0, np.nan, 0), "NaN or infinite"),
        (FEW[0], "looks like 1. levels"),
        (np.ma.masked_equal(GREY[0], 0), "masked"),
    ],
    ids=["bytes as floats", "NaN", "few levels", "masked"],
)
def test_images_that_are_given_are_checked_where_they_are_seen(bad, words):
    seen = np.repeat([1, 0], 32)  # The upper half of 8x8.
    model = model_of(recipe="cvae_image", visible_mask=tuple(seen.tolist()))
    with pytest.raises(ValueError, match=words):
        model.sample(2, seed=0, condition=bad)
    with pytest.raises(ValueError, match=words):
        model.reconstruct(GREY[:2], condition=np.ma.stack([bad, bad]))
    hidden = np.where(seen.reshape(8, 8, 1), GREY[0], np.nan)
    np.testing.assert_array_equal(
        model.sample(2, seed=0, condition=hidden), model.sample(2, seed=0, condition=GREY[0])
    )


def test_an_array_is_looked_at_once(vae, monkeypatch):
    """As a whole, not again in each batch; a set beside it is looked at as it comes."""
    seen = []
    check = vae.check_examples
    monkeypatch.setattr(vae, "check_examples", lambda x, c: (seen.append(len(x)), check(x, c)))
    vae.fit(GREY, batch_size=8, epochs=2, verbose=0, validation_data=batches(GREY, batch_size=16))
    assert seen == [N] + [16, 16] * 2
    with pytest.raises(ValueError, match="gives no mass"):
        vae.fit(GREY, verbose=0, validation_data=batches(255 * GREY))
    with pytest.raises(ValueError, match="gives no mass"):
        vae.fit(batches(255 * GREY), verbose=0)


def test_validation_data_is_checked(vae):
    for bad in (255 * GREY[:8], (255 * GREY[:8],), batches(255 * GREY[:8])):
        with pytest.raises(ValueError, match="gives no mass"):
            vae.fit(GREY, validation_data=bad, verbose=0)


# What Keras' users try ---------------------------------------------------------------------------


def test_parts_of_an_input_are_no_examples(vae):
    with pytest.raises(ValueError, match=r"got a list of 2 parts.*np\.stack\(x\)"):
        vae.fit([GREY, GREY], verbose=0)
    with pytest.raises(ValueError, match="got a dict of 1 parts"):
        vae.fit({"image": GREY}, verbose=0)
    with pytest.raises(ValueError, match="got elements of dict"):
        vae.fit(tf.data.Dataset.from_tensor_slices({"image": GREY}).batch(8), verbose=0)


def test_a_model_called_gives_a_distribution_that_is_its_mean_as_a_tensor(vae):
    wanted = vae.reconstruct(GREY[:4])
    np.testing.assert_array_equal(tf.convert_to_tensor(vae(GREY[:4])), wanted)
    x = tfkl.Input((8, 8, 1))
    p = tfk.Model(x, vae(x))(GREY[:4])
    np.testing.assert_allclose(p.mean(), wanted, rtol=1e-6)


def test_a_symbolic_input_is_told_what_to_call(vae):
    x = tfkl.Input((8, 8, 1))
    with pytest.raises(ValueError, match=r"x is a symbolic input.*vae\.encoder\(x\)"):
        vae.encode(x)
    dense = tfkl.Dense(1)
    features = tfk.Model(x, dense(vae.encoder(x)))
    wanted = vae.code(GREY[:4]) @ dense.kernel
    np.testing.assert_allclose(features(GREY[:4]), wanted, rtol=1e-5, atol=1e-6)


def test_conditional_models_predict(cvae):
    x, labels = GREY[:10], LABELS[:10]
    wanted = cvae.reconstruct(x, labels)
    for given in ((x, labels), [x, labels], batches(x, labels, batch_size=4)):
        np.testing.assert_allclose(
            cvae.predict(given, batch_size=None, verbose=0), wanted, rtol=1e-5, atol=1e-6
        )


def test_keras_own_batches_are_checked(vae):
    assert np.isfinite(vae.train_on_batch(GREY[:8])).all()
    for verb in (vae.train_on_batch, vae.test_on_batch, vae.predict_on_batch):
        with pytest.raises(ValueError, match="gives no mass"):
            verb(255 * GREY[:8])


def test_labels_of_bool_count_as_numbers():
    np.testing.assert_array_equal(Label(2).batch([True, False]), [1, 0])


def test_images_of_odd_sizes_are_checked_by_their_own_shape():
    model = tiny.vae()
    with pytest.raises(ValueError, match=r"\[B, 7, 5, 1\], got \[2, 5, 7, 1\]"):
        model.encode(np.zeros((2, 5, 7, 1), np.float32))
