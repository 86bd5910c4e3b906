"""trainers.compress: a process that encodes, another one that decodes, and what they report."""

import json

import numpy as np
import pytest

from keras_vae import data, measures, runs
from keras_vae.compression import BitsBack
from keras_vae.tasks import compressed_file
from tests import binaries, tiny
from tests.in_process import TINY, parse
from tests.measures import stated
from trainers import train

GOOD = {"decoded_exactly": True, "gap": 0.01, "num_examples": 179}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of digits, black and white, of which WebP's files are smaller than gzip's."""
    path = tmp_path_factory.mktemp("runs") / "run"
    parse(*TINY, "--nostratified", f"--workdir={path}")
    train.main()
    return path


def test_compress(run):
    done = binaries.run("trainers.compress", f"--run={run}")
    assert done.code == 0, done.err
    stated.check(run / "compression.json")
    found = json.loads((run / "compression.json").read_text())
    assert set(found) == measures.keys("compression.json")
    content = (run / "compressed.bin").read_bytes()
    assert found["decoded_exactly"]
    assert (found["num_examples"], found["dataset"], found["split"]) == (179, "digits", "test")
    assert found["binarization"] == "dynamic"
    assert found["file_bytes"] == len(content)
    assert found["file_bits_per_dim"] == 8 * len(content) / (179 * 64)
    ratio = found["bits_per_dim"] / found["expected_bits_per_dim"]
    assert found["gap"] == pytest.approx(ratio - 1.0, abs=1e-9)
    assert abs(found["gap"]) < 0.02
    assert found["rivals"]["gzip"]["num_bytes"] > found["rivals"]["WebP"]["num_bytes"] > 0
    for words in ("decoded_exactly: True", f"initial_bits: {found['initial_bits']}", "of bits"):
        assert words in done.out
    # A third process, this one, writes and reads the same.
    loaded = runs.load(run)
    codec = BitsBack(loaded.model)
    x = codec.decode(content)
    assert codec.encode(x) == content
    target = run / "x.npz"
    compressed_file.decode(codec, run / "compressed.bin", target)
    again = data.load(f"npz:{target}", validation_size=0)
    assert again.train.dtype == bool
    assert again.train.num_examples + again.test.num_examples == 179


def test_a_failed_decoding_ends_with_code_1(run):
    """The last line says so, and compression.json too."""
    done = binaries.run("tests.tasks.failed_decoding", f"--run={run}")
    assert done.code == 1, done.err
    assert done.err.splitlines()[-1] == "error: what was decoded isn't the test split."
    assert not json.loads((run / "compression.json").read_text())["decoded_exactly"]


def test_problems():
    assert compressed_file.problem(GOOD) is None
    assert compressed_file.problem(GOOD | {"gap": -0.019}) is None
    assert "+3.0% off -ELBO" in compressed_file.problem(GOOD | {"gap": 0.03})
    assert "-5.0% off -ELBO" in compressed_file.problem(GOOD | {"gap": -0.05})
    assert "decoded" in compressed_file.problem(GOOD | {"decoded_exactly": False})


def test_what_can_not_be_decoded_writes_nothing(tmp_path):
    codec = BitsBack(tiny.vae())
    good, bad = tmp_path / "good.bin", tmp_path / "bad.bin"
    good.write_bytes(codec.encode(np.zeros((3, *tiny.EVENT_SHAPE), bool)))
    bad.write_bytes(good.read_bytes()[:-1])
    out = tmp_path / "x.npz"
    with pytest.raises(ValueError, match="damaged"):
        compressed_file.decode(codec, bad, out)
    with pytest.raises(OSError, match=r"decode=.*missing\.bin isn't there"):
        compressed_file.decode(codec, tmp_path / "missing.bin", out)
    with pytest.raises(ValueError, match=r"out=.*nowhere"):
        compressed_file.decode(codec, good, tmp_path / "nowhere" / "x.npz")
    assert not out.exists()


def test_bad_input_is_one_line_and_exit_code_2(tmp_path):
    done = binaries.run("trainers.compress", f"--run={tmp_path}/nowhere")
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.err
