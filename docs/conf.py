"""The site of the documentation: `make docs` writes docs/_build/html."""

import os
import pathlib
import re
import sys

from sphinx.util import inspect

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("KERAS_VAE_COMMAND", "1")  # TensorFlow starts quietly: keras_vae._quiet.

project = "keras_vae"
author = "the keras_vae developers"
html_title = "keras_vae"
html_theme = "furo"
html_show_sphinx = False
html_show_copyright = False

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["attrs_inline", "dollarmath", "html_image"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # `make notebooks` runs them.

default_role = "code"  # Docstrings write `name`, as Markdown does.
autodoc_inherit_docstrings = False  # Keras' own are Markdown, and of its own house.
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_use_ivar = True
python_use_unqualified_type_names = True


def copy_notebooks():
    """Brings the notebooks here: run, if `make notebooks` has run them, else as they are stored."""
    folder = HERE / "tutorials"
    folder.mkdir(exist_ok=True)
    sources = {path.name: path for path in (ROOT / "colab").glob("*.ipynb")}
    for copy in folder.glob("*.ipynb"):
        if copy.name not in sources:
            copy.unlink()
    for name, source in sources.items():
        executed, copy = ROOT / "build" / "notebooks" / name, folder / name
        new = (executed if executed.exists() else source).read_bytes()
        if not copy.exists() or copy.read_bytes() != new:  # Else the page isn't made anew.
            copy.write_bytes(new)


def as_rest(app, what, name, obj, options, lines):
    """A docstring in reST: what is indented after an empty line is code; * and | are letters."""
    found, in_code, in_attributes = [], False, False
    for i, line in enumerate(lines):
        if line[:1].strip():
            in_code, in_attributes = False, line == "Attributes:"
        elif line.startswith("    ") and i > 1 and not lines[i - 1] and lines[i - 2][:1].strip():
            in_code = True
            found += ["::", ""]
        if not in_code:
            parts = line.split("`")  # Every second one is a name.
            parts[::2] = [re.sub(r"[*|]", r"\\\g<0>", part) for part in parts[::2]]
            line = "`".join(parts)
        if in_attributes and re.match(r"  \w+(, \w+)+:", line):
            names, _, rest = line.partition(":")
            line = f"  {names.strip().replace(', ', ',')}:{rest}"  # Else the first is a type.
        found.append(line)
    lines[:] = found


def real_signature(app, what, name, obj, options, signature, returns):
    """That of __init__, for classes whose metaclass hides it, as TensorFlow's does."""
    if what == "class" and signature == "(*args, **kwargs)":
        found = inspect.signature(obj.__init__, bound_method=True)
        return inspect.stringify_signature(found, unqualified_typehints=True), None


def is_no_news(app, what, name, obj, skip, options):
    """Whether to leave out a field of a NamedTuple, which its class has told of."""
    return True if str(obj.__doc__).startswith("Alias for field") else None


def setup(app):
    copy_notebooks()
    app.connect("autodoc-process-docstring", as_rest, priority=100)  # Before napoleon.
    app.connect("autodoc-process-signature", real_signature)
    app.connect("autodoc-skip-member", is_no_news)
