"""Exports of models that go step by step: their loops run in the files as they do in Keras."""

import json

import jsonschema
import numpy as np
import pytest

import keras_vae
from export import parity, random_numpy, tflite, writer
from export.random_numpy import Stream
from keras_vae.modality import Music
from tests import tiny
from tests.export.test_card import SCHEMA

SEED = np.random.default_rng(1).integers(-(2**31), 2**31, (16, 2)).astype(np.int32)


def exported(vae, folder, described=None):
    """The signatures of generator.tflite, all of builtin operators."""
    # write() compares the files with the model.
    report = writer.write(vae, folder / "export", batch_sizes=[16], described=described)
    operators = report["artefacts"]["generator.tflite"]["operators"]
    assert "CUSTOM" not in operators
    assert "WHILE" in operators
    return tflite.load_signatures(folder / "export" / "generator.tflite")


def test_a_chain_of_latents(tmp_path):
    vae = tiny.randomize(tiny.vae(recipe="sequence"))
    lite = exported(vae, tmp_path)
    z = vae.prior_sample(random_numpy.normal(SEED, Stream.LATENT, vae.prior.noise_shape[0]))
    outputs = lite["sample_16"](seed=SEED)
    np.testing.assert_allclose(outputs["z"], z, atol=1e-5)
    np.testing.assert_allclose(outputs["image"], vae.decode(z).mean(), atol=1e-5)


def test_values_in_turn(tmp_path):
    modality = Music(tiny.LEVELS, lowest_pitch=43)
    config = tiny.config(recipe="music", modality=modality.to_dict())
    vae = tiny.randomize(keras_vae.build(config), scale=0.5)
    lite = exported(vae, tmp_path, tiny.described(config))
    z = random_numpy.normal(SEED, Stream.LATENT, vae.latent_dim)
    np.testing.assert_allclose(lite["decode_16"](z=z)["image"], vae.decode(z).mean(), atol=1e-6)
    p = vae.decode(z)
    wanted = p.from_noise(random_numpy.normal(SEED, Stream.STEP, *p.noise_shape))
    np.testing.assert_allclose(lite["sample_16"](seed=SEED)["image"], wanted, atol=1e-6)
    readme = (tmp_path / "export" / "README.md").read_text()
    assert "chosen given those before it" in readme
    assert "a step is a sixteenth" in readme
    assert "round(value * 4) is one of 5 levels" in readme
    assert "MIDI pitch level +\n43 - 1" in readme
    found = json.loads((tmp_path / "export" / "model_card.json").read_text())
    assert found["music"] == {"lowest_pitch": 43, "levels": 5, "steps_per_quarter": 4}
    jsonschema.validate(found, SCHEMA)


@pytest.mark.parametrize(("wrong", "passes"), [(1, True), (2, False)])
def test_parity_lets_one_example_take_another_turn(wrong, passes):
    wanted = np.zeros([16, 4, 2, 1], np.float32)
    got = wanted.copy()
    got[:wrong, 2:] = 0.5
    if passes:
        assert parity._errors("image", got, wanted, in_turn=True)["max_error"] == 0.0
    else:
        with pytest.raises(parity.ParityError, match="differs"):
            parity._errors("image", got, wanted, in_turn=True)
    with pytest.raises(parity.ParityError, match="differs"):
        parity._errors("image", got, wanted)
