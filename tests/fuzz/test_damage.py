"""Any damage to any file that is read: what is in it, or one line."""

import json
import pathlib
import tempfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export import card, sample, tflite
from keras_vae import data, files
from keras_vae.columns import table_schema
from keras_vae.compression import BitsBack
from keras_vae.files import checksums
from keras_vae.runs import loading
from tests import tiny
from tests.fuzz.tried import tried

REFUSED = (ValueError, OSError)
# Bytes that mean something in these files.
TOKENS = [b"[" * 3000, b"{", b"\0\0\0\0", b"\xff\xff\xff\xff", b"9" * 50, b"../", b'"', b",", b"\n"]


@st.composite
def damages(draw):
    """A function of bytes to bytes."""
    how = draw(st.sampled_from(["cut", "flip", "insert", "replace", "swap", "none"]))
    at, to = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    bit, token = draw(st.integers(0, 7)), draw(st.sampled_from(TOKENS))

    def damaged(content):
        a, b = (int(place * max(0, len(content) - 1)) for place in (at, to))
        return {
            "cut": lambda: content[:a],
            "flip": lambda: (
                content[:a] + bytes(c ^ 1 << bit for c in content[a : a + 1]) + content[a + 1 :]
            ),
            "insert": lambda: content[:a] + token + content[a:],
            "replace": lambda: content[:a] + token + content[a + len(token) :],
            "swap": lambda: content[b:] + content[a:b] + content[:a],
            "none": lambda: content,
        }[how]()

    return damaged


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """{file's name: (content, what reads the file)}."""
    folder = tmp_path_factory.mktemp("honest")
    model = tiny.randomize(tiny.vae(network="linear"))
    x = np.random.default_rng(0).integers(0, 2, (30, *tiny.EVENT_SHAPE), np.uint8)
    np.savez(folder / "plain.npz", x=x, y=np.arange(30) % 3)
    np.savez_compressed(folder / "packed.npz", train=x, test=x[:9])
    np.save(folder / "alone.npy", x)
    rows = [f"{i},{i / 8},{'abc'[i % 3]},2020-01-{i + 1:02d}" for i in range(30)]
    (folder / "rows.csv").write_text("\n".join(["count,size,kind,day", *rows]))
    config = tiny.described(tiny.config())
    (folder / "config.json").write_text(json.dumps(config))
    columns = {"columns": [{"name": "size", "kind": "number"}]}
    (folder / "schema.json").write_text(json.dumps(columns))
    tflite.write_tflite(model, folder / "generator.tflite", batch_sizes=[1])
    card.embed(folder / "generator.tflite", {"files": {}, "ranges": {"condition": [0, 3]}})
    codec = BitsBack(model)
    (folder / "compressed.bin").write_bytes(codec.encode(x[:8].astype(np.float32)))
    lines = 'model_checkpoint_path: "ckpt-4"\nall_model_checkpoint_paths: "ckpt-4"\n'
    (folder / "checkpoint").write_text(lines)
    (folder / "ckpt-4.index").write_bytes(b"index")
    checksums.write_beside(folder / "ckpt-4")

    def decode(path):
        content = path.read_bytes()[:-4]  # With a checksum that is right: someone lies.
        codec.decode(content + zlib.crc32(content).to_bytes(4, "little"))

    readers = {
        "plain.npz": lambda path: (files.read_npz(path), data.load(f"npz:{path}")),
        "packed.npz": lambda path: data.load(f"npz:{path}"),
        "alone.npy": lambda path: data.load(f"npz:{path}"),
        "rows.csv": lambda path: data.load(f"csv:{path}"),
        "config.json": lambda path: loading.read_config_json(path.parent),
        "schema.json": table_schema.read_file,
        "generator.tflite": sample.read_card,
        "compressed.bin": decode,
        "checkpoint": lambda path: loading.find_checkpoint(path.parent.parent.parent),
        "ckpt-4.sha256": lambda path: checksums.check_beside(path.with_suffix("")),
    }
    return {name: ((folder / name).read_bytes(), read) for name, read in readers.items()}


@given(st.integers(0, 9), st.lists(damages(), min_size=1, max_size=3))
def test_a_damaged_file_is_read_or_refused_in_one_line(honest, which, changes):
    name = sorted(honest)[which]
    content, read = honest[name]
    for change in changes:
        content = change(content)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch, "checkpoints", "last")
        folder.mkdir(parents=True)
        (folder / "ckpt-4.index").write_bytes(b"index")
        (folder / name).write_bytes(content)
        tried(lambda: read(folder / name), REFUSED)
        assert {f.name for f in folder.iterdir()} <= {name, "ckpt-4.index"}
        assert [f.name for f in pathlib.Path(scratch).iterdir()] == ["checkpoints"]
