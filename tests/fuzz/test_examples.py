"""Any array at Python's doors: its values as docs/reference/data.md has them, or one sentence."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from keras_vae import likelihoods
from keras_vae.conditions import Label
from keras_vae.inputs import ExampleSpec
from tests.fuzz.tried import tried

SHAPE = (3, 2, 1)
LIKELIHOODS = {
    "bernoulli": likelihoods.Bernoulli(SHAPE),
    "continuous_bernoulli": likelihoods.ContinuousBernoulli(SHAPE),
    "normal": likelihoods.Normal(SHAPE),
    "logistic": likelihoods.DiscretizedLogistic(SHAPE, 17),
    "poisson": likelihoods.Poisson(SHAPE),
}
DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "int32", "int64", "uint64"]
DTYPES += ["float16", "float32", "float64", "complex64", "U3", "datetime64[s]"]
# Values as people have them, and any others.
VALUES = {
    "iu": st.one_of(*(st.integers(0, high) for high in (1, 3, 16, 255, 4095, 70_000))),
    "f": st.one_of(
        st.floats(0, 1, width=16),
        st.floats(-1, 1, width=16),
        st.integers(0, 16).map(lambda k: k / 16),
        st.integers(0, 255).map(float),
        st.floats(width=16),
    ),
}


@st.composite
def anything(draw):
    """An array of any dtype, shape and range, mostly one that could be meant."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(
        st.sampled_from(
            [(2, *SHAPE), (2, *SHAPE), (2, 3, 2), (2, 1, 3, 2), (2, 6), SHAPE, (0, *SHAPE)]
        )
    )
    if dtype.kind in "iu":
        high = draw(st.sampled_from([1, 3, 16, 200, 255, 1000, 65535, 2**40]))
        low = draw(st.sampled_from([0, 0, 0, -1, -300]))
        info = np.iinfo(dtype)
        elements = st.integers(max(low, info.min), min(high, info.max))
        return draw(arrays.arrays(dtype, shape, elements=elements))
    if dtype.kind == "f":
        return draw(arrays.arrays(np.float16, shape, elements=VALUES["f"])).astype(dtype)
    return draw(arrays.arrays(dtype, shape))


def highest_of(levels, likelihood, x):
    """What whole numbers are divided by, after docs/reference/data.md."""
    if likelihood == "poisson":
        return 1
    if likelihood == "logistic":
        return 16
    if likelihood == "bernoulli" or (levels or 256) == 2:
        return max(1, int(x.max(initial=0)))
    return (levels or 256) - 1


@given(
    anything(),
    st.sampled_from(sorted(LIKELIHOODS)),
    st.booleans(),
    st.sampled_from([None, 17, 256]),
)
def test_a_value_is_what_it_is_or_is_refused(x, likelihood, is_whole, levels):
    levels = 17 if likelihood == "logistic" else levels
    spec = ExampleSpec(LIKELIHOODS[likelihood], levels)

    def floats():
        if is_whole:
            spec.settle(x)
        spec.check(x)
        return spec.floats(x).numpy()

    found, refusal, told = tried(floats)
    if refusal:
        assert refusal.split()[0] == "x"
        return
    assert x.dtype.kind in "buif"
    assert x.size == 0 or np.isfinite(x).all()
    assert found.shape == (len(x), *SHAPE)
    wanted = x.reshape(found.shape).astype(np.float64)
    if x.dtype.kind in "iu":
        wanted = wanted / highest_of(spec.levels, likelihood, x)
        # Only what was told, or what nobody would take for levels, changes the scale.
        assert told or spec.levels in (levels, 2, 256)
        if levels is None and likelihood in ("continuous_bernoulli", "normal"):
            assert wanted.max(initial=0) == 0 or wanted.max() > 0.24  # Never nearly black.
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)
    low, high = wanted.min(initial=0), wanted.max(initial=0)
    if likelihood == "bernoulli":
        assert np.isin(wanted, (0, 1)).all()
    elif likelihood == "poisson":
        assert (wanted >= 0).all()
        assert (wanted == wanted.round()).all()
    elif likelihood != "normal":
        assert low >= 0
        assert high <= 1


LABELS = st.one_of(
    st.integers(-2, 12),
    st.lists(st.integers(-2, 12), min_size=3, max_size=3),
    st.lists(st.floats(width=16), min_size=3, max_size=3),
    st.lists(st.lists(st.integers(0, 1), min_size=10, max_size=10), min_size=3, max_size=3),
    arrays.arrays(
        st.sampled_from([np.uint8, np.int64, np.float32, bool]),
        st.sampled_from([(3,), (3, 1), (3, 10), (2,), (3, 2)]),
        elements=st.integers(0, 1),
    ),
    st.permutations(range(10)).map(lambda order: np.eye(10)[list(order)][:3]),
)


@given(LABELS)
def test_a_label_is_one_of_the_models_or_is_refused(given_labels):
    found, refusal, _ = tried(lambda: Label(10).batch(given_labels, 3).numpy())
    if refusal:
        assert refusal.startswith("condition must be")
        return
    labels = np.asarray(given_labels)
    if labels.shape == (3, 10):
        np.testing.assert_array_equal(np.eye(10)[found], labels)
    else:
        np.testing.assert_array_equal(found, np.broadcast_to(labels.reshape(-1), 3))
    assert ((found >= 0) & (found < 10)).all()
