"""A .npy is one array, as x of an npz."""

import pickle
import struct

import numpy as np
import pytest

from keras_vae.data import load, short_name

IMAGES = np.random.default_rng(0).integers(0, 256, (100, 6, 5), dtype=np.uint8)


@pytest.mark.parametrize("kind", ["npz", "npy"])
@pytest.mark.parametrize("x", [IMAGES, np.asfortranarray(IMAGES), IMAGES.astype(">i4")])
def test_one_array_is_split_by_seed(tmp_path, kind, x):
    np.save(tmp_path / "one.npy", x)
    np.savez(tmp_path / "one.npz", x=x)
    data, wanted = load(f"{kind}:{tmp_path / 'one.npy'}"), load(f"npz:{tmp_path / 'one.npz'}")
    assert data.fingerprint == wanted.fingerprint
    np.testing.assert_array_equal(data.test.array, wanted.test.array)
    assert {i.tobytes() for i in data.train.array[..., 0]} <= {i.tobytes() for i in IMAGES}
    assert short_name(data.name) == "one"


@pytest.mark.parametrize("x", [IMAGES, np.asfortranarray(IMAGES)])
def test_large_files_are_streamed(tmp_path, x):
    path = tmp_path / "one.npy"
    np.save(path, x)
    data = load(f"npy:{path}", memory_limit_gb=2e-6)
    assert len(data.train.chunk_sizes) > 5
    splits = (data.train, data.validation, data.test)
    read = np.concatenate([split.array[..., 0] for split in splits])
    assert sorted(i.tobytes() for i in read) == sorted(i.tobytes() for i in IMAGES)
    assert data.fingerprint == load(f"npy:{path}", memory_limit_gb=2e-6).fingerprint
    changed = x.copy()
    changed[7] += 1
    np.save(path, changed)
    assert data.fingerprint != load(f"npy:{path}", memory_limit_gb=2e-6).fingerprint


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path):
    path = tmp_path / "one.npy"

    def refusal(content, **options):
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            np.save(path, content)
        with pytest.raises(ValueError, match=r".") as caught:
            load(f"npy:{path}", **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "holds objects" in refusal(np.array([{}, {}]))
    assert "holds objects" in refusal(np.array([{}, {}]), memory_limit_gb=1e-9)
    assert "table of records" in refusal(np.zeros(5, [("a", "u1")]))
    with pytest.warns(UserWarning, match=r"format 3\.0"):
        assert "for tables of records" in refusal(np.zeros(5, [("年", "u1")]))
    assert "must have shape" in refusal(np.array(3))
    assert "only 8-bit images are streamed" in refusal(IMAGES / 255, memory_limit_gb=2e-6)
    assert "has no y; it holds x" in refusal(IMAGES, npz_keys=["train=y"])
    np.save(path, IMAGES)
    whole = path.read_bytes()
    assert "is cut off" in refusal(whole[:-9])
    assert "is no npy" in refusal(whole[:9])
    assert "is no npy" in refusal(whole[:20] + b"?" * 40)
    with pytest.raises(FileNotFoundError, match="must name a file"):
        load(f"npy:{tmp_path}/missing.npy")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 8, 8)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (True, 8, 8)}",
        "{'descr': ('|u1', (8,)), 'fortran_order': False, 'shape': (20, 8)}",
    ],
)
def test_headers_of_no_array_are_refused_by_the_file(tmp_path, header):
    path = tmp_path / "x.npy"
    path.write_bytes(
        b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + bytes(64)
    )
    with pytest.raises(ValueError, match=r"x\.npy is no npy \(an array of") as caught:
        load(f"npy:{path}")
    assert "\n" not in str(caught.value)


def test_files_of_another_kind_are_called_that(tmp_path):
    """Numpy takes them all for pickles, and says how to load those."""
    for magic in (b"\x89PNG\r\n", b"\x89HDF\r\n", b"\x1f\x8b", pickle.dumps([1])):
        (tmp_path / "x.npz").write_bytes(magic + bytes(100))
        with pytest.raises(ValueError, match="is no npz and no npy: it begins with") as caught:
            load(f"npz:{tmp_path / 'x.npz'}")
        assert "\n" not in str(caught.value)
        assert "pickle" not in str(caught.value)


def test_values_that_float32_makes_one_are_refused(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (20, 8, 8)) + 2**60
    np.save(tmp_path / "x.npy", x)
    with pytest.raises(ValueError, match=r"they differ by too little\. Write x - x\.min\(\)"):
        load(f"npy:{tmp_path / 'x.npy'}", values="real")
