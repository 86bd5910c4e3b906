"""The Python of the README and of the how-to pages runs, by trainings of an epoch, few samples."""

import pathlib
import re

import numpy as np
import pytest

from keras_vae import networks
from tests.pages import PAGES, blocks

pytestmark = pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
# test_extending.py and test_models_pages.py run theirs.
ELSEWHERE = ("docs/explained/", "docs/models/")
SHORTER = (
    (r"epochs=\d+", "epochs=1"),
    (r"images\[\.\.\., None\]", "images[:288, ..., None]"),
    ("num_samples=5000", "num_samples=9"),
    ('dataset="digits"', 'dataset="digits", epochs=1, hidden=(8,)'),
    ('workdir="runs/digits"', 'workdir="runs/digits", num_samples=8, tensorboard=False'),
)


def run(path, **names):
    """What the blocks of a page define, one after the other."""
    for block in blocks(PAGES[path], "python"):
        for given, short in SHORTER:
            block = re.sub(given, short, block)
        exec(compile(block, path, "exec"), names)
    return names


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """Where all of them run: the page on measuring reads the README's run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(found := tmp_path_factory.mktemp("docs"))
        yield found


@pytest.fixture(scope="module")
def readme(folder):
    return run("README.md", my_network=networks.mlp((4,)))


def test_pages_with_python_are_run():
    with_python = {path for path, text in PAGES.items() if blocks(text, "python")}
    here = {path for path in with_python if not path.startswith(ELSEWHERE)}
    assert here == {
        "README.md",
        *(
            f"docs/howto/{name}.md"
            for name in ("conditions", "gaps", "keras", "measuring", "your_data")
        ),
    }


def test_readme(readme, folder):
    assert (folder / "samples.png").is_file()
    assert readme["run"].evaluation["num_samples"] == 9
    assert readme["vae"].sample(2, seed=0).shape == (2, 28, 28, 1)


def test_measuring(readme, capsys):
    assert run("docs/howto/measuring.md")["run"].evaluation["num_samples"] == 9
    nll = float(capsys.readouterr().out.splitlines()[-1].split()[0])
    assert nll == pytest.approx(readme["run"].evaluation["nll_nats"])


def test_your_data(capsys):
    found = run("docs/howto/your_data.md")
    assert capsys.readouterr().out.startswith("1439 (8, 8, 1) ")
    assert found["vae"].reconstruct(found["x"][:4]).shape == (4, 8, 8, 1)


def test_keras(monkeypatch):
    monkeypatch.setattr("keras_vae.training.trainable.prefers_xla", lambda vae: False)
    found = run("docs/howto/keras.md")
    assert found["best"].evaluate(found["x"], verbose=0) != found["vae"].evaluate(found["x"])
    for one, other in zip(found["loaded"].get_weights(), found["vae"].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_conditions():
    found = run("docs/howto/conditions.md")
    assert pathlib.Path("threes.png").is_file()
    # Known pixels stay; `halves` is given the upper half, too.
    known, x = found["known"], np.asarray(found["x"])
    assert x[:, known].any()  # Blank images would show nothing.
    np.testing.assert_array_equal(np.asarray(found["completed"])[:, known], x[:, known])


def test_gaps():
    found = run("docs/howto/gaps.md")
    known, filled = found["known"][:4], found["filled"]
    x = found["digits"].array[:4] > 0.5
    for values in (filled.mean, *filled.draws):
        np.testing.assert_array_equal(np.asarray(values)[known], x[known])
