"""The command: python -m export.export."""

import json
import os
import subprocess
import sys

import pytest

from keras_vae._compat import tf
from tests import tiny


def export(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "export.export", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_run_directory_is_exported(tmp_path):
    config = tiny.config()
    (tmp_path / "config.json").write_text(json.dumps(tiny.described(config)))
    checkpoint = tf.train.Checkpoint(model=tiny.vae())
    tf.train.CheckpointManager(checkpoint, tmp_path / "checkpoints" / "last", 1).save()
    done = export(f"--run={tmp_path}", "--batch_sizes=4")
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(tmp_path / "export")) == [
        "README.md",
        "config.json",
        "generator.tflite",
        "model_card.json",
        "parity.json",
        "saved_model",
    ]
    size = os.path.getsize(tmp_path / "export" / "generator.tflite")
    assert f"generator.tflite: {size:,} bytes, largest error " in done.stdout
    assert (
        "signatures: decode_4, encode_4, encode_with_seed_4, reconstruct_4, sample_4, "
        in done.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run={0}/nowhere"], "no model at"),
        (["--run={0}/run"], "has no checkpoint"),
        (["--run={0}/run", "--out={0}/file/export"], "can't be written"),
        (["--run={0}/run", "--format=onnx"], "format"),
        (["--run={0}/run", "--precision=int4"], "precision must be of float32"),
        (["--run={0}/run", "--batch_sizes=0"], "batch_sizes must be whole numbers from 1 on"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps(tiny.described(tiny.config())))
    (tmp_path / "file").write_text("")
    before = sorted(os.listdir(tmp_path))
    done = export(*(argument.format(tmp_path) for argument in arguments))
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in done.stderr
    assert sorted(os.listdir(tmp_path)) == before
