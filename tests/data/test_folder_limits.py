"""Files that can't be read: too large, cut off, or of any bytes at all."""

import io
import os
import signal
import warnings

import numpy as np
import pytest
from PIL import Image

from keras_vae._compat import tf
from keras_vae.data import load
from keras_vae.data.folder import opening, reading
from tests.image_files import RNG, png16, random, tiff


def test_large_scans_are_told_rightly(tmp_path):
    for i in range(20):
        Image.fromarray(random(5, 5)).save(tmp_path / f"{i:02}.png")
    Image.new("1", (13_500, 13_500)).save(tmp_path / "scan.png")
    notes = load(f"folder:{tmp_path}").notes
    reason = "larger than Pillow's limit of 178,956,970 pixels: raise max_pixels"
    assert f"1 file left out, {reason}: scan.png" in notes


def test_max_pixels_is_of_one_read_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)  # Pillow warns from 500 on
    monkeypatch.setattr(opening, "DEFAULT_MAX_PIXELS", 1000)  # and refuses from 1000 on
    for i in range(20):
        Image.fromarray(random(5, 5)).save(tmp_path / f"{i:02}.png")
    Image.fromarray(random(30, 30)).save(tmp_path / "warned.png")
    Image.fromarray(random(40, 40)).save(tmp_path / "refused.png")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        filters = list(warnings.filters)

        def left_out(**options):
            data = load(f"folder:{tmp_path}", image_size=5, memory_limit_gb=1e-6, **options)
            assert data.train.array.any()  # streamed, so that it is read again
            assert Image.MAX_IMAGE_PIXELS == 500
            assert warnings.filters == filters
            return [note for note in data.notes if "left out" in note]

        assert [note[-11:] for note in left_out()] == ["refused.png"]
        assert left_out(max_pixels=2000) == []
        names = "refused.png, warned.png"
        assert left_out(max_pixels=30) == [f"2 files left out, larger than max_pixels=30: {names}"]
    assert caught == []


def test_a_truncated_photograph_is_never_half_grey(tmp_path):
    for i in range(20):
        Image.fromarray(random(64, 64, 3)).save(tmp_path / f"{i:02}.jpg")
    whole = (tmp_path / "00.jpg").read_bytes()
    for i, part in enumerate((0.3, 0.5, 0.9, 0.99)):
        (tmp_path / f"part{i}.jpg").write_bytes(whole[: int(len(whole) * part)])
    notes = load(f"folder:{tmp_path}").notes
    assert "4 files left out, truncated: part0.jpg, part1.jpg, part2.jpg, part3.jpg" in notes


@pytest.mark.parametrize("limit", [4.0, 1.0])
def test_an_image_must_fit_into_the_memory(tmp_path, limit):
    for i in range(20):
        Image.fromarray(random(5, 5, 3)).save(tmp_path / f"{i:02}.png")
    words = r"100000x100000x3 takes 30 GB for one, more than memory_limit_gb=.* image_size"
    for resize in ("crop", "pad", "stretch"):
        with pytest.raises(ValueError, match=words) as caught:
            load(f"folder:{tmp_path}", image_size=100_000, resize=resize, memory_limit_gb=limit)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"5x5x3 takes 7\.5e-08 GB"):
        load(f"folder:{tmp_path}", memory_limit_gb=74e-9)
    assert load(f"folder:{tmp_path}", memory_limit_gb=75e-9).train.shape == (5, 5, 3)


@pytest.mark.parametrize("suffix", ["png", "deep.png", "tif", "jp2"])
def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path, suffix):
    for i in range(12):
        file = tmp_path / f"{i:02}.{suffix}"
        if suffix == "deep.png":
            png16(file, random(5, 6, 3, dtype=np.uint16))
        else:
            Image.fromarray(random(5, 6, 3)).save(file)

    def replaced(*_):
        file.unlink(missing_ok=True)
        os.mkfifo(file)

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 10, 1)
    try:
        if suffix != "deep.png":  # which isn't streamed
            images = load(f"folder:{tmp_path}", memory_limit_gb=1e-6, validation_size=0)
            replaced()
            with pytest.raises(ValueError, match=r"cannot now: no image\.$"):
                np.concatenate([images.train.array, images.test.array])
            file.unlink()
            Image.fromarray(random(5, 6, 3)).save(file)
        with pytest.MonkeyPatch.context() as patch:
            # The path was a file when the folder was read.
            patch.setattr(reading, "_read_headers", after(replaced, reading._read_headers))
            notes = load(f"folder:{tmp_path}").notes
        assert f"1 file left out, no image: {file.name}" in notes
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def after(first, function):
    def both(*arguments):
        first()
        return function(*arguments)

    return both


def files_to_break():
    """(suffix, bytes) of small files of many formats."""
    colour, grey = Image.fromarray(random(12, 9, 3)), Image.fromarray(random(12, 9))
    for suffix in ("png", "jpg", "gif", "bmp", "tif", "webp", "ppm", "tga", "pcx", "jp2", "ico"):
        buffer = io.BytesIO()
        colour.save(buffer, Image.registered_extensions()[f".{suffix}"])
        yield suffix, buffer.getvalue()
    buffer = io.BytesIO()
    grey.save(buffer, "GIF", save_all=True, append_images=[Image.fromarray(random(12, 9))] * 2)
    yield "gif", buffer.getvalue()
    yield "png", tf.io.encode_png(random(12, 9, 4, dtype=np.uint16)).numpy()
    yield "tif", tiff(random(12, 9, 3, dtype=np.uint16), compress=True, predictor=2, rows=5)


@pytest.mark.parametrize("frames", ["first", "all"])
def test_no_bytes_are_a_traceback(tmp_path, frames):
    for i in range(20):
        Image.fromarray(random(12, 9)).save(tmp_path / f"whole{i:02}.png")
    number = 0
    for suffix, content in files_to_break():
        for _ in range(12):
            broken = bytearray(content)
            for _ in range(RNG.integers(1, 6)):
                broken[RNG.integers(len(broken))] = RNG.integers(256)
            if RNG.random() < 0.5:
                broken = broken[: RNG.integers(len(broken))]
            (tmp_path / f"{number:04}.{suffix}").write_bytes(broken)
            number += 1
    data = load(f"folder:{tmp_path}", image_size=8, frames=frames, max_pixels=10_000, values="real")
    assert data.train.num_examples >= 16
    assert sum("left out" in note for note in data.notes) >= 3
    assert all("\n" not in note for note in data.notes)
