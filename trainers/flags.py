"""Flags of the binaries, made from the config's dataclasses."""

import dataclasses

from absl import flags

from keras_vae import config as configs
from keras_vae.config.recipes import RECIPES, recipe

_DEFINE = {
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    bool: flags.DEFINE_bool,
}


def define_run(about: str = "the run directory") -> None:
    """Defines --run and --checkpoint."""
    flags.DEFINE_string("run", None, about, required=True)
    choices = ["auto", "best", "last"]
    flags.DEFINE_enum("checkpoint", "auto", choices, "auto: best if there is one")


def define_config() -> None:
    """Defines --recipe and one flag per option; one that isn't given keeps the recipe's value."""
    flags.DEFINE_enum("recipe", "vae", list(RECIPES), "a named model; other flags change it")
    for _, option in configs.options():
        if option.metadata["flag"]:
            _define(option)


def config_from_flags(**known) -> configs.Config:
    """The recipe's config with the given flags' values; `known` are those of other options.

    Raises:
      ValueError: names the option that can't be.
    """
    given = {
        option.name: _value(option)
        for _, option in configs.options()
        if option.metadata["flag"] and flags.FLAGS[option.name].present
    }
    return recipe(flags.FLAGS.recipe, **(known | given))


def _define(option: dataclasses.Field) -> None:
    meta = option.metadata
    default = (
        ",".join(map(str, option.default)) if isinstance(option.default, tuple) else option.default
    )
    shown = "" if default is None else f" (default: {default})"
    if meta["choices"]:
        flags.DEFINE_enum(option.name, None, list(meta["choices"]), meta["help"] + shown)
    elif configs.element_type(option.type):
        flags.DEFINE_list(option.name, None, meta["help"] + shown)
    else:
        _DEFINE[configs.value_type(option.type)](option.name, None, meta["help"] + shown)


def _value(option):
    value = flags.FLAGS[option.name].value
    if not isinstance(value, list):
        return value
    try:
        return tuple(map(configs.element_type(option.type), value))
    except ValueError:
        raise ValueError(
            f"{option.name} must be whole numbers with commas between, as in 200,200; "
            f"got {','.join(value)!r}."
        ) from None
