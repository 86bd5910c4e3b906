"""The notebooks run from top to bottom, and are stored as a stranger in Colab needs them."""

import ast
import dataclasses
import re

import matplotlib
import pytest
from matplotlib.figure import Figure

from keras_vae import data
from keras_vae._compat import tf
from tests import notebooks

FEW = {
    "train": 200,
    "validation": 20,
    "test": 60,
}  # Digits, with which a notebook's tiny form runs.
HAS_LONG_LOOPS = "04"
EACH = pytest.mark.parametrize("path", notebooks.PATHS, ids=lambda path: path.stem)


def code_of(notebook):
    """The sources of the cells of code, as Python: without the lines that speak to IPython."""
    cells = (cell.source for cell in notebook.cells if cell.cell_type == "code")
    return [re.sub(r"^( *)%.*$", r"\1pass", source, flags=re.MULTILINE) for source in cells]


def run(source, name, names):
    """Runs a cell; what its last line shows, or None."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    return last and eval(compile(ast.Expression(last.value), name, "eval"), names)


@pytest.fixture
def _tiny_form(path, tmp_path, monkeypatch):
    """Small numbers, few digits, no pictures on a screen, and no graphs: tracing takes longest.

    But loops of many steps are faster in graphs.
    """

    def load(name, **options):
        found = load_all(name, **options)
        if name != "digits":
            return found
        few = {
            split: getattr(found, split).hold_out(n, [0, 0], stratified=True)[0]
            for split, n in FEW.items()
        }
        return dataclasses.replace(found, **few)

    load_all = data.load
    monkeypatch.setattr(data, "load", load)
    monkeypatch.setenv("TINY", "1")
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    tf.config.run_functions_eagerly(not path.name.startswith(HAS_LONG_LOOPS))
    yield
    tf.config.run_functions_eagerly(False)


def test_there_are_ten_and_no_others():
    assert [path.name[:2] for path in notebooks.PATHS] == [f"{i:02}" for i in range(1, 11)]
    assert sorted(notebooks.PATHS) == sorted((notebooks.ROOT / "colab").glob("*"))


@EACH
def test_as_stored(path):
    notebook = notebooks.read(path)
    title, install = notebook.cells[:2]
    lines = title.source.split("\n")
    assert lines[0] == notebooks.badge(path)
    assert lines[2].startswith(f"# {int(path.name[:2])}. ")
    assert install.source == notebooks.install()
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    _, exercises = notebook.cells[-1].source.split("## Exercises")
    assert 2 <= len(re.findall(r"^\d\. ", exercises, flags=re.MULTILINE)) <= 3


@EACH
def test_nothing_reusable_is_defined(path):
    for source in code_of(notebooks.read(path)):
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        assert not any(isinstance(node, defined) for node in ast.walk(ast.parse(source)))


@EACH
@pytest.mark.usefixtures("_tiny_form")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config.experimental_run_functions_eagerly`")
def test_tiny_form_runs(path, tmp_path):
    names, shown = {"__name__": "__main__"}, []
    for i, source in enumerate(code_of(notebooks.read(path))[1:], start=1):
        shown.append(run(source, f"{path.name}, cell of code {i}", names))
    assert sum(isinstance(value, Figure) for value in shown) >= 3
    if path.name.startswith("01"):
        assert (tmp_path / "my_export" / "generator_f16.tflite").is_file()


def test_an_address_is_in_badges_and_installed_from(tmp_path, monkeypatch):
    (tmp_path / "setup.py").write_text('setup(\n    url="https://github.com/someone/theirs",\n)')
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    page = "https://colab.research.google.com/github/someone/theirs/blob/main/colab/01_a.ipynb"
    assert notebooks.badge(notebooks.pathlib.Path("colab/01_a.ipynb")).endswith(f"({page})")
    assert "%pip install --quiet git+https://github.com/someone/theirs " in notebooks.install()


def test_remarks_are_left_out_of_executed_copies():
    def stream(name, text):
        return notebooks.nbformat.v4.new_output("stream", name=name, text=text)

    outputs = [
        stream("stderr", "I0000 oneDNN is on\n"),
        stream("stdout", "WARNING:tensorflow:5 out of the last 5 calls\n\n1.5 nats\n"),
        stream("stdout", "INFO:tensorflow:Assets written\n"),
    ]
    (kept,) = notebooks.without_remarks(outputs)
    assert kept.text.strip() == "1.5 nats"
