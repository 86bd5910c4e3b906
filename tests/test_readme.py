"""The README names every command and every recipe, and its Python runs."""

import pathlib
import re

import pytest

from export.precision import PRECISIONS
from keras_vae import networks
from keras_vae.config.recipes import RECIPES

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    """Its blocks one after the other, by trainings of an epoch and few samples."""
    monkeypatch.chdir(tmp_path)
    names = {"my_network": networks.mlp((4,))}
    for block in re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        block = re.sub(r"epochs=\d+", "epochs=1", block)
        for given, short in (
            ("num_samples=5000", "num_samples=9"),
            ('dataset="digits"', 'dataset="digits", epochs=1'),
            ('workdir="runs/digits"', 'workdir="runs/digits", num_samples=8'),
        ):
            block = block.replace(given, short)
        exec(block, names)
    assert {"samples.png", "threes.png"} <= {file.name for file in tmp_path.iterdir()}
    assert names["run"].evaluation["num_samples"] == 9
    assert names["vae"].sample(2, seed=0).shape == (2, 28, 28, 1)
