"""The model card: true, valid by its schema, and inside the files."""

import hashlib
import json
import pathlib
import types

import jsonschema
import numpy as np
import pytest

from export import card, compact, readme, sample, tflite, writer
from tests import tiny

SCHEMA = json.loads(
    (pathlib.Path(card.__file__).parent / "model_card.schema.json").read_text(encoding="utf-8")
)
_CPUINFO = pathlib.Path("/proc/cpuinfo")
CPUINFO = _CPUINFO.read_text() if _CPUINFO.exists() else ""
EVALUATION = {
    "nll_nats": 90.0,
    "nll_stderr": 0.5,
    "elbo_nats": -91.0,
    "num_samples": 500,
    "num_examples": 179,
    "rate_nats": 20.0,
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(model, folder, card) of a run's export."""
    config = tiny.config()
    model, folder = tiny.randomize(tiny.vae()), tmp_path_factory.mktemp("run") / "export"
    writer.write(
        model,
        folder,
        batch_sizes=[2],
        described=tiny.described(config),
        evaluation=EVALUATION,
    )
    return model, folder, json.loads((folder / "model_card.json").read_text())


def test_the_card_is_valid(exported):
    jsonschema.validate(exported[2], SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("recipe", ["ae", "cvae", "cvae_image"])
def test_cards_without_a_run_are_valid(recipe, tmp_path):
    model = tiny.vae(recipe=recipe)
    writer.write(model, tmp_path / "export", batch_sizes=[1], formats=["tflite"])
    found = json.loads((tmp_path / "export" / "model_card.json").read_text())
    jsonschema.validate(found, SCHEMA, jsonschema.Draft202012Validator)
    assert found["training_data"] is found["test_likelihood"] is found["recipe"] is None
    assert (found["condition"] is None) == (recipe == "ae")
    range_of = {"ae": None, "cvae": [0, 3], "cvae_image": [0, 1]}  # Of 4 labels, or of pixels.
    assert found["ranges"].get("condition") == range_of[recipe]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"in_examples": True, "num_classes": None}, [0, 1]),
        ({"in_examples": False, "num_classes": 7}, [0, 6]),
        ({"in_examples": False, "num_classes": None}, [None, None]),
    ],
)
def test_the_range_of_ones_own_condition_is_what_it_says(facts, wanted):
    model = types.SimpleNamespace(
        decoder=tiny.vae().decoder, condition=types.SimpleNamespace(**facts), num_layers=1
    )
    artefacts = {"file": {"signatures": {"sample": {"inputs": ["condition"], "outputs": []}}}}
    assert card._ranges(model, artefacts) == {"condition": wanted}


NAMES = ("c`at", "<b>dog", "été", "a_b")


def test_names_of_labels_are_in_card_and_readme(tmp_path):
    model = tiny.vae(recipe="cvae", class_names=NAMES)
    writer.write(model, tmp_path / "export", batch_sizes=[1], formats=["tflite"])
    found = json.loads((tmp_path / "export" / "model_card.json").read_text())
    jsonschema.validate(found, SCHEMA, jsonschema.Draft202012Validator)
    assert found["class_names"] == list(NAMES)
    assert found["condition"] == "a label from 0 to 3"
    assert sample.read_card(tmp_path / "export" / "generator.tflite")["class_names"] == list(NAMES)
    lines = (tmp_path / "export" / "README.md").read_text().splitlines()
    begin = lines.index("- 0: `c'at`")
    assert lines[begin + 1 : begin + 5] == ["- 1: `<b>dog`", "- 2: `été`", "- 3: `a_b`", ""]
    del found["class_names"]  # A card from before there were names.
    jsonschema.validate(found, SCHEMA, jsonschema.Draft202012Validator)


def test_a_readme_lists_a_hundred_names(exported):
    _, folder, _ = exported
    report = json.loads((folder / "parity.json").read_text())
    text = readme.text(report, class_names=[f"class {i}" for i in range(120)])
    assert "- 99: `class 99`\n- … and 20 more, in `model_card.json`\n" in text
    assert "- 100:" not in text
    assert "Labels are called" not in (folder / "README.md").read_text()


@pytest.mark.parametrize(
    "change",
    [
        {"class_names": []},
        {"class_names": ["a", "a"]},
        {"event_shape": []},
        {"latent_dim": 0},
        {"files": {}},
        {"unknown": 1},
        {"ranges": {"z": [0]}},
    ],
)
def test_the_schema_refuses_what_is_no_card(exported, change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(exported[2] | change, SCHEMA, jsonschema.Draft202012Validator)


def test_the_card_says_what_the_model_is(exported):
    model, folder, found = exported
    assert found["event_shape"] == list(model.event_shape)
    assert found["latent_dim"] == model.latent_dim
    assert found["likelihood"] == "Bernoulli"
    ranges = found["ranges"]
    assert ranges["image"] == ranges["x"] == [0, 1]
    assert ranges["k"] == [1, 2**24]
    assert ranges["loc"] == ranges["log_prob"] == [None, None]
    assert ranges["scale"] == [0, None]
    signatures = [s for file in found["files"].values() for s in file["signatures"].values()]
    assert set(ranges) == {n for s in signatures for n in (*s["inputs"], *s["outputs"])}
    names = [line for line in CPUINFO.splitlines() if line.startswith("model name")]
    assert all(name.partition(": ")[2] in found["machine"] for name in names[:1])
    assert found["machine"].endswith("TFLite files ran in one thread")
    described = tiny.described(tiny.config())
    assert found["recipe"] == described["config"]["recipe"]
    assert found["training_data"]["fingerprint"] == described["data"]["fingerprint"]
    assert found["test_likelihood"]["nll_nats"] == 90.0
    lite = found["files"]["generator.tflite"]
    runner = tflite.load_signatures(folder / "generator.tflite")
    assert sorted(lite["signatures"]) == sorted(runner)
    for name, signature in lite["signatures"].items():
        assert signature["inputs"].keys() == runner[name].get_input_details().keys()
        assert signature["outputs"].keys() == runner[name].get_output_details().keys()


def test_hashes_and_sizes_are_those_of_the_files(exported):
    _, folder, found = exported
    content = (folder / "generator.tflite").read_bytes()
    assert found["files"]["generator.tflite"]["bytes"] == len(content)
    wanted = hashlib.sha256(content).hexdigest()
    assert found["files"]["generator.tflite"]["sha256"] == {"generator.tflite": wanted}
    saved = found["files"]["saved_model"]["sha256"]
    assert "saved_model/saved_model.pb" in saved
    for name, sha256 in saved.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256


def test_a_tflite_file_holds_its_card(exported):
    model, folder, found = exported
    content = compact.unpack((folder / "generator.tflite").read_bytes())
    (index,) = (m.buffer for m in content.metadata if m.name == card.FILE.encode())
    inside = json.loads(bytes(content.buffers[index].data))
    for content in found["files"].values():
        del content["sha256"]
        del content["bytes"]
    assert inside == found
    z = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    image = tflite.load_signatures(folder / "generator.tflite")["decode_2"](z=z)["image"]
    np.testing.assert_allclose(image, model.decode(z).mean(), atol=1e-6)
