"""Exports that would read or write files, or run Python: none does, and each is refused."""

import json
import os
import shutil

import numpy as np
import pytest
from ai_edge_litert.schema_py_generated import BuiltinOperator
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from export import card, compact, sample, saved_model, tflite
from export.generator import Generator
from keras_vae._compat import tf
from keras_vae.files import checksums
from keras_vae.trusted import graphs, operators
from tests import tiny
from tests.test_keras_file import VARIED


class Module(tf.Module):
    """One function of a tensor of text or numbers, that a signature calls."""

    def __init__(self, function, spec):
        super().__init__()
        self.called = tf.function(function, input_signature=[spec])


TEXT, NUMBER = tf.TensorSpec([], tf.string, name="x"), tf.TensorSpec([], tf.float32, name="x")


def write_file(trace):
    def function(x):
        tf.io.write_file(str(trace), "x")
        return {"y": x + 1.0}

    return Module(function, NUMBER)


def nested(trace):
    @tf.function
    def inner(x):
        tf.io.write_file(str(trace), "x")
        return x

    return Module(lambda x: {"y": inner(x)}, NUMBER)


def in_a_loop(trace):
    def body(x):
        tf.io.write_file(str(trace), "x")
        return (x + 1.0,)

    return Module(lambda x: {"y": tf.while_loop(lambda x: x < 1.0, body, (x,))[0]}, NUMBER)


def in_a_branch(trace):
    def branch():
        tf.io.write_file(str(trace), "x")
        return 1.0

    return Module(lambda x: {"y": tf.cond(x > 9.0, branch, lambda: 2.0)}, NUMBER)


def read_file(trace):
    return Module(lambda x: {"y": tf.io.read_file(x)}, TEXT)


def python(trace):
    def leave(x):
        trace.touch()
        return x

    return Module(lambda x: {"y": tf.numpy_function(leave, [x], tf.float32)}, NUMBER)


def printed(trace):
    def function(x):
        tf.print("x", output_stream=f"file://{trace}")
        return {"y": x + 1.0}

    return Module(function, NUMBER)


def saving(trace):
    def function(x):
        tf.raw_ops.SaveV2(prefix=str(trace), tensor_names=["x"], shape_and_slices=[""], tensors=[x])
        return {"y": x + 1.0}

    return Module(function, NUMBER)


def table(trace):
    trace.with_name("words").write_text("a\nb\n")
    initializer = tf.lookup.TextFileInitializer(
        str(trace.with_name("words")),
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    found = tf.lookup.StaticHashTable(initializer, -1)
    module = Module(lambda x: {"y": found.lookup(x)}, TEXT)
    module.table = found
    return module


def data_set(trace):
    def function(x):
        lines = tf.data.TextLineDataset(str(trace))
        return {"y": lines.reduce(x, lambda x, line: x + 1.0)}

    return Module(function, NUMBER)


MODELS = {
    write_file: "WriteFile",
    nested: "WriteFile",
    in_a_loop: "WriteFile",
    in_a_branch: "WriteFile",
    read_file: "ReadFile",
    python: "PyFunc",
    printed: "StringFormat",
    saving: "SaveV2",
    table: "which no export has",
    data_set: "Dataset",
}


def write(folder, module):
    tf.saved_model.save(module, str(folder), signatures={"serve": module.called})
    return folder


def refusal(folder):
    with pytest.raises(ValueError, match="is refused: it") as caught:
        graphs.load_saved_model(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_an_operator_for_files_or_python_is_refused(tmp_path, make):
    trace = tmp_path / "trace"
    folder = write(tmp_path / "model", make(trace))
    assert MODELS[make] in refusal(folder)
    with pytest.raises(ValueError, match="is refused"):
        saved_model.load_signatures(folder)
    assert not trace.exists()


def test_such_an_operator_would_have_run(tmp_path):
    """Or the test above would show nothing."""
    model = tf.saved_model.load(str(write(tmp_path / "model", in_a_loop(tmp_path / "trace"))))
    model.signatures["serve"](x=tf.constant(0.0))
    assert (tmp_path / "trace").exists()


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """The SavedModel of a small model."""
    folder = tmp_path_factory.mktemp("honest") / "saved_model"
    generator = Generator(tiny.vae())
    saved_model.save(generator, folder, generator.signatures(leave_out=("log_prob",)))
    return folder


def changed(honest, folder, change):
    """A copy of a SavedModel whose message is changed."""
    shutil.copytree(honest, folder)
    model = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    change(model, model.meta_graphs[0])
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    return folder


def saver_of(meta_graph):
    """The name of the function that saves."""
    name = meta_graph.saver_def.save_tensor_name.partition(":")[0]
    node = next(node for node in meta_graph.graph_def.node if node.name == name)
    return node.attr["f"].func.name


def call(meta_graph, name):
    """Lets a function that is called call another."""
    called = {*meta_graph.object_graph_def.concrete_functions}
    functions = meta_graph.graph_def.library.function
    function = next(f for f in functions if f.signature.name in called)
    function.node_def.add(name="evil", op="PartitionedCall").attr["f"].func.name = name


def call_saver(model, meta_graph):
    call(meta_graph, saver_of(meta_graph))


def serve_saver(model, meta_graph):
    """The function that saves is given to a signature's object."""
    item = next(
        i
        for i in meta_graph.object_graph_def.nodes
        if i.WhichOneof("kind") == "bare_concrete_function"
    )
    item.bare_concrete_function.concrete_function_name = saver_of(meta_graph)


def save_by_gradient(model, meta_graph):
    found = meta_graph.graph_def.library.registered_gradients.add()
    found.gradient_func, found.registered_op_type = saver_of(meta_graph), "CustomGradient-1"


def evil_saver(model, meta_graph):
    """Another operator in the function that saves."""
    function = next(
        f for f in meta_graph.graph_def.library.function if f.signature.name == saver_of(meta_graph)
    )
    function.node_def.add(name="evil", op="WriteFile")


def call_what_is_not_there(model, meta_graph):
    call(meta_graph, "elsewhere")


def no_objects(model, meta_graph):
    """As of TensorFlow 1, which runs the graph's own saver."""
    meta_graph.ClearField("object_graph_def")


def two_graphs(model, meta_graph):
    model.meta_graphs.add().CopyFrom(meta_graph)


def other_object(model, meta_graph):
    meta_graph.object_graph_def.nodes[0].user_object.identifier = "_tf_keras_layer"


def own_saver(model, meta_graph):
    meta_graph.object_graph_def.nodes[0].registered_saver = "evil"


def object_constant(model, meta_graph):
    node = meta_graph.graph_def.node.add(name="evil", op="Const")
    node.attr["dtype"].type = tf.variant.as_datatype_enum


def stand_in(model, meta_graph):
    """TensorFlow may call the function that saves in place of another of that name."""
    function = next(
        f for f in meta_graph.graph_def.library.function if f.signature.name == saver_of(meta_graph)
    )
    function.attr["api_implements"].s = b"sample"


CHANGES = {
    stand_in: "stands in for another",
    call_saver: "calls the function",
    serve_saver: "reads and writes files",
    save_by_gradient: "reads and writes files",
    evil_saver: "WriteFile",
    call_what_is_not_there: "'elsewhere'",
    no_objects: "one graph",
    two_graphs: "one graph",
    other_object: "_tf_keras_layer",
    own_saver: "object of the kind",
    object_constant: "no tensor of numbers",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_graph_is_refused(honest, tmp_path, change):
    assert CHANGES[change] in refusal(changed(honest, tmp_path / "model", change))


def test_a_function_that_poses_as_the_saver_is_refused(tmp_path):
    """One that a signature calls writes a file, and the graph says that it saves variables."""
    folder = write(tmp_path / "honest", saving(tmp_path / "trace"))

    def pose(model, meta_graph):
        graph = meta_graph.graph_def
        call = next(n for n in graph.node if n.op == "StatefulPartitionedCall")
        meta_graph.saver_def.save_tensor_name = f"{call.name}:0"
        meta_graph.saver_def.restore_op_name = call.name
        kept = [f for f in graph.library.function if "traced_" not in f.signature.name]
        del graph.library.function[:]
        graph.library.function.extend(kept)
        nodes = [n for n in graph.node if "traced_" not in n.attr["f"].func.name]
        del graph.node[:]
        graph.node.extend(nodes)

    assert "SaveV2" in refusal(folder)
    refusal(changed(folder, tmp_path / "posing", pose))


def test_files_that_are_no_saved_model_are_refused(honest, tmp_path):
    with pytest.raises(ValueError, match="is no SavedModel that can be read"):
        graphs.load_saved_model(tmp_path)
    shutil.copytree(honest, tmp_path / "cut")
    file = tmp_path / "cut" / "saved_model.pb"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"is no SavedModel|is refused"):
        graphs.load_saved_model(tmp_path / "cut")
    shutil.copytree(honest, tmp_path / "text")
    (tmp_path / "text" / "saved_model.pb").rename(tmp_path / "text" / "saved_model.pbtxt")
    with pytest.raises(ValueError, match="is no SavedModel that can be read"):
        graphs.load_saved_model(tmp_path / "text")


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", "pipe"])
def test_pipes_are_not_waited_for(honest, tmp_path, name):
    shutil.copytree(honest, tmp_path / "model")
    (tmp_path / "model" / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / "model" / name)
    with pytest.raises(ValueError, match=f"is refused: '{name}' is no file"):
        graphs.load_saved_model(tmp_path / "model")


@pytest.mark.parametrize("name", ["/etc/passwd", "../other", "a/../../other"])
def test_checksums_are_of_the_folders_own_files(tmp_path, name):
    with pytest.raises(ValueError, match="its checksums are of"):
        checksums.check_files(tmp_path, {name: "0"})


def test_an_honest_one_is_loaded(honest):
    assert {"decode", "sample"} <= set(graphs.load_saved_model(honest).signatures)


@pytest.mark.parametrize("options", VARIED, ids=str)
def test_the_operators_of_all_kinds_of_models_are_allowed(options):
    """Conformance tests load the files."""
    for function in Generator(tiny.vae(**options)).signatures(4).values():
        graph = function.graph.as_graph_def()
        nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
        assert {node.op for node in nodes} <= operators.OPERATORS


# TFLite ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    path = tmp_path_factory.mktemp("lite") / "generator.tflite"
    tflite.write_tflite(tiny.vae(), path, batch_sizes=[4])
    return path


def test_a_file_with_operators_of_its_own_is_refused(generator, tmp_path):
    """A runtime that has TensorFlow's beside them (Flex) would write files."""
    model = compact.unpack(generator.read_bytes())
    model.operatorCodes[0].customCode = "FlexWriteFile"
    model.operatorCodes[0].builtinCode = BuiltinOperator.CUSTOM
    model.operatorCodes[0].deprecatedBuiltinCode = BuiltinOperator.CUSTOM
    (tmp_path / "evil.tflite").write_bytes(compact.pack(model))
    with pytest.raises(ValueError, match=r"evil\.tflite is refused: it holds .* FlexWriteFile"):
        sample.sample(tmp_path / "evil.tflite", 0, 1)


@pytest.mark.parametrize("beside", [("parity.json", "artefacts"), (card.FILE, "files")])
def test_a_changed_file_beside_its_checksum_is_found(generator, tmp_path, beside):
    name, key = beside
    path = shutil.copy(generator, tmp_path / "generator.tflite")
    (tmp_path / name).write_text(json.dumps({key: {path.name: {"sha256": card.hashes(path)}}}))
    before = sample.sample(path, 0, 2)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged or was changed"):
        sample.sample(path, 0, 2)
    path.write_bytes(generator.read_bytes())
    np.testing.assert_array_equal(sample.sample(path, 0, 2), before)
