"""TFDS sets that are larger than memory."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_vae.data import tfds_labels, tfds_rows
from keras_vae.data.arrays import check_varied
from keras_vae.data.labels import read_labels
from keras_vae.data.scale_scan import scale_by_scan
from keras_vae.data.split import Streamed


@dataclasses.dataclass(frozen=True)
class Stream:
    """A set of TFDS that is read in parts.

    Attributes:
      builder: of the set.
      prepare: what makes images of those that are stored.
      shape: (H, W, C) of the images made.
      preparation: what tells `prepare` from others, for the fingerprint.
      sources: dict split -> the set's own name of it.
    """

    builder: Any
    prepare: Callable
    shape: tuple[int, int, int]
    preparation: list
    sources: dict[str, str]

    def open(
        self,
        chunk_size: int,
        column: str | None,
        class_names: Sequence[str] | None,
        values: str,
        grey_levels: int | None,
    ) -> tuple[dict[str, Streamed], list[str]]:
        """(dict split -> Streamed, list of notes).

        Args:
          chunk_size: images in a chunk.
          column: of the labels, or None.
          class_names, values, grey_levels: see `arrays.from_arrays`.

        Raises:
          ValueError: images that aren't of 8 bits or that the likelihood can't take, or labels
            some of which are missing.
        """
        name = self.builder.name
        if self.builder.info.features["image"].np_dtype != np.uint8:
            raise ValueError(
                f"dataset={name} is larger than memory_limit_gb, and only 8-bit images are "
                "streamed. Raise memory_limit_gb."
            )
        heads = {s: self._images(s, 0, self._head(s)) for s in self.sources}
        check_varied(name, heads["train"])
        scale = scale_by_scan(name, heads.values(), self._all_images(), values, grey_levels)
        readers, names, notes = self._labels(column, class_names)
        factors = tfds_labels.factors(self.builder.info.features)
        splits = {
            split: Streamed(
                self.shape,
                pieces=[np.arange(self._size(split))],
                chunk_size=chunk_size,
                read_rows=self._reader(split),
                read_labels=readers.get(split),
                binary=scale.is_binary,
                identity=self._identity(split),
                read_factors=self._factors(split, factors) if factors else None,
                levels=scale.levels,
                class_names=names,
                in_runs=True,
            )
            for split in self.sources
        }
        return splits, [*scale.notes, *notes]

    def _size(self, split):
        return self.builder.info.splits[self.sources[split]].num_examples

    def _head(self, split):
        return min(tfds_rows.READ_BATCH, self._size(split))

    def _rows(self, split, start, stop, columns):
        part = f"{self.sources[split]}[{start}:{stop}]"
        return tfds_rows.read(self.builder, part, stop - start, columns, self.prepare)

    def _images(self, split, start, stop):
        return self._rows(split, start, stop, ["image"])["image"]

    def _reader(self, split):
        return lambda rows: self._images(split, rows[0], rows[-1] + 1)

    def _all_images(self):
        for split in self.sources:
            for start in range(0, self._size(split), tfds_rows.READ_BATCH):
                stop = min(start + tfds_rows.READ_BATCH, self._size(split))
                yield self._images(split, start, stop)

    def _labels(self, column, class_names):
        """(dict split -> rows -> int64, class_names or None, notes)."""
        if column is None:
            return {}, None, []

        sizes = {split: self._size(split) for split in self.sources}
        # All labels are read at once, which decodes no images: any of them may be missing.
        found = {s: self._rows(s, 0, size, [column])[column] for s, size in sizes.items()}
        labels, names, notes = read_labels(self.builder.name, found, sizes, class_names)
        return {s: lambda rows, y=y: y[rows] for s, y in labels.items()}, names, notes

    def _factors(self, split, columns):
        def read(rows):
            found = self._rows(split, rows[0], rows[-1] + 1, list(columns))
            return {name: found[column] for column, name in columns.items()}

        return read

    def _identity(self, split):
        info, source = self.builder.info, self.sources[split]
        size, *how = self.preparation
        return json.dumps([info.full_name, source, size, info.splits[source].shard_lengths, *how])
