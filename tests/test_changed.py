"""`make quick` chooses the tests of what changed, here in a made repository."""

import pathlib
import subprocess
import sys

import pytest

from tests.changed import MOST, choose

pytestmark = pytest.mark.needs("git")

FILES = {
    "setup.py": "",
    "README.md": "Read me.",
    "keras_vae/__init__.py": "from keras_vae.vae import VAE",
    "keras_vae/vae.py": "",
    "keras_vae/rate.py": "",
    "keras_vae/data/__init__.py": "from keras_vae.data.npz import load",
    "keras_vae/data/npz.py": "from keras_vae.data import hidden",
    "keras_vae/data/hidden.py": "",
    "keras_vae/data/folder/tiff.py": "",
    "trainers/__init__.py": "",
    "trainers/evaluate.py": "PAGE = 'page.html'",
    "trainers/page.html": "",
    "export/web/page/main.js": "",
    "tests/__init__.py": "",
    "tests/conftest.py": "",
    "tests/tiny.py": "import keras_vae\nfrom keras_vae import rate",
    "tests/test_vae.py": "import keras_vae\nfrom tests import tiny",
    "tests/test_rates.py": "def test():\n    from keras_vae import rate, VAE",
    "tests/test_readme.py": "README = 'README.md'  # Not the arrays.npz of tests/data.",
    "tests/data/conftest.py": "",
    "tests/data/test_npz.py": "from tests import tiny",
    "tests/data/test_npz_keys.py": "",
    "tests/data/test_npzs.py": "from keras_vae import data",
    "tests/data/test_folder_pixels.py": "",
    "tests/data/arrays.npz": "",
    "tests/export/test_web.py": "from tests.export.oracle import drawn",
    "tests/export/oracle.py": "",
    "tests/trainers/test_runs.py": "run('trainers.evaluate', 3)",
    "tests/trainers/test_other.py": "run(3)",
}
DATA = {f"tests/data/test_{name}.py" for name in ("npz", "npz_keys", "npzs", "folder_pixels")}
ALL = {file for file in FILES if pathlib.PurePosixPath(file).name.startswith("test_")}


def git(root, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path):
    """A repository of one commit."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(tmp_path, "init", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


def edit(root, *names):
    for name in names:
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        with (root / name).open("a") as file:
            file.write("\n")


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ("tests/data/test_npz.py", {"tests/data/test_npz.py"}),  # Itself.
        ("keras_vae/rate.py", {"tests/test_rates.py"}),  # By import, not by tiny's.
        ("keras_vae/__init__.py", {"tests/test_vae.py", "tests/test_rates.py"}),
        ("keras_vae/vae.py", {"tests/test_vae.py"}),  # By its name.
        ("keras_vae/data/npz.py", {"tests/data/test_npz.py", "tests/data/test_npz_keys.py"}),
        ("keras_vae/data/__init__.py", DATA),  # By import and by place.
        ("keras_vae/data/hidden.py", DATA),  # By the place of its package.
        ("keras_vae/data/folder/tiff.py", {"tests/data/test_folder_pixels.py"}),
        ("trainers/evaluate.py", {"tests/trainers/test_runs.py"}),  # By a call.
        ("trainers/page.html", {f"tests/trainers/test_{name}.py" for name in ("runs", "other")}),
        ("export/web/page/main.js", {"tests/export/test_web.py"}),
        ("README.md", {"tests/test_readme.py"}),  # By its name in the text.
        ("tests/tiny.py", {"tests/test_vae.py", "tests/data/test_npz.py"}),
        ("tests/export/oracle.py", {"tests/export/test_web.py"}),
        ("tests/data/conftest.py", DATA),
        ("tests/data/arrays.npz", DATA),
        ("tests/conftest.py", ALL),
        ("setup.py", ALL),
        ("docs/new.md", set()),
    ],
)
def test_the_tests_of_a_file(root, changed, wanted):
    edit(root, changed)
    chosen, told = choose(root)
    assert chosen == sorted(wanted)
    assert told == ([] if wanted else [f"{changed} has no tests."])


def test_a_module_without_tests_or_place_has_those_of_the_modules_that_use_it(root):
    (root / "keras_vae" / "lonely.py").write_text("")
    (root / "keras_vae" / "rate.py").write_text("from keras_vae import lonely")
    git(root, "add", ".")
    git(root, "commit", "-m", "second")
    assert choose(root) == ([], ["Nothing changed since HEAD."])
    edit(root, "keras_vae/lonely.py")
    assert choose(root) == (["tests/test_rates.py"], [])


def test_all_that_changed_counts(root):
    """What is committed since the base, added, neither, and gone; not what git ignores."""
    git(root, "branch", "origin/main")
    git(root, "checkout", "-b", "mine")
    edit(root, "keras_vae/vae.py")
    git(root, "commit", "-a", "-m", "second")
    edit(root, "README.md")
    git(root, "add", "README.md")
    edit(root, "tests/data/test_new_one.py")
    (root / "keras_vae" / "rate.py").unlink()
    (root / "tests" / "trainers" / "test_other.py").unlink()
    (root / ".git" / "info" / "exclude").write_text("ignored.py")
    edit(root, "keras_vae/ignored.py", "tests/ignored.py")
    uncommitted = ["tests/data/test_new_one.py", "tests/test_rates.py", "tests/test_readme.py"]
    assert choose(root) == ([*uncommitted, "tests/test_vae.py"], [])
    assert choose(root, "HEAD") == (uncommitted, [])


def test_a_module_that_moved_has_the_tests_of_both_names(root):
    (root / "keras_vae" / "rate.py").write_text("def rate():\n    return 1.0\n")
    git(root, "commit", "-a", "-m", "second")
    git(root, "mv", "keras_vae/rate.py", "keras_vae/data/npzs.py")
    assert choose(root) == (["tests/data/test_npzs.py", "tests/test_rates.py"], [])


def test_the_base_is_where_the_branch_left(root):
    """What came to origin/main since isn't the branch's."""
    git(root, "checkout", "-b", "mine")
    git(root, "checkout", "main")
    edit(root, "keras_vae/rate.py")
    git(root, "commit", "-a", "-m", "theirs")
    git(root, "update-ref", "refs/remotes/origin/main", "main")
    git(root, "checkout", "mine")
    edit(root, "keras_vae/vae.py")
    assert choose(root) == (["tests/test_vae.py"], [])


def test_of_many_test_files_the_smallest_of_each_folder_run(root):
    for i in range(30):
        (root / "tests" / f"test_{i:02}.py").write_text("import keras_vae  #" + "." * (100 - i))
    (root / "tests" / "data" / "test_big.py").write_text("import keras_vae  #" + "." * 1000)
    git(root, "add", ".")
    git(root, "commit", "-m", "second")
    edit(root, "keras_vae/__init__.py")
    chosen, told = choose(root)
    assert told == [f"keras_vae/__init__.py: {MOST} of its 33 test files; `make test` runs all."]
    smallest = {f"tests/test_{i}.py" for i in range(29, 29 - (MOST - 3), -1)}
    users = {"tests/data/test_big.py", "tests/test_vae.py", "tests/test_rates.py"}
    assert set(chosen) == smallest | users
    edit(root, "tests/test_00.py")  # What changed itself runs besides.
    assert set(choose(root)[0]) == smallest | users | {"tests/test_00.py"}


def test_a_base_that_isnt_there_is_one_line():
    command = [sys.executable, "-m", "tests.changed", "no-such-commit"]
    root = pathlib.Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: git says: fatal: bad revision 'no-such-commit'\n"
