"""The site builds without a warning, and shows what it is made of."""

import re
import subprocess
import sys

import pytest

from tests.pages import PAGES, ROOT

pytest.importorskip("sphinx", reason="the site needs the extra `docs`")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of its pages; docs/tutorials gets the notebooks, which git ignores."""
    found = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going"]
    command += ["-d", str(found / "read"), str(ROOT / "docs"), str(found / "html")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return found / "html"


def test_every_page_and_notebook_is_in_it(site):
    pages = {path.removeprefix("docs/") for path in PAGES if path.startswith("docs/")}
    notebooks = {f"tutorials/{path.name}" for path in (ROOT / "colab").glob("*.ipynb")}
    made = {re.sub(r"\.\w+$", ".html", path) for path in pages | notebooks}
    assert [path for path in made if not (site / path).is_file()] == []
    start = (site / "index.html").read_text(encoding="utf-8")
    for path in made - {"index.html"}:
        assert f'href="{path}"' in start or "/api/" in path, path


def test_the_api_is_what_docstrings_say(site):
    page = (site / "reference" / "api" / "model.html").read_text(encoding="utf-8")
    for name in ("VAE.sample", "VAE.log_likelihood", "recipe", "Encoder"):
        assert f'id="keras_vae.{name}"' in page
    assert "Mean images [n, H, W, C] of p(x|z) at n draws of z from the prior." in page
    # Not (*args, **kwargs), which is all that TensorFlow's metaclass shows.
    assert "levels" in re.search(r'<dt[^>]*id="keras_vae.VAE">.*?</dt>', page, re.DOTALL)[0]
