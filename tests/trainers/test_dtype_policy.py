"""Runs whose networks compute in bfloat16."""

import json

import keras_vae
from keras_vae._compat import tf
from keras_vae.ops import dtype_policy
from keras_vae.tasks import training_run
from tests.in_process import TINY, assert_same, weights

BFLOAT16 = "--dtype_policy=mixed_bfloat16"
SLOW = "this machine's CPU has no bfloat16 instructions, so steps take longer than in float32."


def test_a_run_resumes_to_the_bit_and_is_loaded_in_float32(run_train, tmp_path, monkeypatch):
    unbroken, resumed = tmp_path / "unbroken", tmp_path / "resumed"
    monkeypatch.setattr(training_run, "HAS_BFLOAT16", False)
    monkeypatch.setattr(training_run, "onednn_is_on", lambda: False)
    done = run_train(*TINY, BFLOAT16, "--epochs=2", f"--workdir={unbroken}")
    assert done.code == 0, done.err
    assert f"Note: dtype_policy=mixed_bfloat16: {SLOW}" in done.out
    assert "Set TF_ENABLE_ONEDNN_OPTS=1 before Python starts" in done.out
    monkeypatch.setattr(training_run, "HAS_BFLOAT16", True)
    assert SLOW not in run_train(*TINY, BFLOAT16, "--epochs=1", f"--workdir={resumed}").out
    run_train(*TINY, "--epochs=2", f"--workdir={resumed}")  # It goes on as it began.
    assert_same(weights(unbroken), weights(resumed))
    stored = json.loads((resumed / "config.json").read_text())
    assert stored["config"]["training"]["dtype_policy"] == "mixed_bfloat16"
    assert BFLOAT16 in (resumed / "flags.txt").read_text().splitlines()
    loaded = keras_vae.load(resumed)
    assert not dtype_policy.is_mixed(loaded)
    assert {w.dtype for w in loaded.weights} == {tf.float32}


def test_float16_is_refused(run_train, tmp_path):
    done = run_train(*TINY, "--dtype_policy=float16", f"--workdir={tmp_path / 'run'}")
    assert done.code == 2
    assert "dtype_policy=float16 isn't supported: " in done.err
    assert "Use mixed_bfloat16, or float32." in done.err
