"""docs/models: each recipe has its page, and what pages say is held to the code.

Their options take the values that they name, their Python runs, and their equations are those that
the code cites; so are those of docs/explained/faq.md.
"""

import dataclasses
import functools
import pathlib
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

import keras_vae
from keras_vae.config.recipes import RECIPES
from keras_vae.data import InMemory, load
from tests import tiny
from tests.in_process import parse
from tests.pages import blocks, commands, spans
from tests.test_flags_page import rows_of

ROOT = pathlib.Path(__file__).parents[1]
DOCS = ROOT / "docs"
FILES = [*sorted((DOCS / "models").glob("*.md")), DOCS / "explained" / "faq.md"]
PAGES = {file.stem: file.read_text(encoding="utf-8") for file in FILES}
MODELS = {name: text for name, text in PAGES.items() if name not in ("index", "faq")}
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


@pytest.mark.parametrize("name", MODELS)
def test_a_command_trains_its_recipe(name):
    words = [word for command in commands(MODELS[name]) for word in command]
    trained = {word.partition("=")[2] for word in words if word.startswith("--recipe=")}
    assert trained & set(of_title(MODELS[name]))


@pytest.mark.parametrize("name", PAGES)
def test_options_in_backticks_take_the_values_beside_them(name):
    of_training = set(rows_of("trainers.train"))
    for span in spans(PAGES[name]):
        for option, value in re.findall(r"--(\w+)(=\S+)", span):
            if option in of_training:
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
    rows = "".join(f"{i % 60},{'ab'[i % 2]}\n" for i in range(200))
    (folder / "adult_train.csv").write_text("age,sex\n" + rows)
    return folder


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if blocks(text, "python")])
def test_its_python_runs(name, folder, monkeypatch):
    """On few data, by small models that take one step."""
    if name == "table":
        pytest.importorskip("pandas")
    monkeypatch.chdir(folder)
    (block,) = blocks(PAGES[name], "python")
    block = re.sub(r"epochs=\d+", "epochs=1", block).replace("1000", "32")
    for call in SMALL:
        block = block.replace(call, call.replace(".", "_"))
    exec(block, {call.replace(".", "_"): function for call, function in SMALL.items()})
    plt.close("all")
