"""Scores of disentanglement on representations of known score."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from keras_vae.evaluation import disentanglement
from keras_vae.evaluation.disentanglement import information, intervention, prediction

N, VALUES = 4000, 6  # of each of four factors
RNG = np.random.default_rng(0)
FACTORS = RNG.integers(0, VALUES, (N, 4))
STANDARD = (FACTORS - 2.5) / np.sqrt(35 / 12)  # of variance 1
PERFECT = STANDARD[:, [2, 0, 3, 1]] * [0.5, -2.0, 1.0, 30.0]
DEAD = 1e-3 * RNG.normal(size=(N, 2))
ALL = (
    "mig",
    "modularity",
    "sap",
    "dci_disentanglement",
    "dci_completeness",
    "dci_informativeness",
    "factor_vae_score",
    "beta_vae_score",
)


@pytest.mark.parametrize(
    ("codes", "near"),
    [(PERFECT, 0.01), (np.hstack([PERFECT + 0.02 * RNG.normal(size=(N, 4)), DEAD]), 0.02)],
    ids=["exact", "noisy, beside dead latents"],
)
def test_a_latent_for_each_factor_in_any_order_and_scale_is_perfect(codes, near):
    scores = disentanglement(codes, FACTORS)
    assert set(scores) == set(ALL)
    # The next best latent predicts a factor as well as chance does.
    assert abs(scores.pop("sap") - (1 - 1 / VALUES)) < 0.05
    assert scores == pytest.approx(dict.fromkeys(scores, 1.0), abs=near)


def test_codes_that_know_nothing_have_chance_scores():
    scores = disentanglement(RNG.normal(size=(N, 6)), FACTORS)
    chance = {"factor_vae_score": 1 / 4, "beta_vae_score": 1 / 4, "dci_informativeness": 1 / VALUES}
    for name, value in chance.items():
        assert abs(scores[name] - value) < 0.04, name
    for name in ("mig", "sap", "dci_disentanglement", "dci_completeness"):
        assert scores[name] < 0.03, name


def test_latents_that_mix_two_factors_lose_all_but_what_all_of_them_know():
    a, b = STANDARD[:, :2], STANDARD[:, 2:]
    scores = disentanglement(np.hstack([a + b, a - b]) / np.sqrt(2), FACTORS)
    assert scores["mig"] < 0.02
    assert scores["sap"] < 0.04
    # A latent knows two of four factors as well as each other, a factor is known by two of four.
    assert abs(scores["modularity"] - 2 / 3) < 0.03
    assert abs(scores["dci_disentanglement"] - 1 / 2) < 0.03
    assert abs(scores["dci_completeness"] - 1 / 2) < 0.03
    assert scores["dci_informativeness"] > 0.98
    # Whichever of its two factors is the same, a mixed latent varies as much.
    assert abs(scores["factor_vae_score"] - 1 / 2) < 0.04


def test_a_factor_with_two_latents_is_disentangled_but_not_complete():
    scores = disentanglement(np.hstack([STANDARD, STANDARD]), FACTORS)
    assert scores["mig"] == scores["sap"] == 0
    assert scores["modularity"] > 0.99
    assert scores["dci_disentanglement"] > 0.99
    # Its importance, shared between two of eight; ties of single trees go either way.
    assert abs(scores["dci_completeness"] - (1 - np.log(2) / np.log(8))) < 0.05
    assert scores["factor_vae_score"] == scores["beta_vae_score"] == 1


def test_a_collapsed_model_has_the_scores_of_chance():
    scores = disentanglement(DEAD, FACTORS)
    for name in ("mig", "modularity", "sap", "dci_disentanglement", "dci_completeness"):
        assert scores[name] == 0, name
    assert scores["factor_vae_score"] == scores["beta_vae_score"] == 1 / 4


def test_one_latent_and_factors_that_do_not_vary_or_have_gaps():
    """Only what varies is scored, and values are names."""
    gaps = np.array([3, 5, 6, 40, 41, 99])
    factors = np.column_stack([gaps[FACTORS[:, 0]], np.full(N, 7), FACTORS[:, 1]])
    scores = disentanglement(STANDARD[:, :1], factors)
    assert abs(scores["mig"] - 1 / 2) < 0.01
    assert scores["modularity"] > 0.99
    assert scores == disentanglement(STANDARD[:, :1], FACTORS[:, :2])


def test_scores_are_the_same_for_a_seed():
    codes = STANDARD + RNG.normal(size=(N, 4))
    assert disentanglement(codes, FACTORS, seed=3) == disentanglement(codes, FACTORS, seed=3)
    assert disentanglement(codes, FACTORS, seed=3) != disentanglement(codes, FACTORS, seed=4)


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (np.zeros((5, 2)), np.zeros((4, 2), int), r"got \[5, 2\] and \[4, 2\]"),
        (np.zeros((5, 2)), np.eye(5, 2, dtype=int)[:, :1], "at least two that vary, got 1"),
    ],
)
def test_what_can_not_be_scored_is_refused(codes, factors, message):
    with pytest.raises(ValueError, match=message):
        disentanglement(codes, factors)


def test_information_scores_by_hand():
    # Latent 0 knows 3 of factor 0 and 1 of factor 1, latent 1 knows 1 and 2; entropies 4 and 2.
    table = np.array([[3.0, 1.0], [1.0, 2.0]])
    assert information.mig(table, np.array([4.0, 2.0])) == ((3 - 1) / 4 + (2 - 1) / 2) / 2
    assert information.modularity(table) == pytest.approx(((1 - 1 / 9) + (1 - 1 / 4)) / 2)
    assert information.modularity(np.vstack([table, [0, 0]])) == information.modularity(table)


def test_codes_are_cut_into_twenty_equal_bins():
    code, factors = STANDARD[:, 0] + RNG.normal(size=N), FACTORS[:, :2]
    low, high = code.min(), code.max()
    bins = np.minimum((20 * (code - low) / (high - low)).astype(int), 19)
    known = [mutual_info_score(bins, f) / mutual_info_score(f, f) for f in factors.T]
    found = information.scores(np.column_stack([code, np.zeros(N)]), factors)
    assert found["mig"] == pytest.approx(np.mean(known))


def test_prediction_scores_by_hand():
    assert prediction.sap(np.array([[0.9, 0.5], [0.2, 0.6]])) == pytest.approx((0.7 + 0.1) / 2)
    # Rows' entropies to base 2: of (3/4, 1/4), and of (0, 1); they weigh 4 and 2.
    found = prediction.dci(np.array([[3.0, 1.0], [0.0, 2.0]]), 0.5)
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert found["dci_disentanglement"] == pytest.approx((4 * (1 - entropy) + 2) / 6)
    of_column = -(np.log2(1 / 3) / 3 + 2 * np.log2(2 / 3) / 3)
    assert found["dci_completeness"] == pytest.approx((3 + 3 * (1 - of_column)) / 6)


def test_thresholds_predict_by_balanced_accuracy():
    """Values 0, 1, 2, one of them rare, in two overlapping intervals and one of its own."""
    code = np.array([0.0, 0.1, 0.2, 0.3, 1.0, 1.1, 0.25, 2.0])
    factor = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    # Thresholds at 0.225 and 1.55 miss one of four 0s; 0.65 would miss one of three 1s.
    accuracy = prediction.predictability(code[:, None], factor[:, None])
    assert accuracy == pytest.approx((3 / 4 + 1 + 1) / 3)


def test_partners_have_the_same_value_and_all_come():
    factor = np.array([2, 0, 2, 1, 2, 0])
    found = intervention._partners(factor, np.tile(np.arange(6), 600), np.random.default_rng(0))
    for row, partners in enumerate(found.reshape(600, 6).T):
        rows, counts = np.unique(partners, return_counts=True)
        same = np.flatnonzero(factor == factor[row])
        np.testing.assert_array_equal(rows, same)
        # Each as often: 600 / 3 with a standard deviation of 11.5 at most, 4 of them.
        assert np.all(np.abs(counts - 600 / len(same)) < 50)
