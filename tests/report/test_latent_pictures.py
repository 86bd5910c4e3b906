"""Pictures of latents: which codes are decoded, in which order."""

import numpy as np
import pytest
from scipy import stats

from keras_vae import evaluation
from keras_vae.report import latent_pictures
from tests import tiny
from tests.report.small_models import BATCH, EXAMPLES, MAP, as_bytes, build, shown_in


def test_the_manifold_is_of_normal_quantiles():
    codes = latent_pictures.manifold_noise(20)
    grid = stats.norm.ppf((np.arange(20) + 0.5) / 20)
    assert codes.shape == (20, 20, 2)
    np.testing.assert_allclose(codes[7, :, 0], grid, atol=1e-6)
    np.testing.assert_allclose(codes[::-1, 7, 1], grid, atol=1e-6)  # Upwards, as in a plot.


def test_manifold_shows_what_its_codes_decode_to():
    vae = build()
    shown = shown_in(latent_pictures.manifold(vae, BATCH))
    assert shown.shape == (20 * 9 - 1, 20 * 9 - 1)
    # Bottom left: both latents at the middle of the lowest twentieth.
    image = vae.decode(np.full([1, 2], stats.norm.ppf(0.025), np.float32)).mean().numpy()
    assert np.abs(shown[-8:, :8].astype(int) - as_bytes(image[0, ..., 0])).max() <= 1


def test_latents_are_ordered_by_their_kl():
    vae = build(latent_dim=5)
    latents = latent_pictures.measure_latents(vae, BATCH)
    q = vae.encode(EXAMPLES)
    loc, scale = q.mean().numpy(), q.stddev().numpy()
    kl = (0.5 * (loc**2 + scale**2 - 1) - np.log(scale)).mean(axis=0)
    np.testing.assert_allclose(latents.rate, kl, rtol=1e-4)
    np.testing.assert_array_equal(latents.order, np.argsort(-kl))
    np.testing.assert_array_equal(latents.loc, np.zeros(5))
    np.testing.assert_array_equal(latents.scale, np.ones(5))


def test_measuring_in_batches_makes_no_difference(monkeypatch):
    vae = build(latent_dim=5)
    whole = latent_pictures.measure_latents(vae, BATCH)
    monkeypatch.setattr(latent_pictures, "BATCH_SIZE", 16)
    batched = latent_pictures.measure_latents(vae, BATCH)
    np.testing.assert_allclose(batched.codes, whole.codes, atol=1e-6)
    np.testing.assert_allclose(batched.rate, whole.rate, rtol=1e-5)


@pytest.mark.parametrize("recipe", ["full_covariance", "ae"])
def test_without_a_kl_of_each_latent_variance_orders_them(recipe):
    vae = build(recipe, latent_dim=5)
    latents = latent_pictures.measure_latents(vae, BATCH)
    codes = vae.encode(EXAMPLES).mean().numpy()
    assert latents.rate is None
    np.testing.assert_array_equal(latents.order, np.argsort(-codes.var(axis=0)))
    if recipe == "ae":  # No prior says how far its codes reach.
        np.testing.assert_allclose(latents.loc, codes.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(latents.scale, codes.std(axis=0), atol=1e-6)


def test_traversals_change_one_latent_in_each_row():
    vae = build(latent_dim=3)
    latents = latent_pictures.measure_latents(vae, BATCH)._replace(
        loc=np.array([0.0, 1.0, 2.0]), scale=np.array([1.0, 2.0, 3.0])
    )
    codes = latent_pictures.traversal_codes(latents, [2, 0], np.array([-3.0, 0.0, 3.0]))
    first = latents.codes[0]
    np.testing.assert_allclose(codes[0, :, 2], [-7, 2, 11])
    np.testing.assert_allclose(codes[1, :, 0], [-3, 0, 3])
    np.testing.assert_allclose(codes[0, :, :2], np.tile(first[:2], [3, 1]))
    np.testing.assert_allclose(codes[1, :, 1:], np.tile(first[1:], [3, 1]))


def test_traversals_show_the_ten_latents_of_largest_kl():
    vae = build(latent_dim=12)
    latents = latent_pictures.measure_latents(vae, BATCH)
    axes = latent_pictures.traversals(vae, BATCH, latents).figure.axes[0]
    expected = [f"z[{d}]  {latents.rate[d]:.2f}" for d in np.argsort(-latents.rate)[:10]]
    assert [t.get_text() for t in axes.get_yticklabels()] == expected


def test_latents_of_a_map_are_named_by_their_place():
    vae = tiny.randomize(build(**MAP))
    latents = latent_pictures.measure_latents(vae, BATCH)
    rate = np.mean(vae.terms(EXAMPLES, tiny.noise(vae, 1, 40)).kl, axis=0)
    np.testing.assert_allclose(latents.rate, rate, rtol=1e-4)
    places = [(row, column, d) for row in range(2) for column in range(2) for d in range(3)]
    wanted = [f"z[{i},{j},{d}]" for i, j, d in (places[k] for k in np.argsort(-rate)[:10])]
    axes = latent_pictures.traversals(vae, BATCH, latents).figure.axes[0]
    assert [t.get_text().split("  ")[0] for t in axes.get_yticklabels()] == wanted
    axes = latent_pictures.scatter(vae, BATCH, latents).figure.axes[0]
    assert {axes.get_xlabel(), axes.get_ylabel()} == set(wanted[:2])


def test_a_traversal_moves_one_channel_of_one_place():
    vae = tiny.randomize(build(**MAP))
    latents = latent_pictures.measure_latents(vae, BATCH)
    (row,) = latent_pictures.traversal_codes(latents, [7], np.array([2.0]))
    z = vae.encode(EXAMPLES[:1]).mean().numpy()
    z[0, 1, 0, 1] = 2.0  # The prior is N(0, I).
    np.testing.assert_allclose(row, z.reshape(1, -1), atol=1e-6)


def test_the_rate_of_a_place_is_that_of_its_channels():
    rate = np.random.default_rng(0).uniform(size=(2, 3, 4))
    picture = latent_pictures.places(rate)
    (image,) = picture.figure.axes[0].images
    wanted = [[sum(rate[i, j]) for j in range(3)] for i in range(2)]
    np.testing.assert_allclose(image.get_array(), wanted)
    assert f"from {np.min(wanted):.2f} to {np.max(wanted):.2f} nats" in picture.alt


def test_scatter_shows_the_two_latents_of_largest_kl():
    latents = latent_pictures.Latents(
        codes=np.random.default_rng(0).normal(size=(10, 4)),
        rate=np.array([0.1, 0.9, 0.0, 2.0]),
        order=np.array([3, 1, 0, 2]),
        loc=np.zeros(4),
        scale=np.ones(4),
    )
    vae = build(latent_dim=4)
    picture = latent_pictures.scatter(vae, BATCH, latents, np.zeros(len(EXAMPLES)))
    axes = picture.figure.axes[0]
    prior, posterior = (points.get_offsets() for points in axes.collections)
    drawn = evaluation.draw_latents(vae, BATCH, seed=0)
    np.testing.assert_array_equal(posterior, drawn[0][:, [1, 3]])
    np.testing.assert_array_equal(prior, drawn[1][:, [1, 3]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z[1]", "z[3]")
    assert "largest KL" in picture.caption


def test_an_autoencoders_scatter_shows_its_codes():
    vae = build("ae", latent_dim=2)
    latents = latent_pictures.measure_latents(vae, BATCH)
    (points,) = latent_pictures.scatter(vae, BATCH, latents).figure.axes[0].collections
    np.testing.assert_array_equal(points.get_offsets(), latents.codes)
