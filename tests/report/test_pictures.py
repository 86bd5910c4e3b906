"""Pictures of examples, and which a model has."""

import numpy as np
import pytest
from scipy import stats

from keras_vae.batches import Batch
from keras_vae.report import examples_as_images, pictures
from tests import tiny
from tests.report.small_models import BATCH, EXAMPLES, MAP, as_bytes, build, shown_in, tiles_of

LADDER = {"structure": "ladder", "latent_dim": 20, "latent_dims": (3, 2), "hidden": (16, 8)}
LABELS = np.arange(40, dtype=np.int32) % 4


@pytest.mark.parametrize(
    ("recipe", "options", "names"),
    [
        (
            "vae",
            {},
            "reconstructions samples interpolations completions traversals rates manifold latents",
        ),
        (
            "vae",
            {"latent_dim": 3},
            "reconstructions samples interpolations completions traversals rates latents",
        ),
        (
            "vae",
            MAP,
            "reconstructions samples interpolations completions traversals rates places latents",
        ),
        ("vae", {"latent_dim": 1}, "reconstructions samples interpolations completions traversals"),
        (
            "full_covariance",
            {},
            "reconstructions samples interpolations completions traversals manifold latents",
        ),
        (
            "vae",
            LADDER,
            "reconstructions samples interpolations completions layers latents",
        ),
        ("monte_carlo", {"latent_samples": 5}, "samples traversals manifold"),
        ("ae", {}, "reconstructions holes interpolations traversals latents"),
    ],
)
def test_pictures_are_chosen_by_what_the_model_is(recipe, options, names):
    shown = pictures.pictures(build(recipe, **options), BATCH)
    assert [p.name for p in shown] == names.split()
    assert all(p.alt and p.caption and p.title for p in shown)


def test_completions_keep_the_upper_half():
    shown = shown_in(pictures.completions(build(), BATCH))
    # 6 rows of 10 images of 8 x 8, a pixel between them.
    rows = np.pad(shown, [(0, 1), (0, 1)]).reshape(6, 9, 10, 9).swapaxes(1, 2)[..., :8, :8]
    original = as_bytes(EXAMPLES[:6, ..., 0])
    for column in range(10):
        np.testing.assert_array_equal(rows[:, column, :4], original[:, :4])
    np.testing.assert_array_equal(rows[:, 0], original)
    assert (rows[:, 1, 4:] == 128).all()
    assert (rows[:, 2, 4:] != rows[:, 3, 4:]).any()


def test_samples_are_the_same_for_the_same_seed():
    vae = build()
    first, again, other = (shown_in(pictures.samples(vae, BATCH, seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float32])
def test_interpolations_begin_and_end_at_test_images(dtype):
    grey = EXAMPLES[:3]
    examples = {np.uint8: as_bytes(grey), bool: grey > 0.5, np.float32: grey}[dtype]
    vae = build()
    shown = shown_in(pictures.interpolations(vae, Batch(examples, None), steps=3))
    assert shown.shape == (3 * 9 - 1, 5 * 9 - 1)
    images = examples if dtype == np.uint8 else as_bytes(examples.astype(np.float32))
    np.testing.assert_array_equal(shown[:8, :8], images[0, ..., 0])
    np.testing.assert_array_equal(shown[:8, -8:], images[1, ..., 0])
    np.testing.assert_array_equal(shown[18:, :8], images[2, ..., 0])
    np.testing.assert_array_equal(shown[18:, -8:], images[0, ..., 0])
    decoded = as_bytes(vae.reconstruct(examples)[..., 0].numpy()).astype(int)
    assert np.abs(shown[:8, 9:17] - decoded[0]).max() <= 1


# Conditional models ----------------------------------------------------------------------------


def test_each_row_of_samples_is_given_a_label_of_its_own():
    vae = build("cvae", num_classes=4)
    picture = pictures.samples(vae, Batch(EXAMPLES, None, LABELS), seed=3)
    labels = np.repeat(np.arange(10) % 4, 10)
    wanted = as_bytes(vae.sample(100, seed=3, condition=labels).numpy()[..., 0])
    assert np.abs(tiles_of(picture, 10, 10) - wanted.reshape(10, 10, 8, 8)).max() <= 1
    assert "All examples of a row are given the same condition" in picture.caption


def test_each_row_of_samples_completes_the_same_image():
    vae = build("cvae_image", likelihood="continuous_bernoulli")
    tiles = tiles_of(pictures.samples(vae, BATCH, seed=3), 10, 10)
    given = np.broadcast_to(as_bytes(EXAMPLES[:10, np.newaxis, :, :, 0]), tiles.shape)
    assert np.abs(tiles - given)[..., :4].max() <= 1
    assert (tiles[:, 0, :, 4:] != tiles[:, 1, :, 4:]).any()


@pytest.mark.parametrize(("recipe", "labels"), [("cvae", LABELS), ("cvae_image", None)])
def test_all_pictures_are_of_the_given_conditions(recipe, labels):
    vae = build(recipe, num_classes=4)
    batch = Batch((EXAMPLES > 0.5).astype(np.float32), None, labels)
    shown = {p.name: p for p in pictures.pictures(vae, batch, labels)}
    completions = "completions " if recipe == "cvae" else ""
    assert " ".join(shown) == (
        f"reconstructions samples interpolations {completions}traversals rates manifold latents"
    )
    # Beside each test image its reconstruction, where the interpolation begins.
    batch = batch.rows(0, 8)
    x, condition = batch.x, batch.condition
    wanted = as_bytes(vae.reconstruct(x, condition).numpy()[..., 0])
    assert np.abs(tiles_of(shown["interpolations"], 8, 10)[:, 1] - wanted).max() <= 1
    # The lower left corner, given the first example's condition.
    z = np.full([1, 2], stats.norm.ppf(0.025), np.float32)
    condition = examples_as_images.first_condition(vae, batch, 1)
    wanted = as_bytes(vae.decode(z, condition).mean().numpy()[0, ..., 0])
    assert np.abs(tiles_of(shown["manifold"], 20, 20)[-1, 0] - wanted).max() <= 1


def test_large_images_make_grids_of_fewer():
    vae = build(event_shape=(2, 256, 1))
    assert shown_in(pictures.samples(vae, BATCH)).shape == (5 * 3 - 1, 5 * 257 - 1)


# Several stochastic layers ---------------------------------------------------------------------


def test_each_row_of_layers_draws_one_more_anew():
    vae = build(**LADDER)
    picture = pictures.layers(vae, BATCH, seed=3)
    tiles = tiles_of(picture, 2, 10)
    z = vae.prior_sample(vae.prior.draw_noise([3, 3], 1))
    held = as_bytes(vae.decode(z).mean().numpy()[0, ..., 0])
    lowest = as_bytes(vae.vary(np.repeat(z, 10, axis=0), 1, seed=3).numpy()[..., 0])
    every = as_bytes(vae.sample(10, seed=3).numpy()[..., 0])
    assert np.abs(tiles[:, 0] - held).max() <= 1
    assert np.abs(tiles[0, 1:] - lowest[1:]).max() <= 1
    assert np.abs(tiles[1, 1:] - every[1:]).max() <= 1
    names = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert names == ["z_1", "z_1 to z_2"]


def test_unknown_values_are_blue_and_are_filled_in():
    model = tiny.randomize(tiny.vae(sees_mask=True))
    x = tiny.images(4)
    mask = np.random.default_rng(0).uniform(size=x.shape) < 0.5
    images = examples_as_images.with_gaps(model, x, mask)
    known = np.repeat(mask, 3, axis=-1)
    np.testing.assert_array_equal(images[known], np.repeat(x, 3, axis=-1)[known])
    unknown = images[~mask[..., 0]]
    np.testing.assert_allclose(unknown, np.tile([0.35, 0.55, 0.9], (len(unknown), 1)), rtol=1e-6)
    shown = {p.name: p for p in pictures.pictures(model, Batch(x, mask=mask))}
    assert shown["completions"].title == "Unknown values"
    assert "interpolations" not in shown
    assert "blue" in shown["reconstructions"].caption
