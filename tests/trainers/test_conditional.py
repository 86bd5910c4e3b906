"""Runs of conditional models: trained, measured, reported and exported."""

import json
import re

import numpy as np
import pytest
from PIL import Image

import keras_vae
from keras_vae import data
from tests import binaries, browser, tools
from tests.in_process import TINY

FLAGS = (
    *TINY[:2],
    "--epochs=2",
    "--jit_compile=false",
    "--picture_epochs=2",
    "--num_samples=5",
)


@pytest.mark.parametrize(
    ("recipe", "condition"),
    [("cvae", "int32[16]"), ("cvae_image", "float32[16, 8, 8, 1]")],
)
def test_a_conditional_run_is_measured_and_exported(run_train, tmp_path, recipe, condition):
    run = tmp_path / "run"
    done = run_train(*FLAGS, f"--recipe={recipe}", f"--workdir={run}")
    assert done.code == 0, done.err
    model = json.loads((run / "config.json").read_text())["config"]["model"]
    if recipe == "cvae":
        assert model["num_classes"] == 10
    else:
        assert model["visible_mask"] == [1, 1, 1, 1, 0, 0, 0, 0] * 8
    assert (run / "pictures" / "epoch_00002.png").exists()
    assert "All examples of a row are given the same condition" in (run / "report.html").read_text()
    if tools.has("chromium"):
        browser.assert_sound(run / "report.html", 400)
    trained = json.loads((run / "evaluation.json").read_text())
    assert trained["num_examples"] == 179
    assert -trained["nll_nats"] > trained["elbo_nats"]
    # Codes of a model that is told the label are not asked for it.
    assert ("probe_linear_accuracy" in trained) == (recipe == "cvae_image")
    for command in (
        ("trainers.evaluate", f"--run={run}", "--num_samples=5"),
        ("export.export", f"--run={run}", "--formats=tflite", "--batch_sizes=16"),
    ):
        done = binaries.run(*command)
        assert done.code == 0, done.err
    again = json.loads((run / "evaluation.json").read_text())
    # conftest.py has another number of steps and of temperatures than the process; a training's end
    # tries no more samples.
    others = re.compile("told_apart|temperature|.*_by_temperature|nll_gain")
    trained, again = (
        {key: value for key, value in found.items() if not others.match(key)}
        for found in (trained, again)
    )
    assert again == trained
    report = json.loads((run / "export" / "parity.json").read_text())
    sample = report["artefacts"]["generator.tflite"]["signatures"]["sample_16"]
    assert sample["inputs"] == {"seed": "int32[16, 2]", "condition": condition}


def test_labels_tell_the_model_something(run_train, tmp_path):
    """Shown other digits' labels, it finds the images less likely."""
    run = tmp_path / "run"
    flags = (*TINY, "--recipe=cvae", "--hidden=32", "--epochs=20", "--learning_rate=0.01")
    assert run_train(*flags, f"--workdir={run}").code == 0
    model, digits = keras_vae.load(run), data.load("digits").test
    x = (digits.array > 0.5).astype(np.float32)
    given = [
        model.log_likelihood(x, 50, condition=labels).numpy().mean()
        for labels in (digits.labels, (digits.labels + 5) % 10)
    ]
    assert given[0] > given[1] + 5


def test_a_mask_in_a_file_says_what_is_visible(run_train, tmp_path):
    """And the run needs the file no more."""
    mask = np.add.outer(np.arange(8), np.arange(8)) % 3 == 0
    Image.fromarray(np.uint8(255 * mask)).save(tmp_path / "mask.png")
    flags = (*TINY, "--recipe=cvae_image", f"--visible={tmp_path}/mask.png")
    assert run_train(*flags, f"--workdir={tmp_path}/run").code == 0
    (tmp_path / "mask.png").unlink()
    model = keras_vae.load(tmp_path / "run")
    np.testing.assert_array_equal(model.condition.visible, mask)
    x = np.random.default_rng(0).integers(0, 2, (8, 8, 1)).astype(np.float32)
    images = model.sample(4, condition=x, seed=0).numpy()
    np.testing.assert_array_equal(images[:, mask], np.stack([x[mask]] * 4))
