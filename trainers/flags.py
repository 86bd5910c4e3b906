"""Flags of the binaries, made from the config's dataclasses."""

import dataclasses
from collections.abc import Mapping

from absl import flags

from keras_vae import config as configs
from keras_vae.config.recipes import RECIPES, recipe
from keras_vae.config.rules import text
from keras_vae.runs.run_data import SPLITS

NUM_SAMPLES = "k, importance samples per example (default: {}, or {} for layers of maps)"
NUM_EXAMPLES = "test examples to measure (default: {})"
_DEFINE = {
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    bool: flags.DEFINE_bool,
}
RECIPE = (
    "a named model, which other flags change; default: that of a run that goes on, else by the "
    "data: deep for images of 2 to 4 channels and 3 to 256 levels, vae for others"
)
# What stands between the numbers of a list, in words and in an example.
_BETWEEN = {",": ("commas", "200,200"), "x": ("x", "8x8x4")}


def define_run(about: str = "the run directory") -> None:
    """Defines --run and --checkpoint."""
    flags.DEFINE_string("run", None, about, required=True)
    choices = {
        "auto": "the best if there is one, else the last",
        "best": "the weights of the best validation bound",
        "last": "the weights of the last step",
    }
    flags.DEFINE_enum("checkpoint", "auto", list(choices), with_choices("which weights", choices))


def define_source() -> None:
    """Defines the flags of the data that a run is used on."""
    flags.DEFINE_string(
        "dataset", None, "the data, named as for trainers.train (default: the run's own)"
    )
    flags.DEFINE_enum(
        "split", None, SPLITS, "its split (default: test; of a data set without one, all of it)"
    )
    flags.DEFINE_string("data_dir", None, "folder of prepared TFDS sets; default: TFDS' own")
    for name in (
        "npz_keys",
        "missing",
        "csv_options",
    ):  # They are of the run's data where it is trained.
        _define(next(o for _, o in configs.options() if o.name == name))


def source_from_flags() -> dict:
    """The arguments of `tasks.other_data.source` beside the run."""
    names = ("dataset", "split", "data_dir", "npz_keys", "missing", "csv_options")
    return {name: flags.FLAGS[name].value for name in names}


def define_config() -> None:
    """Defines --recipe and one flag per option."""
    recipes = {name: options["about"] for name, options in RECIPES.items()}
    flags.DEFINE_enum(
        "recipe",
        None,
        list(recipes),
        with_choices(RECIPE, recipes),
    )
    for _, option in configs.options():
        if option.metadata["flag"]:
            _define(option)


def config_from_flags(stored: configs.Config | None = None) -> configs.Config:
    """The recipe's config with the given flags' values.

    Args:
      stored: the config of a run that goes on: options that aren't given stay as they were.

    Raises:
      ValueError: names the invalid option.
    """
    given = {
        option.name: _value(option)
        for _, option in configs.options()
        if option.metadata["flag"] and flags.FLAGS[option.name].present
    }
    name = flags.FLAGS.recipe
    if stored is None:
        return recipe(name, **given)
    return dataclasses.replace(stored, recipe=name or stored.recipe).replace(**given)


def with_choices(help: str, choices: Mapping[str, str]) -> str:
    """Help on a flag, with a line for each of its choices that has one."""
    return "\n".join([help, *(f"{name}: {about}" for name, about in choices.items() if about)])


def _define(option: dataclasses.Field) -> None:
    help, choices = option.metadata["help"], option.metadata["choices"]
    if needed := configs.needed_for(option.name):
        help += f"; only with {configs.in_words(needed)}"
    if within := configs.range_of(option):
        help += f"; {within}"
    if option.default not in (None, ()):
        help += f" (default: {text(option.default)})"
    help = with_choices(help, configs.abouts(choices or {}))
    if configs.element_type(option.type):
        define = flags.DEFINE_list if option.metadata["separator"] == "," else flags.DEFINE_string
        define(option.name, None, help)
    elif choices:
        flags.DEFINE_enum(option.name, None, list(choices), help)
    else:
        _DEFINE[configs.value_type(option.type)](option.name, None, help)


def _value(option):
    value, element = flags.FLAGS[option.name].value, configs.element_type(option.type)
    if value is None or element is None:
        return value
    separator = option.metadata["separator"]
    words = value.split(separator) if isinstance(value, str) else value
    try:
        return tuple(map(element, words))
    except ValueError:
        between, example = _BETWEEN[separator]
        raise ValueError(
            f"{option.name} must be whole numbers with {between} between, as in {example}; "
            f"got {separator.join(words)!r}."
        ) from None
