"""A model or a batch that the machine can't hold is refused with its size, before it is made."""

import pathlib
import re

import pytest

import keras_vae
from keras_vae import runs
from keras_vae._compat import tf
from keras_vae.ops import machine_memory


def test_the_memory_is_that_of_the_machine_or_less():
    found = re.search(r"MemTotal: +(\d+) kB", pathlib.Path("/proc/meminfo").read_text())
    assert 2**28 < machine_memory.total() <= 1024 * int(found[1])


def test_weights_are_counted_before_they_are_made(monkeypatch):
    monkeypatch.setattr(machine_memory, "total", lambda: 2**20)
    made = []

    def fill():
        with machine_memory.weights_checked():
            for _ in range(3):
                made.append(tf.Variable(tf.zeros([2**17]), shape=[2**17]))  # Half of 1 MiB

    with pytest.raises(ValueError, match=r"weights would take 0.0 GiB, .* has 0.0 GiB"):
        fill()
    assert len(made) == 2


def test_a_model_is_refused_with_its_size():
    # 2^20 x 2^20 weights of 4 bytes.
    config = keras_vae.recipe("vae", event_shape=(8, 8, 1), hidden=(2**20, 2**20))
    with pytest.raises(ValueError, match=r"^The model's weights would take \d,\d{3}\.\d GiB"):
        keras_vae.build(config)


def test_a_batch_is_refused_with_its_size(tmp_path):
    config = keras_vae.recipe("iwae", dataset="digits", latent_samples=1_000_000, hidden=(8,))
    # 128 examples x 10^6 samples x 64 pixels x 8 bytes
    with pytest.raises(ValueError, match=r"batch_size=128 .* would take 61\.0 GiB"):
        runs.train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
