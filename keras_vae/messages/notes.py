"""Notes: what a user should know, where nothing is wrong."""

import warnings

from keras_vae.messages.sentences import in_one_line


class Note(UserWarning):
    """Something was done, or left out, that the user should know of.

    Binaries print it as one line (`keras_vae.command_line`).
    """


def note(text: str) -> None:
    """Issues `text` as a `Note`."""
    warnings.warn(text, Note, stacklevel=3)


def tell(text: str) -> None:
    """Prints a note as one line."""
    print("Note:", in_one_line(str(text)), flush=True)
