"""The README is short, and names every recipe; the page of flags names every command."""

import re

from keras_vae.config.recipes import RECIPES
from tests.pages import PAGES, ROOT

README = PAGES["README.md"]


def test_it_is_read_in_some_minutes():
    assert len(README.encode()) <= 10_000
    results = README.partition("## Results")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\|", results, re.MULTILINE)) <= 2 + 10


def test_every_recipe_is_in_its_table():
    cells = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", README, re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(RECIPES)


def test_every_console_command_is_a_binary_and_in_the_page_of_flags():
    commands = re.findall(
        r'"(keras-vae-\w+)=([\w.]+):run"', (ROOT / "setup.py").read_text(encoding="utf-8")
    )
    assert len(commands) == 12
    for name, module in commands:
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert "def run()" in source
        assert f"`python -m {module}`, or `{name}`, " in PAGES["docs/reference/flags.md"]
