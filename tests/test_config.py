"""Config: every option survives JSON, and what can't be is refused with its reason."""

import dataclasses
import json

import pytest

from keras_vae import config as configs
from keras_vae.config import Config
from keras_vae.config.option import check_option

# Every option at a value other than its default.
OTHER_VALUES = {
    "dataset": "mnist",
    "data_dir": "/data",
    "image_size": 32,
    "resize": "pad",
    "alpha_background": "black",
    "frames": "all",
    "max_pixels": 10**9,
    "channels": "first",
    "grey_levels": 17,
    "stratified": False,
    "npz_keys": ("train=a", "test=b"),
    "missing": "nan",
    "label": "coarse_label",
    "validation_size": 100,
    "binarization": "threshold",
    "memory_limit_gb": 1.5,
    "window": 32,
    "transpose": 5,
    "network": "conv",
    "hidden": (300, 100),
    "filters": (8, 16, 32),
    "blocks": 3,
    "attention_heads": 2,
    "bar_steps": 8,
    "decoder": "autoregressive",
    "activation": "gelu",
    "latent_dim": 7,
    "latent_shape": (2, 2, 4),
    "structure": "ladder",
    "latent_dims": (5, 3),
    "stages": ("8x2", "1x1"),
    "width": 32,
    "latent_channels": 3,
    "merge": "network",
    "normalization": "none",
    "test_data": "csv:test.csv",
    "schema": "columns.json",
    "csv_options": ("strip=.",),
    "inference": "filter",
    "posterior": "full_covariance",
    "posterior_rank": 3,
    "prior": "none",
    "prior_components": 3,
    "prior_covariance": "full",
    "prior_hidden": 30,
    "flow_layers": 2,
    "flow_hidden": 30,
    "relaxation": "relaxed",
    "relaxation_temperature": 0.5,
    "likelihood": "categorical",
    "likelihood_components": 3,
    "channel_dependence": "autoregressive",
    "likelihood_scale": 0.25,
    "weights": "map",
    "weight_scale": 0.5,
    "weight_temperature": 0.5,
    "condition": "image_part",
    "visible": "top_half",
    "modality": {"name": "music", "levels": 5, "lowest_pitch": 60},
    "event_shape": (28, 28, 1),
    "levels": 17,
    "num_classes": 4,
    "class_names": ("cat", "dog"),
    "num_examples": 1000,
    "sees_mask": True,
    "visible_mask": (0, 1, 1, 0),
    "objective": "free_bits",
    "kl": "sampled",
    "gradient": "dreg",
    "latent_samples": 5,
    "free_bits": 0.5,
    "beta": 4.0,
    "beta_schedule": "cyclic",
    "beta_warmup_epochs": 2.5,
    "epochs": 3,
    "batch_size": 64,
    "augment": ("flip", "crop"),
    "optimizer": "adamax",
    "beta_2": 0.9,
    "learning_rate": 0.1,
    "learning_rate_schedule": "constant",
    "learning_rate_warmup_epochs": 1.5,
    "clip_norm": 1.0,
    "skip_threshold": 400.0,
    "gradient_accumulation_steps": 4,
    "recoveries": 5,
    "gradient_checkpointing": True,
    "dtype_policy": "mixed_bfloat16",
    "ema_decay": 0.99,
    "warm_start": "runs/first",
    "early_stopping": 4,
    "seed": 12,
}

AUTOENCODER = {"posterior": "deterministic", "prior": "gaussian_mixture"}
AUTOENCODER |= {"objective": "reconstruction"}
MONTE_CARLO = {"posterior": "prior", "objective": "importance_weighted", "latent_samples": 2}

# What the check refuses: (options, the message's beginning or heart). One row per rule.
REFUSALS = [
    ({"latent_dim": 0}, "latent_dim must be at least 1, got 0"),
    ({"latent_dim": 2**31}, "latent_dim must be at most 1,048,576, got 2147483648"),
    ({"blocks": 10**6}, "blocks must be at most 1,000, got 1000000"),
    ({"hidden": (8,) * 10**6}, "hidden must have at most 1000 entries, got 1000000"),
    ({"learning_rate": float("inf")}, "learning_rate must be at most 1e\\+06, got inf"),
    ({"learning_rate": 1e-40}, "learning_rate=1e-40 is 0 in float32. Use 1e-37 or more"),
    ({"beta": float("nan")}, "beta must be at least 0, got nan"),
    ({"hidden": (8, 0)}, "hidden must be at least 1, got 0"),
    ({"learning_rate": 0.0}, r"learning_rate must be above 0, got 0\.0"),
    ({"learning_rate": float("nan")}, "learning_rate must be above 0, got nan"),
    ({"network": "rnn"}, "network must be one of linear, mlp, .*, got 'rnn'"),
    ({"latent_dim": 2.5}, r"latent_dim must be int, got 2\.5"),
    ({"latent_dim": True}, "latent_dim must be int, got True"),
    ({"latent_dim": None}, "latent_dim must be int, got None"),
    ({"network": 3}, "network must be str, got 3"),
    ({"hidden": 400}, "hidden must be a tuple of int, got 400"),
    ({"hidden": (1.5,)}, "hidden must be int"),
    ({"posterior": "deterministic"}, "Use a prior that is fitted afterwards, gaussian_mixture"),
    ({"prior": "gaussian_mixture"}, "a posterior with a density needs a prior that trains with it"),
    ({"posterior": "categorical"}, "a label among the latents needs both to be categorical"),
    ({"weights": "bayes", "network": "conv"}, "weights=bayes with network=conv"),
    ({"prior": "none"}, "posterior=diagonal with prior=none"),
    (
        {"posterior": "deterministic", "prior": "none"},
        "objective=sgvb needs a posterior density.* Use objective=reconstruction",
    ),
    (
        {"posterior": "prior"},
        "posterior=prior with objective=sgvb and .* Use objective=importance_weighted",
    ),
    (
        {"posterior": "prior", "objective": "importance_weighted"},
        "objective=importance_weighted and latent_samples=1: .* and more latent_samples",
    ),
    (
        {**MONTE_CARLO, "structure": "sequence", "hidden": (8,), "inference": "filter"},
        "inference=filter is for an encoder, which posterior=prior lacks",
    ),
    ({**MONTE_CARLO, "weights": "bayes"}, "weights=bayes with posterior=prior: .* weights=map"),
    ({**MONTE_CARLO, "prior": "real_nvp", "beta": 0.0}, "beta and beta_schedule weigh the KL"),
    (
        {**MONTE_CARLO, "gradient": "dreg"},
        "gradient=dreg is for an encoder, which posterior=prior lacks. Use gradient=plain",
    ),
    ({"gradient": "stl"}, "gradient=stl is an option of objective=importance_weighted alone"),
    ({"alpha_background": "red"}, "alpha_background must be white, black or .*, got 'red'"),
    ({"alpha_background": "#808080"}, "six hexadecimal digits such as 808080, got '#808080'"),
    ({"resize": "pad"}, "resize=pad needs a size, as in image_size=64"),
    ({"resize": "fit"}, "resize must be one of crop, pad, stretch, got 'fit'"),
    ({"augment": ("flip", "turn")}, "augment must be one of flip, crop, got 'turn'"),
    (
        {"augment": ("flip",), "event_shape": (8, 4)},
        "augment=flip is for images .*event_shape=8,4 and modality=image. Leave it out",
    ),
    (
        {"augment": ("crop",), "event_shape": (8, 4, 1), "modality": {"name": "music"}},
        "augment=crop is for images .* modality=music. Leave it out",
    ),
    ({"condition": "text"}, "condition must be one of none, label, image_part, got 'text'"),
    (
        {"condition": "label", "visible": "top_half"},
        "visible=top_half is an option of condition=image_part alone",
    ),
    (
        {"network": "conv", "hidden": (8, 8)},
        "hidden=8,8 is an option of network=mlp or gated_mlp or gru or transformer .*alone",
    ),
    (
        {"prior_components": 3},
        "prior_components=3 is an option of prior=mixture or vamp",
    ),
    ({"prior_hidden": 3}, "prior_hidden=3 is an option of prior=conditional_normal alone"),
    (
        {**MONTE_CARLO, "prior": "vamp"},
        "prior=vamp with posterior=prior: .* there is none. Use posterior=diagonal",
    ),
    ({"prior": "real_nvp", "beta": 0.0}, "beta=0 with prior=real_nvp .* Use a beta above 0"),
    (
        {"posterior": "low_rank", "latent_dim": 2, "posterior_rank": 3},
        "posterior_rank=3 of 2 latents: .* Use fewer",
    ),
    (
        {"structure": "ladder", "latent_dims": (3, 2), "hidden": (8, 8), "posterior": "iaf"},
        "structure=ladder with posterior=iaf: a ladder joins .* Use .* structure=bottom_up",
    ),
    (
        {"structure": "bottom_up", "latent_dims": (3, 1), "hidden": (8, 8), "posterior": "iaf"},
        "posterior=iaf with latent_dims=3,1: one latent has no other",
    ),
    (
        {"prior": "vamp", "posterior": "iaf"},
        "prior=vamp with posterior=iaf: it is a mixture.* Use posterior=diagonal",
    ),
    (
        {**MONTE_CARLO, "prior": "mixture"},
        "prior=mixture with posterior=prior: no gradient.* Use prior=real_nvp",
    ),
    (
        {"prior": "maf", "latent_dim": 1},
        "prior=maf of 1 latent: a flow .* Use two or more",
    ),
    (
        {"prior": "conditional_normal"},
        "prior=conditional_normal is .* needs a condition c. Use condition=label",
    ),
    ({"posterior_rank": 3}, "posterior_rank=3 is an option of posterior=low_rank alone"),
    ({"flow_layers": 3}, "flow_layers=3 is an option of posterior=iaf or prior="),
    (
        {"likelihood_components": 3},
        "likelihood_components=3 is an option of likelihood=logistic_mixture or columns alone",
    ),
    (
        {"likelihood": "laplace", "likelihood_scale": 2.0},
        "likelihood_scale=2.0 is an option of likelihood=normal alone",
    ),
    (
        {"posterior": "iaf", "latent_dim": 1},
        "posterior=iaf with latent_dim=1.* Use posterior=diagonal",
    ),
    (
        {"filters": (8, 8)},
        "filters=8,8 is an option of network=conv or gated_conv or resnet alone",
    ),
    (
        {"network": "gru", "attention_heads": 2},
        "attention_heads=2 is an option of network=conv or .* or transformer alone",
    ),
    (
        {"network": "gated_mlp", "activation": "tanh"},
        "activation=tanh is an option of network=mlp or .* alone",
    ),
    ({"network": "gru", "hidden": ()}, "hidden must have at least one entry with network=gru"),
    (
        {"network": "conv", "event_shape": (8, 4)},
        r"network=conv is for images .*event_shape=8,4\. Use network=mlp, gru or transformer",
    ),
    ({"network": "conv", "blocks": 1}, "blocks=1 is an option of network=resnet alone"),
    (
        {"objective": "free_bits", "kl": "sampled"},
        "kl=sampled is an option of objective=sgvb alone",
    ),
    ({"objective": "reconstruction", "beta": 2.0}, "objective=reconstruction has none"),
    (
        {"objective": "reconstruction", "beta_schedule": "linear", "beta_warmup_epochs": 1.0},
        "objective=reconstruction has none",
    ),
    ({"beta_schedule": "linear"}, "a schedule needs a length"),
    ({"beta_warmup_epochs": 2.0}, "a length a schedule"),
    (
        {"beta_schedule": "linear", "beta_warmup_epochs": 5.0, "epochs": 4},
        "beta_warmup_epochs=5 can't finish within epochs=4",
    ),
    ({"ema_decay": 1.0}, r"ema_decay must be below 1, got 1\.0"),
    ({"beta_2": 1.0}, r"beta_2 must be below 1, got 1\.0"),
    ({"optimizer": "sgd", "beta_2": 0.9}, "beta_2=0.9 is an option of optimizer=adam or adamax"),
    (
        {"learning_rate_warmup_epochs": 4.0, "epochs": 4},
        "learning_rate_warmup_epochs=4 can't end within epochs=4. Train for longer",
    ),
    (
        {"clip_norm": 400.0, "skip_threshold": 400.0},
        "clip_norm=400 with skip_threshold=400: what would be clipped is skipped. Use a lower",
    ),
    (
        {"batch_size": 10, "gradient_accumulation_steps": 4},
        "batch_size=10 can't be taken in gradient_accumulation_steps=4 equal parts. Choose a",
    ),
    (
        {"objective": "free_bits", "gradient_accumulation_steps": 2},
        "objective=free_bits with gradient_accumulation_steps=2: .* mean rate .* Use",
    ),
    (
        {"posterior": "categorical", "prior": "categorical"}
        | {"objective": "importance_weighted", "gradient": "dreg"},
        "gradient=dreg with relaxation=straight_through.* Use relaxation=relaxed",
    ),
    (
        {"weights": "bayes", "objective": "importance_weighted", "latent_samples": 2},
        "latent_samples=2: each sample draws weights of its own.* Use objective=sgvb",
    ),
    (
        AUTOENCODER | {"prior_components": 20, "num_examples": 19},
        "prior_components=20 .* 19 training examples. Use fewer",
    ),
    (
        AUTOENCODER | {"latent_samples": 2},
        "latent_samples=2 with posterior=deterministic: all samples .* Use latent_samples=1",
    ),
    (
        {"objective": "reconstruction", "prior": "mixture"},
        "objective=reconstruction and beta=1 with prior=mixture .* no KL .* Use objective=sgvb",
    ),
    (
        {"objective": "reconstruction", "structure": "bottom_up"}
        | {"latent_dims": (3, 2), "hidden": (8, 8)},
        "objective=reconstruction .* structure=bottom_up: no KL",
    ),
    (
        {**MONTE_CARLO, "beta": 2.0},
        "beta .* weigh the KL, which from posterior=prior to the prior is 0",
    ),
    (
        {"condition": "image_part", "event_shape": (8, 4)},
        "condition=image_part is for images .*event_shape=8,4. Use condition=label",
    ),
    (
        {"structure": "ladder", "latent_dims": (3, 1), "hidden": (8, 8), "prior": "maf"},
        "prior=maf of 1 latent: a flow",
    ),
    (
        {"structure": "ladder", "latent_dims": (3, 2), "network": "conv"},
        "structure=ladder with network=conv: .* Use network=resnet",
    ),
    (
        {"structure": "ladder", "latent_dims": (3, 2), "hidden": (8, 8)}
        | {"posterior": "categorical", "prior": "categorical"},
        "structure=ladder with posterior=categorical: .* Use .* structure=single",
    ),
    (
        {"structure": "bottom_up", "latent_dims": (3, 2), "hidden": (8, 8)}
        | {"posterior": "deterministic", "prior": "none", "objective": "reconstruction"},
        "structure=bottom_up with posterior=deterministic: .* Use .* structure=single",
    ),
    (
        {"structure": "bottom_up", "latent_dims": (3, 2), "hidden": (8, 8), "prior": "vamp"},
        "structure=bottom_up with prior=vamp: .* Use structure=ladder",
    ),
]


def test_every_option_has_another_value_here():
    assert set(OTHER_VALUES) == {f.name for _, f in configs.options()}
    for section, option in configs.options():
        assert OTHER_VALUES[option.name] != getattr(getattr(Config(), section), option.name)


@pytest.mark.parametrize("name", list(OTHER_VALUES))
def test_each_option_survives_json(name):
    changed = Config(recipe="beta_vae").replace(**{name: OTHER_VALUES[name]})
    section, _ = configs.find(name)
    assert getattr(getattr(changed, section), name) == OTHER_VALUES[name]
    assert changed != Config(recipe="beta_vae")
    assert Config.from_dict(json.loads(json.dumps(changed.to_dict()))) == changed


def test_all_options_survive_json_together():
    changed = Config(recipe="beta_vae").replace(**OTHER_VALUES)
    assert Config.from_dict(json.loads(json.dumps(changed.to_dict()))) == changed


def test_all_other_values_are_of_allowed_type_and_range():
    for name, value in OTHER_VALUES.items():
        check_option(configs.find(name)[1], value)


def test_the_defaults_can_be():
    assert Config().check() == Config()


@pytest.mark.parametrize(("options", "message"), REFUSALS)
def test_what_cannot_be_is_refused_with_its_reason(options, message):
    with pytest.raises(ValueError, match=message):
        Config().replace(**options).check()


def test_what_stands_just_beside_a_refusal_is_allowed():
    for options in [
        {"posterior": "deterministic", "prior": "none", "objective": "reconstruction"},
        {"objective": "reconstruction"},
        {"objective": "free_bits", "beta": 2.0},
        {"objective": "free_bits", "posterior": "full_covariance"},
        {"objective": "importance_weighted", "gradient": "dreg", "beta": 0.5},
        MONTE_CARLO,
        {"condition": "image_part", "visible": "a_file.png"},
        {"beta_schedule": "linear", "beta_warmup_epochs": 4.0, "epochs": 4},
        {"beta": 0.0},
        {"learning_rate_warmup_epochs": 3.5, "epochs": 4},
        {"clip_norm": 200.0, "skip_threshold": 400.0},
        {"batch_size": 12, "gradient_accumulation_steps": 4},
        {"hidden": ()},
        AUTOENCODER | {"prior_components": 20, "num_examples": 20},
        {"posterior": "categorical", "prior": "categorical", "relaxation": "relaxed"}
        | {"objective": "importance_weighted", "gradient": "dreg", "latent_samples": 2},
        {"weights": "bayes", "objective": "importance_weighted"},
        {"structure": "sequence", "network": "gated_mlp", "activation": "tanh"},
    ]:
        Config().replace(**options).check()


def test_replace_changes_only_what_it_is_told():
    changed = Config().replace(latent_dim=2, epochs=3)
    assert changed.model == dataclasses.replace(Config().model, latent_dim=2)
    assert changed.training == dataclasses.replace(Config().training, epochs=3)
    assert changed.data == Config().data
    assert Config().model.latent_dim == 20


def test_lists_become_tuples_and_whole_numbers_floats():
    changed = Config().replace(hidden=[3, 4], beta=2, clip_norm=1)
    assert changed.model.hidden == (3, 4)
    assert type(changed.objective.beta) is float
    assert type(changed.training.clip_norm) is float
    assert type(Config().replace(latent_dim=2).model.latent_dim) is int


def test_unknown_options_list_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown option 'latents'; known: dataset, .*latent_dim"):
        Config().replace(latents=3)
    content = Config().to_dict()
    content["model"]["latents"] = 3
    with pytest.raises(ValueError, match="unknown option 'latents'"):
        Config.from_dict(content)


def test_every_option_explains_itself():
    helps = [option.metadata["help"] for _, option in configs.options()]
    assert all(helps)
    assert len(set(helps)) == len(helps)
