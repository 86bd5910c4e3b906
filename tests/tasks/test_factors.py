"""A run on data whose factors are known: its codes are scored for disentanglement."""

import json

import numpy as np

from keras_vae import evaluation, runs
from keras_vae.data import load, sprites
from keras_vae.runs import run_data
from keras_vae.tasks import measuring
from tests.in_process import TINY, samples_unmeasured
from tests.measures import stated


@samples_unmeasured()
def test_codes_of_sprites_are_scored(run_train, tmp_path, monkeypatch):
    monkeypatch.setattr(sprites, "NUM_IMAGES", 3072)  # one shape and scale, three rotations
    monkeypatch.setattr(sprites, "_HELD_OUT", 1024)
    monkeypatch.setattr(measuring, "_BATCHES_SCORED", 7)
    done = run_train(
        "--dataset=sprites", *TINY, "--evaluate", "--num_samples=2", f"--workdir={tmp_path}"
    )
    assert done.code == 0, done.err
    stated.check(tmp_path / "evaluation.json")
    result = json.loads((tmp_path / "evaluation.json").read_text())
    run = runs.load(tmp_path)
    test, vae = load("sprites").test, run.model
    factors = np.stack([*test.factors.values()], axis=1)[:700]
    expected = evaluation.disentanglement(vae.code(test.array[:700]), factors)
    assert len(expected) == 8
    assert {name: result[name] for name in expected} == expected
    assert "Mutual information gap" in (tmp_path / "report.html").read_text()
    # A single factor leaves nothing to tell apart.
    batches = run_data.evaluation_batches(run.config, run.data, "test", 100)
    alone = {"scale": np.zeros(700), "x": test.factors["x"]}
    assert measuring._disentanglement(vae, batches, alone) == {}
    # If nearly each image has a value of its own, scores would be chance.
    rare = {"scale": np.arange(700) % 2, "x": np.arange(700) // 2}
    (found,) = measuring._disentanglement(vae, batches, rare).items()
    assert found[0] == "disentanglement_left_out"
    assert "700 test examples, by x, are of 350 classes, fewer than 5 of each" in found[1]
