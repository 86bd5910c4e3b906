"""Conditions: what they make of what is given, and what a model makes of them."""

import numpy as np
import pytest
import scipy.special

import keras_vae
from keras_vae._compat import tf
from keras_vae.conditions import VISIBLE, ImagePart, Label
from tests import tiny

MASK = np.arange(35).reshape(7, 5) % 3 == 0  # True: the pixel is given.
X = tiny.images(6)
LABELS = np.arange(6) % tiny.NUM_CLASSES


def labelled(**options):
    return tiny.randomize(tiny.vae(recipe="cvae", **options))


def completing(**options):
    mask = tuple(MASK.astype(int).ravel().tolist())
    return tiny.randomize(tiny.vae(recipe="cvae_image", visible_mask=mask, **options))


# Labels ----------------------------------------------------------------------------------------


def test_a_label_is_one_hot():
    np.testing.assert_array_equal(Label(4)(tf.constant([2, 0, 3])), np.eye(4)[[2, 0, 3]])


@pytest.mark.parametrize("given", [3, np.int64(3), [3, 3, 3], np.uint8([3, 3, 3])])
def test_labels_are_one_for_all_or_one_for_each(given):
    labels = Label(4).batch(given, batch_size=3)
    assert labels.dtype == tf.int32
    np.testing.assert_array_equal(labels, [3, 3, 3])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (4, r"must be a label from 0 to 3, got \[4\]"),
        ([0, -1, 2], r"must be a label from 0 to 3, got \[-1\]"),
        ([0, 1], r"of shape \[3\]; got shape \[2\]"),
        ([[0, 1], [1, 0], [2, 0]], r"of shape \[3\]; got shape \[3, 2\]"),
        (2.5, r"must be a label from 0 to 3, got \[2.5\]"),
        ([0, 1, np.nan], r"must be a label from 0 to 3, got \[nan\]"),
        (np.eye(4)[[0, 1, 2]] * 2, "got rows of 4 that aren't one-hot"),
        ("two", r"must be a label from 0 to 3 \(they have no names\); got 'two'"),
    ],
)
def test_what_is_no_label_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Label(4).batch(given, batch_size=3)


@pytest.mark.parametrize(
    "given",
    [
        [2.0, 0.0, 3.0],
        [[2], [0], [3]],
        np.eye(4)[[2, 0, 3]],
        np.eye(4, dtype=np.uint8)[[2, 0, 3]],
        np.eye(4, dtype=bool)[[2, 0, 3]],
    ],
    ids=["floats", "column", "one-hot", "one-hot bytes", "one-hot bools"],
)
def test_labels_may_come_in_other_forms(given):
    np.testing.assert_array_equal(Label(4).batch(given), [2, 0, 3])


def test_every_verb_takes_one_label_for_all():
    model = labelled()
    z = model.code(X, 3)
    known = np.arange(35).reshape(7, 5) < 9
    verbs = {
        "code": lambda c: model.code(X, c),
        "encode": lambda c: model.encode(X, c).mean(),
        "decode": lambda c: model.decode(z, c).mean(),
        "reconstruct": lambda c: model.reconstruct(X, c),
        "interpolate": lambda c: model.interpolate(X, X[::-1], 3, condition=c),
        "log_likelihood": lambda c: model.log_likelihood(X, 2, condition=c),
        "complete": lambda c: model.complete(X, known, 2, condition=c),
    }
    for name, verb in verbs.items():
        np.testing.assert_array_equal(verb(3), verb([3] * len(X)), err_msg=name)
        with pytest.raises(ValueError, match=r"of shape \[6\]; got shape \[2\]"):
            verb([1, 2])


NAMES = ("cat", "dog", "yak", "été")
GIVEN = [NAMES[label] for label in LABELS]


@pytest.mark.parametrize(
    "given",
    [
        GIVEN,
        tuple(GIVEN),
        np.array(GIVEN),
        np.array(GIVEN, object),
        np.array(GIVEN, np.dtypes.StringDType()),
        np.char.encode(GIVEN, "utf-8"),
        [name.encode() for name in GIVEN],
        tf.constant(GIVEN),
        LABELS.tolist(),
        LABELS,
    ],
)
def test_labels_may_be_given_by_their_names(given):
    labels = Label(4, NAMES).batch(given, batch_size=6)
    assert labels.dtype == tf.int32
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize("given", ["yak", b"yak", np.str_("yak"), tf.constant("yak"), 2])
def test_one_name_is_for_all(given):
    np.testing.assert_array_equal(Label(4, NAMES).batch(given, batch_size=3), [2, 2, 2])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cow", r"from 0 to 3, or one of cat, dog, yak, été; got 'cow'"),
        (["cat", "Dog"], "got 'Dog'"),
        ([b"cat", b"c\xff"], r"got b'c\\xff'"),
        (["cat", 1], "got '1'"),
        (np.array(["cat", None], object), "got None"),
        (np.array(["cat", np.nan], object), "got nan"),
        ([["cat"], ["dog", "yak"]], r"from 0 to 3, got \[\['cat'\], \['dog', 'yak'\]\]"),
        (["cat"], r"of shape \[2\]; got shape \[1\]"),
        (4, r"from 0 to 3, got \[4\]"),
    ],
)
def test_what_is_no_name_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Label(4, NAMES).batch(given, batch_size=2)


def test_an_unknown_name_lists_ten_at_most():
    many = [f"class {i}" for i in range(100)]
    with pytest.raises(ValueError, match=r"class 0, .*, class 9 and 90 more; got 'cow'"):
        Label(100, many).batch("cow")


@pytest.mark.parametrize("names", [("cat", "dog"), ("cat", "dog", "yak", "cat"), ()])
def test_there_is_a_name_for_each_label(names):
    with pytest.raises(ValueError, match="names must be 4 different ones"):
        Label(4, names)


def test_names_are_kept_in_the_config_and_old_ones_have_none():
    config = Label(4, NAMES).get_config()
    assert Label.from_config(config).names == NAMES
    del config["names"]  # Older configs have no names.
    assert Label.from_config(config).names is None


def test_every_door_takes_names(tmp_path):
    model = labelled(class_names=NAMES)
    model.save(tmp_path / "named.keras")
    assert keras_vae.load(tmp_path / "named.keras").condition.names == NAMES
    np.testing.assert_array_equal(
        model.sample(3, seed=0, condition="yak"), model.sample(3, seed=0, condition=2)
    )
    np.testing.assert_array_equal(model.encode(X, GIVEN).mean(), model.encode(X, LABELS).mean())
    examples = tf.data.Dataset.from_tensor_slices((X, GIVEN)).batch(3)
    np.testing.assert_allclose(
        model.predict(examples, verbose=0), model.reconstruct(X, LABELS), rtol=1e-5
    )
    options = {"batch_size": 3, "verbose": 0}
    wanted = model.evaluate(X, LABELS, **options)
    assert model.evaluate(X, GIVEN, **options) == wanted
    assert model.evaluate(examples, verbose=0) == wanted
    options |= {"shuffle": False, "epochs": 1}
    twins = [labelled(), labelled(class_names=NAMES), labelled(class_names=NAMES)]
    histories = [
        twins[0].fit(X, LABELS, validation_data=(X, LABELS), **options).history,
        twins[1].fit(X, GIVEN, validation_data=(X, GIVEN), **options).history,
        twins[2].fit(examples, validation_data=examples, verbose=0).history,
    ]
    assert histories[0] == histories[1] == histories[2]
    assert "val_loss" in histories[0]


def test_an_unknown_name_in_a_set_is_refused_too():
    model = labelled(class_names=NAMES)
    examples = tf.data.Dataset.from_tensor_slices((X, ["cow"] * 6)).batch(3)
    for verb in (model.fit, model.evaluate, model.predict):
        with pytest.raises(ValueError, match=r"or one of cat, dog, yak, été; got 'cow'"):
            verb(examples, verbose=0)


def test_without_classes_there_is_no_label():
    with pytest.raises(ValueError, match="num_classes must be at least 1, got 0"):
        Label(0)


def test_labels_to_show_are_all_of_them_in_turn():
    np.testing.assert_array_equal(Label(3).to_show(5, X), [0, 1, 2, 0, 1])


# Parts of the image ----------------------------------------------------------------------------


def test_names_of_parts_say_which_pixels_are_given():
    row, column = np.mgrid[:7, :5]
    wanted = {
        "left_half": column < 2,
        "right_half": column >= 2,
        "top_half": row < 3,
        "bottom_half": row >= 3,
        "upper_left": (row < 3) & (column < 2),
        "upper_right": (row < 3) & (column >= 2),
        "lower_left": (row >= 3) & (column < 2),
        "lower_right": (row >= 3) & (column >= 2),
    }
    assert wanted.keys() == VISIBLE.keys()
    for name, mask in wanted.items():
        np.testing.assert_array_equal(VISIBLE[name](7, 5), mask, err_msg=name)


def test_a_part_of_one_channel_may_lack_that_axis():
    part = ImagePart(VISIBLE["left_half"](2, 4))
    images = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    np.testing.assert_array_equal(part.batch(images), images[..., np.newaxis])
    np.testing.assert_array_equal(part.batch(images[0], 5)[4], images[0, ..., np.newaxis])
    with pytest.raises(ValueError, match=r"of shape \[5, 2, 4, 1\]; got shape \[3, 2, 4, 1\]"):
        part.batch(images, 5)


def test_the_context_is_the_given_part_and_where_it_is():
    x = np.random.default_rng(0).uniform(0.1, 1, size=(2, 7, 5, 3)).astype(np.float32)
    context = ImagePart(MASK, channels=3)(x).numpy()
    assert context.shape == (2, 7, 5, 6)
    np.testing.assert_array_equal(context[..., :3], x * MASK[..., np.newaxis])
    np.testing.assert_array_equal(context[..., 3:], np.tile(MASK[..., np.newaxis], (2, 1, 1, 3)))


def test_images_are_one_for_all_or_one_for_each_of_any_dtype():
    condition = ImagePart(MASK)
    np.testing.assert_array_equal(condition.batch(X[0], 3), np.stack([X[0]] * 3))
    np.testing.assert_array_equal(condition.batch(X, 6), X)
    np.testing.assert_allclose(condition.batch((255 * X).astype(np.uint8)), X)
    np.testing.assert_array_equal(condition.batch(X.astype(bool)), X)
    with pytest.raises(ValueError, match=r"must be an image, .* of shape \[3, 7, 5, 1\]; got"):
        condition.batch(X, 3)


@pytest.mark.parametrize("mask", [np.ones((4, 4)), np.zeros((4, 4)), [1, 0, 1]])
def test_a_mask_must_leave_something_to_give_and_to_complete(mask):
    with pytest.raises(ValueError, match=r"visible must be \[H, W\] with some pixels"):
        ImagePart(mask)


def test_images_to_show_begin_anew_where_there_are_too_few():
    shown = ImagePart(MASK).to_show(8, X)
    np.testing.assert_array_equal(shown, X[[0, 1, 2, 3, 4, 5, 0, 1]])


def test_the_likelihood_is_that_of_the_hidden_pixels():
    model = completing()
    noise = tiny.noise(model, 3, 6)
    terms = model.terms(X, noise)
    q = model.encoder(X, model.condition(X))
    z = q.mean() + q.stddev() * noise
    np.testing.assert_allclose(terms.z, z, rtol=1e-5, atol=1e-6)
    p = model.decoder(z, model.condition(X)).mean().numpy().astype(np.float64)  # [3, 6, 7, 5, 1]
    log_prob = scipy.special.xlogy(X, p) + scipy.special.xlog1py(1 - X, -p)
    wanted = np.where(MASK[..., np.newaxis], 0.0, log_prob).sum((-3, -2, -1))
    np.testing.assert_allclose(terms.log_likelihood, wanted, rtol=1e-4)


@pytest.mark.parametrize("likelihood", tiny.LIKELIHOODS_OF_ARRAYS)
def test_every_likelihood_can_be_of_some_pixels(likelihood):
    """What is known has log-density 0: given pixels hidden after all would add theirs."""
    model = completing(likelihood=likelihood)
    x = tiny.images_for(model, 2)
    other = np.where(MASK[..., np.newaxis], x, x[::-1])  # Differs where it is hidden.
    z, shape = np.ones([2, 3], np.float32), (2, 7, 5, 1)
    p, bare = model.decode(z, x), model.decoder(z, model.condition(x))
    assert p.event_shape == bare.event_shape == shape[1:]
    difference = bare.log_prob(other) - bare.log_prob(x)
    assert (np.abs(difference) > 1e-3).all()
    np.testing.assert_allclose(p.log_prob(other) - p.log_prob(x), difference, rtol=1e-3, atol=1e-3)
    given = np.where(MASK[..., np.newaxis], x[::-1], x)  # Differs where it is given.
    np.testing.assert_array_equal(p.log_prob(given), p.log_prob(x))


def test_a_completed_image_shows_what_was_given():
    model = completing()
    z = np.ones([6, 3], np.float32)
    bare = model.decoder(z, model.condition(X)).mean().numpy()
    p = model.decode(z, X)
    np.testing.assert_allclose(p.mean(), np.where(MASK[..., np.newaxis], X, bare), rtol=1e-6)
    for images in (
        p.sample(seed=0),
        model.reconstruct(X),
        model.sample(6, seed=0, condition=X),
        model.interpolate(X, X[::-1], steps=2)[1],
    ):
        np.testing.assert_array_equal(images.numpy()[:, MASK], X[:, MASK])
        assert (images.numpy()[:, ~MASK] != X[:, ~MASK]).any()


def test_completions_differ_and_do_not_see_what_is_hidden():
    model = completing()
    images = model.sample(4, seed=0, condition=X[0]).numpy()
    assert (images[0] != images[1]).any()
    hidden = np.where(MASK[..., np.newaxis], X[0], 1 - X[0])
    np.testing.assert_array_equal(model.sample(4, seed=0, condition=hidden), images)


def test_examples_are_their_own_condition():
    model = completing()
    noise = tiny.noise(model, 2, 6)
    for a, b in zip(model.terms(X, noise)[:4], model.terms(X, noise, X)[:4], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(model.code(X), model.code(X, X))
    np.testing.assert_array_equal(model.log_likelihood(X, 3), model.log_likelihood(X, 3, 0, X))


# Models that are given labels ------------------------------------------------------------------


def test_a_label_reaches_encoder_and_decoder():
    model = labelled()
    means = [model.encode(X, [label] * 6).mean().numpy() for label in range(4)]
    images = [model.decode(np.ones([6, 3]), [label] * 6).mean().numpy() for label in range(4)]
    for found in (means, images):
        for a in range(4):
            for b in range(a):
                assert np.abs(found[a] - found[b]).max() > 1e-3
    each = model.encode(X, LABELS).mean()
    np.testing.assert_allclose(each, [means[c][i] for i, c in enumerate(LABELS)], rtol=1e-5)
    each = model.decode(np.ones([6, 3]), LABELS).mean()
    np.testing.assert_allclose(each, [images[c][i] for i, c in enumerate(LABELS)], rtol=1e-5)


def test_samples_are_of_one_label_or_of_one_each():
    model = labelled()
    three, zero = (model.sample(2, seed=5, condition=label).numpy() for label in (3, 0))
    both = model.sample(2, seed=5, condition=[3, 0]).numpy()
    np.testing.assert_allclose(both, [three[0], zero[1]], rtol=1e-5)
    assert np.abs(three - zero).max() > 1e-3


def test_verbs_are_given_the_label():
    model = labelled()
    noise = tiny.noise(model, 1000, 6)
    terms = model.terms(X, noise, LABELS)
    q = model.encode(X, LABELS)
    z = q.mean() + q.stddev() * noise
    np.testing.assert_allclose(terms.z, z, rtol=1e-5, atol=1e-6)
    log_p = model.decode(z, LABELS).log_prob(X)
    np.testing.assert_allclose(terms.log_likelihood, log_p, rtol=1e-5)
    np.testing.assert_allclose(model.code(X, LABELS), q.mean(), rtol=1e-6)
    wanted = model.decode(q.mean(), LABELS).mean()
    np.testing.assert_allclose(model.reconstruct(X, LABELS), wanted, rtol=1e-5)
    ends = model.interpolate(X, X[::-1], 2, condition=LABELS)
    np.testing.assert_allclose(ends[0], wanted, rtol=1e-5)
    np.testing.assert_allclose(
        ends[1], model.decode(model.code(X[::-1], LABELS), LABELS).mean(), rtol=1e-5
    )
    weight = terms.log_weight.numpy().astype(np.float64)
    found = model.log_likelihood(X, 1000, seed=3, condition=LABELS)
    estimate = scipy.special.logsumexp(weight, axis=0) - np.log(1000)
    relative = np.exp(weight - estimate)  # Weights of mean 1.
    error = relative.std(axis=0) * np.sqrt(2 / 1000)  # Two estimates' difference.
    assert (np.abs(found - estimate) < 5 * error).all()


@pytest.mark.parametrize("make", [labelled, completing])
def test_a_missing_condition_is_asked_for(make):
    model = make()
    wanted = "condition is missing: (a label from 0 to 3|an image, of which the visible part)"
    with pytest.raises(ValueError, match=wanted):
        model.sample(2)
    with pytest.raises(ValueError, match=wanted):
        model.decode(np.ones([2, 3]))
    if make is labelled:
        for verb in (model.encode, model.code, model.reconstruct, model.log_likelihood):
            with pytest.raises(ValueError, match=wanted):
                verb(X)


def test_a_model_without_condition_takes_none():
    model = tiny.vae()
    for verb in (lambda: model.sample(2, condition=3), lambda: model.encode(X, LABELS)):
        with pytest.raises(ValueError, match="this model isn't a conditional one"):
            verb()


def test_a_context_that_carries_nothing_leaves_the_plain_vae():
    """Zero weights on the context, all others shared; the encoder sees it as a second channel."""
    plain, given = tiny.randomize(tiny.vae()), labelled()
    kernel = given.encoder.network.weights[0].numpy()
    kernel[::2] = plain.encoder.network.weights[0]
    given.encoder.network.set_weights([kernel, plain.encoder.network.weights[1]])
    given.encoder.projection.set_weights(plain.encoder.projection.get_weights())
    given.encoder.context_map.set_weights([np.zeros((4, 35))])
    kernel, bias = plain.decoder.network.get_weights()
    given.decoder.network.set_weights([np.concatenate([kernel, np.zeros((4, 8))]), bias])
    given.decoder.projection.set_weights(plain.decoder.projection.get_weights())
    noise = tiny.noise(plain, 3, 6)
    for a, b in zip(given.terms(X, noise, LABELS)[:-1], plain.terms(X, noise)[:-1], strict=True):
        if b is not None:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        given.log_likelihood(X, 20, 0, LABELS), plain.log_likelihood(X, 20, 0), rtol=1e-5
    )
    np.testing.assert_allclose(
        given.sample(3, seed=0, condition=2), plain.sample(3, seed=0), rtol=1e-5
    )
    np.testing.assert_allclose(given.reconstruct(X, LABELS), plain.reconstruct(X), rtol=1e-5)


@pytest.mark.parametrize("structure", ["single", "bottom_up", "ladder", "sequence"])
def test_the_prior_of_given_conditions_has_one_of_each(structure):
    """Also where the top, or the first step, heeds none."""
    prior = "conditional_normal" if structure == "single" else "standard_normal"
    model = tiny.randomize(tiny.vae(structure=structure, condition="label", prior=prior))
    p = model.prior_distribution([0, 3])
    assert p.batch_shape_tensor().numpy().tolist() == [2]
    for n in (2, 5):
        z = p.sample(n, seed=[0, 1])
        assert z.shape == (n, 2, model.latent_dim)
        assert p.log_prob(z).shape == (n, 2)
    z = z[0]
    each = [model.prior_distribution([c]).log_prob(z[i : i + 1])[0] for i, c in enumerate((0, 3))]
    np.testing.assert_allclose(p.log_prob(z), each, rtol=1e-5)
