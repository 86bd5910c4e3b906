"""Rows of a table."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae.columns import Column, Schema, as_columns
from keras_vae.columns.alikeness import Rows, trends
from keras_vae.columns.closeness import brightness
from keras_vae.modality.base import Modality

if TYPE_CHECKING:
    import pathlib

    import pandas

    from keras_vae.batches import Batch
    from keras_vae.config import Config
    from keras_vae.report.plots import Picture
    from keras_vae.vae import VAE

SEED = 0
# Up to so many rows: the units of a layer, and the rows of a batch.
_SIZES = ((2_000, (128, 64)), (20_000, (256, 128)), (math.inf, (512, 256)))
_WARMUP = 0.1  # of the epochs
_STEPS, _LEAST_EPOCHS, _MOST_EPOCHS = 15_000, 10, 500
_PARTS = {"likelihood": "columns", "network": "columns"}


@dataclasses.dataclass(frozen=True)
class Table(Modality):
    """Rows x [D] of a table.

    Attributes:
      columns: a `Column` for each of the table's, those that are left out among them.
      label: the name of the column whose values are the labels; None where there are none.
    """

    columns: tuple[Column, ...]
    label: str | None = None

    name, noun = "table", "row"
    has_gaps = True
    file_suffix = ".csv"

    def __post_init__(self):
        object.__setattr__(self, "columns", as_columns(self.columns))

    def to_dict(self) -> dict[str, Any]:
        columns = [column.to_dict() for column in self.columns]
        return {"name": self.name, "columns": columns, "label": self.label}

    @property
    def schema(self) -> Schema:
        """The columns, and how rows become x and back."""
        return Schema(self.columns)

    def rows(self, x: np.ndarray, known: np.ndarray | None = None) -> "pandas.DataFrame":
        """A pandas DataFrame of rows x [N, D], in the types, order and rounding of the data.

        Args:
          x: as a split holds them, and as `vae.sample` draws them.
          known: bool [N, D], which cells are known; None for all.
        """
        return self.schema.decode(x, known)

    def describe(self, shape: Sequence[int], levels: int | None) -> str:
        return f"rows of {shape[0]} columns"

    def recipe(self, shape: Sequence[int], levels: int | None) -> str:
        return "table"

    def options(self, num_examples: int, given: Mapping[str, Any]) -> dict[str, Any]:
        # Small tables need many passes; large ones bear wide layers and large batches.
        width, batch_size = next(sizes for rows, sizes in _SIZES if num_examples <= rows)
        epochs = min(_MOST_EPOCHS, max(_LEAST_EPOCHS, _STEPS * batch_size // num_examples))
        epochs = given.get("epochs", epochs)
        # Latents that the KL empties at the start seldom come back.
        warmup = round(_WARMUP * epochs, 1)
        found = {
            "hidden": (width, width),
            "batch_size": min(batch_size, num_examples),
            "epochs": epochs,
            "early_stopping": max(10, epochs // 10) + math.ceil(warmup),
        }
        if not {"beta_schedule", "beta_warmup_epochs"} & {*given}:
            found |= {"beta_schedule": "linear", "beta_warmup_epochs": warmup}
        return found

    def check_config(self, config: "Config") -> None:
        for option, wanted in _PARTS.items():
            if (given := config.value(option)) != wanted:
                raise ValueError(
                    f"{option}={given} with a table, whose columns are of several kinds. Use "
                    f"{option}={wanted} (recipe=table)."
                )
        if config.model.prior == "vamp":
            raise ValueError(
                "prior=vamp with a table: its pseudo-inputs would be rows between categories. Use "
                "prior=mixture or prior=real_nvp."
            )

    def given(
        self, cells: Mapping[str, Any], is_conditional: bool
    ) -> tuple[np.ndarray, np.ndarray, int | None]:
        x, known = self.schema.encode_cells(cells)
        if not is_conditional:
            return x, known, None
        if self.label is None or self.label not in cells:
            raise ValueError(
                f"condition must name {self.label!r}, which this model is given, among "
                f"{', '.join(map(repr, cells))}."
            )
        names = [column.name for column in self.schema.learned]
        return x, known, int(x[names.index(self.label)])

    def as_images(self, x: np.ndarray) -> np.ndarray:
        """[..., 1, D, 1]: a strip for each row, a cell the brighter the higher it is."""
        columns = self.schema.learned
        cells = [brightness(column, np.asarray(x)[..., i]) for i, column in enumerate(columns)]
        return np.stack(cells, axis=-1)[..., np.newaxis, :, np.newaxis]

    def show(
        self, vae: "VAE", batch: "Batch", folder: "pathlib.Path | None" = None
    ) -> list["Picture"]:
        from keras_vae.report import marginals, pairs  # matplotlib takes a second to import.

        if vae.prior is None:
            return []
        condition = None if vae.condition is None else batch.condition
        drawn = vae.sample(len(batch.x), seed=SEED, condition=condition).numpy()
        columns = self.schema.learned
        shown = [marginals.picture(columns, batch.x, batch.mask, drawn)]
        scores = trends(columns, Rows(batch.x, batch.mask), Rows(drawn))
        if np.isfinite(scores).any():
            shown.append(pairs.picture(columns, scores))
        return shown

    def write_examples(
        self, path: "pathlib.Path", x: np.ndarray, levels: int | None = None
    ) -> None:
        self._write(path, x)

    def write_imputed(
        self, path: "pathlib.Path", arrays: dict[str, Any], levels: int | None = None
    ) -> None:
        """The table, its gaps filled by means and likeliest categories; and files beside it.

        `NAME_spread.csv` has the spread of each cell that was filled, in the column's own units (of
        dates days or seconds, of categories the probability that it is another one), and
        `NAME_draw_1.csv` and so on the tables that were drawn.

        Args:
          path: NAME.csv; or NAME.npz, for the arrays alone.
          arrays, levels: as in `Modality.write_imputed`.
        """
        if path.suffix == ".npz":
            super().write_imputed(path, arrays, levels)
            return
        self._write(path, arrays["x"])
        self._spreads(arrays).to_csv(_beside(path, "spread"), index=False)
        for i, x in enumerate(arrays.get("draws", ()), start=1):
            self._write(_beside(path, f"draw_{i}"), x)

    def _write(self, path, x):
        """A CSV file of rows; whole numbers have no point, even where gaps made floats of them."""
        whole = {c.name: "Int64" for c in self.columns if c.kind == "count" or c.decimals == 0}
        self.rows(x).astype(whole).to_csv(path, index=False)

    def _spreads(self, arrays):
        import pandas

        columns = self.schema.learned
        units = [1.0 if column.is_choice else column.unit for column in columns]
        spreads = np.where(arrays["mask"], np.nan, arrays["spread"] * units)
        return pandas.DataFrame(spreads, columns=[column.name for column in columns])

    def card_facts(self) -> dict[str, Any]:
        return {"table": {"columns": [column.to_dict() for column in self.columns]}}

    def readme(self) -> str:
        return (
            "An example is a row [columns] of numbers: of a column of categories the place of its\n"
            "category, of others (value - offset) / unit. `sample` is a row that is drawn,\n"
            "`image` the likeliest or middle cell of each column. The card has the columns, by\n"
            "which the module `export.sample_rows` writes rows as a CSV file.\n"
        )


def _beside(path, word):
    """NAME_word.csv for NAME.csv."""
    return path.with_name(f"{path.stem}_{word}{path.suffix}")


def of_facts(facts: Mapping[str, Any] | None) -> Schema | None:
    """The schema among a modality's stored facts; None where they are of no table."""
    if not facts or facts.get("name") != Table.name:
        return None
    return Table(facts["columns"]).schema
