"""Prints docs/reference/flags.md, made of the options, their choices and each binary's flags.

python -m tests.flags_page > docs/reference/flags.md
"""

import dataclasses
import pathlib
import re
import xml.etree.ElementTree as ElementTree
from typing import NamedTuple

from export import sample, sample_rows
from keras_vae import config as configs
from keras_vae.config.recipes import RECIPES
from keras_vae.config.rules import text
from tests import binaries
from trainers.flags import RECIPE

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "reference" / "flags.md"
# Each with what it does.
BINARIES = {
    "trainers.train": "trains a model and writes a run directory",
    "trainers.evaluate": "measures a run, or an export",
    "trainers.report": "writes a run's report, also while the run trains",
    "trainers.compare": "sets measured runs side by side",
    "trainers.compress": "compresses a run's test images without loss",
    "trainers.sample": "writes samples of a run as files",
    "trainers.impute": "fills unknown values of a data set",
    "trainers.score": "writes log p of each example",
    "trainers.anomaly": "tells other data from a run's",
    "trainers.latents": "writes a run's codes",
    "trainers.schema": "prints what the columns of a table are taken for",
    "export.export": "exports a run",
    "export.sample": "draws images from a TFLite file",
    "export.sample_rows": "draws rows of a table from a TFLite file",
}
PARSERS = {"export.sample": sample._parser, "export.sample_rows": sample_rows._parser}
SECTIONS = {
    "data": "The data",
    "model": "The model",
    "objective": "The loss",
    "training": "How it is minimised",
}
HEAD = """# Flags

A flag is `--name=value`; a list has commas between, as in `--hidden=200,200`, a shape `x`, as in
`--latent_shape=8x8x4`. In Python the same names are arguments, as in
`keras_vae.recipe("vae", hidden=(200, 200))`. Defaults are those of new runs, and recipes have some
of their own; a run that goes on has the options that it began with. A whole number is at most
2,147,483,647, unless its flag has narrower bounds.

This page is made from the options by `make docs`
(`python -m tests.flags_page > docs/reference/flags.md`).
"""


class Row(NamedTuple):
    """A flag.

    Attributes:
      name: without the dashes.
      default: as text; empty where there is none.
      help: what it is.
      needed: what it is an option of, as `needed_for` gives it.
      choices: {name: one line on it}; empty where there are none.
      within: its bounds; empty where there are none.
    """

    name: str
    default: str
    help: str
    needed: dict = {}
    choices: dict = {}
    within: str = ""

    def cells(self) -> tuple[str, str, str]:
        """Of the flag's row in a table."""
        lines = [self.help, *([f"*{self.within}*"] if self.within else [])]
        if self.needed:
            lines.append(f"*An option of {configs.in_words(self.needed)}.*")
        lines += [f"`{name}`: {about}" for name, about in self.choices.items() if about]
        if bare := [f"`{name}`" for name, about in self.choices.items() if not about]:
            lines.append(", ".join(bare))
        return f"`--{self.name}`", self.default, "<br>".join(lines)


def page() -> str:
    """The page, as Markdown."""
    parts = [HEAD]
    for binary, about in BINARIES.items():
        name = binary.partition(".")[2]
        # The package installs a command for each; these run on devices without absl.
        command = f", or `keras-vae-{name}`," if binary not in PARSERS else ""
        parts.append(f"## {binary}\n\n`python -m {binary}`{command} {about}.\n")
        own = own_flags(binary)
        if binary == "trainers.train":
            recipes = {name: options["about"] for name, options in RECIPES.items()}
            recipe = Row("recipe", "", RECIPE, choices=recipes)
            parts.append(table([recipe]))
            parts += [
                f"### {title}\n\n{table(rows_of(section))}" for section, title in SECTIONS.items()
            ]
            parts.append("### The run\n")
            shared = {o.name for _, o in configs.options() if o.metadata["flag"]} | {"recipe"}
            own = [row for row in own if row.name not in shared]
        parts.append(table(own))
    return "\n".join(parts)


def rows_of(section: str) -> list[Row]:
    """The flags of a section of the config."""
    return [
        row_of(option)
        for found, option in configs.options()
        if found == section and option.metadata["flag"]
    ]


def row_of(option: dataclasses.Field) -> Row:
    """The flag of an option."""
    return Row(
        option.name,
        shown(option.default),
        option.metadata["help"],
        configs.needed_for(option.name),
        configs.abouts(option.metadata["choices"] or {}),
        configs.range_of(option),
    )


def own_flags(binary: str) -> list[Row]:
    """The flags in a binary's --help."""
    if binary in PARSERS:
        return [
            Row(a.dest, shown(a.default), a.help, choices=dict.fromkeys(a.choices or (), ""))
            for a in PARSERS[binary]()._actions
            if a.dest != "help"
        ]
    found = ElementTree.fromstring(binaries.run(binary, "--helpxml").out)
    return [row_in_help(flag) for flag in found.findall("flag") if flag.findtext("key") == "yes"]


def row_in_help(flag: ElementTree.Element) -> Row:
    """A flag as `--helpxml` has it."""
    meaning = flag.findtext("meaning").partition(";\n    repeat this option")[0]  # absl's words
    help, *lines = meaning.splitlines()
    help = re.sub("^<.*?>: ", "", help)  # absl lists the choices there.
    known = dict(line.split(": ", 1) for line in lines)
    choices = {value.text: known.get(value.text, "") for value in flag.findall("enum_value")}
    return Row(flag.findtext("name"), shown(flag.findtext("default")), help, choices=choices)


def shown(default) -> str:
    """A default as the page has it."""
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else text(default)


def table(rows: list[Row]) -> str:
    """A table of flags, as Markdown."""
    lines = [" | ".join(cell.replace("|", r"\|") for cell in row.cells()) for row in rows]
    return "\n".join(
        ["| flag | default | |", "|---|---|---|", *(f"| {line} |" for line in lines), ""]
    )


if __name__ == "__main__":
    print(page(), end="")
