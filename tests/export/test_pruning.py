"""Dead latents left out of an export."""

import json

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from export import card, pruning, tflite, writer
from export.parity import ParityError
from keras_vae.batches import Batch
from tests import tiny
from tests.export.test_card import SCHEMA

DEAD = [1, 3]
KEPT = [0, 2, 4]


def with_dead(scale=0.0, **options):
    """(model of 5 latents of which 1 and 3 are the prior's, its config, examples).

    `scale` is how much the decoder heeds them.
    """
    options = {"latent_dim": 5} | options
    config = tiny.config(**options)
    model = tiny.randomize(tiny.vae(**options), scale=0.5)
    kernel, bias = model.encoder.projection.weights
    dead = np.array([*DEAD, *(5 + np.array(DEAD))])
    kernel.assign(np.where(np.isin(np.arange(10), dead), 0.0, kernel.numpy()))
    raw = kernel.numpy()[0] * 0 + bias.numpy()
    raw[dead] = np.repeat([0.0, _raw_scale_of_one(model)], 2)
    bias.assign(raw)
    first = next(w for w in model.decoder.weights if len(w.shape) == 2)
    loc, *scales = [w for w in model.decoder.weights if w.shape == first.shape]
    values = loc.numpy()
    values[DEAD] *= scale
    loc.assign(values)
    for raw_scale in scales:  # These are scales of Bayesian weights.
        values = raw_scale.numpy()
        values[DEAD] = -30.0
        raw_scale.assign(values)
    x = tiny.images_for(model, 40)
    return model, config, Batch(x, None, tiny.conditions_for(model, 40))


def _raw_scale_of_one(model):
    """The number that the posterior makes a standard deviation of 1."""
    raw = np.linspace(-3.0, 3.0, 6001, dtype=np.float32)
    params = np.stack([np.zeros_like(raw)] * 5 + [raw] * 5, axis=1)
    return raw[np.argmin(np.abs(model.encoder.posterior(params).stddev().numpy()[:, 0] - 1.0))]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"network": "conv"},
        {"network": "resnet"},
        {"network": "gated_mlp"},
        {"prior": "learned_normal"},
        {"recipe": "cvae"},
        {"recipe": "cvae_image"},
        {"recipe": "bayes"},
        {"recipe": "linear_vae"},
        {"ema_decay": 0.5},
    ],
)
def test_the_smaller_model_is_the_same_one(options):
    model, config, batch = with_dead(**options)
    if options.get("prior") == "learned_normal":
        for weight in model.prior.weights:  # The prior equals the dead latents' posterior.
            weight.assign(np.zeros(weight.shape))
    smaller, found = pruning.prune(model, config, batch)
    assert found["kept"] == KEPT
    assert (found["latents"], found["latents_before"]) == (3, 5)
    assert smaller.latent_dim == 3
    # A dead latent that the decoder doesn't heed costs only its rate, here about nothing.
    assert found["elbo_change"] == pytest.approx(0.0, abs=2e-3)
    z = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    given = batch.condition
    if model.condition is not None and model.condition.in_examples:
        given = batch.x
    wanted = model.decode(z, given).mean()
    np.testing.assert_allclose(smaller.decode(z[:, KEPT], given).mean(), wanted, atol=1e-5)
    codes = model.code(batch.x, batch.condition).numpy()
    np.testing.assert_allclose(
        smaller.code(batch.x, batch.condition), codes[:, KEPT], rtol=1e-5, atol=1e-6
    )


def test_what_the_decoder_heeds_is_measured():
    """Noise that the decoder took for news is gone: the bound moves, and may move down too far."""
    model, config, batch = with_dead(scale=0.1)
    smaller, found = pruning.prune(model, config, batch, max_loss=10.0)
    x = batch.x
    noise = model.draw_noise([0, 1], 400, len(x)).numpy()
    before, after = model.terms(x, noise), smaller.terms(x, noise[..., KEPT])
    gained = (after.log_likelihood - before.log_likelihood).numpy().mean(axis=1)  # Of each draw.
    wanted = np.mean(after.elbo_nats - before.elbo_nats)
    assert abs(wanted) > 0.02
    assert found["elbo_change"] == pytest.approx(wanted, abs=4.0 * gained.std() / np.sqrt(10))
    with pytest.raises(ParityError, match=r"the bound falls by .* allowed are -1000"):
        pruning.prune(model, config, batch, max_loss=-1000.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"recipe": "iaf"}, "needs the rate of each latent"),
        ({"recipe": "vamp"}, "needs the rate of each latent"),
        ({"recipe": "ae"}, "needs the rate of each latent"),
        ({"recipe": "hvae"}, "needs the rate of each latent"),
        ({"network": "conv", "latent_shape": (2, 2, 4)}, "got latent_shape=2x2x4: a map has all"),
    ],
)
def test_what_can_not_be_pruned(options, words):
    model = tiny.vae(**options)
    batch = Batch(tiny.images_for(model, 10), None)
    with pytest.raises(ValueError, match=words):
        pruning.prune(model, tiny.config(**options), batch)


def test_a_model_of_dead_latents_alone_is_refused():
    model, config, batch = with_dead()
    model.encoder.projection.set_weights(
        [np.zeros([8, 10]), np.repeat([0.0, _raw_scale_of_one(model)], 5)]
    )
    with pytest.raises(ValueError, match="would leave none"):
        pruning.prune(model, config, batch)


def test_the_export_is_smaller_and_says_so(tmp_path):
    model, config, batch = with_dead(hidden=(400,))
    smaller, found = pruning.prune(model, config, batch)
    for name, vae, pruned in [("all", model, None), ("few", smaller, found)]:
        writer.write(vae, tmp_path / name, formats=["tflite"], batch_sizes=[1], pruned=pruned)
    size = [(tmp_path / name / "generator.tflite").stat().st_size for name in ("all", "few")]
    # Two rows of the decoder's first layer, four columns of the encoder's last one.
    assert size[0] - size[1] > 0.9 * 4 * (2 * 400 + 4 * 400)
    content = json.loads((tmp_path / "few" / card.FILE).read_text())
    Draft202012Validator(SCHEMA).validate(content)
    assert content["pruned"]["kept"] == KEPT
    assert "Of 5 latents 3 are left" in (tmp_path / "few" / "README.md").read_text()
    decode = tflite.load_signatures(tmp_path / "few" / "generator.tflite")["decode_1"]
    assert decode.get_input_details()["z"]["shape"].tolist() == [1, 3]
