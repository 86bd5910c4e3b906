"""Models of tables: trained, measured and drawn from as runs; what each column takes."""

import dataclasses
import json

import numpy as np
import pytest

import keras_vae
from keras_vae import evaluation, runs, tasks
from keras_vae.batches import Batch
from keras_vae.columns import Column
from keras_vae.columns.settling_column import settle_choices, settle_numbers
from keras_vae.evaluation import independent_columns
from keras_vae.messages.notes import Note
from tests import binaries, tiny

pandas = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def table():
    """Rows of four columns with gaps, of which three depend on each other."""
    rng = np.random.default_rng(0)
    town = rng.integers(0, 3, 300)
    found = pandas.DataFrame(
        {
            "rent": (500.0 + 300.0 * town + rng.normal(0.0, 30.0, 300)).round(0),
            "visits": pandas.array(rng.poisson(1.0 + town), "Int64"),
            "town": np.array(["Bern", "Oslo", "Rome"])[town],
            "land": "Norway",
        }
    )
    for i, name in enumerate(("rent", "visits", "town")):
        found.loc[i::7, name] = None
    return found


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    """A run whose recipe the data chose."""
    folder = tmp_path_factory.mktemp("table")
    table.to_csv(folder / "rows.csv", index=False)
    config = keras_vae.recipe(
        dataset=f"csv:{folder / 'rows.csv'}", hidden=(8,), epochs=2, batch_size=32, latent_dim=2
    )
    given = {"num_examples": 20, "num_samples": 10, "tensorboard": False, "picture_epochs": 1}
    return runs.train(config, folder / "run", **given)


def test_a_run_holds_its_schema_and_measures_each_column(run, table):
    assert run.config.recipe == "table"
    stored = json.loads((run.path / "config.json").read_text())["config"]["model"]["modality"]
    kinds = {column["name"]: column["kind"] for column in stored["columns"]}
    assert kinds == {
        "rent": "rounded",
        "visits": "count",
        "town": "category",
        "land": "constant",
    }
    found = run.evaluation
    parts = found["distortion_nats_by_column"]
    assert list(parts) == ["rent", "visits", "town"]
    # Both are means over draws of z, of the same rows.
    error = 5 * found["distortion_stderr"]
    assert sum(parts.values()) == pytest.approx(found["distortion_nats"], abs=error)
    rivals = found["rivals_nats"]
    assert list(rivals) == ["independent columns", "Gaussian copula", "mixture of normals"]
    assert found["rival_nats"] == min(rivals.values()) == rivals[found["rival"]]
    # Towns say what the rent is, and copulas know.
    assert rivals["Gaussian copula"] < rivals["independent columns"] - 0.3
    shares = table["town"].value_counts(normalize=True)
    entropy = -np.sum(shares * np.log(shares))
    assert found["rival_nats_by_column"]["town"] == pytest.approx(entropy, abs=0.1)
    report = (run.path / "report.html").read_text()
    for words in ("Gaussian copula", "Quality of rows", "Pairs of columns", "missing"):
        assert words in report
    assert 0.5 < found["table_quality"] < found["table_quality_of_train"] <= 1.0
    assert found["copied_rows"] <= 0.1


def test_samples_are_rows_in_the_types_of_the_data(run, table):
    rows = run.model.modality.rows(run.model.sample(200, seed=1).numpy())
    assert list(rows) == list(table)
    assert set(rows["town"]) <= {"Bern", "Oslo", "Rome"}
    assert set(rows["land"]) == {"Norway"}
    assert str(rows["rent"].dtype) == "float64"
    assert np.all(rows["rent"] == rows["rent"].round(0))
    # A model of two epochs has the marginals that it began with.
    assert abs(np.mean(rows["town"] == "Oslo") - np.mean(table["town"].dropna() == "Oslo")) < 0.2


def test_samples_are_written_as_rows_and_rows_are_scored(run, table, tmp_path):
    file = tasks.sample(run, 30, tmp_path / "rows.csv", seed=1)
    rows = pandas.read_csv(file)
    assert (list(rows), len(rows)) == (list(table), 30)
    assert set(rows["town"]) == {"Bern", "Oslo", "Rome"}
    condition = ["town=Oslo", "visits=2"]
    with pytest.warns(Note, match="draws of z carry the weight"):
        tasks.sample(run, 20, tmp_path / "given.csv", condition=condition)
    given = pandas.read_csv(tmp_path / "given.csv")
    assert (set(given["town"]), set(given["visits"])) == ({"Oslo"}, {2})
    assert given["rent"].nunique() > 10
    table[:40].to_csv(tmp_path / "new.csv", index=False)
    tasks.score(run, f"csv:{tmp_path / 'new.csv'}", out=tmp_path / "scores.csv", num_samples=50)
    assert len(pandas.read_csv(tmp_path / "scores.csv")) == 40


def test_a_command_fills_a_table_in_the_types_of_the_data(run, table, tmp_path):
    done = binaries.run(
        "trainers.impute",
        f"--run={run.path}",
        f"--dataset={run.config.data.dataset}",
        f"--out={tmp_path / 'full.csv'}",
        "--draws=2",
        "--num_samples=20",
        "--split=train",
    )
    assert done.code == 0, done.err
    names = {"full.csv", "full_spread.csv", "full_draw_1.csv", "full_draw_2.csv"}
    assert {file.name for file in tmp_path.iterdir()} == names
    full, spread, *draws = (
        pandas.read_csv(tmp_path / f"full{end}.csv")
        for end in ("", "_spread", "_draw_1", "_draw_2")
    )
    gaps = table[["rent", "visits", "town", "land"]].isna()
    np.testing.assert_array_equal(spread.isna(), ~gaps[["rent", "visits", "town"]])
    for filled in (full, *draws):
        assert list(filled) == list(gaps)
        assert not filled.isna().any(axis=None)
        assert filled["visits"].dtype == np.int64
        assert set(filled["town"]) == {"Bern", "Oslo", "Rome"}
        np.testing.assert_array_equal(filled["rent"], filled["rent"].round(0))
        for name in gaps:
            kept = ~gaps[name]
            assert np.all(filled[name][kept] == table[name][kept])
    assert spread["town"].max() <= 2 / 3
    differs = draws[0].ne(draws[1])
    assert differs.any(axis=None)
    assert not differs[~gaps].any(axis=None)


def test_another_file_is_filled_in_place_of_the_one_for_testing(run, table, tmp_path):
    """A run's test_data is of its own data set alone."""
    table[:30].to_csv(tmp_path / "new.csv", index=False)
    path = f"csv:{tmp_path / 'new.csv'}"
    config = run.config.replace(test_data=run.config.data.dataset)
    told = dataclasses.replace(run, config=config)
    arrays = tasks.impute(told, path, tmp_path / "full.npz", num_samples=20)
    assert arrays["x"].shape == (30, 3)
    with np.load(tmp_path / "full.npz") as file:
        np.testing.assert_array_equal(file["mask"], table[:30].notna().to_numpy()[:, :3])


def test_a_loaded_run_gives_the_same_and_goes_on(run, capsys):
    again = runs.load(run.path)
    np.testing.assert_array_equal(again.model.sample(5, seed=3), run.model.sample(5, seed=3))
    assert again.model.modality == run.model.modality
    runs.train(again.config, run.path, evaluate=False, tensorboard=False)
    assert "Training is finished" in capsys.readouterr().out


def test_a_row_of_which_nothing_is_known_says_nothing():
    model = tiny.randomize(tiny.vae(recipe="table", sees_mask=True))
    x, noise = tiny.images_for(model, 4), tiny.noise(model, 1, 4)
    terms = model.terms(x, noise, mask=np.zeros(x.shape, bool))
    np.testing.assert_array_equal(terms.log_likelihood, np.zeros((1, 4)))
    np.testing.assert_allclose(terms.elbo_nats, -terms.rate)
    known = model.terms(x, noise, mask=np.ones(x.shape, bool))
    np.testing.assert_allclose(known.elbo_nats, model.terms(x, noise).elbo_nats, rtol=1e-6)
    # What the encoder sees of an unknown cell doesn't depend on what stands there.
    half = np.array([[True, False]] * 4)
    other = np.where(half, x, 1.0 - x)
    found = [model.terms(values, noise, mask=half).elbo_nats for values in (x, other)]
    np.testing.assert_array_equal(*found)


def test_a_column_alone_is_as_likely_as_the_integral_over_its_latent():
    """p(x_c) is the integral of p(x_c|z) N(z; 0, 1), here of one latent, by a grid."""
    model = tiny.randomize(tiny.vae(recipe="table", latent_dim=1), scale=0.5)
    x = tiny.images_for(model, 4)
    found = evaluation.by_column(model, [Batch(x)])["nll_nats_by_column"]
    z = np.linspace(-6.0, 6.0, 601, dtype=np.float32)[:, np.newaxis]
    cells = model.decode(z).tensor_distribution.distribution  # [601, 2]
    weight = np.exp(-0.5 * z.astype(np.float64) ** 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    wanted = [np.log((np.exp(cells.log_prob(row)) * weight).sum(axis=0)) for row in x]
    # 500 draws of z have this error, and a little more.
    np.testing.assert_allclose([*found.values()], -np.mean(wanted, axis=0), atol=0.08)


def test_probabilities_of_the_rival_sum_to_one():
    rng = np.random.default_rng(0)
    amounts = np.where(rng.uniform(size=900) < 0.5, 0.0, rng.gamma(2.0, 40.0, 900).round())
    column = settle_numbers(Column("paid", "rounded", decimals=0), amounts, False)
    town = settle_choices(Column("town", "category"), {"a": 5, "b": 40}, False)
    train = np.stack([amounts, rng.integers(0, 2, 900)], axis=1)
    test = np.stack([np.arange(-3000, 4000), np.arange(7000) % 3], axis=1)
    cells = independent_columns((column, town), train, None, test, None)
    found = np.exp(cells.log_prob)
    assert found[:, 0].sum() == pytest.approx(1.0, abs=1e-3)
    assert found[:3, 1].sum() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(cells.high - cells.low, found, atol=1e-12)
    np.testing.assert_allclose(cells.high[:-1, 0], cells.low[1:, 0], atol=1e-12)
    assert found[3000, 0] == pytest.approx(np.mean(amounts == 0), abs=0.01)


def test_later_files_may_be_of_another_form(run, table, tmp_path):
    path, other = tmp_path / "rows.csv", tmp_path / "other.csv"
    table.to_csv(path, index=False)
    table.to_csv(other, index=False, sep=";", decimal=",", encoding="utf-16")
    plain = tasks.other_data.source(run, f"csv:{path}").examples
    options = ["encoding=utf-16", "decimal=comma"]
    found = tasks.other_data.source(run, f"csv:{other}", csv_options=options).examples
    np.testing.assert_array_equal(found.mask, plain.mask)
    np.testing.assert_array_equal(found.array, plain.array)
    with pytest.raises(ValueError, match="csv_options are for a dataset"):
        tasks.other_data.source(run, csv_options=options)
