import numpy as np
import pytest

from keras_vae.data import load
from keras_vae.modality import Music

RNG = np.random.default_rng(0)
LENGTHS = {"train": (40, 70, 20), "valid": (33,), "test": (90, 64)}


def made(**changed):
    """Arrays of chorales in two voices between 50 and 60, some steps silent."""
    arrays = {}
    for split, lengths in LENGTHS.items():
        pitches = RNG.integers(50, 61, (sum(lengths), 2)).astype(np.int8)
        pitches[RNG.uniform(size=pitches.shape) < 0.1] = -1
        pitches[0] = 50, 60
        arrays[f"{split}_pitches"] = pitches
        arrays[f"{split}_offsets"] = np.cumsum([0, *lengths]).astype(np.int32)
    return {k: v for k, v in (arrays | changed).items() if v is not None}


def save(folder, arrays):
    np.savez(folder / "made.npz", **arrays)
    return f"chorales:{folder / 'made.npz'}"


def test_windows_are_the_pitches(tmp_path):
    arrays = made()
    data = load(save(tmp_path, arrays), window=32)
    assert data.train.shape == (32, 2, 1)
    assert data.train.levels == 12
    assert data.train.dtype == np.float32
    assert data.train.labels is None
    assert data.train.modality == data.test.modality == Music(levels=12, lowest_pitch=50)
    # A window at every bar of 16 steps: 40 -> 0; 70 -> 0, 16, 32; 20 -> none.
    assert data.train.num_examples == 4
    # One after the other: 33 -> 0; 90 -> 0, 32; 64 -> 0, 32.
    assert (data.validation.num_examples, data.test.num_examples) == (1, 4)
    starts = {"train": (0, 40, 56, 72), "validation": (0,), "test": (0, 32, 90, 122)}
    for split, rows in starts.items():
        pitches = arrays[f"{'valid' if split == 'validation' else split}_pitches"].astype(int)
        wanted = np.stack([pitches[row : row + 32] for row in rows])
        levels = np.where(wanted == -1, 0, wanted - 49)
        array = getattr(data, split).array
        np.testing.assert_allclose(11 * array[..., 0], levels, atol=1e-5)
    assert data.notes == [
        "validation: 1 steps at the ends of chorales fill no window, left out",
        "test: 26 steps at the ends of chorales fill no window, left out",
    ]


def test_transposed_windows_stay_in_range_and_keep_silence(tmp_path):
    arrays = made()
    arrays["train_pitches"] = np.array([[52, 59], [-1, 60]] * 65, np.int8)
    data = load(save(tmp_path, arrays), window=32, transpose=3)
    levels = np.round(11 * data.train.array).astype(int)
    # 52 .. 60 among 50 .. 60: as they are, 1 lower, 2 lower; never higher.
    assert data.train.num_examples == 3 * 4
    assert sorted({(w[0, 0, 0], w[0, 1, 0], w[1, 0, 0], w[1, 1, 0]) for w in levels}) == [
        (1, 8, 0, 9),
        (2, 9, 0, 10),
        (3, 10, 0, 11),
    ]
    assert load(save(tmp_path, arrays), window=32).train.num_examples == 4


def test_the_fingerprint_knows_the_window(tmp_path):
    name = save(tmp_path, made())
    assert load(name, window=32).fingerprint == load(name, window=32).fingerprint
    assert load(name, window=32).fingerprint != load(name, window=16).fingerprint


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        ({"test_offsets": None}, {}, "has no test_offsets; it holds test_pitches, train_offsets"),
        ({"test_pitches": np.zeros(9, np.int8)}, {}, r"must be whole numbers \[T, voices\], got"),
        ({"test_pitches": np.zeros([154, 2])}, {}, r"must be whole numbers .* got float64"),
        ({"test_pitches": np.full([154, 2], -2)}, {}, "must be MIDI pitches .* got -2 to -2"),
        ({"test_offsets": np.array([0, 10])}, {}, "must be whole numbers that rise from 0 to"),
        ({"valid_offsets": np.array([0, 20, 20, 33])}, {}, "offsets .* must be whole numbers"),
        ({}, {"window": 34}, "window must be at most 33, .* in validation"),
        ({}, {"image_size": 8}, "image_size resizes folders"),
        ({}, {"npz_keys": ["train=x"]}, "npz_keys is for"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path, changed, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        load(save(tmp_path, made(**changed)), **({"window": 32} | options))
    assert "\n" not in str(caught.value)


def test_silence_alone_is_refused(tmp_path):
    arrays = made()
    for split in LENGTHS:
        arrays[f"{split}_pitches"][:] = -1
    with pytest.raises(ValueError, match="all of it is silent"):
        load(save(tmp_path, arrays), window=32)


def test_missing_and_foreign_options_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"chorales:.*none\.npz must name a file"):
        load(f"chorales:{tmp_path}/none.npz")
    with pytest.raises(ValueError, match="must say where: chorales:PATH"):
        load("chorales:")
    for option in ("window", "transpose"):
        with pytest.raises(ValueError, match=f"{option} is for dataset=chorales:PATH"):
            load("digits", **{option: 3})


def test_the_jsb_chorales(shared_data):
    data = load(f"chorales:{shared_data}/npz/jsb_chorales_16th.npz")
    assert data.train.shape == (64, 4, 1)
    assert data.train.levels == 81 - 36 + 2
    assert data.test.num_examples == sum(n // 64 for n in chorale_lengths(shared_data))
    assert 0 <= data.train.array.min() < data.train.array.max() == 1
    # Sopranos sing higher than basses.
    assert data.test.array[..., 0, 0].mean() > data.test.array[..., 3, 0].mean() + 0.3


def chorale_lengths(shared_data):
    with np.load(shared_data / "npz" / "jsb_chorales_16th.npz") as file:
        return np.diff(file["test_offsets"])
