"""One split of a data set, and the scale of its values.

The dtype states the scale, everywhere: uint8 and uint16 are 0..levels - 1 (divided by levels - 1 on
the device) or, without levels, counts; bool is {0, 1}; float32 is taken as it is.
"""

import functools
import math

import numpy as np

from keras_vae._compat import tf
from keras_vae.data.stratification import stratify

CHUNKS_IN_LIMIT = 16  # chunks of a streamed set that would fill the memory limit


class Images:
    """One split: `InMemory` or `Streamed`.

    Attributes:
      shape: (H, W, C).
      dtype: np.dtype of what is read: bool, uint8, uint16 or float32.
      levels: how many grey levels the values can take, None for real numbers and counts.
      chunk_sizes: list of ints, the number of examples in each chunk; one chunk when in memory.
      labels: int64 [N] or None.
      class_names: str of each label from 0 on, tuple; None where labels are plain numbers.
      factors: what made each image, where that is known: dict name -> whole numbers [N]; or None.
      lowest_pitch: of music, the MIDI pitch of level 1 (level 0 is silence); else None.
      num_examples: N.
      array: [N, H, W, C], all of it in memory.
    """

    lowest_pitch = None
    class_names = None

    def __init__(self, shape, dtype, levels, chunk_sizes):
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.levels = levels
        self.chunk_sizes = list(chunk_sizes)
        self.num_examples = sum(self.chunk_sizes)


class InMemory(Images):
    """A split held as one array."""

    def __init__(
        self,
        array,
        labels=None,
        levels=None,
        lowest_pitch=None,
        factors=None,
        class_names=None,
    ):
        super().__init__(array.shape[1:], array.dtype, levels, [len(array)])
        self.array = array
        self.labels = labels
        self.lowest_pitch = lowest_pitch
        self.factors = factors
        self.class_names = class_names

    @functools.cached_property
    def on_host(self):
        """The array as a tensor in host memory, where tf.data runs."""
        return to_host(self.array)

    def hold_out(self, n, seed, stratified=False):
        """Two splits: n examples drawn by `seed` (int32 [2]), label by label or not; the others."""
        order = tf.random.experimental.stateless_shuffle(tf.range(self.num_examples), seed).numpy()
        if stratified and self.labels is not None:
            order = stratify(order, self.labels, n)
        return self._rows(np.sort(order[:n])), self._rows(np.sort(order[n:]))

    def _rows(self, rows):
        labels = None if self.labels is None else self.labels[rows]
        factors = self.factors and {name: column[rows] for name, column in self.factors.items()}
        return InMemory(
            self.array[rows], labels, self.levels, self.lowest_pitch, factors, self.class_names
        )

    def update_hash(self, sha):
        """Adds the content to a hashlib object."""
        sha.update(f"{self.array.shape} {self.dtype}".encode())
        sha.update(np.ascontiguousarray(self.array).data)


class Streamed(Images):
    """A split that is read chunk by chunk, from a source whose rows have fixed positions.

    Args:
      shape: (H, W, C).
      pieces: list of (start, stop), the rows of the source that make up the split.
      chunk_size: the most examples in a chunk.
      read_rows: (start, stop) -> uint8 or bool [stop - start, H, W, C].
      read_labels: (start, stop) -> int64 [stop - start], or None without labels.
      binary: whether the source holds only {0, 1} or only {0, 255}; then bool is read.
      identity: str that tells this source from any other, for the fingerprint.
      read_factors: (start, stop) -> dict name -> whole numbers [stop - start], or None without.
      levels: of uint8, how many there are; None for counts.
      class_names: as of `Images`.
    """

    def __init__(
        self,
        shape,
        pieces,
        chunk_size,
        read_rows,
        read_labels,
        binary,
        identity,
        read_factors=None,
        levels=256,
        class_names=None,
    ):
        self._pieces = pieces
        self._source = {
            "chunk_size": chunk_size,
            "read_rows": read_rows,
            "read_labels": read_labels,
            "binary": binary,
            "identity": identity,
            "read_factors": read_factors,
            "levels": levels,
            "class_names": class_names,
        }
        self._chunks = [
            (begin, min(begin + chunk_size, stop))
            for start, stop in pieces
            for begin in range(start, stop, chunk_size)
        ]
        sizes = [stop - start for start, stop in self._chunks]
        super().__init__(shape, bool if binary else np.uint8, 2 if binary else levels, sizes)
        self.class_names = class_names
        self._read_rows, self._read_labels, self._identity = read_rows, read_labels, identity
        self._read_factors = read_factors
        self.has_labels = read_labels is not None

    def read(self, chunk):
        """Chunk number `chunk`, [n, H, W, C].

        Raises:
          ValueError: the set was taken for binary by its first images, and this chunk is not.
        """
        x = self._read_rows(*self._chunks[chunk])
        if self.dtype != bool:
            return x
        if not is_binary(x):
            raise ValueError(
                f"The first images of {self._identity} hold two values only, chunk {chunk} holds "
                "more. Load it with a memory_limit_gb large enough to see all of it."
            )
        return x > 0

    @property
    def array(self):
        return np.concatenate([self.read(chunk) for chunk in range(len(self.chunk_sizes))])

    @functools.cached_property
    def labels(self):
        if self._read_labels is None:
            return None
        return np.concatenate([self._read_labels(*chunk) for chunk in self._chunks])

    @functools.cached_property
    def factors(self):
        if self._read_factors is None:
            return None
        found = [self._read_factors(*chunk) for chunk in self._chunks]
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}

    def hold_out(self, n, seed, stratified=False):
        """Two splits: n neighbouring rows beginning where `seed` says, and the others.

        Neighbours, because scattered rows could not be read without reading everything; the
        sources keep their rows in random order. Nor can they be drawn label by label, so that
        `stratified` changes nothing.
        """
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
        for start, stop in self._pieces:
            a, b = max(begin - seen, 0), min(end - seen, stop - start)
            if a < b:
                found.append((start + a, start + b))
            seen += stop - start
        return found

    def update_hash(self, sha):
        """Adds the source's identity and the rows used to a hashlib object."""
        sha.update(f"{self._identity} {self._pieces} {self.shape} {self.dtype}".encode())


def chunk_size_for(shape, limit_bytes):
    """Examples in a chunk of 8-bit images [H, W, C], a few chunks being in memory at a time."""
    return max(1, int(limit_bytes / CHUNKS_IN_LIMIT / math.prod(shape)))


def check_fits(name, shape, dtype, memory_limit_gb):
    """Raises ValueError where one image [H, W, C] is larger than the memory for all."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > memory_limit_gb * 1e9:
        raise ValueError(
            f"dataset={name} with images of {'x'.join(map(str, shape))} takes {size / 1e9:.3g} GB "
            f"for one, more than memory_limit_gb={memory_limit_gb:g}. Give a smaller image_size, "
            "or raise memory_limit_gb."
        )


def to_host(array):
    """A tensor in host memory: tf.data runs there, and the device's is wanted for other things."""
    with tf.device("CPU:0"):
        return tf.identity(array)


def is_binary(x):
    """Whether x holds only {0, 1}, or only {0, 255} in uint8."""
    white = 255 if x.dtype == np.uint8 and x.max() == 255 else 1
    return bool(np.all((x == 0) | (x == white)))
