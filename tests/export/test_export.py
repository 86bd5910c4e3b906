"""The command: python -m export.export."""

import json
import os

import pytest

from export import web_page, write
from keras_vae._compat import tf
from tests import binaries, tiny


def export(*arguments):
    return binaries.run("export.export", *arguments)


def _write_run(path):
    """A run directory whose weights have had one step."""
    (path / "config.json").write_text(json.dumps(tiny.described(tiny.config())))
    checkpoint = tf.train.Checkpoint(model=tiny.vae())
    tf.train.CheckpointManager(checkpoint, path / "checkpoints" / "last", 1).save()


def test_a_run_directory_is_exported(tmp_path):
    _write_run(tmp_path)
    done = export(f"--run={tmp_path}", "--batch_sizes=4")
    assert done.code == 0, done.err
    assert sorted(os.listdir(tmp_path / "export")) == [
        "README.md",
        "config.json",
        "generator.tflite",
        "model_card.json",
        "parity.json",
        "saved_model",
    ]
    begun = [line.split()[1] for line in done.out.splitlines() if line.startswith("Writing")]
    assert begun == ["saved_model", "generator.tflite"]
    size = os.path.getsize(tmp_path / "export" / "generator.tflite")
    assert f"generator.tflite: {size:,} bytes, largest error " in done.out
    assert (
        "signatures: decode_4, encode_4, encode_with_seed_4, reconstruct_4, sample_4, " in done.out
    )


def test_files_measured_on_the_runs_data(tmp_path):
    model = ("--hidden=64", "--latent_dim=16", "--learning_rate=5e-3", "--epochs=20")
    rest = ("--picture_epochs=0", "--evaluate=false", "--jit_compile=false")
    done = binaries.run("trainers.train", *model, *rest, f"--workdir={tmp_path}")
    assert done.code == 0, done.err
    done = export(
        f"--run={tmp_path}",
        f"--out={tmp_path}/few",
        "--formats=tflite",
        "--precision=float32,weight_int8",
        "--batch_sizes=1",
        "--prune_latents",
        "--max_nll_change=3",
        *(["--web"] if web_page.missing() is None else []),
    )
    assert done.code == 0, done.err
    card = json.loads((tmp_path / "few" / "model_card.json").read_text())
    pruned = card["pruned"]
    assert pruned["latents"] == card["latent_dim"] <= 16
    assert f"{pruned['latents']} of 16 latents, ELBO " in done.out
    assert pruned["examples"] == 1000  # Of training; files are measured on the test split.
    assert card["files"]["generator.tflite"]["data"]["examples"] == 179
    assert card["test_likelihood"] is None
    config = json.loads((tmp_path / "few" / "config.json").read_text())
    assert config["config"]["model"]["latent_dim"] == pruned["latents"]
    assert config["exported"] == {"checkpoint": "best", "step": 20 * 11}
    assert (f"{tmp_path}/few/page.html" in done.out) == (web_page.missing() is None)
    assert (tmp_path / "few" / "page.html").exists() == (web_page.missing() is None)
    # A closed gate stops its file alone.
    arguments = [f"--out={tmp_path}/one", "--precision=float32,weight_int8", "--batch_sizes=1"]
    done = export(f"--run={tmp_path}", "--formats=tflite", "--max_error=1e-5", *arguments)
    assert done.code == 1
    (error,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert "generator_weight_int8.tflite" in error
    assert "Take precision=float16, or allow more by max_error" in error
    assert "generator.tflite" in os.listdir(tmp_path / "one")
    assert "generator_weight_int8.tflite" not in os.listdir(tmp_path / "one")


@pytest.mark.parametrize(("step", "is_told"), [(1, True), (2, False)])
def test_the_card_has_no_likelihood_of_other_weights(tmp_path, step, is_told):
    _write_run(tmp_path)
    numbers = ("nll_nats", "nll_stderr", "elbo_nats", "num_samples", "num_examples")
    measured = dict.fromkeys(numbers, 1) | {"step": step}
    (tmp_path / "evaluation.json").write_text(json.dumps(measured))
    done = export(f"--run={tmp_path}", "--batch_sizes=1", "--formats=tflite")
    assert done.code == 0, done.err
    card = json.loads((tmp_path / "export" / "model_card.json").read_text())
    assert (card["test_likelihood"] is not None) == is_told


def test_from_python_it_is_one_call(tmp_path):
    write(tiny.vae(), tmp_path / "export", formats=["tflite"], batch_sizes=[1])
    assert (tmp_path / "export" / "generator.tflite").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run={0}/nowhere"], "no model at"),
        (["--run={0}/run"], "has no checkpoint"),
        (["--run={0}/run", "--out={0}/file/export"], "can't be written"),
        (["--run={0}/run", "--format=onnx"], "format"),
        (["--run={0}/run", "--precision=int4"], "precision must be of float32"),
        (["--run={0}/run", "--precision=int8", "--web"], "web needs a file that samples"),
        (["--run={0}/model.keras", "--prune_latents"], "no model at"),
        (["--run={0}/run", "--batch_sizes=0"], "batch_sizes must be whole numbers from 1 on"),
        (["--run={0}/run", "--max_error=-1"], "max_error"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps(tiny.described(tiny.config())))
    (tmp_path / "file").write_text("")
    before = sorted(os.listdir(tmp_path))
    done = export(*(argument.format(tmp_path) for argument in arguments))
    assert done.code == 2
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in done.err
    assert sorted(os.listdir(tmp_path)) == before
