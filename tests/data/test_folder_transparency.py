"""What stands behind transparent pixels of files."""

import numpy as np
import pytest
from PIL import Image

from keras_vae.data import load
from tests.image_files import RNG, near, over, random, read


@pytest.mark.parametrize(
    ("background", "ground"),
    [("white", (255, 255, 255)), ("black", (0, 0, 0)), ("10c0FF", (16, 192, 255))],
)
def test_transparency_is_composited(tmp_path, background, ground):
    rgba, la = random(5, 6, 4), random(5, 6, 2)
    Image.fromarray(rgba, "RGBA").save(tmp_path / "0.png")
    Image.fromarray(la, "LA").save(tmp_path / "1.png")
    palette = Image.fromarray(random(5, 6, high=4), "P")
    palette.putpalette(bytes(random(12)))
    palette.save(tmp_path / "2.png", transparency=bytes([0, 80, 255, 255]))
    palette.save(tmp_path / "3.gif", transparency=1)
    rgb = random(5, 6, 3)
    Image.fromarray(rgb).save(tmp_path / "4.png", transparency=tuple(map(int, rgb[2, 3])))
    images, notes = read(tmp_path, alpha_background=background)
    near(images[0], over(rgba[..., :3], rgba[..., 3], ground))
    near(images[1], over(np.repeat(la[..., :1], 3, 2), la[..., 1], ground))
    for image, name in [(images[2], "2.png"), (images[3], "3.gif")]:
        with Image.open(tmp_path / name) as opened:
            whole = np.asarray(opened.convert("RGBA"))
        near(image, over(whole[..., :3], whole[..., 3], ground))
    clear = (rgb == rgb[2, 3]).all(-1)
    np.testing.assert_array_equal(images[4], np.where(clear[..., None], ground, rgb))
    name = background.lower()
    assert f"5 images with transparency, on {name} (alpha_background)" in notes


def test_what_transparency_hides_doesnt_matter(tmp_path):
    """Three folders that look the same."""
    shape = RNG.random((8, 8)) < 0.5
    seen = []
    for hidden in (0, 77, 255):
        folder = tmp_path / str(hidden)
        folder.mkdir()
        for i in range(3):
            pixels = np.full((8, 8, 4), 255, np.uint8)
            pixels[..., :3] = 100 + i
            pixels[shape] = (hidden, hidden, hidden, 0)
            Image.fromarray(pixels, "RGBA").save(folder / f"{i}.png")
        seen.append(read(folder)[0])
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[0], seen[2])
    np.testing.assert_array_equal(seen[0][1, ..., 0], np.where(shape, 255, 101))


def test_opaque_images_have_no_note_and_stay_grey(tmp_path):
    grey = random(3, 5, 6)
    for i, image in enumerate(grey):
        opaque = np.stack([image, np.full_like(image, 255)], -1)
        Image.fromarray(opaque, "LA").save(tmp_path / f"{i}.png")
    images, notes = read(tmp_path)
    np.testing.assert_array_equal(images[..., 0], grey)
    assert notes == []


@pytest.mark.parametrize(("background", "drawn"), [("white", 255), ("black", 0)])
def test_drawings_in_opacity_alone_are_on_the_other_ground(tmp_path, background, drawn):
    opacity = random(4, 5, 6)
    for i in range(4):
        pixels = np.full((5, 6, 4), drawn, np.uint8)
        pixels[..., 3] = opacity[i]
        if i == 3:
            pixels[0, 0] = (9, 9, 9, 255)  # something that the ground shows
            opacity[3, 0, 0] = 255
        Image.fromarray(pixels, "RGBA").save(tmp_path / f"{i}.png")
    images, notes = read(tmp_path, alpha_background=background)
    other = 255 - drawn
    for image, a in zip(images[:3], opacity, strict=False):
        near(image, over(np.full((5, 6, 3), drawn), a, [other] * 3))
    assert images[3, 0, 0].tolist() == [9, 9, 9]
    assert (images[3].reshape(-1, 3)[1:] == drawn).all()
    names = ("black", "white") if background == "black" else ("white", "black")
    assert (
        f"4 images with transparency, on {names[0]}, but 3 on {names[1]}: drawn in {names[0]} "
        "alone, they would vanish (alpha_background)"
    ) in notes


@pytest.mark.parametrize("background", ["purple", "#ffffff", "fff", "12345g", ""])
def test_a_bad_background_is_named(tmp_path, background):
    with pytest.raises(ValueError, match="alpha_background must be white, black or") as caught:
        load(f"folder:{tmp_path}/missing", alpha_background=background)
    assert "\n" not in str(caught.value)
