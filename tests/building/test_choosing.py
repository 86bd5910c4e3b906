"""Where no recipe is named, the data chooses one; what the user names wins."""

import dataclasses

import numpy as np
import pytest

import keras_vae
from keras_vae import modality
from keras_vae.building import settling
from keras_vae.config.recipes import RECIPES
from keras_vae.data import Dataset, InMemory, Streamed

PHOTOS = (16, 12, 3)


def dataset(shape=PHOTOS, levels=256, dtype=np.uint8, of=None):
    """A data set of one split in all roles."""
    x = np.random.default_rng(0).integers(0, levels or 9, (40, *shape)).astype(dtype)
    split = InMemory(x, np.arange(40) % 4, levels, modality=of or modality.Image())
    return Dataset("made", split, None, split, "0", [])


def settled(options=None, data=None):
    return settling.settle(keras_vae.recipe(**(options or {})), data or dataset())


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_images_of_several_channels_are_deep(channels, capsys):
    """As if the recipe were named, unconditional though there are labels; and it is printed."""
    data = dataset((16, 12, channels))
    config = settled(data=data)
    assert config == settling.settle(keras_vae.recipe("deep"), data)
    assert (config.recipe, config.model.condition) == ("deep", "none")
    assert config.model.likelihood == "logistic_mixture"
    assert capsys.readouterr().out == (
        f"Note: recipe=deep is chosen for images of 16x12x{channels} and 256 levels; "
        "name another one if you like, say recipe=vae\n"
    )


@dataclasses.dataclass(frozen=True)
class Fields(modality.Modality):
    """Values [H, W, C] that aren't images."""

    name = noun = "field"

    def as_images(self, x):
        return x


@pytest.mark.parametrize(
    ("shape", "levels", "dtype", "of", "options"),
    [
        ((8, 8, 1), 256, np.uint8, None, {}),
        ((8, 8, 5), 256, np.uint8, None, {}),
        (PHOTOS, 2, bool, None, {}),
        (PHOTOS, 65536, np.uint16, None, {}),
        (PHOTOS, None, np.float32, None, {"likelihood": "normal"}),
        (PHOTOS, None, np.uint8, None, {"likelihood": "poisson"}),
        (PHOTOS, 256, np.uint8, Fields(), {"likelihood": "categorical"}),
        (PHOTOS, 256, np.uint8, None, {"binarization": "dynamic"}),
    ],
)
def test_all_other_data_is_of_the_usual_recipe(shape, levels, dtype, of, options, capsys):
    data = dataset(shape, levels, dtype, of)
    assert settled(options, data) == settling.settle(keras_vae.recipe("vae", **options), data)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"network": "conv", "filters": (8,)}, "network=conv is given"),
        ({"likelihood": "bernoulli"}, "likelihood=bernoulli is given"),
        ({"likelihood": "logistic_mixture"}, "likelihood=logistic_mixture is given"),
        ({"structure": "single"}, "structure=single is given"),
        ({"prior": "vamp"}, "prior=vamp is given"),
        ({"latent_dim": 50}, "latent_dim=50 is given"),
        ({"latent_dim": 20}, "latent_dim=20 is given"),
        ({"hidden": [200, 200]}, "hidden=200,200 is given"),
        ({"posterior": "full_covariance"}, "structure=ladder with posterior=full_covariance"),
        ({"weights": "bayes"}, "weights=bayes with network=resnet"),
        ({"objective": "reconstruction"}, "objective=reconstruction and beta=1 with prior="),
    ],
)
def test_what_deep_does_not_take_wins(options, why, capsys):
    """Its default values too, where they are given; the user is told, and nothing is refused."""
    data = dataset()
    assert settled(options) == settling.settle(keras_vae.recipe("vae", **options), data)
    first = "Note: recipe=vae: images of 16x12x3 and 256 levels would choose deep, but "
    assert capsys.readouterr().out.startswith(first + why)


@pytest.mark.parametrize(
    "options",
    [
        {"stages": ("8x2", "1x1"), "width": 8},
        {"batch_size": 128, "ema_decay": 0.5, "learning_rate_schedule": "constant"},
        {"condition": "label"},
        {"objective": "importance_weighted", "latent_samples": 2},
        {"binarization": "none"},
    ],
)
def test_what_deep_takes_is_its_own(options):
    """Values too that are the usual recipe's defaults, and not its own."""
    config = settled(options)
    assert config == settling.settle(keras_vae.recipe("deep", **options), dataset())
    assert {name: config.value(name) for name in options} == options


def test_options_that_nothing_takes_are_refused_before_there_is_data():
    for options, message in [
        ({"latent_dim": 0}, "latent_dim must be at least 1, got 0"),
        ({"blocks": 3}, "blocks=3 is an option of network=resnet alone"),
        ({"nothing": 3}, "unknown option 'nothing'"),
        # What the recipe that takes the other options says.
        ({"stages": ("8x2", "1x1"), "gradient_accumulation_steps": 5}, "batch_size=8 can't be"),
    ]:
        with pytest.raises(ValueError, match=message):
            keras_vae.recipe(**options)
    keras_vae.recipe(stages=("8x2", "1x1"))
    with pytest.raises(
        ValueError, match=r"stages=7x2,1x1: 7x2 can't follow the image of height 16"
    ):
        settled({"stages": ("7x2", "1x1")})
    with pytest.raises(ValueError, match="stages=7x2,1x1 is an option of structure=ladder alone"):
        settled({"stages": ("7x2", "1x1")}, dataset((8, 8, 1)))


def test_options_are_added_one_by_one():
    """And each that was given counts, whichever the recipe will be."""
    config = keras_vae.recipe(epochs=3).replace(batch_size=128).replace(epochs=4)
    assert settling.settle(config, dataset()) == settled({"epochs": 4, "batch_size": 128})


def test_streamed_images_choose_too():
    x = np.random.default_rng(0).integers(0, 256, (40, *PHOTOS)).astype(np.uint8)
    split = Streamed(PHOTOS, [np.arange(40)], 10, lambda rows: x[rows], None, False, "made")
    data = Dataset("made", split, None, split, "0", [])
    assert settled(data=data).recipe == "deep"


def test_a_model_without_data_needs_a_name():
    with pytest.raises(
        ValueError, match=r"recipe is missing: its name, .*build\(recipe\(\), data="
    ):
        keras_vae.build(keras_vae.recipe(event_shape=(8, 8, 1)))


def test_every_modality_chooses_a_recipe_that_there_is():
    for kind in (modality.Image(), modality.Music(49, 34), Fields()):
        for shape, levels in (((8, 8, 3), 256), ((8, 8, 1), None)):
            assert kind.recipe(shape, levels) in RECIPES


def test_an_option_of_photographs_alone_says_why_the_data_has_another_recipe():
    with pytest.raises(ValueError, match=r"(?s)width=16.*recipe=vae is chosen for images of 8x8x1"):
        settled({"width": 16}, dataset((8, 8, 1)))
