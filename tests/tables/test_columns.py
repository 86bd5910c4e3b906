"""Columns: kinds that are found, cells to x and back, files in other forms, gaps."""

import json

import numpy as np
import pytest

from keras_vae import data, modality
from keras_vae.columns import Schema
from keras_vae.columns.table_schema import schema_of
from keras_vae.messages.notes import Note

pandas = pytest.importorskip("pandas")

N = 120


def frame(seed=0):
    """A table with a column of each kind, and gaps in some of them."""
    rng = np.random.default_rng(seed)
    found = pandas.DataFrame(
        {
            "weight": rng.normal(70.0, 9.0, N),
            "price": (rng.gamma(2.0, 30.0, N)).round(2),
            "year": rng.integers(1950, 2020, N),
            "visits": rng.poisson(2.0, N),
            "town": rng.choice(["Rome", "Oslo", "Bern"], N),
            "size": pandas.Categorical(
                rng.choice(["S", "M", "L"], N), ["S", "M", "L"], ordered=True
            ),
            "member": rng.uniform(size=N) < 0.3,
            "since": pandas.to_datetime("2020-01-01") + pandas.to_timedelta(np.arange(N) % 50, "D"),
            "seen": [f"2024-03-{1 + i % 28:02d}" for i in range(N)],
            "land": "Norway",
            "nothing": None,
            "key": [f"u{i:04d}" for i in range(N)],
            "row": np.arange(N),
            "says": [f"it is number {i} of them" for i in range(N)],
        }
    )
    found.loc[::7, "price"] = np.nan
    found.loc[::11, "town"] = None
    return found


KINDS = {
    "weight": "number",
    "price": "rounded",
    "year": "rounded",
    "visits": "count",
    "town": "category",
    "size": "ordered",
    "member": "boolean",
    "since": "date",
    "seen": "date",
    "land": "constant",
    "nothing": "constant",
    "key": "id",
    "row": "id",
    "says": "text",
}


def schema_and_notes(table=None, said=None):
    return schema_of(frame() if table is None else table, "made", said)


def test_each_kind_is_found_and_what_is_left_out_is_told():
    schema, notes = schema_and_notes()
    assert {column.name: column.kind for column in schema.columns} == KINDS
    assert notes == [
        "left out, as constant, with nothing to learn: land, nothing",
        "left out, as a name of its own for almost each row: key, row",
        "left out, as free text: says",
    ]
    decimals = {c.name: c.decimals for c in schema.columns if c.decimals is not None}
    assert decimals == {"price": 2, "year": 0}


def test_rows_come_back_as_they_were():
    table = frame()
    schema, _ = schema_and_notes(table)
    x, known, notes = schema.encode(table, "made")
    assert (x.dtype, x.shape, notes) == (np.float32, (N, 9), [])
    np.testing.assert_array_equal(known.sum(axis=0), table[list(KINDS)[:9]].notna().sum())
    back = schema.decode(x, known)
    assert list(back) == [n for n, kind in KINDS.items() if kind not in ("id", "text")]
    for name in back:
        assert str(back[name].dtype) == str(table[name].dtype), name
        if name == "weight":  # To the 7 digits of float32.
            np.testing.assert_allclose(back[name], table[name], rtol=1e-6)
        else:
            pandas.testing.assert_series_equal(back[name], table[name], check_exact=True)


def test_a_schema_file_says_kinds_and_the_stored_schema_is_json():
    said = {
        "columns": [
            {"name": "visits", "kind": "ordered", "categories": list(range(12))},
            {"name": "weight", "kind": "rounded", "decimals": 1},
            {"name": "key", "kind": "text"},
        ]
    }
    schema, _ = schema_and_notes(said=said)
    kinds = {column.name: column for column in schema.columns}
    assert kinds["visits"].kind == "ordered"
    assert kinds["weight"].step == 0.1
    # What is printed as a guess is itself a schema file that settles to the same.
    again, _ = schema_and_notes(said=json.loads(json.dumps(schema.said())))
    assert again == schema
    facts = json.loads(json.dumps(modality.Table(schema.columns).to_dict()))
    assert modality.stored(facts) == modality.Table(schema.columns)


def test_unseen_categories_have_an_entry_and_a_note():
    schema, _ = schema_and_notes()
    later = frame(1)
    later.loc[3:4, "town"] = "Paris"
    x, known, notes = schema.encode(later, "later")
    town = [column.name for column in schema.learned].index("town")
    np.testing.assert_array_equal(x[3:5, town], [3.0, 3.0])
    assert known[3:5, town].all()
    assert notes == [
        "later: column 'town' has categories that training lacks, each counted as unseen: Paris"
    ]


def test_large_numbers_keep_their_last_digits():
    """float32 has 7 digits; an offset keeps those of years, dates and numbers of accounts."""
    table = pandas.DataFrame(
        {
            "account": 10**12 + np.array([5, 3, 9, 4] * 20),
            "at": pandas.to_datetime("2024-05-01 12:00:01")
            + pandas.to_timedelta([1, 5, 86399, 7] * 20, "s"),
        }
    )
    schema, _ = schema_and_notes(table)
    x, known, _ = schema.encode(table, "made")
    back = schema.decode(x, known)
    np.testing.assert_array_equal(back["account"], table["account"])
    np.testing.assert_array_equal(back["at"], table["at"].astype(back["at"].dtype))


FORMS = {
    "plain": ("a,b\n1.5,x\n2.5,y\n3,x\n", None),
    "semicolons and decimal commas": ("a;b\n1,5;x\n2,5;y\n3;x\n", ["decimal=comma"]),
    "tabs": ("a\tb\n1.5\tx\n2.5\ty\n3\tx\n", None),
    "spaces after commas": ("a, b\n1.5, x\n2.5, y\n3, x\n", None),
    "quotes": ('"a","b"\n"1.5","x"\n"2.5","y"\n"3","x"\n', None),
    "byte order mark": ("\ufeffa,b\n1.5,x\n2.5,y\n3,x\n", None),
    "dots at ends": ("a,b\n1.5,x.\n2.5,y.\n3,x.\n", ["strip=."]),
    "empty lines": ("a,b\n1.5,x\n\n2.5,y\n3,x\n\n", None),
}


@pytest.mark.parametrize("form", list(FORMS))
def test_files_of_many_forms_hold_the_same_rows(form, tmp_path):
    text, options = FORMS[form]
    path = tmp_path / "rows.csv"
    path.write_text(text * 1, encoding="utf-8")
    (tmp_path / "plain.csv").write_text(FORMS["plain"][0])
    split, found = (
        data.load(f"csv:{p}", csv_options=o, validation_size=0, test_data=f"csv:{p}").train
        for p, o in ((path, options), (tmp_path / "plain.csv", None))
    )
    np.testing.assert_array_equal(split.array, found.array)
    assert [c.categories for c in split.modality.columns] == [(), ("x", "y")]
    np.testing.assert_array_equal(split.modality.rows(split.array)["a"], [1.5, 2.5, 3.0])


def test_missing_cells_are_a_mask_and_are_told(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "1,x\n?,y\n3,NA\ninf,x\n-9,y\n" * 4)
    found = data.load(f"csv:{path}", test_data=f"csv:{path}", validation_size=0)
    np.testing.assert_array_equal(found.train.mask[:5], [[1, 1], [0, 1], [1, 0], [0, 1], [1, 1]])
    assert "12 cells in 12 of 20 rows are missing, 4 of them infinite" in found.notes[0]
    options = ["missing=?|NA|-9"]
    again = data.load(
        f"csv:{path}", test_data=f"csv:{path}", validation_size=0, csv_options=options
    )
    np.testing.assert_array_equal(again.train.mask[4], [False, True])
    assert "csv_options missing=?|NA|-9" in again.notes[0]


def test_parquet_and_frames_give_what_csv_gives(tmp_path):
    pytest.importorskip("pyarrow")
    table = frame()[["weight", "price", "town", "member", "since"]]
    table.to_parquet(tmp_path / "rows.parquet")
    found = data.load(f"parquet:{tmp_path / 'rows.parquet'}", validation_size=0, label="town")
    with pytest.warns(Note) as notes:
        split = data.table(table.assign(key=frame()["key"]))
    assert "left out, as a name" in str(notes[0].message)
    assert found.train.num_examples + found.test.num_examples == len(split.array)
    assert [c.kind for c in found.train.modality.columns] == [
        c.kind for c in split.modality.columns[:-1]
    ]
    # A tenth for testing, the towns in proportion.
    shares = [np.bincount(s.labels) / s.num_examples for s in (found.train, found.test)]
    np.testing.assert_allclose(*shares, atol=0.08)
    assert found.train.class_names[:3] == ("Bern", "Oslo", "Rome")


def test_columns_of_numbers_and_texts_in_turn_are_texts(tmp_path, monkeypatch):
    """Chunks of a large file may look like numbers, and others not."""
    from keras_vae.data.tables import files

    monkeypatch.setattr(files, "_ROWS", 4)
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "01,1\n" * 4 + "x,2\n" * 4 + "01,\n" * 4)
    found = data.load(f"csv:{path}", test_data=f"csv:{path}", validation_size=0).train
    assert found.modality.columns[0].categories == ("01", "x")
    assert found.mask[:, 1].sum() == 8


def test_decimal_commas_that_nobody_named_are_told(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a;b\n" + "".join(f"{i % 5},5;{'xy'[i % 2]}\n" for i in range(40)))
    notes = data.load(f"csv:{path}").notes
    assert any("csv_options=decimal=comma" in note for note in notes)


def test_a_schema_of_a_run_is_held_to(tmp_path):
    path = tmp_path / "rows.csv"
    frame().to_csv(path, index=False)
    first = data.load(f"csv:{path}").train.modality.schema
    assert isinstance(first, Schema)
    table = frame()
    table["visits"] += 1000  # Would be guessed otherwise.
    table.to_csv(path, index=False)
    again = data.load(f"csv:{path}", stored_schema=first).train
    assert again.modality.schema == first
