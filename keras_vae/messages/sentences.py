"""Parts of sentences, for errors and notes."""

import contextlib
from collections.abc import Iterator, Sequence


def some(names: Sequence[str], most: int = 10) -> str:
    """The first of these names, and how many more there are: "cat, dog and 90 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def in_one_line(text: str) -> str:
    """The text as one printable line: other characters are escaped as in Python's strings."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
        for c in text
    )


@contextlib.contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Inside, or in a function so decorated, a ValueError or OSError has one line of text.

    Without this, a path that contains line breaks would break the line.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        error.args = tuple(in_one_line(a) if isinstance(a, str) else a for a in error.args)
        raise


def of_batch(event_shape: Sequence[int], batch_size: int | None = None) -> str:
    """The shape of a batch of examples or conditions: "[B, 28, 28, 1]"."""
    return f"[{', '.join(map(str, (batch_size or 'B', *event_shape)))}]"
