"""Files of fewer bits: what they hold, how far off they are, and the gates that stop them."""

import os
import re

import numpy as np
import pytest
import scipy.stats

from export import parity, random_numpy, tflite, writer
from export.generator import Generator
from export.precision import PRECISIONS
from export.random_numpy import Stream
from keras_vae.batches import Batch
from tests import tiny

BATCH = 4
RNG = np.random.default_rng(0)
# 21 examples: the last one's batch is filled up.
EXAMPLES = Batch(RNG.uniform(size=(21, 28, 28, 1)) < 0.3, None)


def model_of(**options):
    options = {"event_shape": (28, 28, 1), "hidden": (300,), "latent_dim": 10} | options
    return tiny.randomize(tiny.vae(**options), scale=0.05)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(model, folder, report) with files of all precisions."""
    model, folder = model_of(), tmp_path_factory.mktemp("run") / "export"
    report = writer.write(
        model,
        folder,
        formats=["tflite"],
        precisions=list(PRECISIONS),
        batch_sizes=[1, BATCH],
        examples=EXAMPLES,
        fitted_to=EXAMPLES,
    )
    return model, folder, report


def test_each_precision_is_a_file_of_its_verbs(exported):
    _, folder, report = exported
    files = {precision.file for precision in PRECISIONS.values()}
    assert set(os.listdir(folder)) == files | {"README.md", "model_card.json", "parity.json"}
    assert set(report["artefacts"]) == files
    for name, precision in PRECISIONS.items():
        content = report["artefacts"][precision.file]
        assert content["precision"] == name
        assert "CUSTOM" not in content["operators"]
        verbs = {signature.rpartition("_")[0] for signature in content["signatures"]}
        if precision.verbs is None:
            assert {"sample", "decode", "encode", "reconstruct"} <= verbs
        else:
            assert verbs == set(precision.verbs)
    assert "PSNR" in (folder / "README.md").read_text()


def test_fewer_bits_are_fewer_bytes(exported):
    model, _, report = exported
    weights = sum(int(np.prod(v.shape)) for v in model.variables)
    size = {name: report["artefacts"][p.file]["bytes"] for name, p in PRECISIONS.items()}
    for name, bytes_each in {
        "float32": 4,
        "float16": 2,
        "weight_int8": 1,
        "dynamic_int8": 1,
        "int8": 1,
    }.items():
        signatures = len(report["artefacts"][PRECISIONS[name].file]["signatures"])
        assert weights * bytes_each < size[name] < 1.1 * weights * bytes_each + 40_000 * signatures


def test_files_are_little_more_than_their_weights(tmp_path):
    """Also those of convolutions, which are many tensors of few weights each."""
    model = tiny.randomize(
        tiny.vae(network="conv", event_shape=(28, 28, 1), filters=(16, 32), latent_dim=10)
    )
    report = writer.write(
        model,
        tmp_path / "export",
        formats=["tflite"],
        precisions=["float32", "dynamic_int8"],
        batch_sizes=[1, 16],
        max_error=5.0,  # Random weights, many of them.
    )
    weights = sum(int(np.prod(v.shape)) for v in model.variables)
    for name, bytes_each in (("float32", 4), ("dynamic_int8", 1)):
        content = report["artefacts"][PRECISIONS[name].file]
        assert len(content["signatures"]) == 12
        # A third of what there is without sharing what graphs have in common.
        assert content["bytes"] < 1.1 * bytes_each * weights + 12 * 14_000


@pytest.mark.parametrize("name", ["int8", "int16x8"])
def test_a_batch_size_more_changes_no_image(exported, name):
    """TensorFlow's converter spoils int16x8 files of several signatures with the same weights."""
    model, folder, _ = exported
    z = RNG.normal(size=(BATCH, 10)).astype(np.float32)
    lite = tflite.load_signatures(folder / PRECISIONS[name].file)
    images = lite[f"decode_{BATCH}"](z=z)["image"]
    for b in range(BATCH):
        one = lite["decode_1"](z=z[b : b + 1])["image"]
        np.testing.assert_allclose(one[0], images[b], atol=1e-2)
    error = np.abs(images - model.decode(z).mean()).max()
    assert error < {"int8": 0.2, "int16x8": 0.05}[name]


@pytest.mark.parametrize("name", ["float16", "weight_int8", "dynamic_int8"])
def test_random_numbers_stay_exact(exported, name):
    """Constants of the generator are such that fewer bits hold them."""
    _, folder, _ = exported
    seed = RNG.integers(-(2**31), 2**31, (BATCH, 2)).astype(np.int32)
    found = tflite.load_signatures(folder / PRECISIONS[name].file)[f"sample_{BATCH}"](seed=seed)
    np.testing.assert_allclose(found["z"], random_numpy.normal(seed, Stream.LATENT, 10), atol=2e-6)


@pytest.mark.parametrize("name", list(PRECISIONS))
def test_what_is_lost_on_real_data(exported, name):
    model, folder, report = exported
    data = report["artefacts"][PRECISIONS[name].file]["data"]
    assert data["examples"] == 21
    x = EXAMPLES.x.astype(np.float64)
    z = model.encode(EXAMPLES.x).mean().numpy()
    decode = tflite.load_signatures(folder / PRECISIONS[name].file)["decode_1"]
    image = np.concatenate([decode(z=z[i : i + 1])["image"] for i in range(21)])
    wanted = model.decode(z).mean().numpy()
    worse = scipy.stats.bernoulli.logpmf(x, wanted) - scipy.stats.bernoulli.logpmf(x, image)
    change = worse.sum(axis=(1, 2, 3)).mean()
    assert data["nll_change"] == pytest.approx(change, abs=2e-3)
    assert abs(change) < PRECISIONS[name].nll_change
    psnr = 10 * np.log10(1 / np.mean((x - image) ** 2))
    assert data["psnr"] == pytest.approx(psnr, abs=1e-3)
    assert data["psnr_keras"] == pytest.approx(10 * np.log10(1 / np.mean((x - wanted) ** 2)))


def rounded(weights, name):
    """Weights in the bits of a precision."""
    if name == "float16":
        return weights.astype(np.float16)
    step = np.abs(weights).max() / 127.0
    return step * np.round(weights / step)


@pytest.mark.parametrize(
    ("likelihood", "name"),
    [(likelihood, "dynamic_int8") for likelihood in tiny.LIKELIHOODS_OF_ARRAYS]
    + [("normal_learned_scale", "float16"), ("poisson", "float16")],
)
def test_draws_may_be_off_as_their_means_are(likelihood, name):
    """Levels fall otherwise and real values move; but other random numbers are other draws."""
    options = {"likelihood": likelihood, "levels": 32}
    exact, other = (tiny.randomize(tiny.vae(**options), scale=0.1) for _ in range(2))
    for weights in other.variables:
        weights.assign(rounded(weights.numpy(), name))

    def file_of(model, stream):
        generator = Generator(model, random_numpy)
        generator._uniform = lambda seed, of: Generator._uniform(generator, seed, stream(of))
        return {"sample_16": lambda seed: {k: v.numpy() for k, v in generator.sample(seed).items()}}

    gate = PRECISIONS[name]
    found = parity.check_parity(exact, "file", file_of(other, lambda of: of), gate)["sample_16"]
    mean_errors = [found["outputs"][output]["mean_error"] for output in ("image", "sample")]
    assert mean_errors[0] > 0.0
    assert mean_errors[1] < 3.0 * mean_errors[0] + 1e-3
    with pytest.raises(parity.ParityError, match=r"sample differs .* on average; .* max_error"):
        parity.check_parity(exact, "file", file_of(other, lambda of: Stream.STEP), gate)


@pytest.mark.parametrize(
    ("precision", "limits", "message"),
    [
        ("dynamic_int8", {"max_error": 1e-9}, r"image differs .* Take precision=float16, or allow"),
        (
            "float16",
            {"max_nll_change": -1.0},
            r"an example more .* Take precision=float32, or",
        ),
        (
            "float32",
            {"max_error": 1e-12},
            r"image differs .* not written\. Allow more by max_error",
        ),
    ],
)
def test_a_closed_gate_says_what_to_take(tmp_path, precision, limits, message):
    model = model_of(recipe="ae", hidden=(8,))
    with pytest.raises(parity.ParityError, match=message):
        writer.write(
            model,
            tmp_path / "export",
            formats=["tflite"],
            precisions=[precision],
            batch_sizes=[BATCH],
            examples=EXAMPLES,
            **limits,
        )
    assert os.listdir(tmp_path) == []


def test_a_closed_gate_stops_its_file_alone(tmp_path):
    report = writer.write(
        model_of(recipe="ae", hidden=(8,)),
        tmp_path / "export",
        formats=["tflite"],
        precisions=["float32", "dynamic_int8"],
        batch_sizes=[1],
        max_error=1e-5,
    )
    file = PRECISIONS["dynamic_int8"].file
    assert "Take precision=float16" in report["refused"].pop(file)
    assert not report["refused"]
    assert set(report["artefacts"]) == {"generator.tflite"}
    assert file not in os.listdir(tmp_path / "export")
    with pytest.raises(parity.ParityError, match=r"generator_dynamic_int8.*decoder_int8"):
        writer.write(
            model_of(recipe="ae", hidden=(8,)),
            tmp_path / "none",
            formats=["tflite"],
            precisions=["dynamic_int8", "int8"],
            batch_sizes=[1],
            fitted_to=EXAMPLES,
            max_error=1e-9,
        )
    assert os.listdir(tmp_path) == ["export"]


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        (
            {"recipe": "sequence"},
            {
                "int8": r"can't be made: .* loops .* Take precision=dynamic_int8\.",
                "int16x8": r"can't be made: .* loops .* Take precision=float16\.",
            },
        ),
        (
            {"recipe": "ae", "likelihood": "continuous_bernoulli"},
            {
                "int16x8": "can't be made: TFLite has not the operators DIV, GREATER, LESS_EQUAL, "
                r"LOGICAL_AND, NEG, SELECT_V2, SQUARE in int16x8\. Take precision=float16\.",
            },
        ),
    ],
)
def test_a_file_that_can_not_be_made_stops_no_other(options, reasons, tmp_path):
    report = writer.write(
        tiny.randomize(tiny.vae(**options)),
        tmp_path / "export",
        formats=["tflite"],
        precisions=["float32", *reasons],
        batch_sizes=[1],
        fitted_to=Batch(tiny.images(8), None),
        max_error=5.0,
    )
    assert set(report["artefacts"]) == {"generator.tflite"}
    for name, reason in reasons.items():
        refused = report["refused"][PRECISIONS[name].file]
        assert re.fullmatch(f"decoder_{name}.tflite {reason}", refused), refused


@pytest.mark.parametrize("likelihood", ["discretized_logistic", "logistic_mixture", "categorical"])
def test_colours_of_256_levels_are_computed_in_whole_numbers(likelihood, tmp_path):
    """Their means are far smaller numbers than 255, by operators that TFLite has there."""
    model = tiny.randomize(
        tiny.vae(likelihood=likelihood, event_shape=(4, 4, 3), levels=256), scale=0.1
    )
    x = np.random.default_rng(0).integers(0, 256, (8, 4, 4, 3), np.uint8)
    report = writer.write(
        model,
        tmp_path / "export",
        formats=["tflite"],
        precisions=["int8", "int16x8"],
        batch_sizes=[1],
        fitted_to=Batch(x),
        max_error=0.5,
    )
    for name, mean_error in (("int8", 0.03), ("int16x8", 0.01)):
        file = report["artefacts"][PRECISIONS[name].file]
        assert file["signatures"]["decode_1"]["outputs"]["image"]["mean_error"] < mean_error


def test_a_file_that_crashes_the_runtime_is_not_written(tmp_path, monkeypatch):
    """In sums of int16x8, runtimes divide by scales."""
    monkeypatch.setattr(tflite, "_with_scales", lambda model: model)
    with pytest.raises(
        parity.ParityError, match=r"crashes the runtime, .* Take precision=float16\."
    ):
        writer.write(
            tiny.randomize(tiny.vae(recipe="hvae")),
            tmp_path / "export",
            formats=["tflite"],
            precisions=["int16x8"],
            batch_sizes=[1],
            fitted_to=Batch(tiny.images(8), None),
        )
    assert os.listdir(tmp_path) == []


def test_a_file_that_does_not_run_stops_no_other(tmp_path, monkeypatch):
    def load(path, load=tflite.load_signatures):
        return load(path) if path.name == "generator.tflite" else {"decode_1": by_zero}

    def by_zero(z):
        raise RuntimeError("div.cc: a divisor is 0.\nNode 17 failed.")

    monkeypatch.setattr(tflite, "load_signatures", load)
    report = writer.write(
        tiny.vae(recipe="ae"),
        tmp_path / "export",
        formats=["tflite"],
        precisions=["float32", "dynamic_int8"],
        batch_sizes=[1],
    )
    assert report["refused"] == {
        "generator_dynamic_int8.tflite": "generator_dynamic_int8.tflite doesn't run on all inputs: "
        "div.cc: a divisor is 0. Node 17 failed. The file was not written. Take precision=float16."
    }
    assert "generator.tflite" in os.listdir(tmp_path / "export")


@pytest.mark.parametrize("recipe", ["cvae", "cvae_image"])
def test_conditions_are_given_to_all_that_measures(recipe, tmp_path):
    model = model_of(recipe=recipe, hidden=(8,))
    condition = np.arange(21, dtype=np.int32) % 4 if recipe == "cvae" else None
    report = writer.write(
        model,
        tmp_path / "export",
        formats=["tflite"],
        precisions=["int8"],
        batch_sizes=[BATCH],
        examples=EXAMPLES._replace(condition=condition).rows(0, 3),  # Less than a batch.
        fitted_to=EXAMPLES._replace(condition=condition),
        max_error=5.0,  # A random network is no subject for 8 bits.
        max_nll_change=1e3,
    )
    assert report["artefacts"]["decoder_int8.tflite"]["data"]["examples"] == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precisions": ["int4"]}, r"precision must be of float32, .*, got int4"),
        ({"precisions": []}, r"precision must be of float32, .*, got none"),
        ({"formats": ["onnx"]}, "formats must be of savedmodel, tflite, got onnx"),
        ({"precisions": ["int8"]}, "precision=int8 is fitted to the range of real data"),
        ({"precisions": ["int8"], "fitted_to": EXAMPLES.rows(0, 3)}, "at least as many examples"),
    ],
)
def test_what_can_not_be_is_refused_at_once(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        writer.write(tiny.vae(), tmp_path / "export", batch_sizes=[BATCH], **options)
    assert os.listdir(tmp_path) == []
