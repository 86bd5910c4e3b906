"""The README names every flag and every recipe."""

import pathlib
import re

import pytest
from absl import flags

from export.precision import PRECISIONS
from keras_vae.recipes import RECIPES
from tests import binaries
from trainers import train

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_flag_of_train_is_in_the_table():
    defined = {flag.name for flag in flags.FLAGS.flags_by_module_dict()[train.__name__]}
    defined |= {flag.name for flag in flags.FLAGS.flags_by_module_dict()["trainers.flags"]}
    assert defined == set(re.findall(r"^\| `--(\w+)` \|", README, re.MULTILINE))


@pytest.mark.parametrize(
    "module",
    [
        "trainers.train",
        "trainers.evaluate",
        "trainers.compare",
        "trainers.compress",
        "trainers.anomaly",
        "trainers.latents",
        "export.export",
    ],
)
def test_every_flag_in_help_is_in_the_readme(module):
    shown = binaries.run(module, "--help").out
    names = re.findall(r"^  --(?:\[no\])?(\w+):", shown, re.MULTILINE)
    assert len(names) >= 2, shown
    assert [name for name in names if f"`--{name}`" not in README] == []


def test_every_console_command_is_a_binary_and_in_the_readme():
    commands = re.findall(
        r'"(keras-vae-\w+)=([\w.]+):run"', (ROOT / "setup.py").read_text(encoding="utf-8")
    )
    assert len(commands) == 7
    for name, module in commands:
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert "def run()" in source
        assert f"`{name}`" in README


def test_every_recipe_is_in_the_table():
    assert [name for name in RECIPES if f"| `{name}` |" not in README] == []


def test_local_links_lead_somewhere():
    links = re.findall(r"\]\((?!http)([^)#]+)\)|src=\"([^\"]+)\"", README)
    assert len(links) >= 4
    assert [link for pair in links for link in pair if link and not (ROOT / link).exists()] == []


def test_the_table_of_precisions_is_true():
    def number(text):
        """The one that a cell begins with; None of an empty cell."""
        found = re.match(r"[\d.e-]+", text)
        return found and float(found[0]) / (100 if f"{found[0]}%" in text else 1)

    lines = [line for line in README.splitlines() if re.search(r"`\w+\.tflite` \|", line)]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]
    found = [(name, file, *map(number, limits)) for name, file, _, *limits in rows]
    assert found == [
        (name, p.file, p.max_error, p.draw_error, p.nll_change) for name, p in PRECISIONS.items()
    ]
