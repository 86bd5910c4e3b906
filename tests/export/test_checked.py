"""Signatures of a SavedModel say what is wrong with what they are given.

They are called in a process of its own, as what they did before was to end it.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from export import saved_model
from export.generator import Generator
from tests import tiny

KINDS = {
    "maps": {"network": "conv", "condition": "label", "sees_mask": True},
    "part": {"recipe": "cvae_image", "network": "conv"},
    "layers": {"recipe": "hvae"},
    "counts": {"likelihood": "poisson"},
    "table": {"recipe": "table"},
}

X, SEED = np.zeros([2, *tiny.EVENT_SHAPE]), np.zeros([2, 2], int)
NAN = np.full_like(X, np.nan)
HIDDEN = NAN.copy()
HIDDEN[:, :, :2] = 0.0  # The left half is what the model is given.
MAPS = {
    "encode": {"x": X, "mask": X == 0, "condition": np.zeros(2, int)},
    "decode": {"z": np.zeros([2, 3]), "condition": np.zeros(2, int)},
    "sample_with_temperature": {
        "seed": SEED,
        "temperature": np.array(1.0),
        "condition": np.zeros(2, int),
    },
}
LAYERS = {
    "vary": {
        "z": np.zeros([2, 5]),
        "seed": SEED,
        "temperature": np.ones(2),
        "num_layers": np.array(1),
    },
    "log_prob": {"x": X, "k": np.array(1), "seed": SEED},
}
HONEST = {
    "maps": MAPS,
    "layers": LAYERS,
    "part": {"decode": {"z": np.zeros([2, 3]), "condition": X}},
    "counts": {"encode": {"x": X}},
    "table": {"encode": {"x": np.zeros([2, 2])}},
}

# Model, verb, what is given in place of honest inputs, and words of the error; None: it's taken.
CASES = [
    *((kind, verb, {}, None) for kind in HONEST for verb in HONEST[kind]),
    ("maps", "encode", {"x": X[0]}, "input_x [7,5,1] is not compatible with expected shape [?,7,5"),
    ("maps", "encode", {"x": np.zeros([2, 19, 27])}, "input_x [2,19,27] is not compatible"),
    ("maps", "encode", {"x": np.zeros([2, 5, 7, 1])}, "input_x [2,5,7,1] is not compatible"),
    ("maps", "encode", {"x": NAN}, "x must be from 0 to 1; got"),
    ("maps", "encode", {"x": NAN, "mask": X > 0}, None),
    ("maps", "encode", {"x": X - 1}, "x must be from 0 to 1; got from, to:] [-1] [-1]"),
    ("maps", "encode", {"x": X + 255}, "x must be from 0 to 1; got from, to:] [255] [255]"),
    ("maps", "encode", {"mask": X[0] == 0}, "input_mask [7,5,1] is not compatible"),
    ("maps", "encode", {"mask": X[:1] == 0}, "mask must be of as many examples as x"),
    ("maps", "encode", {"condition": np.zeros([2, 1], int)}, "input_condition [2,1] is not"),
    ("maps", "encode", {"condition": np.array([0, 4])}, "condition must be from 0 to 3; got"),
    ("maps", "encode", {"condition": np.array([-1, 0])}, "condition must be from 0 to 3; got"),
    ("maps", "encode", {name: value[:0] for name, value in MAPS["encode"].items()}, "got none"),
    ("maps", "decode", {"z": np.zeros(3)}, "input_z [3] is not compatible"),
    ("maps", "decode", {"z": np.zeros([2, 5])}, "input_z [2,5] is not compatible"),
    ("maps", "decode", {"z": np.full([2, 3], np.inf)}, "z must be finite numbers; got"),
    ("maps", "decode", {"condition": np.zeros(1, int)}, "condition must be of as many examples as"),
    ("maps", "decode", {"z": np.zeros([2, 3], int)}, "int"),
    ("maps", "sample_with_temperature", {"seed": SEED[0]}, "input_seed [2] is not compatible"),
    ("maps", "sample_with_temperature", {"seed": SEED - 2**31}, None),
    ("maps", "sample_with_temperature", {"temperature": np.ones(1)}, "input_temperature [1] is"),
    ("maps", "sample_with_temperature", {"temperature": np.array(-0.5)}, "finite numbers from 0"),
    ("maps", "sample_with_temperature", {"temperature": np.array(np.nan)}, "temperature must be"),
    ("layers", "vary", {"num_layers": np.array(3)}, "num_layers must be from 0 to 2; got"),
    ("layers", "vary", {"temperature": np.ones(3)}, "input_temperature [3] is not compatible"),
    ("layers", "log_prob", {"k": np.array(0)}, "k must be from 1 to 16777216; got"),
    ("layers", "log_prob", {"k": np.array(2**31 - 1)}, "k must be from 1 to 16777216; got"),
    ("part", "decode", {"condition": NAN}, "condition must be from 0 to 1; got"),
    ("part", "decode", {"condition": HIDDEN}, None),
    ("counts", "encode", {"x": X + 300}, None),
    ("counts", "encode", {"x": X - 1}, "x must be finite numbers from 0 on; got"),
    ("table", "encode", {"x": np.zeros([2, 3])}, "input_x [2,3] is not compatible"),
    ("table", "encode", {"x": np.full([2, 2], np.nan)}, "x must be finite numbers; got"),
]

_CODE = """
import json, sys
import numpy as np
import tensorflow as tf
folder, cases = sys.argv[1], np.load(sys.argv[2])
number = 1 + max(int(name.split(" ")[0]) for name in cases)
models = {}
for i in range(number):
    inputs = {}
    for name in cases:
        place, kind, verb, key = name.split(" ")
        if int(place) == i:
            inputs[key], called = tf.constant(cases[name]), (kind, verb)
    kind, verb = called
    if kind not in models:
        models[kind] = tf.saved_model.load(f"{folder}/{kind}").signatures
    try:
        models[kind][verb](**inputs)
        print(json.dumps(None))
    except (tf.errors.InvalidArgumentError, TypeError) as error:
        print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """The error of each of `CASES`, or None."""
    folder, given = tmp_path_factory.mktemp("checked"), {}
    for kind, options in KINDS.items():
        generator = Generator(tiny.vae(**options))
        others = {*generator.verbs} - {*HONEST[kind]}
        saved_model.write_saved_model(generator, folder / kind, leave_out=others)
    for i, (kind, verb, changed, _) in enumerate(CASES):
        for name, value in (HONEST[kind][verb] | changed).items():
            dtype = {"f": np.float32, "i": np.int32, "b": bool}[value.dtype.kind]
            given[f"{i} {kind} {verb} {name}"] = value.astype(dtype)
    np.savez(folder / "given.npz", **given)
    done = subprocess.run(
        [sys.executable, "-c", _CODE, folder, folder / "given.npz"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("i", range(len(CASES)), ids=lambda i: f"{i}-{CASES[i][0]}-{CASES[i][1]}")
def test_what_a_signature_is_given_is_taken_or_named(answers, i):
    assert len(answers) == len(CASES)
    words = CASES[i][3]
    assert answers[i] is None if words is None else words in (answers[i] or "taken")
