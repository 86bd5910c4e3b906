"""Tables that can't be used: one line each, which says what was wanted and what to do."""

import json

import numpy as np
import pytest

from keras_vae import data

pandas = pytest.importorskip("pandas")

ROWS = "".join(f"{i % 7},{'ab'[i % 2]}\n" for i in range(40))
GOOD = "age,sex\n" + ROWS
POINTS = "age,sex\n" + "".join(f"{i % 7}.5,{'ab'[i % 2]}\n" for i in range(40))
# What is wrong, the text of the file, its schema or None, options, words of the error.
BAD = {
    "long row": ("age,sex\n1,a\n2,b,c\n", None, {}, ["line 3", "3 cells", "2 columns"]),
    "short row": ("age,sex\n1,a\n2\n3,b\n", None, {}, ["line 3", "1 cells", "2 columns"]),
    "duplicate names": ("age,age\n1,2\n", None, {}, ["several columns", "'age'"]),
    "empty": ("", None, {}, ["empty", "name the columns"]),
    "names alone": ("age,sex\n", None, {}, ["no rows"]),
    "one value": ("age,sex\n1,a\n1,a\n", None, {}, ["no column to learn from", "constant"]),
    "one row": ("age,sex\n1,a\n", None, {}, ["no column to learn from", "one row"]),
    "all missing": ("age,sex\n,\n?,NA\n", None, {}, ["no column to learn from"]),
    "null bytes": ("age,sex\n1,\0\n", None, {}, ["null bytes"]),
    "ids alone": (
        "key\n" + "".join(f"k{i}x\n" for i in range(90)),
        None,
        {},
        ["no column to learn from", "key: id"],
    ),
    "free text alone": (
        "says\n" + "".join(f"one two three {i} four\n" for i in range(90)),
        None,
        {},
        ["no column to learn from", "says: text"],
    ),
    "huge numbers": ("age,sex\n1e200,a\n-3e250,b\n2,a\n", None, {}, ["'age'", "too large"]),
    "no option": (GOOD, None, {"csv_options": ["delimiter=;"]}, ["csv_options", "delimiter=;"]),
    "no mark": (GOOD, None, {"csv_options": ["separator=dot"]}, ["separator", "semicolon"]),
    "no encoding": (GOOD, None, {"csv_options": ["encoding=utf-9"]}, ["encoding", "utf-9"]),
    "decimal commas that aren't there": (
        POINTS,
        None,
        {"csv_options": ["separator=comma", "decimal=comma"]},
        ["decimal=comma", "of 'age'", "Say decimal=point"],
    ),
    "decimal commas that nobody has": (
        POINTS,
        None,
        {"csv_options": ["decimal=comma"]},
        ["decimal=comma", "of 'age'", "Say decimal=point", "thousands=point"],
    ),
    "decimal commas beside commas": (
        "age,sex\n1,5,a\n2,5,b\n",
        None,
        {"csv_options": ["decimal=comma"]},
        ["line 2", "3 cells", "2 columns"],
    ),
    "decimal spaces": (
        GOOD,
        None,
        {"csv_options": ["decimal=space"]},
        ["decimal must be one of point, comma", "'space'"],
    ),
    "points for two things": (
        GOOD,
        None,
        {"csv_options": ["thousands=point"]},
        ["point", "decimals and of thousands", "Say decimal=comma"],
    ),
    "quotes that separate": (
        GOOD,
        None,
        {"csv_options": ["separator=pipe", "quote=|"]},
        ["quote=|", "separator"],
    ),
    "quotes of digits": (GOOD, None, {"csv_options": ["quote=5"]}, ["quote", "'5'"]),
    "option twice": (
        GOOD,
        None,
        {"csv_options": ["decimal=comma", "decimal=point"]},
        ["decimal is given twice"],
    ),
    "encoding of no text": (GOOD, None, {"csv_options": ["encoding=base64"]}, ["'base64'"]),
    "encoding of another file": (GOOD, None, {"csv_options": ["encoding=utf-16"]}, ["utf-16"]),
    "spaces between cells": (
        POINTS.replace(",", " "),
        None,
        {},
        ["one column, 'age sex'", "2 columns", "Say csv_options=separator=space"],
    ),
    "another separator than said": (
        POINTS.replace(",", ";"),
        None,
        {"csv_options": ["separator=tab"]},
        ["one column, 'age;sex'", "Say csv_options=separator=semicolon."],
    ),
    "long quote": (GOOD, None, {"csv_options": ["quote=''"]}, ["quote", "one character"]),
    "no test data": (GOOD, None, {"test_data": "folder:x"}, ["test_data", "csv:PATH"]),
    "label of numbers": (GOOD, None, {"label": "age"}, ["label=age", "categories", "count"]),
    "no such label": (GOOD, None, {"label": "six"}, ["label=six", "age, sex"]),
    "schema of no list": (GOOD, {"age": "number"}, {}, ["schema", '"columns"']),
    "schema of no kind": (
        GOOD,
        {"columns": [{"name": "age", "kind": "int"}]},
        {},
        ["'age'", "rounded", "'int'"],
    ),
    "schema of no name": (GOOD, {"columns": [{"kind": "number"}]}, {}, ["a name"]),
    "schema of no column": (
        GOOD,
        {"columns": [{"name": "aged", "kind": "number"}]},
        {},
        ["no column 'aged'", "age, sex"],
    ),
    "schema of no field": (
        GOOD,
        {"columns": [{"name": "age", "kind": "number", "digits": 2}]},
        {},
        ["digits", "decimals"],
    ),
    "schema of no likelihood": (
        GOOD,
        {"columns": [{"name": "age", "kind": "number", "likelihood": "poisson"}]},
        {},
        ["'age'", "student_t", "'poisson'"],
    ),
    "order of no categories": (
        GOOD,
        {"columns": [{"name": "sex", "kind": "ordered"}]},
        {},
        ["'sex'", "categories in their order"],
    ),
    "texts as numbers": (
        GOOD,
        {"columns": [{"name": "sex", "kind": "number"}]},
        {},
        ["'sex'", "numbers", "'a'"],
    ),
    "texts as dates": (
        GOOD,
        {"columns": [{"name": "sex", "kind": "date", "format": "%d.%m.%Y"}]},
        {},
        ["'sex'", "dates as %d.%m.%Y", "'a'"],
    ),
    "numbers as dates": (
        GOOD,
        {"columns": [{"name": "age", "kind": "date"}]},
        {},
        ["'age'", "dates", "number"],
    ),
    "many truths": (
        GOOD,
        {"columns": [{"name": "age", "kind": "boolean"}]},
        {},
        ["'age'", "7 values", "kind=category"],
    ),
    "negative counts": (
        "n,sex\n" + "".join(f"{i - 3},{'ab'[i % 2]}\n" for i in range(20)),
        {"columns": [{"name": "n", "kind": "count"}]},
        {},
        ["'n'", "count", "-3"],
    ),
}


def loaded(tmp_path, text, schema=None, **options):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    if schema is not None:
        (tmp_path / "columns.json").write_text(json.dumps(schema))
        options["schema"] = str(tmp_path / "columns.json")
    return data.load(f"csv:{path}", **options)


@pytest.mark.parametrize("case", list(BAD))
def test_bad_tables_are_refused_in_one_line(case, tmp_path):
    text, schema, options, words = BAD[case]
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        loaded(tmp_path, text, schema, **options)
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert word in message


# What is wrong with rows that come after training.
LATER = {
    "new column": ("age,sex,job\n1,a,x\n", ["'job'", "Remove it"]),
    "lacking column": ("age\n1\n", ["lacks the column 'sex'", "empty cells"]),
    "new type": ("age,sex\nold,a\nyoung,b\n", ["'age'", "count", "'old'"]),
    "negative count": ("age,sex\n-1,a\n", ["'age'", "count", "-1"]),
}


@pytest.mark.parametrize("case", list(LATER))
def test_later_rows_must_be_as_the_schema_says(case, tmp_path):
    text, words = LATER[case]
    (tmp_path / "test.csv").write_text(text)
    with pytest.raises(ValueError, match=r"test\.csv") as error:
        loaded(tmp_path, GOOD, test_data=f"csv:{tmp_path / 'test.csv'}")
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_other_encodings_are_named(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("age,sex\n1,é\n2,b\n".encode("latin-1"))
    with pytest.raises(ValueError, match="encoding=latin-1"):
        data.load(f"csv:{path}")
    path.write_bytes("age,sex\n1,é\n2,b\n".encode("utf-16"))
    with pytest.raises(ValueError, match="encoding=utf-16"):
        data.load(f"csv:{path}")
    with pytest.raises(FileNotFoundError, match="isn't there"):
        data.load(f"csv:{tmp_path / 'none.csv'}")
    with pytest.raises(ValueError, match="pandas DataFrame"):
        data.table(np.zeros((3, 2)))
    (tmp_path / "columns.json").write_text("{")
    with pytest.raises(ValueError, match="must be a JSON file"):
        data.load(f"csv:{path}", schema=str(tmp_path / "columns.json"))
    with pytest.raises(ValueError, match="test_data is for dataset=csv"):
        data.load("digits", test_data="csv:x")
