"""Sampling without TensorFlow."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from export import card, random_numpy, sample, tflite
from export.random_numpy import Stream
from tests import tiny

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """(model, path of its file)."""
    model = tiny.randomize(tiny.vae())
    path = tmp_path_factory.mktemp("export") / "generator.tflite"
    tflite.write_tflite(model, path, batch_sizes=[4])
    return model, path


def test_the_command_needs_no_tensorflow(generator, tmp_path):
    """The three packages it is said to need, and theirs, are all that it imports."""
    _, path = generator
    arguments = [f"--model={path}", "--seed=7", "--n=6", f"--out={tmp_path}/grid.PNG"]
    code = f"""
import sys
before = set(sys.modules)
from export.sample import main
main({arguments!r})
names = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(names - sys.stdlib_module_names))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    imported = done.stdout.splitlines()[-1].split()
    assert set(imported) <= {"PIL", "ai_edge_litert", "export", "flatbuffers", "numpy"}
    with Image.open(tmp_path / "grid.PNG") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (2 * 7, 3 * 5, 3)
    found = pixels.reshape(2, 7, 3, 5, 3).swapaxes(1, 2).reshape(6, 7, 5, 3)[..., :1]
    assert np.abs(found / 255 - sample.sample(path, 7, 6)).max() <= 0.5 / 255 + 1e-6


def test_images_are_the_models_at_the_seeds(generator):
    model, path = generator
    seed = np.stack([np.full(6, 7), np.arange(6)], axis=1).astype(np.int32)
    z = random_numpy.normal(seed, Stream.LATENT, 3)
    for temperature in (1.0, 0.5):
        wanted = model.decode(temperature * z).mean()
        np.testing.assert_allclose(sample.sample(path, 7, 6, temperature), wanted, atol=1e-5)
    uniform = random_numpy.uniform(seed, Stream.PIXEL, 35).reshape(6, 7, 5, 1)
    drawn = sample.sample(path, 7, 6, output="sample")
    np.testing.assert_array_equal(drawn, uniform < model.decode(z).mean())


@pytest.mark.parametrize("recipe", ["cvae", "cvae_image"])
def test_conditions(recipe, tmp_path):
    model = tiny.randomize(tiny.vae(recipe=recipe))
    path = tmp_path / "generator.tflite"
    tflite.write_tflite(model, path, batch_sizes=[2])
    if recipe == "cvae":
        given, wanted_condition = "3", np.array([3, 3])
        card.embed(path, {"files": {}, "ranges": {"condition": [0, 3]}})
        for wrong in ("99", "-5", 4):
            with pytest.raises(ValueError, match=f"a label from 0 to 3, got {wrong}"):
                sample.sample(path, 7, 2, condition=wrong)
    else:
        pixels = 255 * (np.arange(35, dtype=np.uint8) % 3 % 2).reshape(7, 5)
        Image.fromarray(pixels).save(tmp_path / "given.png")
        given = str(tmp_path / "given.png")
        wanted_condition = np.repeat(pixels[np.newaxis, ..., np.newaxis] / 255, 2, 0)
    seed = np.array([[7, 0], [7, 1]], np.int32)
    z = model.prior_sample(random_numpy.normal(seed, Stream.LATENT, 3), condition=wanted_condition)
    wanted = model.decode(z, wanted_condition).mean()
    np.testing.assert_allclose(sample.sample(path, 7, 2, condition=given), wanted, atol=1e-5)
    with pytest.raises(ValueError, match="needs a condition"):
        sample.sample(path, 7, 2)


def test_a_label_by_its_name_in_the_card(tmp_path):
    model = tiny.randomize(tiny.vae(recipe="cvae"))
    path = tmp_path / "generator.tflite"
    tflite.write_tflite(model, path, batch_sizes=[2])
    content = {"files": {}, "ranges": {"condition": [0, 3]}, "class_names": [*"abc", "été"]}
    card.embed(path, content)
    wanted = [sample.sample(path, 7, 2, condition=i) for i in range(4)]
    assert not np.allclose(wanted[0], wanted[3])
    for given, number in (("a", 0), ("été", 3), ("3", 3), (3, 3)):
        np.testing.assert_array_equal(sample.sample(path, 7, 2, condition=given), wanted[number])
    with pytest.raises(ValueError, match="from 0 to 3, or one of a, b, c, été; got cow"):
        sample.sample(path, 7, 2, condition="cow")
    arguments = [f"--model={path}", "--condition=b", "--seed=7", "--n=1", f"--out={tmp_path}/b.png"]
    sample.main(arguments)
    pixels = np.asarray(Image.open(tmp_path / "b.png"))[..., :1]
    assert np.abs(pixels / 255 - wanted[1][0]).max() <= 0.5 / 255 + 1e-6


def test_a_number_is_no_label_where_names_look_like_numbers():
    found = {"class_names": ["1900", "1"], "ranges": {"condition": [0, 1]}}
    assert sample._label(found, "1") == 1
    assert sample._label(found, "1900") == sample._label(found, 0) == 0
    with pytest.raises(ValueError, match="or one of 1900, 1; got 0"):
        sample._label(found, "0")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model={}/none.tflite"], "there is no file"),
        (["--model={}/text.tflite"], "error"),
        (["--model={}/cut.tflite"], "cut.tflite"),
        (["--model={}/huge.tflite"], "huge.tflite"),
        (["--n=0"], "n must be at least 1"),
        (["--seed=5000000000"], "seed must be a whole number of 32 bits"),
        (["--condition=3"], "takes no condition"),
        (["--temperature=nan"], "temperature must be a number from 0 on, got nan"),
        (["--temperature=-1"], "temperature must be a number from 0 on, got -1"),
        (["--temperature=1,1"], "temperature must be a number, got 2 numbers"),
        (["--vary=1"], "must be left out: the model has one layer of latents"),
        (["--out={}/none/a.png"], "none/a.png"),
        (["--out={}/a.psd"], "out must be a picture such as samples.png"),
        (["--output=film"], "invalid choice"),
        (["--seed=x"], "invalid int value"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(generator, tmp_path, arguments, words, capsys):
    (tmp_path / "text.tflite").write_text("no model")
    content = generator[1].read_bytes()
    (tmp_path / "cut.tflite").write_bytes(content[: len(content) // 2])
    (tmp_path / "huge.tflite").write_bytes(b"\xff\xff\xff\x7fTFL3" + content[8:])
    usual = [f"--model={generator[1]}", f"--out={tmp_path}/a.png"]
    with pytest.raises(SystemExit) as stop:
        sample.main([*usual, *(argument.format(tmp_path) for argument in arguments)])
    assert stop.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"seed": [1, 2]}, r"seed must be a whole number .* got \[1, 2\]"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"n": 2.5}, "n must be at least 1 and whole, got 2.5"),
        ({"n": True}, "n must be at least 1 and whole, got True"),
        ({"output": "film"}, "output must be image or sample, got film"),
        ({"temperature": [1.0, 1.0]}, "temperature must be a number, got 2 numbers"),
        ({"temperature": np.nan}, "temperature must be a number from 0 on, got nan"),
    ],
)
def test_what_is_no_argument_is_refused(generator, changed, words):
    with pytest.raises(ValueError, match=words):
        sample.sample(generator[1], **({"seed": 0, "n": 4} | changed))


@pytest.mark.parametrize("content", [b"[" * 100_000, b"{", b"[1]", b"\xff\xfe"])
def test_a_card_that_is_none_is_refused(generator, tmp_path, content):
    path = tmp_path / "generator.tflite"
    path.write_bytes(generator[1].read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card.json, "dumps", lambda *_, **__: content.decode("latin1"))
        card.embed(path, {"files": {}})
    with pytest.raises(ValueError, match="is damaged: it can't be read as a generator"):
        sample.read_card(path)


def test_an_image_that_is_too_large_to_unpack_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "generator.tflite"
    tflite.write_tflite(tiny.vae(recipe="cvae_image"), path, batch_sizes=[1])
    Image.new("1", (10, 10)).save(tmp_path / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ValueError, match=r"huge\.png can't be read as an image"):
        sample.sample(path, 0, 1, condition=str(tmp_path / "huge.png"))


def test_half_a_picture_is_none(generator, tmp_path):
    """A limit on the size of files is as good as a full disk."""
    arguments = [f"--model={generator[1]}", f"--out={tmp_path}/a.png"]
    code = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
from export.sample import main
main({arguments!r})
"""
    (tmp_path / "a.png").write_text("an earlier one")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"error: {tmp_path}/a.png can't be written: File too large." in done.stderr
    assert [file.read_text() for file in tmp_path.iterdir()] == ["an earlier one"]


def test_an_autoencoder_does_not_sample(tmp_path):
    tflite.write_tflite(tiny.vae(recipe="ae"), tmp_path / "generator.tflite", batch_sizes=[1])
    with pytest.raises(ValueError, match="no signature that samples"):
        sample.sample(tmp_path / "generator.tflite", 0, 1)
