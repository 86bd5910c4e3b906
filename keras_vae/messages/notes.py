"""Notes: what a user should know, where nothing is wrong."""

import warnings


class Note(UserWarning):
    """Something was done, or left out, that the user should know of.

    Binaries print it as one line (`keras_vae.command_line`).
    """


def note(text: str) -> None:
    """Issues `text` as a `Note`."""
    warnings.warn(text, Note, stacklevel=3)
