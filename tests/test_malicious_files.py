"""Archives, weights and runs that reach for other files, or are damaged: each is refused."""

import json
import os
import zipfile

import h5py
import numpy as np
import pytest

import keras_vae
from keras_vae import networks
from keras_vae._compat import tf
from keras_vae.files import archives
from tests import binaries, malicious, tiny
from tests.malicious import WEIGHTS, model_of, only_error, refusal, write


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    return malicious.honest_members(tmp_path_factory.mktemp("honest"))


# Archives --------------------------------------------------------------------------------------


def outside(path, members):
    write(path, members | {"../trace": b"x"})


def absolute(path, members):
    write(path, members | {f"{path.parent}/trace": b"x"})


def of_windows(path, members):
    write(path, members | {"..\\trace": b"x"})


def linked(path, members):
    write(path, members)
    with zipfile.ZipFile(path, "a") as file:
        link = zipfile.ZipInfo("assets")
        link.external_attr = (0o120777) << 16
        file.writestr(link, str(path.parent))


def twice(path, members):
    write(path, members)
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("config.json", members["config.json"])


def bomb(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in (members | {"assets/zeros": bytes(100_000_000)}).items():
            file.writestr(name, content)


def overlapping(path, members):
    """Two members of the same bytes, as in a bomb of many."""
    write(path, members | {"assets/a": b"x" * 1000, "assets/b": b"x" * 1000})
    with zipfile.ZipFile(path) as file:
        first, second = (file.getinfo(f"assets/{name}").header_offset for name in "ab")
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"assets/b") - 46  # In the list at the end.
    assert content[entry + 42 : entry + 46] == second.to_bytes(4, "little")
    content[entry + 42 : entry + 46] = (first + 1).to_bytes(4, "little")
    path.write_bytes(content)


def packed_otherwise(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        for name, content in members.items():
            file.writestr(name, content)


def without_weights(path, members):
    """Which Keras would look for as an npz."""
    write(path, {"config.json": members["config.json"], "model.weights.npz": b"x"})


ARCHIVES = {
    outside: "leads out of its folder",
    absolute: "leads out of its folder",
    of_windows: "leads out of its folder",
    linked: "leads out of its folder",
    twice: "two members 'config.json'",
    bomb: "unpack to 100,",
    overlapping: "shares bytes",
    packed_otherwise: "method other than deflate",
    without_weights: "has no model.weights.h5",
}


@pytest.mark.parametrize("change", ARCHIVES, ids=lambda change: change.__name__)
def test_an_archive_that_does_not_unpack_in_place_is_refused(members, tmp_path, change):
    path = tmp_path / "evil.keras"
    change(path, members)
    assert ARCHIVES[change] in refusal(path)
    assert os.listdir(tmp_path) == ["evil.keras"]


def test_arrays_that_pack_well_are_no_bomb(tmp_path):
    """Bit maps, say: a hundredth."""
    images = np.zeros([1000, 64, 64], np.uint8)
    images[np.random.default_rng(0).uniform(size=images.shape) < 2e-3] = 1
    np.savez_compressed(tmp_path / "sprites.npz", images)
    assert images.nbytes > 50 * os.path.getsize(tmp_path / "sprites.npz")
    archives.check_archive(tmp_path / "sprites.npz")


# Weights ---------------------------------------------------------------------------------------


def first_array(file):
    found = []
    file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
    return found[0]


def link_outside(file, name, other):
    del file[name]
    file[name] = h5py.ExternalLink(str(other), "/secret")


def link_by_name(file, name, other):
    del file[name]
    file[name] = h5py.SoftLink("/elsewhere")


def stored_outside(file, name, other):
    del file[name]
    file.create_dataset(name, (4,), "f4", external=[(str(other), 0, 16)])


def virtual(file, name, other):
    del file[name]
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(other), "secret", (4,))
    file.create_virtual_dataset(name, layout)


def references(file, name, other):
    del file[name]
    file.create_dataset(name, (4,), h5py.ref_dtype)


def texts(file, name, other):
    del file[name]
    file[name] = ["a", "b"]


def packed(file, name, other):
    del file[name]
    file.create_dataset(name, (1000,), "f4", compression="gzip")


def not_there(file, name, other):
    del file[name]
    file.create_dataset(name, (10**12,), "f4")


def named_type(file, name, other):
    del file[name]
    file[name] = np.dtype("f4")


def circle(file, name, other):
    file["again"] = file["/"]


WEIGHTS_FILES = {
    link_outside: "is a link",
    link_by_name: "is a link",
    stored_outside: "is kept in other files",
    virtual: "is kept in other files",
    references: "not of numbers",
    texts: "not of numbers",
    packed: "is packed",
    not_there: "is of 4,000,000,000,000 bytes",
    named_type: "is no array",
    circle: "under two names",
}


@pytest.mark.parametrize("change", WEIGHTS_FILES, ids=lambda change: change.__name__)
def test_weights_that_are_not_plain_arrays_are_refused(members, tmp_path, change):
    other, weights = tmp_path / "other.h5", tmp_path / "weights.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.zeros(4, np.float32)
    weights.write_bytes(members[WEIGHTS])
    with h5py.File(weights, "a") as file:
        change(file, first_array(file), other)
    path = write(tmp_path / "evil.keras", members | {WEIGHTS: weights.read_bytes()})
    assert WEIGHTS_FILES[change] in refusal(path)


def test_weights_that_are_no_hdf5_are_refused(members, tmp_path):
    path = write(tmp_path / "evil.keras", members | {WEIGHTS: b"junk" * 100})
    assert "weights that can't be read" in refusal(path)


# Run directories -------------------------------------------------------------------------------


def write_run(path, **options):
    config = tiny.config(**options)
    path.mkdir()
    (path / "config.json").write_text(json.dumps(tiny.described(config)))
    checkpoint = tf.train.Checkpoint(model=tiny.vae(**options))
    tf.train.CheckpointManager(checkpoint, path / "checkpoints" / "last", 1).save(4)
    return path


@pytest.mark.parametrize("named", ["model_checkpoint_path", "all_model_checkpoint_paths"])
@pytest.mark.parametrize("outside", ["../../../other/checkpoints/last/ckpt-4", "{}/other/ckpt-4"])
def test_a_list_of_checkpoints_elsewhere_is_refused(tmp_path, named, outside):
    """TensorFlow would read them, and in time delete them."""
    path, other = write_run(tmp_path / "run"), write_run(tmp_path / "other")
    outside = outside.format(tmp_path)
    state = path / "checkpoints" / "last" / "checkpoint"
    state.write_text(f'model_checkpoint_path: "ckpt-4"\n{named}: "{outside}"\n')
    message = refusal_of_run(path)
    assert "is in another folder" in message
    done = binaries.run("trainers.evaluate", f"--run={path}")
    assert "is in another folder" in only_error(done)
    assert (other / "checkpoints" / "last" / "ckpt-4.index").exists()


def refusal_of_run(path):
    with pytest.raises(ValueError, match=path.name) as caught:
        keras_vae.load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Trace:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path):
        self._path = str(path)

    def __reduce__(self):
        return open, (self._path, "w")


@pytest.mark.filterwarnings("ignore::keras_vae.messages.notes.Note")
def test_a_pickle_in_a_fitted_prior_is_refused(tmp_path):
    options = {"posterior": "deterministic", "prior": "gaussian_mixture"}
    path = write_run(tmp_path / "run", **options)
    evil = np.array([Trace(tmp_path / "trace")], object)
    np.savez(path / "prior-4.npz", weight_0=evil, allow_pickle=True)
    assert "prior-4.npz is refused: it must hold plain arrays" in refusal_of_run(path)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("content", ["[" * 100_000, '{"config": [], "data": {}}', "{}"])
def test_a_config_of_a_run_is_only_data(tmp_path, content):
    path = write_run(tmp_path / "run")
    (path / "config.json").write_text(content)
    assert "isn't a run's config" in refusal_of_run(path)


def test_custom_objects_are_of_files(tmp_path):
    path = write_run(tmp_path / "run")
    with pytest.raises(ValueError, match=r"custom_objects is for \.keras files"):
        keras_vae.load(path, custom_objects={"Own": object})


# Checksums -------------------------------------------------------------------------------------


def test_any_change_of_a_file_is_found(tmp_path):
    model_of(networks.linear()).save(tmp_path / "model.keras")
    content = (tmp_path / "model.keras").read_bytes()
    changed = tmp_path / "changed.keras"
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "model.keras") as file:
        start = file.getinfo(WEIGHTS).header_offset + 100
    for position in rng.integers(start, start + 10_000, 10):
        flipped = bytearray(content)
        flipped[position] ^= 1 << rng.integers(8)
        changed.write_bytes(flipped)
        assert "damaged" in refusal(changed)
    for length in (100, len(content) // 2, len(content) - 1):
        changed.write_bytes(content[:length])
        refusal(changed)


@pytest.mark.parametrize("name", ["config.json", WEIGHTS, "checksums.json", "assets/more"])
def test_a_member_that_was_put_in_place_of_another_is_found(tmp_path, name):
    """A zip file's own checksum of it is right."""
    model_of(networks.linear()).save(tmp_path / "model.keras")
    found = archives.read_archive(tmp_path / "model.keras")
    other = {"checksums.json": b"[]"}.get(name, found.get(name, b"") + b" ")
    path = write(tmp_path / "other.keras", found | {name: other})
    assert "damaged or was changed: its checksum" in refusal(path)


def test_nothing_is_unpickled_anywhere():
    """Nor are there other ways for data to become code."""
    root = binaries.ROOT
    files = [f for d in ("keras_vae", "trainers", "export") for f in (root / d).rglob("*.py")]
    assert len(files) > 100
    for file in files:
        text = file.read_text()
        for word in ("allow_pickle=True", "import pickle", "import marshal", "eval(", "exec("):
            assert word not in text, (file, word)
        assert text.count("np.load(") == text.count("allow_pickle=False"), file
