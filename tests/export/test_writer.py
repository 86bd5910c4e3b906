"""Whole exports: every network, likelihood and posterior, through the runtimes that users have."""

import errno
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import time

import numpy as np
import pytest
from tensorflow.core.protobuf import saved_model_pb2

from export import parity, random_numpy, saved_model, tflite, writer
from export.random_numpy import Stream
from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfkl
from tests import binaries, tiny

# Each network and each likelihood at least once; autoencoders, which don't sample, export faster.
CASES = [
    ("vae", "mlp", "bernoulli"),
    ("vae", "linear", "normal_learned_scale"),
    ("vae", "conv", "categorical"),
    ("attention", "resnet", "continuous_bernoulli"),
    ("ae", "gated_mlp", "normal"),
    ("ae", "gated_conv", "normal_per_pixel_scale"),
    ("ae", "gru", "laplace"),
    ("ae", "transformer", "student_t"),
    ("ae", "bars", "poisson"),
    ("ae", "conv", "discretized_logistic"),
    ("ae", "mlp", "logistic_mixture"),
]
THERE = {case[2] for case in CASES}
CASES += [("ae", "linear", name) for name in tiny.LIKELIHOODS_OF_ARRAYS if name not in THERE]


def model_of(**options):
    return tiny.randomize(tiny.vae(**options))


def signatures(*verbs):
    return sorted(f"{verb}_16" for verb in verbs)


def errors(report):
    return [
        output["max_error"]
        for artefact in report["artefacts"].values()
        for name, signature in artefact["signatures"].items()
        for output in signature["outputs"].values()
        if "max_error" in output and name != "log_prob"  # Whose unit are hundreds of nats.
    ]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(model, folder, report) of a small VAE."""
    model, folder = model_of(), tmp_path_factory.mktemp("run") / "export"
    return model, folder, writer.write(model, folder)


def test_the_cases_name_all_networks_and_likelihoods():
    assert {network for _, network, _ in CASES} == set(tiny.NETWORKS_OF_ARRAYS)
    assert {likelihood for _, _, likelihood in CASES} == set(tiny.LIKELIHOODS_OF_ARRAYS)


@pytest.mark.parametrize(("recipe", "network", "likelihood"), CASES)
def test_files_compute_what_the_model_computes(recipe, network, likelihood, tmp_path):
    model = model_of(recipe=recipe, network=network, likelihood=likelihood)
    report = writer.write(model, tmp_path / "export", batch_sizes=[16])
    assert max(errors(report)) < 1e-5
    # The file is checked from outside, too.
    seed = np.random.default_rng(1).integers(-(2**31), 2**31, (16, 2)).astype(np.int32)
    z = random_numpy.normal(seed, Stream.LATENT, 3)
    wanted = model.decode(z).mean().numpy()
    lite = tflite.load_signatures(tmp_path / "export" / "generator.tflite")
    np.testing.assert_allclose(lite["decode_16"](z=z)["image"], wanted, atol=1e-5)
    if recipe == "ae":
        assert sorted(lite) == signatures("decode", "encode", "reconstruct")
        return
    assert sorted(lite) == signatures(
        "decode",
        "encode",
        "encode_with_seed",
        "reconstruct",
        "sample",
        "sample_with_temperature",
    )
    np.testing.assert_allclose(lite["sample_16"](seed=seed)["image"], wanted, atol=1e-5)


def test_the_report_states_shapes_operators_sizes_and_versions(exported):
    _, folder, report = exported
    assert json.loads((folder / "parity.json").read_text()) == report
    saved, lite = report["artefacts"]["saved_model"], report["artefacts"]["generator.tflite"]
    assert saved["signatures"]["encode"]["inputs"] == {"x": "float32[B, 7, 5, 1]"}
    assert saved["signatures"]["encode"]["outputs"].keys() == {"loc", "scale"}
    # The SavedModel has the TFLite file's signatures too, and each verb for any size.
    verbs = {name.rpartition("_")[0] for name in lite["signatures"]}
    assert set(saved["signatures"]) == set(lite["signatures"]) | verbs | {"log_prob"}
    assert saved["signatures"]["encode_16"]["inputs"] == {"x": "float32[16, 7, 5, 1]"}
    assert lite["signatures"]["sample_16"]["inputs"] == {"seed": "int32[16, 2]"}
    outputs = lite["signatures"]["sample_16"]["outputs"]
    assert outputs["image"]["type"] == "float32[16, 7, 5, 1]"
    assert outputs["z"]["type"] == "float32[16, 3]"
    assert lite["bytes"] == os.path.getsize(folder / "generator.tflite")
    assert saved["bytes"] > 0
    assert report["versions"].keys() >= {"python", "tensorflow", "ai-edge-litert"}


def test_batch_sizes_are_as_asked_for(exported):
    _, folder, report = exported
    lite = tflite.load_signatures(folder / "generator.tflite")
    verbs = ["decode", "encode", "encode_with_seed", "reconstruct"]
    verbs += ["sample", "sample_with_temperature"]
    assert sorted(lite) == sorted(f"{verb}_{size}" for verb in verbs for size in (1, 16))
    assert report["batch_sizes"] == [1, 16]
    seed = np.arange(32, dtype=np.int32).reshape(16, 2)
    many, one = lite["sample_16"](seed=seed), lite["sample_1"](seed=seed[7:8])
    np.testing.assert_array_equal(one["sample"], many["sample"][7:8])
    np.testing.assert_allclose(one["image"], many["image"][7:8], atol=1e-6)
    with pytest.raises(ValueError, match="batch_sizes must be whole numbers from 1 on"):
        writer.write(exported[0], folder / "other", batch_sizes=[0])


@pytest.mark.parametrize(("size", "compared"), [(1, 16), (3, 15), (16, 16), (20, 20)])
def test_files_of_any_batch_size_are_compared_by_whole_batches(size, compared):
    model, seen = model_of(recipe="ae"), []

    def decode(z):
        assert len(z) == size
        seen.extend(map(tuple, z))
        return {"image": model.decode(z).mean().numpy()}

    parity.check_parity(model, "file", {f"decode_{size}": decode})
    assert len(set(seen)) == compared
    last = seen[compared - 1]

    def wrong_at_last(z):
        return {"image": decode(z)["image"] + (tuple(z[-1]) == last)}

    with pytest.raises(parity.ParityError, match="image differs"):
        parity.check_parity(model, "file", {f"decode_{size}": wrong_at_last})


def test_all_operators_are_builtin(exported):
    operators = exported[2]["artefacts"]["generator.tflite"]["operators"]
    assert {"FULLY_CONNECTED", "BITWISE_XOR", "LOG", "COS"} <= set(operators)
    assert "CUSTOM" not in operators


def test_signatures_share_the_weights(tmp_path):
    model = tiny.vae(recipe="ae", hidden=(300,), latent_dim=100)
    tflite.write_tflite(model, tmp_path / "generator.tflite")
    weights = 4 * sum(int(np.prod(v.shape)) for v in model.variables)
    size = os.path.getsize(tmp_path / "generator.tflite")
    assert weights < size < 1.1 * weights + 6 * 40_000


def test_graphs_hold_no_weights_and_no_masks_of_them(tmp_path):
    """Of which each function would have its own."""
    sizes = {"hidden": (128,), "latent_dim": 2, "flow_layers": 1, "flow_hidden": 64}
    saved_model.write_saved_model(model_of(posterior="iaf", prior="maf", **sizes), tmp_path)
    content = saved_model_pb2.SavedModel.FromString((tmp_path / "saved_model.pb").read_bytes())
    constants = [
        node.attr["value"].tensor
        for function in content.meta_graphs[0].graph_def.library.function
        for node in function.node_def
        if node.op == "Const"
    ]
    assert max(np.prod([d.size for d in c.tensor_shape.dim]) for c in constants) <= 128


def test_an_image_depends_on_its_own_seed_alone(exported):
    _, folder, _ = exported
    sample = tflite.load_signatures(folder / "generator.tflite")["sample_16"]
    seed = np.arange(32, dtype=np.int32).reshape(16, 2)
    changed = seed.copy()
    changed[5] += 1
    before, after = sample(seed=seed)["image"], sample(seed=changed)["image"]
    np.testing.assert_array_equal((before != after).any(axis=(1, 2, 3)), np.arange(16) == 5)


def test_the_moving_average_is_exported_and_the_weights_stay(tmp_path):
    model = model_of(recipe="ae", ema_decay=0.5)
    model.optimizer.iterations.assign(1)  # The averages count after a step.
    for average in model.ema.averages:
        average.assign(0.5 * average)
    z = np.ones([1, 3], np.float32)
    before = model.decode(z).mean().numpy()
    writer.write(model, tmp_path / "export", batch_sizes=[1])
    np.testing.assert_array_equal(model.decode(z).mean(), before)
    with model.evaluation_weights():
        wanted = model.decode(z).mean().numpy()
    got = tflite.load_signatures(tmp_path / "export" / "generator.tflite")["decode_1"](z=z)["image"]
    np.testing.assert_allclose(got, wanted, atol=1e-5)
    assert np.abs(wanted - before).max() > 1e-3


def check_readme(folder):
    examples = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert len(examples) == 2
    code = "\nfirst = images\n".join(examples)
    code += "\nassert images.shape == (16, 7, 5, 1) and abs(images - first).max() < 1e-5"
    done = binaries.run_code(code, folder)
    assert done.code == 0, done.err


def test_the_readmes_examples_run(exported):
    check_readme(exported[1])


@pytest.mark.parametrize(
    ("recipe", "kind", "wanted"),
    [
        ("cvae", "int32[16]", "a label from 0 to 3"),
        ("cvae_image", "float32[16, 7, 5, 1]", "an image, of which the visible part counts"),
    ],
)
def test_a_conditional_model_is_given_conditions(recipe, kind, wanted, tmp_path):
    model, folder = model_of(recipe=recipe), tmp_path / "export"
    report = writer.write(model, folder, batch_sizes=[16])
    artefacts = report["artefacts"].values()
    saved, lite = (artefact["signatures"] for artefact in artefacts)
    assert lite["sample_16"]["inputs"] == {"seed": "int32[16, 2]", "condition": kind}
    assert lite["decode_16"]["inputs"] == {"z": "float32[16, 3]", "condition": kind}
    # The part of an image is taken from the image to encode.
    assert ("condition" in saved["encode"]["inputs"]) == (recipe == "cvae")
    seed = np.random.default_rng(1).integers(-(2**31), 2**31, (16, 2)).astype(np.int32)
    condition = np.array(model.condition.to_show(16, tiny.images(16)))
    z = random_numpy.normal(seed, Stream.LATENT, 3)
    sample = tflite.load_signatures(folder / "generator.tflite")["sample_16"]
    for given in (condition, condition[::-1].copy()):
        images = model.decode(z, given).mean()
        np.testing.assert_allclose(sample(seed=seed, condition=given)["image"], images, atol=1e-5)
    assert wanted in (folder / "README.md").read_text()
    check_readme(folder)


def test_an_autoencoders_readme_decodes(tmp_path):
    writer.write(model_of(recipe="ae"), tmp_path / "export", batch_sizes=[16])
    check_readme(tmp_path / "export")
    # No run describes this model.
    assert not (tmp_path / "export" / "config.json").exists()


def test_a_wrong_file_is_not_written(tmp_path, monkeypatch):
    model, other = model_of(recipe="ae"), tiny.randomize(tiny.vae(recipe="ae"), seed=1)
    write = tflite.write_tflite
    monkeypatch.setattr(tflite, "write_tflite", lambda vae, *arguments: write(other, *arguments))
    wanted = r"generator.tflite, decode_1: image differs .* by up to \d.*The file was not written"
    with pytest.raises(parity.ParityError, match=wanted):
        writer.write(model, tmp_path / "export", formats=["tflite"], batch_sizes=[1])
    assert os.listdir(tmp_path) == []


def test_only_a_complete_export_replaces_an_earlier_one(exported, tmp_path, monkeypatch):
    target = tmp_path / "export"
    shutil.copytree(exported[1], target)
    first = (target / "parity.json").read_text()
    model, options = model_of(recipe="ae"), {"formats": ["tflite"], "batch_sizes": [16]}
    with monkeypatch.context() as patch:
        patch.setattr(tflite, "load_signatures", lambda path: {"decode_16": lambda z: {"image": z}})
        with pytest.raises(parity.ParityError, match=r"image is of shape \(16, 3\), not"):
            writer.write(model, target, **options)
    assert (target / "parity.json").read_text() == first
    writer.write(model, target, **options)
    assert "sample" not in (target / "parity.json").read_text()
    assert os.listdir(tmp_path) == ["export"]


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        writer.write(tiny.vae(recipe="ae"), tmp_path / "a", formats=["tflite"], batch_sizes=[1])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("formats", [["savedmodel"], ["tflite"]])
def test_a_disk_that_is_really_full_leaves_nothing(tmp_path, formats):
    """A limit on the size of files is as good as a full disk, and needs no rights."""
    code = f"""
import resource
import signal
from export import writer
from tests import tiny
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    writer.write(tiny.vae(hidden=(2000,)), "export", formats={formats}, batch_sizes=[1])
except OSError as error:
    print("OSError", str(error).splitlines()[0])
"""
    done = binaries.run_code(code, tmp_path)
    assert done.out.startswith("OSError"), done.err
    assert os.listdir(tmp_path) == []


def test_a_killed_export_leaves_the_earlier_one(exported, tmp_path, tmp_path_factory):
    target = tmp_path / "export"
    shutil.copytree(exported[1], target)
    code = """
import time
from export import readme, writer
from tests import tiny
readme.text = lambda *_, **__: (print("writing", flush=True), time.sleep(600))
writer.write(tiny.vae(), "export", formats=["tflite"], batch_sizes=[1])
"""
    process = binaries.Started(
        binaries.script(code, tmp_path_factory.mktemp("code")), folder=tmp_path
    )
    while process.out != "writing\n":  # All files but one are there.
        process.assert_running()
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    assert process.wait().code == -signal.SIGKILL
    assert [name for name in os.listdir(tmp_path) if name[0] != "."] == ["export"]
    for name in ("parity.json", "generator.tflite", "README.md"):
        assert (target / name).read_bytes() == (exported[1] / name).read_bytes()


def test_what_is_no_export_is_not_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("three years of work")
    model = tiny.vae()
    for path in (tmp_path, tmp_path / "thesis.tex"):
        with pytest.raises(FileExistsError, match="no earlier export"):
            writer.write(model, path)
    with pytest.raises(NotADirectoryError, match="can't be written"):
        writer.write(model, tmp_path / "thesis.tex" / "export")
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_an_operator_that_tflite_lacks_is_named(tmp_path):
    class Exotic(tfkl.Layer):
        def call(self, z):
            return tf.math.digamma(1.0 + z**2)

    model = VAE(
        Encoder(networks.mlp((4,)), posteriors.DiagonalNormal(2)),
        Decoder(Exotic(), likelihoods.Bernoulli((2, 2, 1))),
        priors.StandardNormal(2),
    )
    with pytest.raises(ValueError, match=r"TFLite has not the operators Digamma\. Replace"):
        writer.write(model, tmp_path / "export", batch_sizes=[1])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("got", "passes"),
    [(1.0, True), (1.0 + 5e-6, True), (1.0 + 5e-5, False), (np.nan, False)],
)
def test_parity_judges_the_mean_error(got, passes):
    wanted = np.ones([2, 3], np.float32)
    if passes:
        assert parity._errors("image", np.full_like(wanted, got), wanted)["max_error"] < 1e-5
    else:
        with pytest.raises(parity.ParityError, match="differs"):
            parity._errors("image", np.full_like(wanted, got), wanted)


@pytest.mark.parametrize(("error", "scale"), itertools.product([5e-5, 2e-4], [1.0, 1000.0]))
def test_parity_judges_the_largest_error_by_the_outputs_magnitude(error, scale):
    wanted = np.full([1000], scale)
    got = wanted.copy()
    got[3] += error * scale
    if error < parity.EXACT.max_error:
        parity._errors("image", got, wanted)
    else:
        with pytest.raises(parity.ParityError, match="by up to"):
            parity._errors("image", got, wanted)
