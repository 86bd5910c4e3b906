"""Files are written whole or not at all."""

import json
import os

import numpy as np
import pytest

from keras_vae import files


def test_content_replaces_what_was_there(tmp_path):
    path = tmp_path / "a.json"
    files.write_atomically(path, "one")
    files.write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_json_and_arrays_are_read_as_they_were(tmp_path):
    files.write_json(tmp_path / "a.json", {"a": [1, None]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1, None]}
    files.write_npz(tmp_path / "a.npz", {"a": np.arange(3), "b": np.eye(2)})
    with np.load(tmp_path / "a.npz") as arrays:
        np.testing.assert_array_equal(arrays["a"], np.arange(3))
        np.testing.assert_array_equal(arrays["b"], np.eye(2))


def test_a_write_that_fails_leaves_all_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    files.write_atomically(path, "one")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        files.write_atomically(path, "two")
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_checked_before_they_are_made(tmp_path, monkeypatch):
    files.check_folder("out", tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"out=.*/file/new .* is a file"):
        files.check_folder("out", tmp_path / "file" / "new")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=r"out=.*/new can't be written"):
        files.check_folder("out", tmp_path / "new")


def test_regular_files_alone_are_opened(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        with files.open_regular(tmp_path / name) as file:
            assert file.read() == b"content"
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(files.NotRegular, match="is no file"), files.open_regular(path):
            pass
    with pytest.raises(FileNotFoundError), files.open_regular(tmp_path / "none"):
        pass
    with pytest.raises(IsADirectoryError), files.open_regular(tmp_path):
        pass
