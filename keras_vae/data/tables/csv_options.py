"""How a CSV file is read."""

import codecs
import dataclasses
from collections.abc import Sequence

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
_DECIMALS = {"point": ".", "comma": ","}
_THOUSANDS = _DECIMALS | {"space": " "}
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
    words = {"separator": SEPARATORS, "decimal": _DECIMALS, "thousands": _THOUSANDS}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or name not in names:
            raise ValueError(
                f"csv_options must be of {', '.join(f'{n}=…' for n in names)}, got {text!r}."
            )
        if name in found:
            raise ValueError(f"csv_options: {name} is given twice. Give it once.")
        if name == "missing":
            found[name] = ("", *value.split("|"))
        else:
            found[name] = _mark(name, value, words[name]) if name in words else value
    options = CsvOptions(**found)
    try:
        "a".encode(options.encoding)
    except (LookupError, UnicodeError):
        raise ValueError(
            f"csv_options: encoding must be one such as utf-8 or latin-1, got {options.encoding!r}."
        ) from None
    if codecs.lookup(options.encoding).name == "utf-8":  # A mark of byte order is no text.
        options = dataclasses.replace(options, encoding="utf-8-sig")
    _check_roles(options)
    return options


def _check_roles(options):
    """Raises ValueError where a mark can't be what it is given for."""
    quote = options.quote
    if len(quote) != 1 or quote.isalnum() or quote.isspace() or quote in "+-":
        raise ValueError(
            "csv_options: quote must be one character that is no letter, digit, sign or space, got "
            f"{quote!r}."
        )
    roles = ("separator", "decimal", "thousands")
    if same := [role for role in roles if getattr(options, role) == quote]:
        raise ValueError(
            f"csv_options: quote={quote} is the mark of {same[0]} too, so cells can't be told "
            "apart. Change one of them."
        )
    if options.decimal == options.thousands:
        word = "point" if options.decimal == "." else "comma"
        other = "comma" if word == "point" else "point"
        raise ValueError(
            f"csv_options: {word} is the mark of decimals and of thousands. Say decimal={other} if "
            f"thousands={word} is right."
        )


def in_words(options: CsvOptions) -> str:
    """The options that aren't the usual ones, as csv_options takes them."""
    usual, said = CsvOptions(separator=","), []
    words = {mark: word for word, mark in (SEPARATORS | _DECIMALS).items()}
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
