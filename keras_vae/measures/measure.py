"""A measure: what a number that a task writes is called, means, and looks like."""

import dataclasses
import enum
from typing import Any

# The JSON Schema of a value.
FLAG = {"type": "boolean"}
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
WHOLE = {"type": "integer"}
NUMBERS_BY_NAME = {"type": "object", "additionalProperties": {"type": "number"}}
COUNT = {"type": "integer", "minimum": 0}
NUMBER = {"type": "number"}
NUMBERS = {"type": "array", "items": NUMBER}
NONNEGATIVE = {"type": "number", "minimum": 0}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}


class Shown(enum.IntEnum):
    """Where a report shows a measure; each place shows what the later ones show, too."""

    DETAILS = 0  # report.html, in the list of all numbers
    CARD = 1  # report.html, with its meaning
    PAGE = 2  # compare.html, as a column
    TERMINAL = 3  # what `tasks.compare` prints, as a column


@dataclasses.dataclass(frozen=True)
class Measure:
    """A number, or a fact, that a task writes to a JSON file.

    Attributes:
      key: of the number in the file.
      name: of the number for people: the title of its card, the head of its column.
      meaning: what the number is.
      unit: such as "nats"; "" where there is none.
      better: "higher" or "lower"; "" where neither is.
      good: a sentence on which values are good, where `better` doesn't say it.
      value: the JSON Schema of the number.
      of: the models or runs that have such a number; "" if all have it. The files of other runs
        lack the key, or hold null.
      has_error: whether the number's standard error stands beside it; null of a single example.
      has_p_value: whether the number's p-value stands beside it.
      shown: where.
    """

    key: str
    name: str
    meaning: str
    unit: str = ""
    better: str = ""
    good: str = ""
    value: dict[str, Any] = dataclasses.field(default_factory=lambda: NUMBER)
    of: str = ""
    has_error: bool = False
    has_p_value: bool = False
    shown: Shown = Shown.CARD

    @property
    def title(self) -> str:
        """The name with its unit, if it has one: "Rate (nats)"."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def what_is_good(self) -> str:
        """A sentence: which values are good."""
        return self.good or (f"{self.better.capitalize()} is better." if self.better else "")

    @property
    def explanation(self) -> str:
        """The meaning, and which values are good."""
        return f"{self.meaning} {self.what_is_good}".rstrip()


def error_key(key: str) -> str:
    """The key of a number's standard error: "nll_stderr" of "nll_nats"."""
    return f"{key.removesuffix('_nats')}_stderr"


def p_value_key(key: str) -> str:
    """The key of a number's p-value."""
    return f"{key}_p_value"
