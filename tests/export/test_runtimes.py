"""The same seeds give the same images in every runtime for Python."""

import json
import subprocess
import sys

import numpy as np
import pytest

from export import writer
from tests import tiny
from tests.export.oracle import drawn, seeds

BATCH = 4
SEED = seeds(-7, BATCH)

_START = """
import json, sys
for name in {missing}:
    sys.modules[name] = None  # Importing it raises ImportError.
import numpy as np
seed = np.array({seed}, np.int32)
{code}
print(json.dumps({{name: np.asarray(found[name]).tolist() for name in ("image", "sample", "z")}}))
"""

_NO_TENSORFLOW = ("tensorflow", "tf_keras", "keras", "tensorflow_probability", "keras_vae")

RUNTIMES = {
    "interpreter": (
        _NO_TENSORFLOW,
        """
from ai_edge_litert.interpreter import Interpreter
found = Interpreter("generator.tflite").get_signature_runner("sample_4")(seed=seed)
""",
    ),
    "compiled_model": (
        _NO_TENSORFLOW,
        """
from ai_edge_litert.compiled_model import CompiledModel
model = CompiledModel.from_file("generator.tflite")
details = model.get_output_tensor_details("sample_4")
given = model.create_input_buffer_by_name("sample_4", "seed")
given.write(seed)
outputs = {name: model.create_output_buffer_by_name("sample_4", name) for name in details}
model.run_by_name("sample_4", {"seed": given}, outputs)
shapes = {name: details[name]["shape"] for name in details}
found = {
    name: buffer.read(int(np.prod(shapes[name])), np.float32).reshape(shapes[name])
    for name, buffer in outputs.items()
}
""",
    ),
    "saved_model": (
        ("tf_keras", "keras", "tensorflow_probability", "keras_vae", "export"),
        """
import tensorflow as tf
found = tf.saved_model.load("saved_model").signatures["sample"](seed=tf.constant(seed))
""",
    ),
    "keras_3": (
        ("tf_keras", "tensorflow_probability", "keras_vae", "export"),
        """
import keras
assert keras.__version__.startswith("3.")
found = keras.layers.TFSMLayer("saved_model", call_endpoint="sample")(seed)
z = found["z"]
decoded = keras.layers.TFSMLayer("saved_model", call_endpoint="decode")(z)
assert np.abs(decoded["image"] - found["image"]).max() < 1e-6
""",
    ),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(model, folder)."""
    model, folder = tiny.randomize(tiny.vae()), tmp_path_factory.mktemp("run") / "export"
    writer.write(model, folder, batch_sizes=[1, BATCH])
    return model, folder


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_runtime_draws_the_models_images(exported, runtime):
    model, folder = exported
    missing, code = RUNTIMES[runtime]
    code = _START.format(missing=missing, seed=SEED.tolist(), code=code)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    image, pixels, z = drawn(model, SEED)
    np.testing.assert_allclose(found["z"], z, atol=1e-5)
    np.testing.assert_allclose(found["image"], image, atol=1e-5)
    np.testing.assert_array_equal(found["sample"], pixels)
