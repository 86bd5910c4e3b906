"""Damaged model files, and files that are none: each is one line."""

import json
import os
import shutil

import numpy as np
import pytest

import keras_vae
from keras_vae import data, files
from keras_vae.columns import table_schema
from keras_vae.files import archives
from tests import tiny
from tests.test_malicious_files import refusal, refusal_of_run, write, write_run


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """{name: content} of a file that loads."""
    path = tmp_path_factory.mktemp("honest") / "model.keras"
    tiny.vae().save(path)
    found = archives.read_archive(path)
    del found["checksums.json"]
    return found


def pipe(path):
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
def test_pipes_are_not_waited_for(tmp_path):
    pipe(tmp_path / "m.keras")
    assert "is no .keras file" in refusal(tmp_path / "m.keras")
    options = {"posterior": "deterministic", "prior": "gaussian_mixture"}
    for name in ("checkpoint", "ckpt-4.index", "ckpt-4.data-00000-of-00001"):
        path = write_run(tmp_path / f"run-{name}", **options)
        pipe(path / "checkpoints" / "last" / name)
        assert f"{name!r} is no file" in refusal_of_run(path)
    path = write_run(tmp_path / "run-prior", **options)
    pipe(path / "prior-4.npz")
    assert "prior-4.npz is refused: it is no file" in refusal_of_run(path)


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
@pytest.mark.parametrize("name", ["ckpt-4.index", "ckpt-4.data-00000-of-00001"])
@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_damaged_checkpoints_without_checksums_are_one_line(tmp_path, name, how):
    path = write_run(tmp_path / "run")
    file = path / "checkpoints" / "last" / name
    content = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:30] if how == "cut" else bytes(len(content)))
    with pytest.raises((ValueError, FileNotFoundError), match="run") as caught:
        keras_vae.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    path, other = write_run(tmp_path / "run"), write_run(tmp_path / "other", latent_dim=2)
    shutil.rmtree(path / "checkpoints")
    shutil.copytree(other / "checkpoints", path / "checkpoints")
    assert "can't be restored" in refusal_of_run(path)


def test_a_list_of_checkpoints_that_is_none_is_refused(tmp_path):
    path = write_run(tmp_path / "run")
    for content in (bytes(range(256)), b'model_checkpoint_path: ""\n'):
        (path / "checkpoints" / "last" / "checkpoint").write_bytes(content)
        assert "its file `checkpoint` is no list" in refusal_of_run(path)


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
def test_a_fitted_prior_of_a_model_that_has_none_is_refused(tmp_path):
    path = write_run(tmp_path / "run")
    np.savez(path / "prior-4.npz", weight_0=np.zeros(3))
    assert "prior-4.npz is refused: this model's prior isn't fitted" in refusal_of_run(path)


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
@pytest.mark.parametrize(
    "weights", [{"weight_0": np.zeros(3)}, {"weight_0": np.array("abc")}], ids=["shape", "text"]
)
def test_a_fitted_prior_of_another_model_is_refused(tmp_path, weights):
    path = write_run(tmp_path / "run", posterior="deterministic", prior="gaussian_mixture")
    np.savez(path / "prior-4.npz", **weights)
    assert "prior-4.npz is refused: it must hold numbers of the shapes" in refusal_of_run(path)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("training", {"batch_size": 0}),
        ("training", {"batch_size": "a"}),
        ("training", {"batch_size": None}),
        ("model", {"latent_dim": -1}),
        ("model", {"hidden": [[8]]}),
        ("evil", {"a": 1}),
    ],
)
def test_options_of_a_run_are_of_their_types(tmp_path, section, values):
    path = write_run(tmp_path / "run")
    content = json.loads((path / "config.json").read_text())
    content["config"].setdefault(section, {}).update(values)
    (path / "config.json").write_text(json.dumps(content))
    assert "isn't a run's config" in refusal_of_run(path)


def test_the_number_of_examples_of_a_run_is_one(tmp_path):
    path = write_run(tmp_path / "run")
    content = json.loads((path / "config.json").read_text())
    for number in ("32", None):
        content["data"]["num_examples"]["train"] = number
        (path / "config.json").write_text(json.dumps(content))
        assert "num_examples" in refusal_of_run(path)


def test_numbers_without_end_are_refused(members, tmp_path):
    content = members["config.json"].replace(b'"seed": 0', b'"seed": ' + b"9" * 5000)
    path = write(tmp_path / "m.keras", members | {"config.json": content})
    assert "its config is no JSON" in refusal(path)


@pytest.mark.parametrize(
    "values", [{"levels": 2.5}, {"levels": "a"}, {"seed": "a"}, {"seed": [1]}, {"seed": None}]
)
def test_numbers_of_a_file_are_whole(members, tmp_path, values):
    config = json.loads(members["config.json"])
    config["config"].update(values)
    path = write(tmp_path / "m.keras", members | {"config.json": json.dumps(config).encode()})
    assert f"{min(values)} must be a whole number" in refusal(path)


def npy(header, values=b""):
    """A .npy with any header."""
    content = f"{header}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(content).to_bytes(2, "little") + content + values


def shape_of(shape, dtype="<f8"):
    return npy(repr({"descr": dtype, "fortran_order": False, "shape": shape}), bytes(64))


LYING = {
    "64 TB": shape_of((2**43,)),
    "more than 64 bits": shape_of((2**40, 2**40)),
    "a negative size": shape_of((-1, 2)),
    "a size that is no number": shape_of((True, 2)),
    "objects": shape_of((8,), "|O"),
    "an array of arrays": shape_of((2,), ("<f8", (2,))),
    "brackets": npy("(" * 5000),
    "no header": b"\x93NUMPY",
    "another version": b"\x93NUMPY\x09\x00" + bytes(80),
    "no array": b"text",
    "nothing": b"",
}


@pytest.mark.parametrize("name", LYING)
def test_arrays_that_lie_are_refused_before_there_is_memory_for_them(tmp_path, name):
    path = write(tmp_path / "made.npz", {"x.npy": LYING[name]})
    for read in (files.read_npz, lambda path: data.load(f"npz:{path}")):
        with pytest.raises(ValueError, match=r"made\.npz") as caught:
            read(path)
        assert "\n" not in str(caught.value)
    (tmp_path / "made.npy").write_bytes(LYING[name])
    with pytest.raises(ValueError, match=r"made\.npy") as caught:
        data.load(f"npz:{tmp_path}/made.npy")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"9" * 5000, b"\xff", b"[]", b""])
def test_json_that_is_none_is_one_line(tmp_path, content):
    (tmp_path / "made.json").write_bytes(content)
    for read in (files.read_json, table_schema.read_file):
        if (read, content) == (table_schema.read_file, b"[]"):
            continue  # Another check refuses a list.
        with pytest.raises(ValueError, match=r"made\.json") as caught:
            read(tmp_path / "made.json")
        assert "\n" not in str(caught.value)
