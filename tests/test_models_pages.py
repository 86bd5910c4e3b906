"""docs/models: each recipe has its page, and what pages say is held to the code.

Their commands parse, their options are flags, their Python runs, and their equations are those that
the code cites; so are those of docs/explained/faq.md.
"""

import dataclasses
import functools
import pathlib
import re
import shlex
import subprocess

import matplotlib.pyplot as plt
import numpy as np
import pytest
from absl import flags
from PIL import Image

import keras_vae
from keras_vae.config.recipes import RECIPES
from keras_vae.data import InMemory, load
from tests import flags_page, tiny
from tests.in_process import parse
from tests.pages import blocks, prose
from tests.test_flags_page import rows_of
from trainers.flags import config_from_flags

ROOT = pathlib.Path(__file__).parents[1]
DOCS = ROOT / "docs"
FILES = [*sorted((DOCS / "models").glob("*.md")), DOCS / "explained" / "faq.md"]
PAGES = {file.stem: file.read_text(encoding="utf-8") for file in FILES}
MODELS = {name: text for name, text in PAGES.items() if name not in ("index", "faq")}
FLAGS = flags_page.PAGE.read_text(encoding="utf-8")
SOURCES = [file.read_text(encoding="utf-8") for file in ROOT.glob("keras_vae/**/*.py")]
# What tiny models have of their own.
SIZES = {"hidden", "filters", "latent_dim", "latent_dims", "prior_components"}


def of_title(text):
    """The recipes that a page's title names."""
    return re.findall(r"`(\w+)`", text.splitlines()[0])


def test_every_recipe_has_one_page_and_a_row_that_leads_there():
    pages = {recipe: name for name, text in MODELS.items() for recipe in of_title(text)}
    assert sorted(r for text in MODELS.values() for r in of_title(text)) == sorted(RECIPES)
    rows = re.findall(
        r"^\| `(\w+)` \|.*\[page\]\((\w+)\.md\) \|.*\|$", PAGES["index"], re.MULTILINE
    )
    assert dict(rows) == pages
    assert len(rows) == len(pages)


@pytest.mark.parametrize("name", MODELS)
def test_a_page_has_all_that_pages_have(name):
    titles = re.findall(r"^## (.*)", MODELS[name], re.MULTILINE)
    wanted = ["What ", "How an example comes about", "What training minimises", "Options"]
    wanted += ["Good at, bad at", "Train it"]
    found = [title for title in titles if not re.match("(Its|Their) number", title)]
    assert all(title.startswith(start) for title, start in zip(found, wanted, strict=True))
    assert "$$" in MODELS[name]
    assert len(MODELS[name].splitlines()) <= 80


def commands(block):
    """Lists of the arguments of `python`, as a shell would call it for the commands of a block."""
    stub = "python() { printf '%q ' \"$@\"; echo; }\n"
    done = subprocess.run(
        ["bash", "-euc", stub + block], capture_output=True, text=True, check=True
    )
    return [shlex.split(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if blocks(text, "sh")])
def test_its_commands_parse(name):
    found = [command for block in blocks(PAGES[name], "sh") for command in commands(block)]
    recipes = set()
    for first, *arguments in found:
        binary, given = (arguments[0], arguments[1:]) if first == "-m" else (first, arguments)
        names = {argument.partition("=")[0].removeprefix("--") for argument in given}
        if binary == "trainers.train":
            parse(*given)
            config_from_flags()  # ValueError of options that can't be together.
            recipes.add(flags.FLAGS.recipe)
        elif first == "-m":
            assert names <= set(rows_of(binary))
        else:
            source = (ROOT / binary).read_text(encoding="utf-8")
            assert names <= set(re.findall(r"DEFINE_\w+\(\s*\"(\w+)\"", source))
    assert name == "index" or set(of_title(PAGES[name])) & recipes


@pytest.mark.parametrize("name", PAGES)
def test_options_in_backticks_are_flags_and_take_such_values(name):
    known = set(re.findall(r"^\| `--(\w+)`", FLAGS, re.MULTILINE))
    code = " ".join(re.findall("`(.+?)`", " ".join(prose(PAGES[name]).split())))
    options = re.findall(r"--(\w+)(=\S+)?", code)
    assert {option for option, _ in options} <= known
    of_training = set(rows_of("trainers.train"))
    for option, value in options:
        if value and option in of_training:
            parse(f"--{option}{value}")


@pytest.mark.parametrize("name", PAGES)
def test_equations_are_those_that_the_code_cites(name):
    text = " ".join(PAGES[name].split())
    place = r"(?:eqs?\.?|section|figure|appendix|algorithm) [A-Z\d.]*[A-Z\d](?: (?:to|and) \d+)?"
    paper = rf"(\w+)(?: et al\.|(?:, \w+)? & \w+)? (\d{{4}}),(?: [^(),.]+,)? ({place})"
    cited = re.findall(paper, text)
    assert len(re.findall(place, text)) == len(cited)
    for author, year, where in cited:
        paper = re.compile(rf"{author}\b[^\d]* {year}")
        where = re.compile(re.escape(where) + r"(?![\d.]*\d)")
        assert any(paper.search(s) and where.search(s) for s in SOURCES), (author, year, where)


def small_data(name):
    """The first examples of each split of what pages load."""
    dataset = load(name, window=4 if name.startswith("chorales:") else None)

    def cut(split):
        labels = None if split.labels is None else split.labels[:32]
        return InMemory(split.array[:32], labels, split.levels, split.modality)

    splits = {name: cut(getattr(dataset, name)) for name in ("train", "validation", "test")}
    return dataclasses.replace(dataset, **splits)


def small_recipe(name, **options):
    return tiny.config(recipe=name, **{k: v for k, v in options.items() if k not in SIZES})


# What pages call, and what is called in its place. For a single step, tracing would take longer.
SMALL = {
    "keras_vae.data.load": small_data,
    "keras_vae.recipe": small_recipe,
    "keras_vae.build": functools.partial(keras_vae.build, jit_compile=False, run_eagerly=True),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that pages read."""
    folder, rng = tmp_path_factory.mktemp("pages"), np.random.default_rng(0)
    (folder / "photos").mkdir()
    for i in range(20):
        photo = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        photo.save(folder / "photos" / f"{i}.png")
    chorales = {f"{split}_offsets": [0, 512] for split in ("train", "valid", "test")}
    for split in ("train", "valid", "test"):
        chorales[f"{split}_pitches"] = rng.integers(50, 60, (512, 2), dtype=np.int8)
    np.savez(folder / "jsb_chorales_16th.npz", **chorales)
    return folder


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if blocks(text, "python")])
def test_its_python_runs(name, folder, monkeypatch):
    """On few data, by small models that take one step."""
    monkeypatch.chdir(folder)
    (block,) = blocks(PAGES[name], "python")
    block = re.sub(r"epochs=\d+", "epochs=1", block).replace("1000", "32")
    for call in SMALL:
        block = block.replace(call, call.replace(".", "_"))
    exec(block, {call.replace(".", "_"): function for call, function in SMALL.items()})
    plt.close("all")
