"""What a machine's memory holds, told before it is asked for."""

import contextlib
import math
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from keras_vae._compat import tf

# Where Linux says how much a container may use, by versions of its interface.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def total() -> float:
    """Bytes of this machine, or of the container that the process is in; infinite if unknown."""
    try:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, ValueError, OSError):  # Not on Windows.
        return math.inf
    for file in _LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no number.
            found.append(int(pathlib.Path(file).read_text()))
    return min(found)


def check(what: str, size: float, remedy: str) -> None:
    """Raises ValueError if `size` bytes are more than there are.

    Args:
      what: takes them; it begins the sentence.
      size: bytes.
      remedy: a sentence.
    """
    if size > total():
        raise ValueError(
            f"{what} would take {_gigabytes(size)}, and this machine has {_gigabytes(total())}. "
            f"{remedy}"
        )


@contextlib.contextmanager
def weights_checked() -> Iterator[None]:
    """Inside, a variable with which all together would not fit is refused before it is made.

    Raises:
      ValueError: names the size.
    """
    found, refusal = 0, None

    def make(next_creator: Any, **options: Any) -> Any:
        nonlocal found, refusal
        shape, dtype = options.get("shape"), options.get("dtype") or tf.float32
        if shape is not None and tf.TensorShape(shape).is_fully_defined():
            found += math.prod(tf.TensorShape(shape)) * tf.as_dtype(dtype).size
            try:
                check("The model's weights", found, "Make it smaller.")
            except ValueError as error:
                refusal = error
                raise
        return next_creator(**options)

    try:
        with tf.variable_creator_scope(make):
            yield
    except ValueError:
        if refusal is None:
            raise
        raise refusal from None  # Keras adds lines on the layer whose weights they were.


def _gigabytes(size):
    return f"{size / 2**30:,.1f} GiB"
