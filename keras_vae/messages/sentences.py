"""Parts of sentences, for errors and notes."""


def some(names, most: int = 10) -> str:
    """The first of these names, and how many there are more: "cat, dog and 90 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
