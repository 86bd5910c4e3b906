"""README.md, CONTRIBUTING.md and docs: what they name (commands, flags, files, links) is there."""

import importlib
import os
import re

import pytest

import export
import keras_vae
from export.precision import PRECISIONS
from tests import card_page, flags_page
from tests.in_process import parse
from tests.pages import PAGES, ROOT, blocks, commands, prose, spans
from tests.test_flags_page import rows_of
from tests.test_imports import TABLE
from trainers.flags import config_from_flags

TARGETS = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
BINARIES = {name: set(rows_of(name)) for name in flags_page.BINARIES}
BENCHMARKS = {
    path.stem: set(re.findall(r'DEFINE_\w+\(\s*"(\w+)"|"--(\w+)"', path.read_text("utf-8")))
    for path in (ROOT / "benchmarks").glob("*.py")
}
BENCHMARKS = {name: {a or b for a, b in found} for name, found in BENCHMARKS.items()}
# Flags of other programs and of absl, and what stands for any.
FOREIGN = {"help", "flagfile", "logdir", "name"}


def names_of(arguments):
    """Of the flags among them; a `no` before a flag that is a bool stays."""
    return {word[2:].partition("=")[0] for word in arguments if word.startswith("--")}


@pytest.mark.parametrize("path", PAGES)
def test_commands_take_the_flags_they_are_given(path):
    for program, *words in commands(PAGES[path]):
        if program == "make":
            assert [w for w in words if "=" not in w and w not in TARGETS] == [], path
        if program != "python":
            continue
        if words[0] == "-m":
            module, arguments = words[1], words[2:]
        else:
            module, arguments = words[0].removesuffix(".py").replace("/", "."), words[1:]
            module = "export.sample" if module == "sample" else module
        if module == "trainers.train":
            parse(*arguments)  # A wrong flag or value ends the process.
            if names_of(arguments) - {"workdir", "epochs"}:
                config_from_flags()
        elif module in BINARIES:
            assert names_of(arguments) <= BINARIES[module] | FOREIGN, path
        elif module.startswith("benchmarks."):
            assert names_of(arguments) <= BENCHMARKS[module.removeprefix("benchmarks.")], path
        elif module.partition(".")[0] in ("tests", "keras_vae"):
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), f"{path}: {module}"


@pytest.mark.parametrize("path", PAGES)
def test_flags_in_sentences_are_flags(path):
    known = set().union(FOREIGN, *BINARIES.values(), *BENCHMARKS.values())
    found = {name for span in spans(PAGES[path]) for name in re.findall(r"(?<!\S)--(\w+)", span)}
    assert {name for name in found if name.removeprefix("no") not in known} - known == set()


@pytest.mark.parametrize("path", PAGES)
def test_files_and_targets_in_sentences_are_there(path):
    """Paths from the root; what a run writes isn't in the repository."""
    rooms = [p.name for p in ROOT.iterdir() if p.is_dir() and p.name[0] not in "._"]
    ours = "|".join(room for room in rooms if room != "runs")
    for span in spans(PAGES[path]):
        if target := re.fullmatch(r"make ([\w-]+)", span):
            assert target[1] in TARGETS, f"{path}: {span}"
        is_one = re.fullmatch(rf"(?:{ours})/[\w/.-]*", span)
        if is_one and "_build" not in span and "NAME" not in span:
            assert (ROOT / span).exists(), f"{path}: {span}"
        for module in re.findall(r"python -m ([\w.]+)", span):
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), f"{path}: {span}"


@pytest.mark.parametrize("path", PAGES)
def test_names_of_python_in_sentences_are_there(path):
    for span in spans(PAGES[path]):
        name = re.match(r"(keras_vae|export)((?:\.\w+)+)(?=$|[(\[])", span)
        if name is None or name[2].startswith(".sample"):
            continue
        found = {"keras_vae": keras_vae, "export": export}[name[1]]
        for part in name[2][1:].split("."):
            if not hasattr(found, part):
                importlib.import_module(f"{found.__name__}.{part}")
            found = getattr(found, part)


def anchor(title):
    """Of a heading, as GitHub makes it."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose(PAGES[path])):
        target, _, place = "".join(link).partition("#")
        if target.startswith("http"):
            continue
        found = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
        assert (ROOT / found).exists(), f"{path}: {target}"
        if place:
            titles = re.findall(r"^#+ (.*)", prose(PAGES[found]), re.MULTILINE)
            assert place in map(anchor, titles), f"{path}: {target}#{place}"


def test_every_picture_is_on_a_page():
    text = "".join(PAGES.values())
    pictures = [file.name for file in (ROOT / "docs" / "pictures").iterdir()]
    assert [name for name in pictures if f"/{name}" not in text] == []


def test_every_page_of_the_results_is_in_their_table():
    pages = {file.name for file in (ROOT / "docs" / "results").glob("*.md")} - {"index.md"}
    rows = re.findall(r"^\| \[.*?\]\((\w+\.md)\)", PAGES["docs/results/index.md"], re.MULTILINE)
    assert set(rows) == pages


def test_the_table_of_precisions_is_true():
    def number(text):
        """The one that a cell begins with; None of an empty cell."""
        found = re.match(r"[\d.e-]+", text)
        return found and float(found[0]) / (100 if f"{found[0]}%" in text else 1)

    page = PAGES["docs/howto/phone.md"]
    lines = [line for line in page.splitlines() if re.match(r"\| `\w+` \| `\w+\.tflite` \|", line)]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]
    found = [(name, file, *map(number, limits)) for name, file, _, *limits in rows]
    assert found == [
        (name, p.file, p.max_error, p.draw_error, p.nll_change, p.bits_change)
        for name, p in PRECISIONS.items()
    ]


def test_in_the_picture_of_the_house_imports_go_down():
    page = PAGES["docs/explained/architecture.md"]
    (picture,) = (block for block in blocks(page, "text") if "| trainers" in block)
    picture = picture.replace(".py", "").replace("hierarchical  sequence", "structures")
    lines = [line.partition("|")[2].split() for line in picture.splitlines()]
    height = {room: -i for i, line in enumerate(lines) for room in line}
    left_out = {"plots", "marginals", "keras_vae", "command_line"}
    assert set(height) == {room for room in TABLE if room[0] != "_"} - left_out
    for room, own in height.items():
        assert [r for r in TABLE[room][1] if height.get(r, own - 1) >= own] == [], room


def test_the_page_of_the_card_is_what_its_command_prints():
    assert card_page.page() == card_page.PAGE.read_text(encoding="utf-8")
