"""Recipes: data that makes known models."""

import pytest

import keras_vae
from keras_vae.config import find
from keras_vae.config.recipes import RECIPES


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_recipe_is_its_options_and_nothing_else(name):
    config = keras_vae.recipe(name)
    assert config.recipe == name
    options = {k: v for k, v in RECIPES[name].items() if k != "about"}
    assert RECIPES[name]["about"]
    assert config == keras_vae.Config(recipe=name).replace(**options)


def test_options_of_ones_own_come_last():
    assert keras_vae.recipe("beta_vae", beta=2.0).objective.beta == 2.0
    assert keras_vae.recipe("beta_vae").objective.beta == 4.0


@pytest.mark.parametrize(
    ("name", "options", "dropped"),
    [
        ("hvae", {"network": "gated_mlp"}, "activation"),
        ("hvae", {"structure": "single"}, "latent_dims"),
        ("vamp", {"network": "conv"}, "hidden"),
        ("vamp", {"prior": "real_nvp"}, "prior_components"),
        ("dreg", {"objective": "sgvb"}, "gradient"),
        ("attention", {"network": "mlp"}, "attention_heads"),
    ],
)
def test_what_ones_own_options_leave_without_meaning_is_dropped(name, options, dropped):
    section, field = find(dropped)
    assert getattr(getattr(keras_vae.recipe(name), section), dropped) != field.default
    assert getattr(getattr(keras_vae.recipe(name, **options), section), dropped) == field.default
    # Given by name, it is refused as ever.
    with pytest.raises(ValueError, match=f"{dropped}=.* is an option of"):
        keras_vae.recipe(name, **options, **{dropped: RECIPES[name][dropped]})


@pytest.mark.parametrize(
    ("name", "options", "dropped"),
    [
        ("ladder", {"skip_threshold": 50.0}, "clip_norm"),
        ("deep", {"skip_threshold": 50.0}, "clip_norm"),
        ("deep", {"clip_norm": 1e10}, "skip_threshold"),
    ],
)
def test_of_a_norm_that_skips_and_one_that_clips_ones_own_counts(name, options, dropped):
    assert getattr(keras_vae.recipe(name, **options).training, dropped) is None
    with pytest.raises(ValueError, match=f"{dropped}=.*: what would be clipped is skipped"):
        keras_vae.recipe(name, **options, **{dropped: RECIPES[name][dropped]})


def test_no_two_recipes_are_the_same_model():
    found = [keras_vae.recipe(name).replace() for name in RECIPES]
    contents = {(c.model, c.objective, c.training) for c in found}
    assert len(contents) == len(RECIPES)


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"recipe must be one of ae, pca, vae, .*got 'gan'"):
        keras_vae.recipe("gan")


def test_an_option_that_cannot_be_is_refused_at_once():
    with pytest.raises(ValueError, match="latent_dim must be at least 1"):
        keras_vae.recipe("vae", latent_dim=0)
