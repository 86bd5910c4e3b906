"""What classes are called, and which of them a word means."""

from collections.abc import Iterable, Sequence

from keras_vae.messages.sentences import some


def name_of(label: int, names: Sequence[str] | None) -> str:
    """What a label is called; the label itself where it has no name."""
    return names[label] if names and 0 <= label < len(names) else str(label)


def in_short(names: Sequence[str]) -> str:
    """The classes by number, ten at most: "3 classes: 0 cat, 1 dog, 2 yak"."""
    numbered = [f"{i} {name}" for i, name in enumerate(names)]
    return f"{len(names)} {'class' if len(names) == 1 else 'classes'}: {some(numbered)}"


def number_of(word: str, names: Sequence[str] | None, known: Iterable[int]) -> int | None:
    """The label that a word stands for: its name, or else its number; None if it is neither.

    Args:
      word: of the user's.
      names: of labels 0 .. K-1, or None.
      known: labels that there are.
    """
    names = names or ()
    if word in names:
        return names.index(word)
    # If names look like numbers ("1900"), a number is read as a name, never as a label.
    if any(name.lstrip("-").isdecimal() for name in names):
        return None
    return next((label for label in known if word == str(label)), None)
