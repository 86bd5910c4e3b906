"""How alike rows of two tables are, how near to training, and rivals that know dependences."""

import numpy as np
import pytest
import scipy.stats

from keras_vae import data, evaluation
from keras_vae.columns import Column, Squash
from keras_vae.columns.alikeness import Rows, shapes, trends
from keras_vae.columns.closeness import closest
from keras_vae.columns.settling_column import settle_choices
from keras_vae.tasks.table_samples import quality, rows_of

AS_IT_IS = Squash(width=1e4, stddev=1e-4)
NUMBER = Column("a", "number", likelihood="normals", squash=AS_IT_IS)
OTHER = Column("b", "number", likelihood="normals", squash=AS_IT_IS)
TOWN = Column("town", "category", ("x", "y", "z"), frequencies=(0.5, 0.3, 0.2), unseen=0.01)


def correlated(n, correlation, seed):
    """Rows of two normal numbers, and of a town that goes by the first."""
    rng = np.random.default_rng(seed)
    z = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], n)
    return np.column_stack([z, np.digitize(z[:, 0], [0.0, 1.0])]).astype(np.float32)


def test_shapes_are_those_of_scipy_and_of_shares():
    a, b = correlated(400, 0.8, 0), correlated(300, 0.2, 1) + np.float32([0.3, 0, 0])
    mask = np.ones(a.shape, bool)
    mask[:50, 0] = False
    found = shapes((NUMBER, OTHER, TOWN), Rows(a, mask), Rows(b))
    wanted = [1 - scipy.stats.ks_2samp(a[50:, 0], b[:, 0]).statistic]
    wanted += [1 - scipy.stats.ks_2samp(a[:, 1], b[:, 1]).statistic]
    shares = [np.bincount(x[:, 2].astype(int), minlength=3) / len(x) for x in (a, b)]
    wanted += [1 - 0.5 * np.abs(shares[0] - shares[1]).sum()]
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_trends_are_differences_of_correlations_and_of_tables_of_pairs():
    a, b = correlated(4000, 0.8, 0), correlated(4000, 0.2, 1)
    found = trends((NUMBER, OTHER, TOWN), Rows(a), Rows(b))
    np.testing.assert_array_equal(found, found.T)
    correlations = [np.corrcoef(x[:, 0], x[:, 1])[0, 1] for x in (a, b)]
    assert found[0, 1] == pytest.approx(1 - abs(correlations[0] - correlations[1]) / 2)
    edges = np.linspace(a[:, 1].min(), a[:, 1].max(), 11)
    edges[[0, -1]] = -np.inf, np.inf
    tables = [
        np.histogram2d(x[:, 1], x[:, 2], [edges, [-0.5, 0.5, 1.5, 2.5]])[0] / len(x) for x in (a, b)
    ]
    # What is at the ends of the range differs by a row or two.
    wanted = 1 - 0.5 * np.abs(tables[0] - tables[1]).sum()
    assert found[1, 2] == pytest.approx(wanted, abs=2e-3)
    same = trends((NUMBER, OTHER, TOWN), Rows(a), Rows(a))
    np.testing.assert_allclose(same[np.triu_indices(3, 1)], 1.0)
    assert np.isnan(np.diag(same)).all()
    assert quality(np.array([0.5, np.nan]), np.array([[np.nan]])) == 0.5


def test_the_closest_row_is_found_and_copies_are_at_no_distance():
    train = correlated(500, 0.5, 0)
    rows = train[[3, 70]].copy()
    rows[1, 2] = (rows[1, 2] + 1) % 3  # Another town: a third of the columns differ.
    rows[1, :2] = 40.0  # Far off: numbers are on a scale from 0 to 1.
    found = closest((NUMBER, OTHER, TOWN), Rows(rows), Rows(train))
    assert found[0] == 0.0
    brightness = np.clip(0.5 + train[:, :2] / 6, 0, 1)
    each = (1 - brightness).sum(axis=1) + (train[:, 2] != rows[1, 2])
    assert found[1] == pytest.approx(each.min() / 3, abs=1e-5)
    # Cells that the row lacks don't count; those that training lacks are as far as can be.
    mask = np.array([[True, True, True], [False, False, True]])
    assert closest((NUMBER, OTHER, TOWN), Rows(rows, mask), Rows(train))[1] == 0.0
    lacking = Rows(train, np.tile([True, True, False], (500, 1)))
    assert closest((NUMBER, OTHER, TOWN), Rows(rows), lacking)[0] == pytest.approx(1 / 3)


def test_the_copula_of_normal_numbers_is_their_normal():
    """Its marginals are histograms of the training rows, which cost a little."""
    train, test = correlated(20_000, 0.8, 0)[:, :2], correlated(500, 0.8, 1)[:, :2]
    found = evaluation.rivals_of_rows((NUMBER, OTHER), train, None, test, None)
    p = scipy.stats.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]])
    alone = scipy.stats.norm.logpdf(test).sum(axis=1)
    for name in ("Gaussian copula", "mixture of normals"):
        gap = p.logpdf(test) - found[name]
        assert abs(gap.mean()) < 0.08
    assert (found["Gaussian copula"] - alone).mean() > 0.4  # -log sqrt(1 - 0.8^2) = 0.51


def test_probabilities_of_a_copula_of_categories_sum_to_one():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 3, 3000)
    train = np.column_stack([first, np.where(rng.uniform(size=3000) < 0.7, first, 0)])
    columns = tuple(
        settle_choices(Column(name, "ordered", (0, 1, 2)), dict(enumerate(np.bincount(x))), False)
        for name, x in zip("ab", train.T, strict=True)
    )
    cells = np.array([[i, j] for i in range(3) for j in range(3)], np.float32)
    found = evaluation.rivals_of_rows(columns, train.astype(np.float32), None, cells, None)
    for log_prob in found.values():
        # 30 draws of each cell's scores have some error.
        assert np.exp(log_prob).sum() == pytest.approx(1.0, abs=0.15)
    # Of a row of which one cell is known, it is that column's probability.
    mask = np.tile([True, False], (9, 1))
    alone = evaluation.rivals_of_rows(columns, train.astype(np.float32), None, cells, mask)
    shares = np.bincount(first) / 3000
    np.testing.assert_allclose(
        np.exp(alone["Gaussian copula"]), 0.999667 * np.repeat(shares, 3), rtol=0.02
    )


def test_rows_that_depend_on_a_label_teach_it():
    train, test = Rows(correlated(400, 0.5, 0)), Rows(correlated(300, 0.5, 1))
    columns = NUMBER, OTHER, TOWN
    f1 = evaluation.f1_of_label(columns, "town", train, test)
    shuffled = train.x.copy()
    np.random.default_rng(2).shuffle(shuffled[:, 2])
    assert f1 > 0.95
    assert evaluation.f1_of_label(columns, "town", Rows(shuffled), test) < 0.6
    one = train.x.copy()
    one[:, 2] = 1.0
    assert evaluation.f1_of_label(columns, "town", Rows(one), test) is None


def test_rows_of_a_split_are_taken_evenly():
    split = data.InMemory(np.arange(10, dtype=np.float32)[:, np.newaxis], levels=None)
    np.testing.assert_array_equal(rows_of(split, 4).x[:, 0], [0, 3, 6, 9])
