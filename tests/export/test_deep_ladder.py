"""One small deep ladder in all runtimes: its export is shared, as converting it is slow."""

import json
import re

import numpy as np
import pytest

from export import file_quality, parity, random_numpy, sample, tflite, web_page, writer
from export.inner_params import inner_params
from export.precision import PRECISIONS
from export.random_numpy import Stream
from keras_vae.batches import Batch
from tests import tiny
from tests.export.oracle import sampled, seeds
from tests.export.test_clients import CLIENTS, program, run
from tests.export.test_web import COUNT, ROOT, SEED, WEB, changed, close, needs_browser, node

__all__ = ["program"]  # A fixture.

DEEP = {
    "recipe": "deep",
    "event_shape": (4, 4, 3),
    "levels": 256,
    "likelihood_components": 2,
    "stages": ("4x1", "2x1", "1x1"),
    "width": 4,
}
BATCH = 4
FILES = ("float32", "float16", "int16x8", "int8")


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """(model, folder, report) of a deep ladder of three sizes, with a page where one can be."""
    model = tiny.randomize(tiny.vae(**DEEP), scale=0.1)
    folder = tmp_path_factory.mktemp("deep") / "export"
    x = np.random.default_rng(0).integers(0, 256, (8, 4, 4, 3), np.uint8)
    report = writer.write(
        model,
        folder,
        formats=["tflite"],
        precisions=FILES,
        batch_sizes=[BATCH],
        web=web_page.missing() is None,
        examples=Batch(x),
        fitted_to=Batch(x),
    )
    return model, folder, report


@pytest.mark.parametrize("name", FILES)
def test_a_deep_ladder_in_fewer_bits(deep, name):
    model, folder, report = deep
    content = report["artefacts"][PRECISIONS[name].file]
    assert "CUSTOM" not in content["operators"]
    lite = tflite.load_signatures(folder / PRECISIONS[name].file)
    z = np.asarray(model.prior_sample(model.prior.draw_noise([0, 1], BATCH)))
    error = np.abs(lite[f"decode_{BATCH}"](z=z)["image"] - model.decode(z).mean()).mean()
    assert error < {"float32": 1e-6, "float16": 1e-3, "int16x8": 0.01, "int8": 0.03}[name]
    # The mean of the parameters that were found within the file is the file's mean image.
    likelihood = model.decoder.likelihood
    params = inner_params(
        folder / PRECISIONS[name].file, f"decode_{BATCH}", likelihood.params_shape
    )
    mean = likelihood(params(z=z)).mean()
    image = lite[f"decode_{BATCH}"](z=z)["image"]
    np.testing.assert_allclose(mean, image, atol=1e-4 if "float" in name else 0.02)
    data = content["data"]
    assert data["nll_change"] == pytest.approx(data["bits_change"] * 48 * np.log(2))
    assert abs(data["bits_change"]) < PRECISIONS[name].bits_change
    gate = PRECISIONS[name]._replace(bits_change=data["bits_change"] - 1e-6)
    with pytest.raises(parity.ParityError, match=r"bits a dimension more .* allowed are"):
        file_quality.check_loss("file", data, gate)


def test_layers_have_temperatures_and_vary(deep):
    """From the first image's z, the layers below are those of a path by each seed's noise."""
    model, folder, _ = deep
    path, temperature = folder / "generator.tflite", [0.2, 0.9, 0.5]
    noise = random_numpy.normal(seeds(7, 6), Stream.LATENT, model.latent_dim)
    z, p = model.generate(noise, temperature)
    found = sample.sample(path, 7, 6, temperature)
    np.testing.assert_allclose(found, p.mean(), atol=1e-5)
    for number in (0, 2, 3):
        redrawn = model.prior.redraw(np.repeat(z[:1], 6, 0), number, noise, temperature)
        wanted = model.decode(redrawn.z).mean()
        found = sample.sample(path, 7, 6, temperature, vary=number)
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    with pytest.raises(ValueError, match="a number or 3 of them, got 2 numbers"):
        sample.sample(path, 7, 6, [1.0, 1.0])
    with pytest.raises(ValueError, match="from 0 to the 3 layers of latents, got 4"):
        sample.sample(path, 7, 6, vary=4)


@pytest.mark.needs("gcc")
def test_c_draws_a_deep_ladder(deep, program, tmp_path):
    model, folder, _ = deep
    done = run(program, folder / "generator.tflite", -7, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for name, wanted in sampled(model, seeds(-7, BATCH)).items():
        found = np.fromfile(tmp_path / f"out.{name}", "f4")
        np.testing.assert_allclose(found, np.ravel(wanted), atol=1e-5)


@needs_browser
def test_a_deep_ladder_in_node_and_on_its_page(deep, tmp_path):
    """A batch of 4 a call, so 16 samples come in steps; the first slider draws all layers anew."""
    model, folder, _ = deep
    done = node(WEB / "node.js", folder / "generator.tflite", -7, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    wanted = sampled(model, SEED)
    for name in ("image", "z"):
        close(np.fromfile(tmp_path / f"out.{name}", "f4"), wanted[name][:BATCH])
    browser = ROOT / "tests" / "export" / "browser.mjs"
    done = node(browser, folder / "page.html", 360, tmp_path / "shot.png")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["errors"] == []
    assert found["content"] == 360
    assert found["workers"] == 1
    assert found["starts"] == [0, 4, 8, 12]
    for name in ("image", "z"):
        close(found["sampled"][name], wanted[name])
    shown = np.reshape(found["pixels"], (COUNT, 4, 4, 4))
    close(shown[..., :3], 255 * wanted["image"], atol=0.51)
    image = sampled(model, np.array([[1, model.num_layers]], np.int32))["image"]
    close(found["after"], 255 * image[..., 0], atol=0.51)
    for name in ("next", "chosen", "temperature", "moved", "pictured", "between"):
        assert changed(found, name), name


@pytest.mark.parametrize("file", ["kotlin/Generator.kt", "swift/Generator.swift"])
def test_the_phones_clients_name_what_there_is(deep, file):
    """They can't be built here: their names, at least, are those of the signatures."""
    source = (CLIENTS / file).read_text(encoding="utf-8")
    assert "could not be built" in source
    assert re.search(r"must hold .*batch\)? rows of .* numbers", source)  # Sizes of z and x.
    lite = tflite.load_signatures(deep[1] / "generator.tflite")
    verbs = re.findall(r'"(\w+)_(?:\$batch|\\\(batch\))"', source)
    assert verbs == ["sample_with_temperature", "vary", "decode", "encode", "reconstruct"]
    assert '"condition"' in source
    assert "precondition(" not in source  # precondition() ends the app.
    for verb in verbs:
        runner = lite[f"{verb}_{BATCH}"]
        for name in runner.get_input_details():
            assert f'"{name}"' in source
        if file.endswith(".kt"):  # Kotlin makes a buffer for each output.
            outputs = ", ".join(f'"{name}"' for name in sorted(runner.get_output_details()))
            assert outputs == '"code"' or f"listOf({outputs})" in source
