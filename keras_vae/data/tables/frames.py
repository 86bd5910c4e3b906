"""Splits of rows, of files and of pandas DataFrames."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae.columns import Schema, table_schema
from keras_vae.columns.table_schema import schema_of
from keras_vae.data.split import InMemory
from keras_vae.data.tables import csv_options, files
from keras_vae.messages.sentences import some
from keras_vae.modality import Table

if TYPE_CHECKING:
    import pandas

# Reader of a file: (path, CsvOptions) -> (DataFrame, notes).
READERS: dict[str, Callable] = {"csv": files.read_csv, "parquet": files.read_parquet}


def read(
    kind: str,
    path: str,
    *,
    test_data: str | None = None,
    label: str | None = None,
    schema: str | Schema | None = None,
    options: Sequence[str] | None = None,
) -> tuple[dict[str, InMemory], list[str]]:
    """Loads a table, and a second one for testing.

    Args:
      kind: "csv" or "parquet".
      path: the file.
      test_data: the file of the test split, of the same kind; None leaves it to be held out.
      label: a column of categories, whose values splits have in proportion; or None.
      schema: the file that says the columns, or the Schema that a run has stored; None guesses it
        by the data of `path`.
      options: see `csv_options`.

    Returns:
      ({"train": InMemory, perhaps "test": InMemory}, notes).

    Raises:
      FileNotFoundError, ValueError: no such file, or a table that isn't as it must be.
    """
    reader = csv_options.parse(options)
    said = table_schema.read_file(schema) if isinstance(schema, str) else schema
    frame, notes = READERS[kind](path, reader)
    train, more = _split(frame, f"{kind}:{path}", said, label)
    splits, notes = {"train": train}, notes + more
    if test_data is not None:
        test_kind, test_path = _parts("test_data", test_data)
        frame, more = READERS[test_kind](test_path, reader)
        found = train.modality.schema
        splits["test"], of_test = _split(frame, test_data, found, label)
        notes += more + of_test
    return splits, notes


def read_schema(
    dataset: str, schema: str | None = None, options: Sequence[str] | None = None
) -> tuple[Schema, list[str]]:
    """(what the columns of a table are taken for, notes).

    Args:
      dataset: "csv:PATH" or "parquet:PATH".
      schema, options: as in `read`.

    Raises:
      FileNotFoundError, ValueError: as `read` does.
    """
    kind, path = _parts("dataset", dataset)
    said = None if schema is None else table_schema.read_file(schema)
    frame, notes = READERS[kind](path, csv_options.parse(options))
    found, more = schema_of(frame, dataset, said)
    return found, notes + more


def table(
    frame: "pandas.DataFrame",
    schema: Schema | Mapping[str, Any] | None = None,
    label: str | None = None,
    name: str = "frame",
) -> InMemory:
    """A split of the rows of a pandas DataFrame.

        split = keras_vae.data.table(frame)
        vae.fit(split, epochs=20)

    Its notes are issued as warnings.

    Args:
      frame: pandas DataFrame.
      schema: what the columns are: the `schema` of another split's modality, or the content of a
        schema file; None guesses it.
      label: the column of categories that is to be the label.
      name: what errors call the data.

    Raises:
      ValueError: the table can't be learned from, or isn't as the schema says.
    """
    from keras_vae.messages.notes import note

    if not hasattr(frame, "columns") or not hasattr(frame, "iloc"):
        raise ValueError(f"frame must be a pandas DataFrame, got {type(frame).__name__}.")
    split, notes = _split(files.compact(frame.rename(columns=str)), name, schema, label)
    for text in notes:
        note(text)
    return split


def _parts(option, dataset):
    """("csv" or "parquet", PATH) of a data set."""
    kind, _, path = dataset.partition(":")
    if kind not in READERS or not path:
        raise ValueError(f"{option} must be csv:PATH or parquet:PATH, got {dataset}.")
    return kind, os.path.expanduser(path)


def _split(frame, name, schema, label):
    """(InMemory, notes)."""
    notes: list[str] = []
    if not isinstance(schema, Schema):
        schema, notes = schema_of(frame, name, schema)
    x, known, more = schema.encode(frame, name)
    if empty := int((~known.any(axis=1)).sum()):
        more.append(f"{name}: {empty} rows have no value that is known")
    labels, class_names = (None, None) if label is None else _labels(name, schema, label, x, known)
    mask = None if known.all() else known
    split = InMemory(
        x, labels, modality=Table(schema.columns, label), class_names=class_names, mask=mask
    )
    return split, notes + more


def _labels(name, schema, label, x, known):
    """(labels int64 [N], class names): places of categories; unseen and missing ones come last."""
    names = [column.name for column in schema.learned]
    if label not in names:
        raise ValueError(
            f"label={label} must be a column of {name} that isn't left out: {some(names)}."
        )
    place = names.index(label)
    column = schema.learned[place]
    if not column.is_choice:
        raise ValueError(
            f"label={label} must be a column of categories, and it is a {column.kind}. Say "
            "kind=category in the schema."
        )
    labels = np.rint(x[:, place]).astype(np.int64)
    labels[~known[:, place]] = column.num_choices
    texts = [*map(str, column.categories), *(["(unseen)"] if column.unseen else []), "(missing)"]
    return labels, tuple(texts[: max(len(column.categories), labels.max() + 1)])
