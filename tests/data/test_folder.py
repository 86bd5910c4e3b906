import numpy as np
import pytest
from PIL import Image, ImageOps

from keras_vae.data import load

RNG = np.random.default_rng(0)


def write(path, size=(12, 9), mode="L"):
    """A random image file; `size` is (W, H)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = () if mode == "L" else (3,)
    pixels = RNG.integers(0, 256, (size[1], size[0], *channels), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_grey_images_of_one_size(tmp_path):
    written = [write(tmp_path / f"{i}.png") for i in range(20)]
    data = load(f"folder:{tmp_path}")
    assert data.train.shape == (9, 12, 1)
    assert data.train.dtype == np.uint8
    assert [s.num_examples for s in (data.train, data.validation, data.test)] == [16, 2, 2]
    read = [s.array for s in (data.train, data.validation, data.test)]
    assert {x.tobytes() for x in np.concatenate(read)} == {x.tobytes() for x in written}
    assert data.train.labels is None
    assert data.fingerprint == load(f"folder:{tmp_path}").fingerprint


def test_mixed_sizes_and_colours_are_cropped_and_resized(tmp_path):
    expected = []
    for i, (size, mode) in enumerate([((40, 20), "RGB"), ((17, 31), "L"), ((64, 64), "RGB")] * 2):
        write(tmp_path / f"{i}.png", size, mode)
        image = Image.open(tmp_path / f"{i}.png").convert("RGB")
        width, height = image.size
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
        expected.append(np.asarray(image.resize((16, 16), Image.Resampling.BICUBIC, box=box)))
    data = load(f"folder:{tmp_path}", image_size=16)
    read = np.concatenate([s.array for s in (data.train, data.validation, data.test)])
    assert read.shape == (6, 16, 16, 3)
    assert {x.tobytes() for x in read} == {x.tobytes() for x in expected}


@pytest.mark.parametrize("memory_limit_gb", [4.0, 2e-5])
def test_mixed_sizes_are_brought_to_64_where_no_size_is_given(tmp_path, memory_limit_gb):
    """In memory and streamed, as if image_size=64 were given; images of one size keep it."""
    for i, size in enumerate([(40, 20), (17, 31), (90, 64)] * 2):
        write(tmp_path / f"{i}.png", size, "RGB")
    found = load(f"folder:{tmp_path}", memory_limit_gb=memory_limit_gb)
    given = load(f"folder:{tmp_path}", image_size=64, memory_limit_gb=memory_limit_gb)
    assert found.train.shape == (64, 64, 3)
    np.testing.assert_array_equal(found.train.array, given.train.array)
    assert found.fingerprint == given.fingerprint
    assert (found.image_size, given.image_size) == (64, 64)
    note = (
        "images of 3 sizes, from 20x40 to 64x90 (height x width), are cut to the centre and "
        "brought to 64x64: image_size chooses another size, and resize another way"
    )
    assert set(found.notes) - set(given.notes) == {note}
    for i in range(6):
        write(tmp_path / f"{i}.png", (12, 9), "RGB")
    alike = load(f"folder:{tmp_path}", memory_limit_gb=memory_limit_gb)
    assert (alike.train.shape, alike.image_size) == ((9, 12, 3), None)


def test_photos_are_turned_as_their_exif_says(tmp_path):
    for i in range(3):
        write(tmp_path / f"{i}.png", (12, 9))
    upright = Image.fromarray(write(tmp_path / "turned.png", (9, 12)))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.save(tmp_path / "turned.png", exif=exif)
    data = load(f"folder:{tmp_path}", validation_size=0)
    read = {x.tobytes() for x in np.concatenate([data.train.array, data.test.array])}
    assert data.train.shape == (9, 12, 1)
    assert (
        np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "turned.png"))).tobytes() in read
    )


def test_labels_and_splits_from_sub_folders(tmp_path):
    for split, n in [("train", 6), ("val", 2), ("test", 3)]:
        for name in ("cat", "dog"):
            for i in range(n):
                write(tmp_path / split / name / f"{i}.png")
    write(tmp_path / "extra" / "0.png")
    (tmp_path / "README").write_text("where they are from")
    data = load(f"folder:{tmp_path}")
    assert [s.num_examples for s in (data.train, data.validation, data.test)] == [12, 4, 6]
    assert np.bincount(data.train.labels).tolist() == [6, 6]
    assert np.bincount(data.test.labels).tolist() == [3, 3]
    dogs = {Image.open(f).tobytes() for f in (tmp_path / "train" / "dog").iterdir()}
    assert {x.tobytes() for x in data.train.array[data.train.labels == 1]} == dogs
    assert "left out, beside the splits: README, extra" in data.notes
    assert data.train.class_names == data.test.class_names == ("cat", "dog")


@pytest.mark.parametrize("memory_limit_gb", [4.0, 1e-6])
def test_unreadable_files_are_listed_by_reason(tmp_path, memory_limit_gb):
    for i in range(30):
        write(tmp_path / f"{i}.png")
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "half.png").write_bytes((tmp_path / "0.png").read_bytes()[:80])
    (tmp_path / ".hidden").write_text("passed over")
    (tmp_path / "Thumbs.db").write_text("passed over")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere.png")
    for i in range(12):
        (tmp_path / f"{i:02}.txt").write_text("no image")
    data = load(f"folder:{tmp_path}", memory_limit_gb=memory_limit_gb)
    assert "1 file left out, broken link: broken.png" in data.notes
    assert "1 file left out, empty file: empty.jpg" in data.notes
    assert "1 file left out, truncated: half.png" in data.notes
    names = ", ".join(f"{i:02}.txt" for i in range(10))
    assert f"13 files left out, no image: {names} and 3 more" in data.notes
    assert not any("hidden" in note or "Thumbs" in note for note in data.notes)
    assert sum(s.num_examples for s in (data.train, data.validation, data.test)) == 30


def test_large_folders_are_streamed(tmp_path):
    written = [write(tmp_path / name / f"{i}.png").tobytes() for name in "ab" for i in range(20)]
    name = f"folder:{tmp_path}"
    data = load(name, memory_limit_gb=4e-6)
    assert len(data.train.chunk_sizes) > 5
    assert any("streamed in" in note for note in data.notes)
    splits = (data.train, data.validation, data.test)
    assert [s.num_examples for s in splits] == [32, 4, 4]
    assert sorted(x.tobytes() for s in splits for x in s.array) == sorted(written)
    for split in splits:
        pixels_of_b = {Image.open(file).tobytes() for file in (tmp_path / "b").iterdir()}
        assert [x.tobytes() in pixels_of_b for x in split.array] == (split.labels == 1).tolist()
    assert len(set(data.train.labels[:12])) == 2  # the first chunks are not one class
    assert data.fingerprint == load(name, memory_limit_gb=4e-6).fingerprint
    next(tmp_path.glob("a/*.png")).unlink()
    assert data.fingerprint != load(name, memory_limit_gb=4e-6).fingerprint


def test_streamed_black_and_white_is_bool(tmp_path):
    for i in range(20):
        Image.fromarray(RNG.random((9, 12)) < 0.5).save(tmp_path / f"{i}.png")
    data = load(f"folder:{tmp_path}", memory_limit_gb=1e-6)
    assert data.train.dtype == data.train.read(0).dtype == bool
    assert 0.4 < data.train.array.mean() < 0.6


def test_bad_folders_are_refused_in_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match="must name a folder"):
        load(f"folder:{tmp_path}/missing")
    with pytest.raises(ValueError, match="must hold images, but it is empty"):
        load(f"folder:{tmp_path}")
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(ValueError, match="none of its 1 files is one that can be read"):
        load(f"folder:{tmp_path}")
    # A file whose header is whole is found out one step later.
    write(tmp_path / "b.png", size=(100, 100))
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:500])
    with pytest.raises(
        ValueError, match=r"none of its 2 files .* \(no image: a.png; truncated: b.png\)"
    ):
        load(f"folder:{tmp_path}")


def test_streamed_levels_are_those_of_all_files(tmp_path):
    """As in memory: few levels, counts, and what --grey_levels says."""
    for i in range(20):
        pixels = RNG.integers(0, 17 if i else 9, (9, 12), dtype=np.uint8)
        pixels[0, :2] = 0, 16
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    for options, levels in [
        ({}, 17),
        ({"grey_levels": 256}, 256),
        ({"grey_levels": 20}, 20),
        ({"values": "counts"}, None),
    ]:
        whole, streamed = (
            load(f"folder:{tmp_path}", memory_limit_gb=limit, **options) for limit in (4, 1e-6)
        )
        assert whole.train.levels == streamed.train.levels == streamed.test.levels == levels
        assert whole.train.dtype == streamed.train.read(0).dtype == np.uint8
        about = [[n for n in data.notes if "grey_levels" in n] for data in (whole, streamed)]
        assert about[0] == about[1]
        assert len(about[0]) == (not options)
    with pytest.raises(ValueError, match="grey_levels=8"):
        load(f"folder:{tmp_path}", memory_limit_gb=1e-6, grey_levels=8)


def test_what_is_streamed_depends_on_the_options(tmp_path):
    for i in range(20):
        write(tmp_path / f"{i}.png", (14, 9))

    def fingerprint(**options):
        return load(f"folder:{tmp_path}", image_size=6, memory_limit_gb=1e-7, **options).fingerprint

    ways = [{}, {"resize": "pad"}, {"resize": "stretch"}, {"alpha_background": "black"}]
    assert len({fingerprint(**options) for options in ways}) == 4


def test_streamed_classes_that_train_lacks(tmp_path):
    for folder in ("train/a", "train/b", "test/a", "test/c"):
        for i in range(5):
            write(tmp_path / folder / f"{i}.png")
    data = load(f"folder:{tmp_path}", memory_limit_gb=1e-6)
    assert data.train.class_names == data.test.class_names == ("a", "b", "c")
    assert set(data.train.labels) == {0, 1}
    assert set(data.test.labels) == {0, 2}
    assert (
        "train has no image of class c (5 in all), which the model has and learns nothing of"
        in data.notes
    )


def test_16_bits_are_not_streamed(tmp_path):
    for i in range(20):
        Image.fromarray(RNG.integers(0, 65_536, (9, 12), dtype=np.uint16)).save(
            tmp_path / f"{i}.png"
        )
    with pytest.raises(ValueError, match="only images of 8 bits are streamed; these are uint16"):
        load(f"folder:{tmp_path}", memory_limit_gb=1e-6)
