"""The file of a deep ladder: python -m benchmarks.deep_export [--run=runs/cifar10-deep]

Prints one JSON line: the bytes of generator.tflite beside those of its weights, and milliseconds in
LiteRT on one thread of a sample, of a decoding, and of the same convolutions alone, which take what
they are given in place of each other's outputs. Without a run, the model is untrained.
"""

import json
import pathlib
import statistics
import tempfile
import time

import numpy as np
from absl import flags
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import BuiltinOperator

import keras_vae
from export import compact, tflite
from keras_vae import command_line

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "run directory; by default an untrained model")
flags.DEFINE_integer("size", 32, "height and width of the untrained model's images", lower_bound=4)
flags.DEFINE_integer("rounds", 20, "rounds, of which the median is taken", lower_bound=1)
flags.DEFINE_multi_integer("batch_size", [1], "of the signatures; the first is timed")


def main() -> None:
    vae = keras_vae.load(FLAGS.run) if FLAGS.run else untrained()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "generator.tflite"
        start = time.perf_counter()
        tflite.write_tflite(vae, file, FLAGS.batch_size)
        seconds, content = time.perf_counter() - start, file.read_bytes()
    weights = 4 * sum(int(np.prod(variable.shape)) for variable in vae.variables)
    row = {
        "seconds_to_write": round(seconds),
        "signatures": len(Interpreter(model_content=content).get_signature_list()),
        "weights_bytes": weights,
        "bytes": len(content),
        "ratio": round(len(content) / weights, 3),
    }
    print(json.dumps(row | milliseconds(content)))


def untrained():
    shape = (FLAGS.size, FLAGS.size, 3)
    return keras_vae.build(keras_vae.recipe("deep", event_shape=shape, levels=256))


def milliseconds(content):
    size = FLAGS.batch_size[0]
    whole, bare = (
        Interpreter(model_content=model, num_threads=1)
        for model in (content, convolutions(content, f"decode_{size}"))
    )
    bare.allocate_tensors()
    seed = np.stack([np.full(size, 7), np.arange(size)], axis=1).astype(np.int32)
    sample, decode = (whole.get_signature_runner(f"{verb}_{size}") for verb in ("sample", "decode"))
    z = sample(seed=seed)["z"]
    calls = {
        "sample": lambda: sample(seed=seed),
        "decode": lambda: decode(z=z),
        "convolutions": bare.invoke,
    }
    times = {name: [] for name in calls}
    for _ in range(FLAGS.rounds + 1):  # The first round warms up.
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(1e3 * (time.perf_counter() - start))
    found = {name: statistics.median(each[1:]) for name, each in times.items()}
    shares = {
        f"{name}_by_convolutions": found[name] / found["convolutions"]
        for name in ("sample", "decode")
    }
    return {name: round(value, 2) for name, value in (found | shares).items()}


def convolutions(content, signature):
    """A file of a signature's convolutions alone, whose inputs are all inputs of the file."""
    model = compact.unpack(content)
    (of_name,) = (s for s in model.signatureDefs if s.signatureKey.decode() == signature)
    graph = model.subgraphs[of_name.subgraphIndex]
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    graph.operators = [
        operator
        for operator in graph.operators
        if codes[operator.opcodeIndex] == BuiltinOperator.CONV_2D
    ]
    graph.inputs = sorted({int(operator.inputs[0]) for operator in graph.operators})
    graph.outputs = [int(operator.outputs[0]) for operator in graph.operators]
    graph.inputs = [i for i in graph.inputs if i not in graph.outputs]
    model.subgraphs, model.signatureDefs = [graph], []
    return compact.pack(model)


if __name__ == "__main__":
    command_line.run(main)
