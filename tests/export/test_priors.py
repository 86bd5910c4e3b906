"""Exports of priors beyond normals: what a file draws from a seed is what the model draws."""

import os

import numpy as np
import pytest

from export import random_numpy, tflite, writer
from export.random_numpy import Stream
from tests import tiny
from tests.export.test_writer import check_readme


@pytest.mark.parametrize(
    "options",
    [
        {"prior": "mixture", "prior_covariance": "full"},
        {"prior": "vamp"},
        {"prior": "maf"},
        {"prior": "conditional_normal"},
    ],
)
def test_files_draw_what_the_prior_draws(options, tmp_path):
    vae = tiny.randomize(tiny.vae(**options))
    # write() compares the files with the model.
    report = writer.write(vae, tmp_path / "export", batch_sizes=[16])
    assert "CUSTOM" not in report["artefacts"]["generator.tflite"]["operators"]
    seed = np.random.default_rng(1).integers(-(2**31), 2**31, (16, 2)).astype(np.int32)
    condition = tiny.conditions_for(vae, 16)
    given = {} if condition is None else {"condition": condition}
    standard = random_numpy.normal(seed, Stream.LATENT, vae.prior.noise_shape[0])
    wanted = vae.prior_sample(standard, condition=condition)
    lite = tflite.load_signatures(tmp_path / "export" / "generator.tflite")
    np.testing.assert_allclose(lite["sample_16"](seed=seed, **given)["z"], wanted, atol=1e-5)
    if condition is not None:
        check_readme(tmp_path / "export")


def test_a_vamp_priors_file_holds_no_encoder(tmp_path):
    vae = tiny.vae(prior="vamp", hidden=(300,))
    tflite.write_tflite(vae, tmp_path / "generator.tflite", batch_sizes=[1])
    decoder, encoder = (
        4 * sum(int(np.prod(v.shape)) for v in part.variables)
        for part in (vae.decoder, vae.encoder)
    )
    size = os.path.getsize(tmp_path / "generator.tflite")
    reference = tiny.vae(hidden=(300,))
    tflite.write_tflite(reference, tmp_path / "reference.tflite", batch_sizes=[1])
    assert size < os.path.getsize(tmp_path / "reference.tflite") + 0.3 * encoder
    assert decoder < size
