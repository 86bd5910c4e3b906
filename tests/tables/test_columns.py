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
    later["seen"] = frame()["seen"]
    later["size"] = later["size"].astype(str).replace("S", "XS")
    x, known, notes = schema.encode(later, "later")
    town = [column.name for column in schema.learned].index("town")
    np.testing.assert_array_equal(x[3:5, town], [3.0, 3.0])
    assert known[3:5, town].all()
    assert notes == [
        "later has categories that training lacks, each counted as unseen, in 'town': Paris; "
        "'size': XS"
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
    "quoted decimal commas": (
        'a,b\n"1,5",x\n"2,5",y\n3,x\n',
        ["decimal=comma"],
    ),
    "spaces": ("a b\n1.5 x\n2.5 y\n3 x\n", ["separator=space"]),
    "UTF-8 by name": ("\ufeffa,b\n1.5,x\n2.5,y\n3,x\n", ["encoding=utf8"]),
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


# Cells of a column, and what the note on it says of them; None where they are what they look like.
LOOKS = {
    "decimal commas": (["1,5", "2,25", "3"], "numbers; if so, say csv_options=decimal=comma"),
    "commas of either": (
        ["1,500", "2,250"],
        "csv_options=thousands=comma or csv_options=decimal=comma",
    ),
    "German": (["1.500,5", "2"], "csv_options=decimal=comma,thousands=point"),
    "unclear days": (
        ["01/02/2020", "03/04/2020"],
        "dates, and days and months can't be told apart; say kind=date and format=%d/%m/%Y or "
        "%m/%d/%Y in the schema",
    ),
    "numbers and a word": (
        [*map(str, range(30)), "unknown"],
        "numbers but for some such as 'unknown'; if these are missing cells, say "
        "csv_options=missing=unknown|?|NA",
    ),
    "days and a word": (
        [*(f"{day}.12.2020" for day in range(1, 30)), "-"],
        "dates but for some such as '-'; if these are missing cells, say csv_options=missing=-|?|",
    ),
    "towns": (["Rome", "Oslo"], None),
    "postcodes": (["0150", "0990"], None),
    "versions": (["1.2.3", "1.2.4"], None),
    "spans": (["10-12", "13-15"], None),
}


@pytest.mark.parametrize("cells", list(LOOKS))
def test_texts_that_look_like_numbers_or_dates_are_told_in_one_line(cells):
    texts, words = LOOKS[cells]
    texts = (texts * N)[:N]
    table = pandas.DataFrame({"a": texts, "b": texts, "n": np.arange(N) % 7})
    _, notes = schema_and_notes(table)
    assert len(notes) == (words is not None)
    if words is not None:
        assert notes[0].startswith("in 'a', 'b', texts look like ")
        assert words in notes[0]
    # Whose kind is said isn't guessed at.
    said = {"columns": [{"name": n, "kind": "category"} for n in "ab"]}
    assert schema_and_notes(table, said)[1] == []


DATES = {
    "%d.%m.%Y": ["31.12.2020", "01.02.2021"],
    "%d/%m/%Y": ["31/12/2020", "01/02/2021"],
    "%m/%d/%Y": ["12/31/2020", "01/02/2021"],
    "%m-%d-%Y": ["12-31-2020", "01-02-2021"],
    "%Y/%m/%d": ["2020/12/31", "2021/01/02"],
    "%d %b %Y": ["31 Dec 2020", "01 Feb 2021"],
    "%d.%m.%Y %H:%M": ["31.12.2020 09:30", "01.02.2021 17:05"],
    "%Y-%m-%d %H:%M:%S": ["2020-12-31 09:30:01", "2021-01-02 17:05:59"],
}


@pytest.mark.parametrize("format", list(DATES))
def test_dates_of_one_order_are_found_and_come_back_as_they_were(format):
    table = pandas.DataFrame({"on": (DATES[format] * N)[:N]})
    schema, notes = schema_and_notes(table)
    assert (schema.columns[0].kind, schema.columns[0].format, notes) == ("date", format, [])
    x, known, _ = schema.encode(table, "made")
    pandas.testing.assert_frame_equal(schema.decode(x, known), table)
    # Days since 1970, or seconds.
    since = pandas.to_datetime(table["on"], format=format) - pandas.Timestamp(0)
    wanted = since / pandas.Timedelta(1, "s" if schema.columns[0].seconds else "D")
    np.testing.assert_array_equal(np.float64(x[:, 0]) + schema.columns[0].offset, wanted)


def test_times_of_minutes_keep_their_minute():
    """Of a year of seconds, float32 has no single ones."""
    start, steps = pandas.Timestamp("2020-01-01"), np.arange(0, 525_600, 4_001)
    minutes = pandas.Series(start + pandas.to_timedelta(steps, "min"), name="at")
    table = minutes.dt.strftime("%d.%m.%Y %H:%M").to_frame()
    schema, _ = schema_and_notes(table)
    x, known, _ = schema.encode(table, "made")
    pandas.testing.assert_frame_equal(schema.decode(x, known), table)


def test_marks_of_thousands_leave_dates_and_lists_alone(tmp_path):
    """pandas takes 31.12.2020 for 31122020 where points are between thousands."""
    path = tmp_path / "rows.csv"
    row = "{}.12.2020;{}.234,5;1.2;{}\n"
    path.write_text("on;paid;grade;b\n" + "".join(row.format(10 + i, i, i % 2) for i in range(20)))
    options = ["decimal=comma", "thousands=point"]
    found = data.load(f"csv:{path}", csv_options=options, validation_size=0)
    kinds = {c.name: (c.kind, c.format) for c in found.train.modality.columns}
    assert kinds["on"] == ("date", "%d.%m.%Y")
    assert kinds["paid"] == ("rounded", None)
    x = found.train.modality.rows(found.train.array)
    assert x["paid"].max() > 10_000
    assert kinds["grade"] == ("constant", None)


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
