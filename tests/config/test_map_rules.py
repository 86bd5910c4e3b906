"""What maps of latents can't be together with, and which sizes they may have."""

import pytest

import keras_vae
from keras_vae.config import find
from keras_vae.config.map_rules import check_latent_shape
from tests import tiny

MAP = {"network": "conv", "filters": (4, 6), "latent_shape": (2, 2, 4)}
REFUSALS = [
    ({"latent_shape": (2, 2)}, r"latent_shape=2x2 must be height, width and channels"),
    ({"latent_shape": (2, 0, 4)}, r"latent_shape must be at least 1, got 0"),
    ({"latent_dim": 7}, r"latent_shape=2x2x4 with latent_dim=7: .* Leave latent_dim out"),
    (
        {"network": "mlp", "filters": (32, 64)},
        "latent_shape=2x2x4 is an option of network=conv or gated_conv or resnet alone",
    ),
    (
        {"posterior": "full_covariance"},
        "latent_shape=2x2x4 with posterior=full_covariance: this posterior takes flat latents "
        "only. Use posterior=diagonal or deterministic, or latent_dim",
    ),
    ({"posterior": "iaf"}, "latent_shape=2x2x4 with posterior=iaf"),
    (
        {"posterior": "categorical", "prior": "categorical"},
        "latent_shape=2x2x4 with posterior=categorical",
    ),
    (
        {"decoder": "autoregressive", "likelihood": "categorical"},
        "latent_shape=2x2x4 with decoder=autoregressive: .* Use decoder=independent",
    ),
    (
        {"event_shape": (32, 32, 3)},
        "latent_shape=2x2x4 with filters=4,6 on 32x32 images: the network's smallest maps are 8x8, "
        "as each filter halves the size. Use latent_shape=8x8x4, or another number of filters: "
        r"16x16 \(1\), 8x8 \(2\), 4x4 \(3\), 2x2 \(4\), 1x1 \(5\)",
    ),
    (
        {"event_shape": (9, 4, 1)},
        r"on 9x4 images: .* are 3x1, .* 5x2 \(1\), 3x1 \(2\), 2x1 \(3\), 1x1 \(4\)",
    ),
    ({"event_shape": (8, 4)}, "network=conv is for images"),
]


@pytest.mark.parametrize(("options", "message"), REFUSALS)
def test_what_can_not_be_is_refused_with_its_reason(options, message):
    with pytest.raises(ValueError, match=message) as error:
        keras_vae.Config().replace(**(MAP | options)).check()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("structure", ["ladder", "bottom_up", "sequence"])
def test_a_map_is_of_one_layer(structure):
    model = keras_vae.Config().replace(**MAP, structure=structure).model
    with pytest.raises(ValueError, match=f"with structure={structure}: only one layer of latents"):
        check_latent_shape(model)


@pytest.mark.parametrize(
    ("event_shape", "filters", "shape"),
    [((8, 8, 1), (4, 6), (2, 2)), ((9, 4, 1), (4,), (5, 2)), ((7, 5, 3), (4,) * 4, (1, 1))],
)
def test_the_size_at_which_the_network_ends_is_taken(event_shape, filters, shape):
    options = {"event_shape": event_shape, "filters": filters, "latent_shape": (*shape, 3)}
    model = tiny.vae(network="conv", **options)
    assert model.latent_shape == (*shape, 3)
    assert model.encoder.network(tiny.images(1, event_shape=event_shape)).shape[1:3] == shape


def test_a_map_takes_the_place_of_a_recipes_latent_dim():
    assert keras_vae.recipe("vamp").model.latent_dim == 40
    found = keras_vae.recipe("vamp", **MAP).model
    assert (found.latent_shape, found.latent_dim) == ((2, 2, 4), find("latent_dim")[1].default)
    with pytest.raises(ValueError, match="latent_dim=40: both say how many"):
        keras_vae.recipe("vamp", **MAP, latent_dim=40)


def test_as_many_latents_count_as_the_map_has_values():
    """A flow needs two of them."""
    options = {"network": "conv", "filters": (4, 6, 8), "prior": "maf"}
    assert tiny.vae(**options, latent_shape=(1, 1, 2)).latent_dim == 2
    with pytest.raises(ValueError, match=r"prior=maf of 1 latent: a flow .* Use two or more"):
        tiny.config(**options, latent_shape=(1, 1, 1))
