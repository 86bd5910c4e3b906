"""One split of a data set, and the scale of its values.

The dtype states the scale, everywhere: uint8 and uint16 are 0..levels - 1 (divided by levels - 1 on
the device) or, without levels, counts; bool is {0, 1}; float32 is taken as it is.
"""

import abc
import functools
import hashlib
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf
from keras_vae.data import masks
from keras_vae.data.stratification import stratify
from keras_vae.modality import Image, Modality

CHUNKS_IN_LIMIT = 16  # chunks of a streamed set that would fill the memory limit


class Split(abc.ABC):
    """One split: `InMemory` or `Streamed`.

    Attributes:
      modality: what kind of thing an example is, a `Modality`.
      shape: of one example; (H, W, C) of images.
      dtype: np.dtype of what is read: bool, uint8, uint16 or float32.
      levels: how many grey levels the values can take, None for real numbers and counts.
      chunk_sizes: list of ints, the number of examples in each chunk; one chunk when in memory.
      labels: int64 [N] or None.
      class_names: str of each label from 0 on, tuple; None where labels are plain numbers.
      factors: what made each image, where that is known: dict name -> whole numbers [N]; or None.
      num_examples: N.
      array: [N, *shape], all of it in memory; 0 where a value is unknown.
      mask: bool [N, *shape], which values are known; None where all are.
    """

    modality: Modality = Image()
    mask: np.ndarray | None = None
    class_names: tuple[str, ...] | None = None

    def __init__(
        self,
        shape: Sequence[int],
        dtype: np.dtype | type,
        levels: int | None,
        chunk_sizes: Iterable[int],
    ):
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.levels = levels
        self.chunk_sizes = list(chunk_sizes)
        self.num_examples = sum(self.chunk_sizes)

    @property
    @abc.abstractmethod
    def array(self) -> np.ndarray: ...

    @property
    def lowest_pitch(self) -> int | None:
        """The old name of `modality.lowest_pitch`; None where examples aren't music."""
        message = "Split.lowest_pitch is Split.modality.lowest_pitch now."
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return getattr(self.modality, "lowest_pitch", None)

    @functools.cached_property
    def labels(self) -> np.ndarray | None:
        return None

    @functools.cached_property
    def factors(self) -> dict[str, np.ndarray] | None:
        return None

    @abc.abstractmethod
    def hold_out(
        self, n: int, seed: TensorLike, stratified: bool = False
    ) -> tuple["Split", "Split"]:
        """Two splits: n examples drawn by `seed` (int32 [2]), label by label or not; the others."""

    @abc.abstractmethod
    def update_hash(self, sha: "hashlib._Hash") -> None:
        """Adds the content, or what tells it from any other, to a hashlib object."""


class InMemory(Split):
    """A split held as one array.

    Args:
      array: [N, *shape].
      mask: bool, which of its values are known, of its shape or without the last axis; None if all
        are. What the array holds elsewhere is forgotten: it becomes 0.
      labels, levels, modality, factors, class_names: see `Split`.

    Raises:
      ValueError: the mask is of another shape, or not bool.
    """

    def __init__(
        self,
        array: np.ndarray,
        labels: np.ndarray | None = None,
        levels: int | None = None,
        modality: Modality = Split.modality,
        factors: dict[str, np.ndarray] | None = None,
        class_names: tuple[str, ...] | None = None,
        mask: np.ndarray | None = None,
    ):
        super().__init__(array.shape[1:], array.dtype, levels, [len(array)])
        if mask is not None:
            self.mask = masks.of_examples("mask", mask, array.shape)
            array = masks.blank(array, self.mask)
        self._array = array
        self.labels = labels
        self.modality = modality
        self.factors = factors
        self.class_names = class_names

    @property
    def array(self) -> np.ndarray:
        return self._array

    @functools.cached_property
    def on_host(self) -> tf.Tensor:
        """The array as a tensor in host memory, where tf.data runs."""
        return to_host(self.array)

    @functools.cached_property
    def mask_on_host(self) -> tf.Tensor | None:
        """The mask as such a tensor; None where all values are known."""
        return None if self.mask is None else to_host(self.mask)

    def hold_out(
        self, n: int, seed: TensorLike, stratified: bool = False
    ) -> tuple["InMemory", "InMemory"]:
        """Two splits: n examples drawn by `seed` (int32 [2]), label by label or not; the others."""
        order = tf.random.experimental.stateless_shuffle(tf.range(self.num_examples), seed).numpy()
        if stratified and self.labels is not None:
            order = stratify(order, self.labels, n)
        return self._rows(np.sort(order[:n])), self._rows(np.sort(order[n:]))

    def _rows(self, rows):
        labels = None if self.labels is None else self.labels[rows]
        factors = self.factors and {name: column[rows] for name, column in self.factors.items()}
        return InMemory(
            self.array[rows],
            labels,
            self.levels,
            self.modality,
            factors,
            self.class_names,
            None if self.mask is None else self.mask[rows],
        )

    def update_hash(self, sha: "hashlib._Hash") -> None:
        """Adds the content to a hashlib object."""
        sha.update(f"{self.array.shape} {self.dtype}".encode())
        sha.update(np.ascontiguousarray(self.array).data)
        if self.mask is not None:
            sha.update(np.packbits(self.mask).data)


class Streamed(Split):
    """A split that is read chunk by chunk, from a source whose rows have fixed positions.

    Args:
      shape: (H, W, C).
      pieces: list of int64 [n], increasing: the positions that make up the split. No chunk is of
        two pieces.
      chunk_size: the most examples in a chunk.
      read_rows: int64 rows [n] -> uint8 or bool [n, H, W, C].
      read_labels: int64 rows [n] -> int64 [n], or None without labels.
      binary: whether the source holds only {0, 1} or only {0, 255}; then bool is read.
      identity: str that tells this source from any other, for the fingerprint.
      read_factors: int64 rows [n] -> dict name -> whole numbers [n], or None without factors.
      levels: how many levels uint8 has; None for counts.
      class_names: see `Split`.
      order: int [N], the row at each position; a chunk is then read in the order of its rows. None
        where position and row are the same.
      in_runs: whether the source can be read in runs of neighbouring rows only.
    """

    def __init__(
        self,
        shape: Sequence[int],
        pieces: list[np.ndarray],
        chunk_size: int,
        read_rows: Callable[[np.ndarray], np.ndarray],
        read_labels: Callable[[np.ndarray], np.ndarray] | None,
        binary: bool,
        identity: str,
        read_factors: Callable[[np.ndarray], dict[str, np.ndarray]] | None = None,
        levels: int | None = 256,
        class_names: tuple[str, ...] | None = None,
        order: np.ndarray | None = None,
        in_runs: bool = False,
    ):
        self._pieces = pieces
        self._source: dict[str, Any] = {
            "chunk_size": chunk_size,
            "read_rows": read_rows,
            "read_labels": read_labels,
            "binary": binary,
            "identity": identity,
            "read_factors": read_factors,
            "levels": levels,
            "class_names": class_names,
            "order": order,
            "in_runs": in_runs,
        }
        self._chunks = [
            piece[begin : begin + chunk_size]
            for piece in pieces
            for begin in range(0, len(piece), chunk_size)
        ]
        sizes = [len(chunk) for chunk in self._chunks]
        super().__init__(shape, bool if binary else np.uint8, 2 if binary else levels, sizes)
        self.class_names = class_names
        self._read_rows, self._read_labels, self._identity = read_rows, read_labels, identity
        self._read_factors, self._order, self.in_runs = read_factors, order, in_runs
        self.has_labels = read_labels is not None

    def read(self, chunk: int) -> np.ndarray:
        """Chunk number `chunk`, [n, H, W, C].

        Raises:
          ValueError: the set was taken for binary by its first images, and this chunk is not.
        """
        x = self._read_rows(self._rows_of(self._chunks[chunk]))
        if self.dtype != bool:
            return x
        if not is_binary(x):
            raise ValueError(
                f"The first images of {self._identity} hold two values only, chunk {chunk} holds "
                "more. Load it with a memory_limit_gb large enough to see all of it."
            )
        return x > 0

    @property
    def array(self) -> np.ndarray:
        return np.concatenate([self.read(chunk) for chunk in range(len(self.chunk_sizes))])

    @functools.cached_property
    def labels(self) -> np.ndarray | None:
        if self._read_labels is None:
            return None
        return np.concatenate([self._read_labels(self._rows_of(chunk)) for chunk in self._chunks])

    @functools.cached_property
    def factors(self) -> dict[str, np.ndarray] | None:
        if self._read_factors is None:
            return None
        found = [self._read_factors(self._rows_of(chunk)) for chunk in self._chunks]
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}

    def hold_out(
        self, n: int, seed: TensorLike, stratified: bool = False
    ) -> tuple["Streamed", "Streamed"]:
        """Two splits: n examples drawn by `seed` (int32 [2]), and the others.

        If `stratified`, they are drawn label by label, as long as there are labels and the source
        can be read at scattered rows. Otherwise they are neighbouring positions from one that the
        seed draws: sources keep their rows in random order.
        """
        if stratified and self._read_labels is not None and not self.in_runs:
            positions = np.concatenate(self._pieces)
            labels = self._read_labels(self._at(positions))
            shuffle = tf.random.experimental.stateless_shuffle
            drawn = stratify(shuffle(tf.range(self.num_examples), seed).numpy(), labels, n)
            held, rest = ([positions[np.sort(part)]] for part in (drawn[:n], drawn[n:]))
        else:
            last = self.num_examples - n
            begin = int(tf.random.stateless_uniform([], seed, 0, last + 1, tf.int32))
            held = self._between(begin, begin + n)
            rest = self._between(0, begin) + self._between(begin + n, self.num_examples)
        return (
            Streamed(self.shape, held, **self._source),
            Streamed(self.shape, rest, **self._source),
        )

    def _between(self, begin, end):
        """The pieces that hold the begin-th to the end-th example of this split."""
        found, seen = [], 0
        for piece in self._pieces:
            part = piece[max(begin - seen, 0) : max(end - seen, 0)]
            if len(part):
                found.append(part)
            seen += len(piece)
        return found

    def _at(self, positions):
        """The rows at these positions."""
        return positions if self._order is None else self._order[positions]

    def _rows_of(self, chunk):
        """The rows of a chunk from front to back, which is fastest on disk."""
        return chunk if self._order is None else np.sort(self._order[chunk])

    def update_hash(self, sha: "hashlib._Hash") -> None:
        """Adds the source's identity and the positions used to a hashlib object."""
        pieces = [_in_short(piece) for piece in self._pieces]
        sha.update(f"{self._identity} {pieces} {self.shape} {self.dtype}".encode())


def _in_short(piece):
    """(start, stop) of increasing positions without a gap, else their sha256."""
    start, stop = int(piece[0]), int(piece[-1]) + 1
    if stop - start == len(piece):
        return start, stop
    return hashlib.sha256(piece.astype("<i8", copy=False)).hexdigest()


def chunk_size_for(shape: Sequence[int], limit_bytes: float) -> int:
    """Examples in a chunk of 8-bit images [H, W, C], a few chunks being in memory at a time."""
    return max(1, int(limit_bytes / CHUNKS_IN_LIMIT / math.prod(shape)))


def check_fits(name: str, shape: Sequence[int], dtype: np.dtype, memory_limit_gb: float) -> None:
    """Raises ValueError where one image [H, W, C] is larger than the memory for all."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > memory_limit_gb * 1e9:
        raise ValueError(
            f"dataset={name} with images of {'x'.join(map(str, shape))} takes {size / 1e9:.3g} GB "
            f"for one, more than memory_limit_gb={memory_limit_gb:g}. Give a smaller image_size, "
            "or raise memory_limit_gb."
        )


def to_host(array: np.ndarray) -> tf.Tensor:
    """A tensor in host memory: tf.data runs there, and device memory is for other things."""
    with tf.device("CPU:0"):
        return tf.identity(array)


def is_binary(x: np.ndarray) -> bool:
    """Whether x holds only {0, 1}, or only {0, 255} in uint8."""
    white = 255 if x.dtype == np.uint8 and x.max() == 255 else 1
    return bool(np.all((x == 0) | (x == white)))
