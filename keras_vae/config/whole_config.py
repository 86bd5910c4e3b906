"""A whole run: the four sections of options together."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from keras_vae.config import map_rules, rules, structure_rules
from keras_vae.config.option import check_option, coerce
from keras_vae.config.sections import (
    SECTIONS,
    DataConfig,
    ModelConfig,
    ObjectiveConfig,
    TrainingConfig,
    find,
    options,
)


@dataclass(frozen=True)
class Config:
    """A whole run. `keras_vae.recipe` makes one, by name or without."""

    recipe: str = "vae"
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def replace(self, **options) -> "Config":
        """A copy with options changed, whichever section they are in: replace(latent_dim=2)."""
        sections: dict[str, dict[str, Any]] = {}
        for name, value in options.items():
            section, option_field = find(name)
            sections.setdefault(section, {})[name] = coerce(option_field.type, value)
        return dataclasses.replace(
            self,
            **{s: dataclasses.replace(getattr(self, s), **o) for s, o in sections.items()},
        )

    def value(self, name: str) -> Any:
        """The value of an option, whichever section it is in."""
        section, _ = find(name)
        return getattr(getattr(self, section), name)

    def check(self) -> "Config":
        """Returns itself, or raises ValueError saying which options can't be combined, and why."""
        self.check_options()
        rules.check_rules(self)
        structure_rules.check_structure(self.model)
        map_rules.check_latent_shape(self.model)
        return self

    def check_options(self) -> None:
        """Raises ValueError for an option whose own value is of a wrong type or range."""
        for _, option_field in options():
            check_option(option_field, self.value(option_field.name))

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, content: dict) -> "Config":
        """The inverse of to_dict, from JSON too; unknown options raise ValueError.

        An option that the content lacks gets the value of the time before the option existed.
        """
        if unknown := set(content) - {"recipe", *SECTIONS}:
            raise ValueError(f"unknown section {min(unknown)!r}; known: {', '.join(SECTIONS)}.")
        return cls(recipe=content["recipe"]).replace(**_before(content), **_flat(content))


def _before(content):
    """The options that a stored config (`Config.to_dict`) lacks, with their values of that time."""
    stored = _flat(content)
    return {f.name: f.metadata["before"] for _, f in options() if f.name not in stored}


def _flat(content):
    return {name: value for section in SECTIONS for name, value in content.get(section, {}).items()}
