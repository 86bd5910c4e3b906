"""Each column's likelihood: against SciPy and TFP, by sums and by quadrature, in its own units."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from keras_vae._compat import tf, tfk
from keras_vae.columns import Column
from keras_vae.columns.settling_column import fit_squash, settle_choices, settle_numbers
from keras_vae.likelihoods import Columns

RNG = np.random.default_rng(0)
SKEWED = np.exp(RNG.normal(8.0, 1.0, 500))
AMOUNTS = np.where(RNG.uniform(size=500) < 0.6, 0.0, np.round(RNG.gamma(2.0, 400.0, 500), 1))
COUNTED = RNG.negative_binomial(3, 0.4, 500).astype(float)


def numbers(kind, values, **said):
    return settle_numbers(Column("c", kind, **said), np.asarray(values, float), False)


COLUMNS = {
    "logistics": numbers("number", SKEWED),
    "normals": numbers("number", SKEWED, likelihood="normals"),
    "student_t": numbers("number", SKEWED, likelihood="student_t"),
    "amounts": numbers("rounded", AMOUNTS, decimals=1),
    "fine": numbers("rounded", RNG.normal(2e6, 1e5, 500).round(3), decimals=3),
    "days": numbers("date", RNG.integers(15000, 15100, 500)),
    "poisson": numbers("count", COUNTED, likelihood="poisson"),
    "negative_binomial": numbers("count", COUNTED, likelihood="negative_binomial"),
    "zero_inflated": numbers("count", COUNTED, likelihood="zero_inflated"),
    "category": settle_choices(Column("c", "category"), {"a": 5, "b": 40, "c": 1}, False),
    "ordered": settle_choices(
        Column("c", "ordered", ("low", "mid", "high")), {"low": 5, "mid": 9, "high": 3}, False
    ),
    "boolean": settle_choices(Column("c", "boolean", (False, True)), {True: 3, False: 4}, False),
}
CHOICES = ("category", "ordered", "boolean")


def likelihood(*names, num_components=3):
    columns = [COLUMNS[name] for name in names]
    return Columns((len(columns),), columns, num_components)


def distribution(*names, seed=0, scale=0.7):
    """p of random parameters of these columns, batch []; and the parameters."""
    of = likelihood(*names)
    params = scale * np.random.default_rng(seed).normal(size=of.params_shape).astype(np.float32)
    return of(params), params


def log_probs(name, x, seed=0):
    """log p [N] of a column's x [N]."""
    p, _ = distribution(name, seed=seed)
    return p.log_prob(np.asarray(x, np.float32)[:, np.newaxis]).numpy()


def test_amounts_are_a_spike_at_0_and_bins():
    column = COLUMNS["amounts"]
    assert column.spikes == (0.0,)
    assert column.frequencies[0] == pytest.approx(0.6, abs=0.08)
    assert (column.unit, column.step) == (0.1, 0.1)


@pytest.mark.parametrize("name", ["logistics", "normals", "student_t"])
def test_densities_integrate_to_one_in_own_units(name):
    column = COLUMNS[name]
    y = np.linspace(-60.0, 60.0, 20_001)  # Where the transform's range has mass.
    s = column.squash
    x = s.center + s.width * np.sinh(np.clip(s.mean + s.stddev * y, -50.0, 50.0))
    x = np.unique(x.astype(np.float32))
    values = x.astype(np.float64) * column.unit + column.offset
    total = scipy.integrate.trapezoid(np.exp(log_probs(name, x).astype(np.float64)), values)
    assert total == pytest.approx(1.0, abs=2e-2 if name == "student_t" else 2e-3)


@pytest.mark.parametrize(
    "name", ["amounts", "days", "poisson", "negative_binomial", "zero_inflated"]
)
def test_probabilities_of_bins_and_counts_sum_to_one(name):
    x = np.arange(-200_000, 400_000) if name in ("amounts", "days") else np.arange(20_000)
    assert np.exp(log_probs(name, x), dtype=np.float64).sum() == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("name", CHOICES)
def test_probabilities_of_categories_and_of_what_is_unseen_sum_to_one(name):
    column = COLUMNS[name]
    probs = np.exp(log_probs(name, np.arange(column.num_choices)))
    assert probs.sum() == pytest.approx(1.0, abs=1e-5)
    if name != "boolean":
        assert probs[-1] == pytest.approx(column.unseen, rel=1e-4)
        num_known = {"category": 46, "ordered": 17}[name]
        assert column.unseen == pytest.approx(1.0 / (num_known + 1))


@pytest.mark.parametrize("name", CHOICES)
def test_a_new_model_has_the_datas_frequencies(name):
    of, column = likelihood(name), COLUMNS[name]
    p = of(np.zeros(of.params_shape, np.float32))
    x = np.arange(len(column.categories), dtype=np.float32)[:, np.newaxis]
    wanted = np.array(column.frequencies) * (1.0 - column.unseen)
    np.testing.assert_allclose(np.exp(p.log_prob(x)), wanted, rtol=1e-3)


def test_a_mixture_of_logistics_is_scipys_with_the_jacobian():
    column = COLUMNS["logistics"]
    p, params = distribution("logistics")
    logits, loc, raw = params.reshape(3, 3)
    places = 3.0 * ((np.arange(3) + 0.5) / 3 - 0.5)
    scale = np.log1p(np.exp(raw + np.log(np.expm1(0.4)))) + 1e-3
    weights = np.exp(logits) / np.exp(logits).sum()
    value = np.quantile(SKEWED, [0.02, 0.3, 0.7, 0.99])
    x = (value - column.offset) / column.unit
    s = column.squash
    y = (np.arcsinh((x - s.center) / s.width) - s.mean) / s.stddev
    each = scipy.stats.logistic.pdf(y[:, None], loc + places, scale)
    # dy / dvalue by the chain rule.
    slope = 1.0 / np.sqrt(1.0 + ((x - s.center) / s.width) ** 2) / s.width / s.stddev / column.unit
    wanted = np.log((each * weights).sum(axis=1) * slope)
    found = p.log_prob(x.astype(np.float32)[:, np.newaxis])
    np.testing.assert_allclose(found, wanted, atol=2e-4)


@pytest.mark.parametrize("name", ["amounts", "fine"])
def test_a_bin_is_a_difference_of_scipys_cdfs(name):
    column = COLUMNS[name]
    p, params = distribution(name)
    spikes = len(column.spikes)
    logits, loc, raw = params[spikes:].reshape(3, 3)
    start = np.log(column.frequencies) if spikes else np.zeros(1)
    places = 3.0 * ((np.arange(3) + 0.5) / 3 - 0.5)
    scale = np.log1p(np.exp(raw + np.log(np.expm1(0.4)))) + 1e-4
    x = np.float32(np.array([7.0, 4000.0]) if name == "amounts" else np.array([-0.31, 0.5]))
    half, s = 0.5 * column.step / column.unit, column.squash
    edges = np.float64(x)[:, np.newaxis] + [-half, half]
    y = (np.arcsinh((edges - s.center) / s.width) - s.mean) / s.stddev
    cdf = scipy.stats.logistic.cdf(y[..., None].astype(np.longdouble), loc + places, scale)
    each = np.exp(logits) / np.exp(logits).sum()
    rest = 1.0
    if spikes:
        raw_spike = np.exp(params[0] + start[0])
        rest = np.exp(start[1]) / (raw_spike + np.exp(start[1]))
    wanted = np.log(rest * ((cdf[:, 1] - cdf[:, 0]) * each).sum(axis=-1))
    np.testing.assert_allclose(p.log_prob(x[:, np.newaxis]), np.float64(wanted), atol=2e-3)
    if spikes:
        spike = raw_spike / (raw_spike + np.exp(start[1]))
        assert np.exp(p.log_prob(np.zeros((1, 1), np.float32)))[0] > spike


def test_far_off_narrow_bins_have_a_finite_gradient():
    of = likelihood("amounts")
    params = tf.constant(np.r_[np.zeros(1 + 3), [60.0] * 3, [-30.0] * 3], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(params)
        log_prob = of(params).log_prob(np.float32([[3.0]]))
    gradient = tape.gradient(log_prob, params)
    assert np.isfinite(log_prob).all()
    assert np.isfinite(gradient).all()
    assert np.any(gradient[4:7] != 0.0)  # It leads back from there.


def test_counts_are_scipys_negative_binomial_with_more_zeros():
    column = COLUMNS["zero_inflated"]
    _, params = distribution("zero_inflated")
    s = column.squash
    rate = np.exp(params[0]) * max(s.center + s.width * np.sinh(s.mean), 0.1)
    shape = np.log1p(np.exp(params[1] + np.log(np.expm1(1.0)))) + 1e-3
    more = 1.0 / (1.0 + np.exp(-(params[2] - 2.2)))
    x = np.arange(12)
    wanted = (1 - more) * scipy.stats.nbinom.pmf(x, shape, shape / (shape + rate))
    wanted[0] += more
    np.testing.assert_allclose(np.exp(log_probs("zero_inflated", x)), wanted, rtol=1e-3)


def test_a_row_is_the_sum_of_its_columns_and_unknown_cells_count_nothing():
    names = ["category", "amounts", "poisson", "logistics", "category"]
    of = likelihood(*names)
    params = np.random.default_rng(1).normal(size=(4, *of.params_shape)).astype(np.float32)
    x = np.ones((4, len(names)), np.float32)
    p = of(params).tensor_distribution
    cells = p.distribution.log_prob(x).numpy()
    assert cells.shape == (4, len(names))
    assert np.isfinite(cells).all()
    np.testing.assert_allclose(p.log_prob(x), cells.sum(axis=1), rtol=1e-5)
    mask = np.random.default_rng(2).uniform(size=cells.shape) < 0.5
    mask[0] = False
    found = p.known(mask).log_prob(x)
    np.testing.assert_allclose(found, (cells * mask).sum(axis=1), rtol=1e-5)
    assert found[0] == 0.0


def drawn_of(of, params, n=20_000):
    """(draws [n] by uniform numbers, the distribution of the column)."""
    rng = np.random.default_rng(3)
    uniforms = [rng.uniform(1e-7, 1.0, (n, 1)).astype(np.float32) for _ in range(3)]
    row = of(np.repeat(params[np.newaxis], n, axis=0)).tensor_distribution.distribution
    return np.asarray(of.draw(row, lambda i: tf.constant(uniforms[i])))[:, 0], row


@pytest.mark.parametrize(
    "name", [*CHOICES, "poisson", "negative_binomial", "zero_inflated", "amounts", "days"]
)
def test_discrete_draws_by_uniform_numbers_come_as_often_as_they_should(name):
    of, column = likelihood(name), COLUMNS[name]
    params = distribution(name, scale=0.3)[1]
    drawn, _ = drawn_of(of, params)
    x = np.arange(len(column.categories) or 8)
    shares = np.mean(drawn[:, np.newaxis] == x, axis=0)
    log_prob = of(params).log_prob(x.astype(np.float32)[:, np.newaxis])
    probs = np.exp(log_prob) / (1.0 - column.unseen)  # What is unseen isn't drawn.
    assert (np.abs(shares - probs) < 5 * np.sqrt(probs / len(drawn)) + 1e-4).all()


@pytest.mark.parametrize("name", ["logistics", "normals", "student_t", "amounts"])
def test_draws_by_uniform_numbers_are_those_of_the_distribution(name):
    """By the largest difference between distribution functions of two ways to draw."""
    of = likelihood(name)
    drawn, row = drawn_of(of, distribution(name, scale=0.3)[1])
    assert scipy.stats.ks_2samp(drawn, row.sample(seed=[1, 2])[:, 0]).pvalue > 1e-4


def test_normal_numbers_stay_as_they_are_and_skewed_ones_become_normal():
    assert fit_squash(RNG.normal(5.0, 2.0, 2000)).width > 1e5
    s = fit_squash(SKEWED)
    y = (np.arcsinh((SKEWED - s.center) / s.width) - s.mean) / s.stddev
    assert abs(scipy.stats.skew(y)) < 0.5 < abs(scipy.stats.skew(SKEWED))


def test_a_likelihood_is_stored_and_refuses_values_without_mass():
    of = likelihood(*COLUMNS)
    again = Columns.from_config(of.get_config())
    assert again.columns == of.columns
    names = list(COLUMNS)
    x = np.zeros((2, len(names)), np.float32)
    again.check_values(x)
    for name, value in [("category", 4.0), ("poisson", 1.5), ("logistics", np.nan)]:
        wrong = x.copy()
        wrong[1, names.index(name)] = value
        with pytest.raises(ValueError, match="x of column 'c'"):
            again.check_values(wrong)
    assert tfk.saving.get_registered_object("keras_vae>Columns") is Columns
