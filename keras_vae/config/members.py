"""Axes: the options that choose a part of a model, and what there is to choose from.

The tables are empty here, below all parts. `keras_vae.building`, which makes the parts, fills them
when it is imported, as it is with `keras_vae`. Checks, flags and docs/reference/flags.md read them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Member:
    """One choice of an axis, with all that the project knows about it.

        LIKELIHOODS["beta"] = Member(Beta, "numbers from 0 to 1", ("likelihood_scale",))

    Calling a member makes the part.

    Args:
      kind: the part's class, whose attributes the rules read; None where the choice is no part.
      about: one line on it, for `--help` and docs/reference/flags.md.
      options: names of options that have an effect only with this member, or with another member
        that lists them.
      make: (section of the config, *what the axis gives) -> the part. By default the class is
        called with what the axis gives and then with the options' values, in this order.
    """

    kind: Any
    about: str
    options: tuple[str, ...] = ()
    make: Callable | None = None

    def __call__(self, section: Any, *given, **named) -> Any:
        """The part; None if there is none.

        Args:
          section: the section of the config that has the options.
          given, named: arguments that all members of the axis take.
        """
        if self.make is not None:
            return self.make(section, *given, **named)
        if self.kind is None:
            return None
        return self.kind(*given, *(getattr(section, name) for name in self.options), **named)


AXES: dict[str, dict[str, Member]] = {
    axis: {}
    for axis in (
        "network",
        "decoder",
        "structure",
        "posterior",
        "prior",
        "likelihood",
        "weights",
        "condition",
        "objective",
        "beta_schedule",
        "optimizer",
    )
}


def fill(axis: str, members: Mapping[str, Member]) -> dict[str, Member]:
    """Puts members into an axis; returns its whole table, to which more may be added."""
    AXES[axis].update(members)
    return AXES[axis]


def option_of(part: object) -> str:
    """The option that chooses such a part, as in prior=mixture; of parts of your own their class.

    Args:
      part: a part of a model, or the model.
    """
    for axis, members in AXES.items():
        for name, member in members.items():
            if member.kind is not None and member.kind is type(part):
                return f"{axis}={name}"
    return type(part).__name__


def needed_for(option: str) -> dict[str, list[str]]:
    """The members of which one is needed for an option to have an effect, {axis: names}.

    Empty if the option always has an effect: no member lists it, or all members of an axis do.
    """
    found = {
        axis: [name for name, member in members.items() if option in member.options]
        for axis, members in AXES.items()
    }
    if any(names and len(names) == len(AXES[axis]) for axis, names in found.items()):
        return {}
    return {axis: names for axis, names in found.items() if names}


def in_words(needed: Mapping[str, Iterable[str]]) -> str:
    """The result of `needed_for` as text: "network=mlp or gru or structure=sequence"."""
    return " or ".join(f"{axis}={' or '.join(names)}" for axis, names in needed.items())


def abouts(choices: Mapping[str, Member | str]) -> dict[str, str]:
    """{name: one line about it} of an option's choices."""
    return {
        name: choice if isinstance(choice, str) else choice.about
        for name, choice in choices.items()
    }
