"""docs/explained/extending.md: its parts train, are measured, saved, loaded and exported."""

import pathlib
import re

import numpy as np
import pytest

import keras_vae
from export import sample, writer
from keras_vae import data, runs
from keras_vae._compat import tfk
from keras_vae.modality import base
from tests import tiny

PAGE = (pathlib.Path(__file__).parents[1] / "docs" / "explained" / "extending.md").read_text()
TEMPLATES = ["Likelihood", "Prior", "Posterior", "Body", "Structure", "Modality", "Data source"]


@pytest.fixture(scope="module")
def page():
    """What the page's code defines; other tests don't see it."""
    with pytest.MonkeyPatch.context() as patch:
        for table in (data.READERS, base._KNOWN, tfk.saving.get_custom_objects()):
            for name in (before := dict(table)):
                patch.setitem(table, name, before[name])
        names = {"__name__": "page"}
        for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
            exec(compile(code, "docs/explained/extending.md", "exec"), names)
        yield names
        data.READERS.pop("waves")
        base._KNOWN.pop("series")


def test_every_kind_of_part_has_a_template():
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    with_code = [section.split("\n")[0] for section in sections if "```python" in section]
    assert [title for title in with_code if title in TEMPLATES] == TEMPLATES


def test_its_model_trains_and_ships(page, tmp_path):
    digits = data.load("digits")
    vae = page["model"](digits)
    x = vae.as_floats(digits.train.array[:64]).numpy()
    before = vae.evaluate(x, verbose=0, return_dict=True)["elbo_nats"]
    vae.fit(x, epochs=3, batch_size=8, verbose=0)
    assert vae.evaluate(x, verbose=0, return_dict=True)["elbo_nats"] > before
    assert np.isfinite(vae.log_likelihood(x[:4], num_samples=5)).all()
    vae.save(tmp_path / "own.keras")
    loaded = keras_vae.load(tmp_path / "own.keras")
    np.testing.assert_array_equal(loaded.sample(2, seed=0), vae.sample(2, seed=0))
    writer.write(vae, tmp_path / "export", batch_sizes=[2])  # write() compares files and model.
    assert sample.sample(tmp_path / "export" / "generator.tflite", 7, 2).shape == (2, 8, 8, 1)


def test_its_prior_and_posterior_are_what_they_say(page):
    prior = page["Laplace"](3)
    z = prior.from_noise(prior.draw_noise([0, 0], 100_000)).numpy()
    # A Laplace of scale 1: variance 2, mean absolute value 1, each with its sampling error.
    np.testing.assert_allclose(np.abs(z).mean(0), 1.0, atol=4.0 / 100_000**0.5)
    np.testing.assert_allclose(z.var(0), 2.0, atol=4.0 * (20.0 / 100_000) ** 0.5)
    q = page["Isotropic"](3).distribution(np.zeros((1, 4), np.float32))
    assert np.ptp(q.stddev()) == 0.0


def test_its_structure_pairs_each_z_with_its_opposite(page):
    parts = tiny.vae()
    vae = page["AntitheticVAE"](parts.encoder, parts.decoder, parts.prior)
    x = tiny.images(4)
    terms, q = vae.terms(x, tiny.noise(parts, 4, 4)), vae.encode(x)
    assert terms.log_likelihood.shape == (4, 4)
    np.testing.assert_allclose(terms.z[0] + terms.z[2], 2.0 * q.mean(), rtol=1e-4, atol=1e-5)
    wanted = parts.log_likelihood(x, num_samples=3000)
    np.testing.assert_allclose(vae.log_likelihood(x, num_samples=3000), wanted, atol=0.1)
    vae.compile(jit_compile=False)
    vae.fit(tiny.images(8), batch_size=4, verbose=0)


def test_its_data_and_modality_make_a_run_with_a_report(page, tmp_path):
    config = keras_vae.recipe(
        "vae",
        dataset="waves:60",
        likelihood="normal",
        likelihood_scale=0.2,
        hidden=(8,),
        latent_dim=2,
        batch_size=8,
        epochs=1,
    )
    run = runs.train(config, tmp_path / "run", num_samples=2, tensorboard=False, jit_compile=False)
    assert run.model.modality == page["Series"](1.0)
    assert "sines of random phases" in run.data.notes
    pictures = run.model.modality.as_images(run.data.test.array)
    assert pictures.shape[1:] == (16, 12, 1)
    assert (pictures.sum(axis=1) == 1).all()
    assert "test examples" in (run.path / "report.html").read_text()
