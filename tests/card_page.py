"""Prints docs/reference/model_card.md, made of the schema of model_card.json.

python -m tests.card_page > docs/reference/model_card.md
"""

import json
import pathlib

ROOT = pathlib.Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "model_card.md"
SCHEMA = ROOT / "export" / "model_card.schema.json"
HEAD = """# The model card

`export.export` writes `model_card.json` beside its files, and puts it into TFLite files, all but
sizes and hashes. It says for programs what an export's `README.md` says for people. This page is
made from [its JSON Schema](../../export/model_card.schema.json) by `make docs`
(`python -m tests.card_page > docs/reference/model_card.md`).

A name after a dot is a field of what stands before it; `NAME` is any name, of a file, a signature,
an input or an output.

| field | type | what it is |
|---|---|---|
"""


def page() -> str:
    """The page, as Markdown."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in _rows(schema, schema["$defs"], ""))


def _rows(schema, shared, prefix):
    """(field, type, what it is) of each field of an object, and of the objects in it."""
    fields = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        fields["NAME"] = schema["additionalProperties"]
    for name, found in fields.items():
        if "$ref" in found:
            found = shared[found["$ref"].rpartition("/")[2]] | found
        if name != "NAME" or found.get("properties"):
            optional = "" if name in schema.get("required", fields) else ", optional"
            yield f"`{prefix}{name}`", _type(found) + optional, found.get("description", "")
        yield from _rows(found, shared, f"{prefix}{name}.")


def _type(schema):
    if "const" in schema:
        return f"always {schema['const']}"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(types)


if __name__ == "__main__":
    print(page(), end="")
