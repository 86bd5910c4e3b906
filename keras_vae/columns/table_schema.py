"""Schema: all columns of a table, and how a pandas DataFrame becomes x [N, D]."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae.columns import coding, lookalikes
from keras_vae.columns.column import Column, from_said
from keras_vae.columns.guessing import guess
from keras_vae.messages.sentences import some

if TYPE_CHECKING:
    import pandas


@dataclasses.dataclass(frozen=True)
class Schema:
    """The columns of a table, those that are left out among them, in the data's order."""

    columns: tuple[Column, ...]

    @property
    def learned(self) -> tuple[Column, ...]:
        """The D columns that have an x."""
        return tuple(column for column in self.columns if not column.is_left_out)

    def said(self) -> dict[str, Any]:
        """The content of a schema file."""
        return {"columns": [column.said() for column in self.columns]}

    def notes(self) -> list[str]:
        """Sentences on the columns that are left out."""
        words = {
            "constant": "constant, with nothing to learn",
            "id": "a name of its own for almost each row",
            "text": "free text",
        }
        return [
            f"left out, as {words[kind]}: {some(names)}"
            for kind in words
            if (names := [c.name for c in self.columns if c.kind == kind])
        ]

    def encode(
        self, frame: "pandas.DataFrame", name: str
    ) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """(x float32 [N, D], which cells are known, bool [N, D], notes) of a DataFrame.

        Args:
          frame: with the columns of the schema; those that are left out may be missing.
          name: what errors call the data.

        Raises:
          ValueError: a column is new, missing or of another kind.
        """
        wanted = [column.name for column in self.learned]
        _check_same(name, wanted, [column.name for column in self.columns], frame)
        x = np.empty((len(frame), len(wanted)), np.float32)
        known, unseen_by_column = np.empty(x.shape, bool), []
        for place, column in enumerate(self.learned):
            try:
                x[:, place], known[:, place], unseen = coding.to_x(column, frame[column.name])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            if unseen:
                unseen_by_column.append(f"{column.name!r}: {some(unseen, 5)}")
        notes = (
            f"{name} has categories that training lacks, each counted as unseen, in "
            f"{'; '.join(unseen_by_column)}"
        )
        return x, known, [notes] * bool(unseen_by_column)

    def encode_cells(self, cells: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """(x float32 [D], which cells are given, bool [D]) of some cells of a row, by name.

        Categories may be given as text.

        Raises:
          ValueError: no such column or category, or a cell of another kind.
        """
        import pandas

        places = {column.name: place for place, column in enumerate(self.learned)}
        x, known = np.zeros(len(places), np.float32), np.zeros(len(places), bool)
        for name, value in cells.items():
            if name not in places:
                raise ValueError(
                    f"condition: no column {name!r} is learned, only {some([*places])}."
                )
            column = self.learned[places[name]]
            texts = {str(category): category for category in column.categories}
            found = pandas.Series([texts.get(str(value), value)])
            try:
                cell, is_known, unseen = coding.to_x(column, found)
            except ValueError as error:
                raise ValueError(f"condition: {error}") from None
            if unseen or not is_known[0]:
                wanted = some([str(c) for c in column.categories]) or "a number"
                raise ValueError(f"condition: {name!r} must be {wanted}, got {value!r}.")
            x[places[name]], known[places[name]] = cell[0], True
        return x, known

    def decode(self, x: np.ndarray, known: np.ndarray | None = None) -> "pandas.DataFrame":
        """A DataFrame of x [N, D], in the types, order and rounding of the data.

        Constants come back; ids and free texts don't.

        Args:
          x: [N, D].
          known: bool [N, D], which cells are known; None for all.
        """
        import pandas

        x = np.asarray(x)
        known = np.ones(x.shape, bool) if known is None else np.asarray(known)
        place, cells = 0, {}
        for column in self.columns:
            if column.kind in ("id", "text"):
                continue
            # A constant takes no place.
            i = min(place, x.shape[1] - 1)
            cells[column.name] = coding.to_cells(column, x[:, i], known[:, i])
            place += not column.is_left_out
        return pandas.DataFrame(cells)


def schema_of(
    frame: "pandas.DataFrame", name: str, said: Mapping[str, Any] | None = None
) -> tuple[Schema, list[str]]:
    """The schema of a DataFrame, with notes on it.

    Args:
      frame: pandas DataFrame, with at least one row.
      name: what errors call the data.
      said: the content of a schema file, which may leave columns to be guessed; or None.

    Raises:
      ValueError: the table can't be learned from, or isn't as the schema says.
    """
    if not len(frame.columns) or not len(frame):
        raise ValueError(f"{name} has no {'rows' if len(frame.columns) else 'columns'}.")
    names = [str(column) for column in frame.columns]
    if doubled := sorted({n for n in names if names.count(n) > 1}):
        raise ValueError(f"{name} has several columns called {some(doubled)}. Rename them.")
    given = {column.name: column for column in _columns_said(said)}
    if strange := sorted(set(given) - set(names)):
        raise ValueError(
            f"schema: {name} has no column {some([repr(n) for n in strange])}; it has "
            f"{some(names)}."
        )
    columns = []
    for column_name in names:
        series = frame[column_name]
        try:
            column = given.get(column_name) or guess(series)
            columns.append(coding.settle(column, series))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    schema = Schema(tuple(columns))
    if not schema.learned:
        kinds = ", ".join(f"{c.name}: {c.kind}" for c in columns[:10])
        remedy = "Say kinds by schema." if len(frame) > 1 else "It has one row: give more."
        raise ValueError(f"{name} has no column to learn from ({kinds}). {remedy}")
    texts = (c.name for c in columns if c.kind in ("category", "id", "text"))
    doubtful = lookalikes.notes(frame[text] for text in texts if text not in given)
    return schema, schema.notes() + doubtful


def read_file(path: str) -> Mapping[str, Any]:
    """The content of a schema file.

    Raises:
      FileNotFoundError, ValueError: no such file, or no JSON.
    """
    try:
        return json.loads(pathlib.Path(path).expanduser().read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"schema={path} isn't there.") from None
    except (ValueError, OSError, RecursionError) as error:
        raise ValueError(f"schema={path} must be a JSON file: {error}") from None


def _columns_said(said: Mapping[str, Any] | None) -> Sequence[Column]:
    if said is None:
        return []
    if not isinstance(said, Mapping) or not isinstance(said.get("columns"), list):
        raise ValueError(
            'schema must be {"columns": [{"name": …, "kind": …}, …]}, as trainers.schema prints '
            f"it, got {said!r:.80}."
        )
    found = [from_said(content) for content in said["columns"]]
    names = [column.name for column in found]
    if doubled := sorted({n for n in names if names.count(n) > 1}):
        raise ValueError(f"schema has several columns called {some(doubled)}.")
    return found


def _check_same(name, wanted, known, frame):
    there = [str(column) for column in frame.columns]
    if lacking := [n for n in wanted if n not in there]:
        raise ValueError(
            f"{name} lacks the column {some([repr(n) for n in lacking])} of the schema; it has "
            f"{some(there)}. Add it, with empty cells where it isn't known."
        )
    if new := [n for n in there if n not in known]:
        raise ValueError(
            f"{name} has a column that the schema lacks: {some([repr(n) for n in new])}. Remove it."
        )
