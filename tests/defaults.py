"""Other defaults of options, as later versions may have."""

import dataclasses


def change(monkeypatch, section, **values):
    """Gives options of a section, a class of config.sections, these defaults."""
    fields = dataclasses.fields(section)
    found = tuple(values.get(field.name, field.default) for field in fields)
    monkeypatch.setattr(section.__init__, "__defaults__", found)
    for field, value in zip(fields, found, strict=True):
        monkeypatch.setattr(field, "default", value)
