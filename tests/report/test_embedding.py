"""Pictures in a page: as they are where they are small, else small and still like themselves."""

import base64
import io

import numpy as np
from PIL import Image

from keras_vae.report import embedding


def embedded(path):
    kind, _, content = embedding.data_uri(path).partition(";base64,")
    return kind, base64.b64decode(content)


def test_a_small_picture_is_embedded_as_it_is(tmp_path):
    Image.new("RGBA", (300, 200)).save(tmp_path / "a.png")
    assert embedded(tmp_path / "a.png") == ("data:image/png", (tmp_path / "a.png").read_bytes())


def test_a_large_one_is_a_webp_that_looks_like_it(tmp_path):
    y, x = np.mgrid[:600, :600] / 600
    noise = np.random.default_rng(0).normal(0, 4, (600, 600, 3))
    pixels = np.clip(np.stack([255 * x, 255 * y, 128 + 100 * np.sin(9 * x)], -1) + noise, 0, 255)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > embedding.MOST_BYTES
    kind, content = embedded(tmp_path / "a.png")
    assert kind == "data:image/webp"
    assert len(content) <= embedding.MOST_BYTES
    seen = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), float)
    assert np.abs(seen - pixels).mean() < 5.0  # About the noise, whose mean deviation is 3.2.


def test_what_is_still_too_large_loses_resolution(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    _, content = embedded(tmp_path / "a.png")
    assert len(content) <= embedding.MOST_BYTES
    assert Image.open(io.BytesIO(content)).size in {(450, 450), (225, 225)}
