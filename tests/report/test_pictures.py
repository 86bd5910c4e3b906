"""Pictures: which codes are decoded, in which order."""

import numpy as np
import pytest
from scipy import stats

import keras_vae
from keras_vae import evaluation
from keras_vae.batches import Batch
from keras_vae.report import pictures

RNG = np.random.default_rng(0)
EXAMPLES = RNG.uniform(size=(40, 8, 8, 1)).astype(np.float32)
BATCH = Batch(EXAMPLES, None)
LADDER = {"structure": "ladder", "latent_dim": 20, "latent_dims": (3, 2), "hidden": (16, 8)}
LABELS = np.arange(40, dtype=np.int32) % 4


def _build(recipe="vae", **options):
    grey = {"event_shape": (8, 8, 1), "likelihood": "continuous_bernoulli"}
    options = {"latent_dim": 2, "hidden": (16,)} | grey | options
    return keras_vae.build(keras_vae.recipe(recipe, **options))


def _shown(picture):
    (image,) = picture.figure.axes[0].images
    return np.asarray(image.get_array())[..., 0]


def _bytes(images):
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)


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
    shown = pictures.pictures(_build(recipe, **options), BATCH)
    assert [p.name for p in shown] == names.split()
    assert all(p.alt and p.caption and p.title for p in shown)


def test_completions_keep_the_upper_half():
    shown = _shown(pictures.completions(_build(), BATCH))
    # 6 rows of 10 images of 8 x 8, a pixel between them.
    rows = np.pad(shown, [(0, 1), (0, 1)]).reshape(6, 9, 10, 9).swapaxes(1, 2)[..., :8, :8]
    original = _bytes(EXAMPLES[:6, ..., 0])
    for column in range(10):
        np.testing.assert_array_equal(rows[:, column, :4], original[:, :4])
    np.testing.assert_array_equal(rows[:, 0], original)
    assert (rows[:, 1, 4:] == 128).all()
    assert (rows[:, 2, 4:] != rows[:, 3, 4:]).any()


def test_the_manifold_is_of_normal_quantiles():
    codes = pictures.manifold_noise(20)
    grid = stats.norm.ppf((np.arange(20) + 0.5) / 20)
    assert codes.shape == (20, 20, 2)
    np.testing.assert_allclose(codes[7, :, 0], grid, atol=1e-6)
    np.testing.assert_allclose(codes[::-1, 7, 1], grid, atol=1e-6)  # Upwards, as in a plot.


def test_manifold_shows_what_its_codes_decode_to():
    vae = _build()
    shown = _shown(pictures.manifold(vae, BATCH))
    assert shown.shape == (20 * 9 - 1, 20 * 9 - 1)
    # Bottom left: both latents at the middle of the lowest twentieth.
    image = vae.decode(np.full([1, 2], stats.norm.ppf(0.025), np.float32)).mean().numpy()
    assert np.abs(shown[-8:, :8].astype(int) - _bytes(image[0, ..., 0])).max() <= 1


def test_latents_are_ordered_by_their_kl():
    vae = _build(latent_dim=5)
    latents = pictures.measure_latents(vae, BATCH)
    q = vae.encode(EXAMPLES)
    loc, scale = q.mean().numpy(), q.stddev().numpy()
    kl = (0.5 * (loc**2 + scale**2 - 1) - np.log(scale)).mean(axis=0)
    np.testing.assert_allclose(latents.rate, kl, rtol=1e-4)
    np.testing.assert_array_equal(latents.order, np.argsort(-kl))
    np.testing.assert_array_equal(latents.loc, np.zeros(5))
    np.testing.assert_array_equal(latents.scale, np.ones(5))


def test_measuring_in_batches_makes_no_difference(monkeypatch):
    vae = _build(latent_dim=5)
    whole = pictures.measure_latents(vae, BATCH)
    monkeypatch.setattr(pictures, "BATCH_SIZE", 16)
    batched = pictures.measure_latents(vae, BATCH)
    np.testing.assert_allclose(batched.codes, whole.codes, atol=1e-6)
    np.testing.assert_allclose(batched.rate, whole.rate, rtol=1e-5)


@pytest.mark.parametrize("recipe", ["full_covariance", "ae"])
def test_without_a_kl_of_each_latent_variance_orders_them(recipe):
    vae = _build(recipe, latent_dim=5)
    latents = pictures.measure_latents(vae, BATCH)
    codes = vae.encode(EXAMPLES).mean().numpy()
    assert latents.rate is None
    np.testing.assert_array_equal(latents.order, np.argsort(-codes.var(axis=0)))
    if recipe == "ae":  # No prior says how far its codes reach.
        np.testing.assert_allclose(latents.loc, codes.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(latents.scale, codes.std(axis=0), atol=1e-6)


def test_traversals_change_one_latent_in_each_row():
    vae = _build(latent_dim=3)
    latents = pictures.measure_latents(vae, BATCH)._replace(
        loc=np.array([0.0, 1.0, 2.0]), scale=np.array([1.0, 2.0, 3.0])
    )
    codes = pictures.traversal_codes(latents, [2, 0], np.array([-3.0, 0.0, 3.0]))
    first = latents.codes[0]
    np.testing.assert_allclose(codes[0, :, 2], [-7, 2, 11])
    np.testing.assert_allclose(codes[1, :, 0], [-3, 0, 3])
    np.testing.assert_allclose(codes[0, :, :2], np.tile(first[:2], [3, 1]))
    np.testing.assert_allclose(codes[1, :, 1:], np.tile(first[1:], [3, 1]))


def test_traversals_show_the_ten_latents_of_largest_kl():
    vae = _build(latent_dim=12)
    latents = pictures.measure_latents(vae, BATCH)
    axes = pictures.traversals(vae, BATCH, latents).figure.axes[0]
    expected = [f"z[{d}]  {latents.rate[d]:.2f}" for d in np.argsort(-latents.rate)[:10]]
    assert [t.get_text() for t in axes.get_yticklabels()] == expected


def test_samples_are_the_same_for_the_same_seed():
    vae = _build()
    first, again, other = (_shown(pictures.samples(vae, BATCH, seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float32])
def test_interpolations_begin_and_end_at_test_images(dtype):
    grey = EXAMPLES[:3]
    examples = {np.uint8: _bytes(grey), bool: grey > 0.5, np.float32: grey}[dtype]
    vae = _build()
    shown = _shown(pictures.interpolations(vae, Batch(examples, None), steps=3))
    assert shown.shape == (3 * 9 - 1, 5 * 9 - 1)
    images = examples if dtype == np.uint8 else _bytes(examples.astype(np.float32))
    np.testing.assert_array_equal(shown[:8, :8], images[0, ..., 0])
    np.testing.assert_array_equal(shown[:8, -8:], images[1, ..., 0])
    np.testing.assert_array_equal(shown[18:, :8], images[2, ..., 0])
    np.testing.assert_array_equal(shown[18:, -8:], images[0, ..., 0])
    decoded = _bytes(vae.reconstruct(examples)[..., 0].numpy()).astype(int)
    assert np.abs(shown[:8, 9:17] - decoded[0]).max() <= 1


# Conditional models ----------------------------------------------------------------------------


def _tiles(picture, rows, columns):
    """The images [rows, columns, 8, 8] of a grid whose gaps are a pixel wide."""
    shown = _shown(picture)
    assert shown.shape == (9 * rows - 1, 9 * columns - 1)
    return np.array(
        [[shown[9 * r : 9 * r + 8, 9 * c : 9 * c + 8] for c in range(columns)] for r in range(rows)]
    ).astype(int)


def test_each_row_of_samples_is_given_a_label_of_its_own():
    vae = _build("cvae", num_classes=4)
    picture = pictures.samples(vae, Batch(EXAMPLES, None, LABELS), seed=3)
    labels = np.repeat(np.arange(10) % 4, 10)
    wanted = _bytes(vae.sample(100, seed=3, condition=labels).numpy()[..., 0])
    assert np.abs(_tiles(picture, 10, 10) - wanted.reshape(10, 10, 8, 8)).max() <= 1
    assert "All examples of a row are given the same condition" in picture.caption


def test_each_row_of_samples_completes_the_same_image():
    vae = _build("cvae_image", likelihood="continuous_bernoulli")
    tiles = _tiles(pictures.samples(vae, BATCH, seed=3), 10, 10)
    given = np.broadcast_to(_bytes(EXAMPLES[:10, np.newaxis, :, :, 0]), tiles.shape)
    assert np.abs(tiles - given)[..., :4].max() <= 1
    assert (tiles[:, 0, :, 4:] != tiles[:, 1, :, 4:]).any()


@pytest.mark.parametrize(("recipe", "labels"), [("cvae", LABELS), ("cvae_image", None)])
def test_all_pictures_are_of_the_given_conditions(recipe, labels):
    vae = _build(recipe, num_classes=4)
    batch = Batch((EXAMPLES > 0.5).astype(np.float32), None, labels)
    shown = {p.name: p for p in pictures.pictures(vae, batch, labels)}
    completions = "completions " if recipe == "cvae" else ""
    assert " ".join(shown) == (
        f"reconstructions samples interpolations {completions}traversals rates manifold latents"
    )
    # Beside each test image its reconstruction, where the interpolation begins.
    batch = batch.rows(0, 8)
    x, condition = batch.x, batch.condition
    wanted = _bytes(vae.reconstruct(x, condition).numpy()[..., 0])
    assert np.abs(_tiles(shown["interpolations"], 8, 10)[:, 1] - wanted).max() <= 1
    # The lower left corner, given the first example's condition.
    z = np.full([1, 2], stats.norm.ppf(0.025), np.float32)
    condition = pictures._first_condition(vae, batch, 1)
    wanted = _bytes(vae.decode(z, condition).mean().numpy()[0, ..., 0])
    assert np.abs(_tiles(shown["manifold"], 20, 20)[-1, 0] - wanted).max() <= 1


def test_scatter_shows_the_two_latents_of_largest_kl():
    latents = pictures.Latents(
        codes=RNG.normal(size=(10, 4)),
        rate=np.array([0.1, 0.9, 0.0, 2.0]),
        order=np.array([3, 1, 0, 2]),
        loc=np.zeros(4),
        scale=np.ones(4),
    )
    vae = _build(latent_dim=4)
    picture = pictures.scatter(vae, BATCH, latents, np.zeros(len(EXAMPLES)))
    axes = picture.figure.axes[0]
    prior, posterior = (points.get_offsets() for points in axes.collections)
    drawn = evaluation.draw_latents(vae, BATCH, seed=0)
    np.testing.assert_array_equal(posterior, drawn[0][:, [1, 3]])
    np.testing.assert_array_equal(prior, drawn[1][:, [1, 3]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z[1]", "z[3]")
    assert "largest KL" in picture.caption


def test_an_autoencoders_scatter_shows_its_codes():
    vae = _build("ae", latent_dim=2)
    latents = pictures.measure_latents(vae, BATCH)
    (points,) = pictures.scatter(vae, BATCH, latents).figure.axes[0].collections
    np.testing.assert_array_equal(points.get_offsets(), latents.codes)


def test_large_images_make_grids_of_fewer():
    vae = _build(event_shape=(2, 256, 1))
    assert _shown(pictures.samples(vae, BATCH)).shape == (5 * 3 - 1, 5 * 257 - 1)


# Several stochastic layers ---------------------------------------------------------------------


def test_each_row_of_layers_draws_one_more_anew():
    vae = _build(**LADDER)
    picture = pictures.layers(vae, BATCH, seed=3)
    tiles = _tiles(picture, 2, 10)
    z = vae.prior_sample(vae.prior.draw_noise([3, 3], 1))
    held = _bytes(vae.decode(z).mean().numpy()[0, ..., 0])
    lowest = _bytes(vae.vary(np.repeat(z, 10, axis=0), 1, seed=3).numpy()[..., 0])
    every = _bytes(vae.sample(10, seed=3).numpy()[..., 0])
    assert np.abs(tiles[:, 0] - held).max() <= 1
    assert np.abs(tiles[0, 1:] - lowest[1:]).max() <= 1
    assert np.abs(tiles[1, 1:] - every[1:]).max() <= 1
    names = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert names == ["z_1", "z_1 to z_2"]
