"""Whether a file that a task wrote is as the table of measures says."""

import json
import pathlib

import jsonschema

from keras_vae import measures


def check(file: pathlib.Path) -> None:
    """Raises ValidationError for a key that isn't in the table, and for a value of another kind."""
    schema = measures.schema(file.name) | {"additionalProperties": False}
    jsonschema.validate(json.loads(file.read_text()), schema, jsonschema.Draft202012Validator)
