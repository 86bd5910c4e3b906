"""How a CSV file is read."""

import codecs
import dataclasses
from collections.abc import Sequence

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
_MARKS = {"point": ".", "comma": ","}
# What pandas takes for missing, and UCI's question mark.
USUAL_MISSING = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A")


@dataclasses.dataclass(frozen=True)
class CsvOptions:
    """How a CSV file is read.

    Attributes:
      separator: between cells; None for the one of SEPARATORS that is most frequent in the first
        line.
      decimal: mark of decimals.
      thousands: mark between thousands, or None.
      encoding: of the text.
      missing: cells that are missing values.
      strip: what is removed at the end of texts, such as the dot of UCI Adult's test outcomes.
      quote: the mark around cells that hold separators.
    """

    separator: str | None = None
    decimal: str = "."
    thousands: str | None = None
    encoding: str = "utf-8-sig"
    missing: tuple[str, ...] = USUAL_MISSING
    strip: str = ""
    quote: str = '"'


def parse(given: Sequence[str] | None) -> CsvOptions:
    """The options of texts such as "separator=semicolon" and "missing=?|-999".

    Raises:
      ValueError: names the option.
    """
    found: dict = {}
    names = [field.name for field in dataclasses.fields(CsvOptions)]
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or name not in names:
            raise ValueError(
                f"csv_options must be of {', '.join(f'{n}=…' for n in names)}, got {text!r}."
            )
        if name == "missing":
            found[name] = ("", *value.split("|"))
        elif name == "separator":
            found[name] = _mark(name, value, SEPARATORS)
        elif name in ("decimal", "thousands"):
            found[name] = _mark(name, value, _MARKS | {"space": " "})
        else:
            found[name] = value
    options = CsvOptions(**found)
    try:
        codecs.lookup(options.encoding)
    except LookupError:
        raise ValueError(
            f"csv_options: encoding must be one such as utf-8 or latin-1, got {options.encoding!r}."
        ) from None
    if len(options.quote) != 1:
        raise ValueError(f"csv_options: quote must be one character, got {options.quote!r}.")
    if options.decimal in (options.separator, options.thousands):
        raise ValueError(
            f"csv_options: decimal={options.decimal!r} is the mark of separator or thousands too."
        )
    return options


def in_words(options: CsvOptions) -> str:
    """The options that aren't the usual ones, as csv_options takes them."""
    usual, said = CsvOptions(separator=","), []
    words = {mark: word for word, mark in (SEPARATORS | _MARKS).items()}
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if value != getattr(usual, field.name):
            if field.name in ("separator", "decimal", "thousands"):
                value = words[value]
            value = "|".join(value[1:]) if field.name == "missing" else value
            said.append(f"{field.name}={value}")
    return ", ".join(said)


def _mark(name, value, words):
    if value not in words and value not in words.values():
        raise ValueError(f"csv_options: {name} must be one of {', '.join(words)}, got {value!r}.")
    return words.get(value, value)
