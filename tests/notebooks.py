"""The notebooks of colab/: what all of them begin with, and their runs from top to bottom.

python -m tests.notebooks heads          # writes badges and first cells, by setup.py's url
python -m tests.notebooks run [01 …]     # runs them whole, one by one, into build/notebooks/
"""

import os
import pathlib
import re
import sys
import time

import nbformat

ROOT = pathlib.Path(__file__).parents[1]
PATHS = sorted((ROOT / "colab").glob("[0-9][0-9]_*.ipynb"))
EXECUTED = ROOT / "build" / "notebooks"
_COLAB = "https://colab.research.google.com"
_LIMIT = 3600  # Seconds of a cell: other work may share the machine.
_INSTALL = """\
# {comment}
import importlib.util

if importlib.util.find_spec("keras_vae") is None:
    %pip install --quiet {what}  # Restart the session once if it had another TensorFlow loaded."""


def address() -> str | None:
    """Where the repository is on GitHub, as setup.py's `url` says; None while it has none."""
    found = re.search(r'\burl="(https://github\.com/[^"]+?)/?"', (ROOT / "setup.py").read_text())
    return found and found[1]


def badge(path: pathlib.Path) -> str:
    """The first line of a notebook. Without an address it opens Colab's search of GitHub."""
    page = f"{_COLAB}/github/"
    if found := address():
        page += f"{found.removeprefix('https://github.com/')}/blob/main/colab/{path.name}"
    return f"[![Open in Colab]({_COLAB}/assets/colab-badge.svg)]({page})"


def install() -> str:
    """The first cell of code, which installs this project where it isn't."""
    if found := address():
        return _INSTALL.format(comment="Installs keras_vae.", what=f"git+{found}")
    comment = (
        "Installs the checkout that this notebook lies in. In Colab first `!git clone` the\n"
        "# repository, and `%cd` into its folder colab."
    )
    return _INSTALL.format(comment=comment, what="..")


def read(path: pathlib.Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def write_heads() -> None:
    """Writes the badge and the installing cell into each notebook."""
    for path in PATHS:
        notebook = read(path)
        title, code = notebook.cells[:2]
        title.source = "\n".join([badge(path), *title.source.split("\n")[1:]])
        code.source = install()
        nbformat.write(notebook, path)


def run(path: pathlib.Path) -> float:
    """Runs a notebook in a process of its own; the seconds that it took."""
    from nbclient import NotebookClient

    os.environ.setdefault("KERAS_VAE_COMMAND", "1")  # TensorFlow starts quietly.
    notebook, scratch = read(path), EXECUTED / "files" / path.stem
    scratch.mkdir(parents=True, exist_ok=True)
    resources = {"metadata": {"path": str(scratch)}}
    began = time.monotonic()
    NotebookClient(notebook, timeout=_LIMIT, resources=resources).execute()
    seconds = time.monotonic() - began
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = without_remarks(cell.outputs)
    nbformat.write(notebook, EXECUTED / path.name)
    return seconds


def without_remarks(outputs: list) -> list:
    """The outputs of a cell but for what TensorFlow remarks while it works."""
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            lines = "" if output.name == "stderr" else output.text
            output.text = re.sub(r"^(INFO|WARNING):.*\n?", "", lines, flags=re.MULTILINE)
            if not output.text.strip():
                continue
        kept.append(output)
    return kept


def main(verb: str, *names: str) -> None:
    if verb == "heads":
        write_heads()
        return
    for path in PATHS:
        if not names or path.name.startswith(names):
            print(f"{path.name}: {run(path):.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
