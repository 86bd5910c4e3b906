"""The wheel alone, as `pip install` brings it: its files are there, and each command works."""

import json
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = ("keras_vae", "trainers", "export")
BUILD_ALONE = {"export/web/.npmrc"}  # What `make web` needs and nothing else does.
ASIDE = shutil.ignore_patterns("__pycache__", "node_modules", "*.egg-info")
# In turn: each takes what those before it wrote.
COMMANDS = {
    "train": "--dataset=digits --hidden=8 --epochs=1 --noevaluate --workdir=run",
    "evaluate": "--run=run --num_samples=6",
    "report": "--run=run",
    "compare": "--runs=run,copy --out=compared",
    "compress": "--run=run",
    "anomaly": "--run=run --dataset=digits --num_examples=20 --num_samples=5",
    "latents": "--run=run",
    "export": "--run=run --web",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, as building writes beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=ASIDE)
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder / "source")
    pip(folder, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir=dist", "./source")
    (file,) = (folder / "dist").iterdir()
    return file


@pytest.fixture(scope="module")
def installed(wheel):
    """A folder with its packages, first of all on Python's path; what they need is shared."""
    pip(wheel.parent, "install", "--no-deps", "--target=installed", str(wheel))
    return wheel.parent / "installed"


def pip(folder, *arguments):
    command = [sys.executable, "-m", "pip", "--quiet", *arguments, "--no-index"]
    subprocess.run(command, cwd=folder, check=True)


def test_it_has_all_files_of_its_packages(wheel):
    source = wheel.parents[1] / "source"
    paths = [path for name in PACKAGES for path in (source / name).rglob("*") if path.is_file()]
    wanted = {path.relative_to(source).as_posix() for path in paths} - BUILD_ALONE
    assert wanted <= set(zipfile.ZipFile(wheel).namelist())


# Runs the command `script`, with its flags, in a fork: TensorFlow takes seconds to import.
FORKS = """
import json, os, runpy, shutil, sys
import keras_vae, trainers, export, sklearn.datasets, keras_vae.report.plots
print(keras_vae.__file__)
for script, flags in json.loads(sys.argv[1]):
    print(script, flush=True)
    if script.endswith("compare"):
        shutil.copytree("run", "copy")
    child = os.fork()
    if not child:
        sys.argv = [script, *flags.split()]
        runpy.run_path(script, run_name="__main__")  # It exits.
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(code)
"""


@pytest.mark.needs("web")
def test_each_command_works(installed, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(installed))
    scripts = [(f"{installed}/bin/keras-vae-{name}", flags) for name, flags in COMMANDS.items()]
    command = [sys.executable, "-c", FORKS, json.dumps(scripts)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(installed) in done.stdout.splitlines()[0]
    # As a shell starts it.
    alone = subprocess.run([scripts[0][0], "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert "--recipe" in alone.stdout
    files = ("run/report.html", "run/export/page.html", "run/export/generator.tflite")
    assert all((tmp_path / file).stat().st_size > 10_000 for file in files)
