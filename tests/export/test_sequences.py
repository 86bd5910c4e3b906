"""Exports of models that go step by step: their loops run in the files as they do in Keras."""

import numpy as np
import pytest

from export import noise, parity, tflite, writer
from export.noise import Stream
from tests import tiny

SEED = np.random.default_rng(1).integers(-(2**31), 2**31, (16, 2)).astype(np.int32)


def exported(vae, folder):
    """The signatures of generator.tflite, all of builtin operators."""
    # Which compares the files with the model.
    report = writer.write(vae, folder / "export", batch_sizes=[16])
    operators = report["artefacts"]["generator.tflite"]["operators"]
    assert "CUSTOM" not in operators
    assert "WHILE" in operators
    return tflite.load(folder / "export" / "generator.tflite")


def test_a_chain_of_latents(tmp_path):
    vae = tiny.randomize(tiny.vae(recipe="sequence"))
    lite = exported(vae, tmp_path)
    z = vae.prior_sample(noise.normal(SEED, Stream.LATENT, vae.prior.noise_shape[0]))
    outputs = lite["sample_16"](seed=SEED)
    np.testing.assert_allclose(outputs["z"], z, atol=1e-5)
    np.testing.assert_allclose(outputs["image"], vae.decode(z).mean(), atol=1e-5)


def test_values_in_turn(tmp_path):
    vae = tiny.randomize(tiny.vae(recipe="music"), scale=0.5)
    lite = exported(vae, tmp_path)
    z = noise.normal(SEED, Stream.LATENT, vae.latent_dim)
    np.testing.assert_allclose(lite["decode_16"](z=z)["image"], vae.decode(z).mean(), atol=1e-6)
    p = vae.decode(z)
    wanted = p.from_noise(noise.normal(SEED, Stream.STEP, *p.noise_shape))
    np.testing.assert_allclose(lite["sample_16"](seed=SEED)["image"], wanted, atol=1e-6)
    assert "chosen given those before it" in (tmp_path / "export" / "README.md").read_text()


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
