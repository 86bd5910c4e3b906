"""CSV and Parquet files as pandas DataFrames of compact columns."""

import codecs
import csv
import dataclasses
import functools
import itertools
import os
import re
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING

from keras_vae.columns.lookalikes import different, number_forms
from keras_vae.data.tables.csv_options import SEPARATORS, CsvOptions, in_words
from keras_vae.messages.sentences import some

if TYPE_CHECKING:
    from pandas import DataFrame

_ROWS = 100_000  # of a file that are text at a time
_LINES = 100  # by which separators are compared
_MOST_TEXTS = 200_000  # different texts of a column that are kept; it is no category then


def pandas() -> ModuleType:
    """The package; ValueError where it isn't installed."""
    try:
        import pandas
    except ImportError:
        raise ValueError(
            "tables need pandas, which isn't installed: pip install 'keras-vae[tables]'."
        ) from None
    return pandas


def read_csv(path: str, options: CsvOptions) -> "tuple[DataFrame, list[str]]":
    """(DataFrame, notes) of a CSV file, whose first line has the names of columns.

    Columns are float64, int64, bool or categorical: a table of a million rows takes little more
    memory than its x.

    Raises:
      FileNotFoundError, ValueError: no such file, or no table in it.
    """
    pd, name = pandas(), f"csv:{path}"
    _check_there(name, path)
    options = _with_separator(name, path, options)
    names, texts = _checked_names(name, path, options)
    told = in_words(options)
    notes = [f"{name} is read with csv_options {told}"] if told else []
    read = functools.partial(
        pd.read_csv,
        path,
        sep=options.separator,
        encoding=options.encoding,
        quotechar=options.quote,
        skipinitialspace=True,
        na_values=list(options.missing),
        keep_default_na=False,
        header=0,
        names=names,
        index_col=False,
    )
    chunks = read(
        decimal=options.decimal,
        thousands=options.thousands,
        dtype=dict.fromkeys(texts, str),
        chunksize=_ROWS,
    )
    try:
        frame = _joined(pd, [_compact(pd, chunk, options.strip) for chunk in chunks])
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name} can't be read: {str(error).strip()}") from None
    mixed = [column for column in frame if frame[column].dtype == object]
    for column in mixed:  # Some chunk was of numbers, another one of texts.
        cells = read(usecols=[column], dtype=str)
        frame[column] = _compact(pd, cells, options.strip)[column]
    _check_decimals(name, frame, options)
    return frame, notes + _gaps(name, frame)


def read_parquet(path: str, options: CsvOptions) -> "tuple[DataFrame, list[str]]":
    """(DataFrame, notes) of a Parquet file.

    Raises:
      FileNotFoundError, ValueError: no such file, or no table in it.
    """
    pd, name = pandas(), f"parquet:{path}"
    _check_there(name, path)
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ValueError(
            "Parquet files need pyarrow, which isn't installed: pip install 'keras-vae[tables]'."
        ) from None
    try:
        file = parquet.ParquetFile(path)
        batches = file.iter_batches(_ROWS)
        parts = [_compact(pd, batch.to_pandas(), options.strip) for batch in batches]
    except (ValueError, OSError) as error:
        raise ValueError(f"{name} can't be read: {str(error).strip()}") from None
    frame = _joined(pd, parts) if parts else file.schema_arrow.empty_table().to_pandas()
    return frame, _gaps(name, frame)


def compact(frame: "DataFrame", strip: str = "") -> "DataFrame":
    """A copy of a DataFrame with texts as categories; infinite numbers become missing."""
    return _compact(pandas(), frame, strip)


def _compact(pd, chunk, strip):
    found = {}
    for name in chunk.columns:
        column = chunk[name]
        if column.dtype == object and not column.dropna().map(type).eq(str).all():
            column = column.map(str, na_action="ignore")
        if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
            texts = column.str.strip()
            if strip:
                texts = texts.str.removesuffix(strip)
            column = texts.astype("category")
        found[name] = column
    return pd.DataFrame(found)


def _joined(pd, parts):
    """One DataFrame of the parts; a column that is of several types in them has dtype object."""
    if len(parts) == 1:
        return parts[0]
    found = {}
    for name in parts[0].columns:
        columns = [part.pop(name) for part in parts]
        texts = [isinstance(c.dtype, pd.CategoricalDtype) for c in columns]
        # A chunk without any value has no type.
        if all(t or c.isna().all() for t, c in zip(texts, columns, strict=True)) and any(texts):
            columns = [
                c if t else c.astype("category") for t, c in zip(texts, columns, strict=True)
            ]
            found[name] = pd.Series(_union(pd, columns), name=name)
        elif any(texts):
            found[name] = pd.Series([None] * sum(map(len, columns)), dtype=object, name=name)
        else:
            found[name] = pd.concat(columns, ignore_index=True)
    return pd.DataFrame(found)


def _union(pd, columns):
    """One categorical of several; where it has too many texts to be one, of few of them."""
    columns = [_as_texts(column) for column in columns]
    if sum(len(c.cat.categories) for c in columns) <= _MOST_TEXTS:
        return pd.api.types.union_categoricals(columns)
    kept = columns[0].cat.categories
    columns = [columns[0], *(c.cat.set_categories(kept) for c in columns[1:])]
    return pd.api.types.union_categoricals(columns)


def _as_texts(column):
    return column.cat.rename_categories([str(c) for c in column.cat.categories])


def _with_separator(name, path, options):
    """The options with their separator, by the first line if they don't say it.

    Raises:
      ValueError: it leaves one column, where another one makes several.
    """
    stated = options.separator is not None
    if not stated:
        with _opened(path, options) as file:
            try:
                first = file.readline()
            except UnicodeError:
                raise ValueError(_not_encoded(name, path, options)) from None
        counts = {mark: first.count(mark) for mark in SEPARATORS.values() if mark != " "}
        most = max(counts, key=counts.__getitem__)
        options = dataclasses.replace(options, separator=most if counts[most] else ",")
    _, names = next(_rows(name, path, options), (0, []))
    if len(names) != 1:
        return options
    own = next(word for word, mark in SEPARATORS.items() if mark == options.separator)
    for word, mark in SEPARATORS.items():
        width = _width(name, path, dataclasses.replace(options, separator=mark))
        # Words of a text may be as many in each line.
        if width > 1 and not (stated and word == "space"):
            keep = "" if stated else f", or separator={own} if one column is right"
            raise ValueError(
                f"{name} has one column, {names[0]!r:.60}, by separator={own}, and {width} columns "
                f"by separator={word}. Say csv_options=separator={word}{keep}."
            )
    return options


def _width(name, path, options):
    """How many cells all of the first lines have; 0 where they differ."""
    rows = itertools.islice(_rows(name, path, options), _LINES)
    widths = {len(cells) for _, cells in rows if cells}
    return widths.pop() if len(widths) == 1 else 0


def _checked_names(name, path, options) -> tuple[list[str], list[str]]:
    """(names of columns, those whose marks of thousands stand elsewhere, too: they are texts).

    Raises:
      ValueError: the first line doesn't name the columns, or rows have another number of cells.
    """
    rows = _rows(name, path, options)
    names = [cell.strip() for cell in next(rows, (0, []))[1]]
    if not any(names):
        raise ValueError(f"{name} is empty: its first line must name the columns.")
    if doubled := sorted({n for n in names if names.count(n) > 1}):
        raise ValueError(
            f"{name} has several columns called {', '.join(map(repr, doubled))}. Rename them."
        )
    texts, num_rows, is_other = set(), 0, _is_other(options)
    for line, cells in rows:
        if cells and len(cells) != len(names):
            raise ValueError(
                f"{name}: line {line} has {len(cells)} cells, and the first line names "
                f"{len(names)} columns. Mend the line, or say csv_options=separator=…"
            )
        num_rows += bool(cells)
        if options.thousands:
            texts |= {n for n, cell in zip(names, cells, strict=False) if is_other(cell.strip())}
    if not num_rows:
        raise ValueError(f"{name} has no rows beneath its first line.")
    return names, sorted(texts)


def _is_other(options):
    """A function that says whether a cell such as 31.12.2020 would be read as a number."""
    if not options.thousands:
        return None
    decimal, mark = re.escape(options.decimal), re.escape(options.thousands)
    marked = re.compile(rf"[-+]?[\d{decimal}{mark}]*\d{mark}[\d{decimal}{mark}]*")
    # Indian groups have two digits, all but the last.
    number = re.compile(rf"[-+]?\d{{1,3}}({mark}\d{{2,3}})*{mark}\d{{3}}({decimal}\d*)?")
    return lambda cell: marked.fullmatch(cell) and not number.fullmatch(cell)


def _check_decimals(name, frame, options):
    """Raises ValueError where no cell has the mark of decimals, and others have a point."""
    if options.decimal == ".":
        return
    fractions = frame.select_dtypes("float") % 1
    if ((fractions > 0) & (fractions < 1)).to_numpy().any():
        return
    pointed = [
        repr(column)
        for column in frame.select_dtypes("category")
        if (forms := number_forms(different(frame[column]))) and all(forms.get("", [False]))
    ]
    if pointed:
        more = "" if options.thousands else ", or add thousands=point if they stand there"
        raise ValueError(
            f"csv_options=decimal=comma: {name} has no number with a decimal comma, and points in "
            f"the numbers of {some(pointed)}. Say decimal=point{more}."
        )


def _rows(name, path, options) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row, that of the names first."""
    csv.field_size_limit(2**31 - 1)
    with _opened(path, options) as file:
        reader = csv.reader(
            _without_null(name, file),
            delimiter=options.separator,
            quotechar=options.quote,
            skipinitialspace=True,
        )
        try:
            for cells in reader:
                yield reader.line_num, cells
        except csv.Error as error:
            raise ValueError(f"{name}: line {reader.line_num} can't be read: {error}") from None
        except UnicodeError:
            raise ValueError(_not_encoded(name, path, options)) from None


def _without_null(name, file) -> Iterator[str]:
    for line in file:
        if "\0" in line:
            raise ValueError(f"{name} is no text: it holds null bytes. Give a CSV file.")
        yield line


def _opened(path, options):
    return open(path, encoding=options.encoding, newline="")


def _not_encoded(name, path, options):
    with open(path, "rb") as file:
        is_utf_16 = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return (
        f"{name} isn't text in {options.encoding.removesuffix('-sig')}. Say its encoding, as in "
        f"csv_options=encoding={'utf-16' if is_utf_16 else 'latin-1'}."
    )


def _check_there(name, path):
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{name} isn't there: it must be a file.")


def _gaps(name, frame):
    """A note on missing cells; infinite ones count among them."""
    import numpy as np

    numbers = frame.select_dtypes("number").to_numpy(np.float64, na_value=np.nan)
    infinite = int(np.isinf(numbers).sum())
    missing = int(frame.isna().sum().sum()) + infinite
    if not missing:
        return []
    rows = frame.isna().any(axis=1) | np.isinf(numbers).any(axis=1)
    of_them = f", {infinite} of them infinite" if infinite else ""
    return [
        f"{name}: {missing} cells in {int(rows.sum())} of {len(frame)} rows are missing{of_them}; "
        "they are taken to be missing at random, given the others"
    ]
