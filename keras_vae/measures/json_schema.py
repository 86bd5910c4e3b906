"""The JSON Schema of a file of measures."""

from typing import Any

from keras_vae.measures.measure import NONNEGATIVE, SHARE, error_key, p_value_key
from keras_vae.measures.table import of_file


def schema(file: str = "evaluation.json") -> dict[str, Any]:
    """The JSON Schema of one of `FILES`; other keys, as of another version, are allowed.

    Its keywords `unit`, `better`, `good` and `of` are annotations, which validators leave alone.
    """
    measures, properties = of_file(file).values(), {}
    for measure in measures:
        properties[measure.key] = _of(measure)
        if measure.has_error:
            several = measure.value["type"] == "array"
            error = {"type": "array", "items": NONNEGATIVE} if several else NONNEGATIVE
            properties[error_key(measure.key)] = _beside(measure, "standard error", error)
        if measure.has_p_value:
            properties[p_value_key(measure.key)] = _beside(measure, "p-value", SHARE)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{file} of a run of keras_vae",
        "type": "object",
        "required": [measure.key for measure in measures if not measure.of],
        "properties": properties,
    }


def _of(measure):
    found = {"title": measure.name, "description": measure.meaning}
    notes = {name: getattr(measure, name) for name in ("unit", "better", "good", "of")}
    found |= {name: text for name, text in notes.items() if text}
    return found | (_or_null(measure.value) if measure.of else measure.value)


def _beside(measure, what, value):
    return {"title": f"{measure.name}: {what}"} | _or_null(value)


def _or_null(value):
    """The schema of a value that there may not be."""
    return value | {"type": [value["type"], "null"]}
