"""Clients in other languages draw what the model draws."""

import pathlib
import subprocess

import ai_edge_litert
import numpy as np
import pytest

from export import card, tflite, writer
from tests import tiny
from tests.export.oracle import drawn, seeds

CLIENTS = pathlib.Path(__file__).parents[2] / "export" / "clients"
LITERT = pathlib.Path(ai_edge_litert.__path__[0])
BATCH = 4


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """(model, path of its file)."""
    model = tiny.randomize(tiny.vae())
    path = tmp_path_factory.mktemp("export") / "generator.tflite"
    tflite.write_tflite(model, path, batch_sizes=[1, BATCH])
    return model, path


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The C client, built as it says."""
    if not (LITERT / "libLiteRt.so").exists():
        pytest.skip("no LiteRT C library for this platform")
    path = tmp_path_factory.mktemp("client") / "sample"
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", CLIENTS / "c" / "sample.c", "-o", path]
    command += ["-L", LITERT, "-l:libLiteRt.so", f"-Wl,-rpath,{LITERT}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


def run(*command):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)


@pytest.mark.needs("gcc")
def test_c_draws_the_models_images(generator, program, tmp_path):
    model, path = generator
    done = run(program, "-t", 10, path, -7, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"out.image: {BATCH} 7 5 1" in done.stdout
    assert "ms a run" in done.stdout
    image, pixels, z = drawn(model, seeds(-7, BATCH))
    found = {name: np.fromfile(tmp_path / f"out.{name}", "f4") for name in ("z", "image", "sample")}
    np.testing.assert_allclose(found["z"], z.ravel(), atol=1e-5)
    np.testing.assert_allclose(found["image"], image.ravel(), atol=1e-5)
    np.testing.assert_array_equal(found["sample"], pixels.ravel())


@pytest.mark.needs("gcc")
@pytest.mark.parametrize("kind", ["label", "image_part"])
def test_c_draws_what_a_condition_asks_for(kind, program, tmp_path):
    model = tiny.randomize(tiny.vae(condition=kind))
    tflite.write_tflite(model, tmp_path / "generator.tflite", batch_sizes=[BATCH])
    given, argument, wrong = (
        2,
        2,
        [("two", "must be"), ("99", "from 0 to 3"), ("-5", "from 0 to 3")],
    )
    card.embed(tmp_path / "generator.tflite", {"files": {}, "ranges": {"condition": [0, 3]}})
    if kind == "image_part":
        given = tiny.images(1)[0]
        wrong = [("two", "must be a file")]
        for name, value in (("nan", np.nan), ("low", -1.0), ("high", 3.5)):
            np.where(given, value, given).astype(np.float32).tofile(tmp_path / name)
            wrong.append((tmp_path / name, "finite numbers from 0 to what the card says, not so"))
        argument = tmp_path / "given.raw"
        given.tofile(argument)
    command = [program, tmp_path / "generator.tflite", 7, tmp_path / "out"]
    done = run(*command, argument)
    assert done.returncode == 0, done.stderr
    condition = np.repeat(np.asarray(given)[np.newaxis], BATCH, axis=0)
    image, pixels, _ = drawn(model, seeds(7, BATCH), condition=condition)
    found = {name: np.fromfile(tmp_path / f"out.{name}", "f4") for name in ("image", "sample")}
    np.testing.assert_allclose(found["image"], image.ravel(), atol=1e-5)
    np.testing.assert_array_equal(found["sample"], pixels.ravel())
    assert "needs a CONDITION" in run(*command).stderr
    for argument, words in wrong:
        done = run(*command, argument)
        assert done.returncode == 2
        assert "error: CONDITION must " in done.stderr
        assert words in done.stderr


@pytest.mark.needs("gcc")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{0}/none.tflite", "7", "{0}/out"], "no model at"),
        (["{1}", "5000000000", "{0}/out"], "SEED must be a whole number of 32 bits"),
        (["{1}", "seven", "{0}/out"], "SEED must be"),
        (["{1}", "7", "{0}/none/out"], "can't write"),
        (["{1}", "7", "{0}/out", "3"], "takes no CONDITION"),
        (["-t", "ten", "{1}", "7", "{0}/out"], "TIMES must be a whole number"),
        (["{1}"], "usage"),
    ],
)
def test_bad_input_to_c_is_one_error(generator, program, tmp_path, arguments, words):
    done = run(program, *(argument.format(tmp_path, generator[1]) for argument in arguments))
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert words in errors[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("gcc")
@pytest.mark.parametrize(
    ("recipe", "kotlin", "swift"),
    [
        ("vae", ".sample(7)", "(seed: 7)"),
        ("cvae", "{ writeInt(IntArray(1)) }", "condition: [Int32](repeating: 0, count: 1))"),
        ("cvae_image", "{ writeFloat(FloatArray(35)) }", "[Float](repeating: 0, count: 35))"),
    ],
)
def test_the_readmes_lines_for_clients_run(recipe, kotlin, swift, program, tmp_path):
    writer.write(tiny.vae(recipe=recipe), tmp_path / "export", formats=["tflite"], batch_sizes=[1])
    lines = (tmp_path / "export" / "README.md").read_text().splitlines()
    (line,) = [line.split() for line in lines if line.startswith("    ./sample")]
    tiny.images(1).tofile(tmp_path / "export" / "x.raw")
    done = subprocess.run([program, *line[1:]], cwd=tmp_path / "export", capture_output=True)
    assert done.returncode == 0, done.stderr
    for language, call in [("Generator(context", kotlin), ("try Generator", swift)]:
        (line,) = [line for line in lines if language in line]
        assert line.endswith(call)


@pytest.mark.needs("gcc")
def test_an_autoencoder_has_nothing_to_draw_in_c(program, tmp_path):
    tflite.write_tflite(tiny.vae(recipe="ae"), tmp_path / "generator.tflite", batch_sizes=[1])
    done = run(program, tmp_path / "generator.tflite", 7, tmp_path / "out")
    assert done.returncode == 2
    assert "no signature that samples" in done.stderr
