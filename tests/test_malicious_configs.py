"""Configs of .keras files that name code: none of it runs, and each is refused."""

import base64
import contextlib
import importlib
import json
import marshal
import sys

import pytest
from tensorflow.python.util.tf_export import get_symbol_from_name

from keras_vae._compat import tf, tfk
from keras_vae.trusted import known_names, operators
from tests import binaries, malicious, tiny
from tests.malicious import function, layer, only_error, refusal, with_body, write


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    return malicious.honest_members(tmp_path_factory.mktemp("honest"))


def sequential(*layers):
    return layer("Sequential", "keras", name="body", layers=list(layers))


def calling(called, first, **arguments):
    """A Functional model in which a layer is called with constants, as Keras rebuilds it."""
    shape = [None, *tiny.EVENT_SHAPE]
    start = layer("InputLayer", batch_input_shape=shape, dtype="float32", name="x")
    called |= {"name": "evil", "inbound_nodes": [["_CONSTANT_VALUE", -1, first, arguments]]}
    return layer(
        "Functional",
        "tf_keras.src.engine.functional",
        "Functional",
        name="body",
        trainable=True,
        layers=[start, called],
        input_layers=[["x", 0, 0]],
        output_layers=[["x", 0, 0]],
    )


def tensor_function(name, kind="TFOpLambda"):
    return layer(kind, "tf_keras.src.layers.core.tf_op_layer", kind, name="evil", function=name)


def code(trace):
    """A function that leaves a trace, as Keras writes it: its bytes."""
    compiled = compile(f"open({str(trace)!r}, 'w').close()", "evil", "exec")
    value = [base64.encodebytes(marshal.dumps(compiled)).decode(), None, None]
    return {"class_name": "__lambda__", "config": {"value": value}}


def marshalled(trace):
    return layer(
        "Lambda",
        name="evil",
        function=code(trace),
        function_type="lambda",
        output_shape=None,
        output_shape_type="raw",
        output_shape_module=None,
        arguments={},
    )


def command(trace):
    """A Lambda that calls os.system, which needs no bytes."""
    options = {"function_type": "function", "output_shape_type": "raw", "arguments": {}}
    found = layer(
        "Lambda", name="evil", function=function("os", "system"), output_shape=None, **options
    )
    return calling(found, f"touch {trace}")


def dense(**options):
    return sequential(layer("Flatten"), layer("Dense", units=2, **options))


def cell_wrapper(trace):
    wrapper = layer(
        "ResidualWrapper",
        "tf_keras.src.layers.rnn.cell_wrappers",
        cell=layer("GRUCell", units=2),
        residual_fn=code(trace)["config"]["value"],
        residual_fn_type="lambda",
        residual_fn_module="tests",
    )
    return sequential(layer("Reshape", target_shape=[7, 5]), layer("RNN", cell=wrapper))


EVIL = "evil_module"  # Leaves a trace when it is imported.

# Each from the path of the trace to the body of an encoder; True: Keras leaves the trace.
CONFIGS = {
    "os.system in a Lambda": (command, True),
    "a class of another module": (lambda t: layer("Body", EVIL), True),
    "a class of another module, registered": (lambda t: layer("Body", EVIL, "evil>Body"), True),
    "in the name of ours, unregistered": (lambda t: layer("keras_vae>VAE", EVIL, None), True),
    "in the name of Keras' own": (lambda t: layer("Dense", EVIL, units=2), True),
    "an outer and an inner class": (lambda t: layer("Outer.Body", EVIL), True),
    "a package that begins with keras": (lambda t: layer("Body", "keras_evil", "Body"), False),
    "subprocess.Popen": (lambda t: layer("Popen", "subprocess", args=["touch", str(t)]), False),
    "builtins.eval": (lambda t: layer("eval", "builtins", source="1"), False),
    "builtins.open": (lambda t: layer("open", "builtins", file=str(t), mode="w"), False),
    "builtins.exec as activation": (
        lambda t: dense(activation=function("builtins", "exec")),
        False,
    ),
    "a function of another module": (lambda t: dense(activation=function(EVIL, "f")), False),
    "an initializer": (lambda t: dense(kernel_initializer=layer("Body", EVIL)), False),
    "a regularizer": (lambda t: dense(kernel_regularizer=layer("Body", EVIL)), False),
    "a constraint": (lambda t: dense(bias_constraint=layer("Body", EVIL)), False),
    "a policy": (lambda t: dense(dtype=layer("Body", EVIL)), False),
    "a type": (
        lambda t: {
            "class_name": "__typespec__",
            "module": EVIL,
            "spec_name": "Body",
            "config": [],
            "registered_name": None,
        },
        True,
    ),
    "Lambda": (lambda t: marshalled(t), False),
    "Lambda in Sequential": (lambda t: sequential(marshalled(t)), False),
    "Lambda in Functional": (lambda t: calling(marshalled(t), 1.0), False),
    "Lambda in TimeDistributed": (
        lambda t: sequential(layer("TimeDistributed", layer=marshalled(t))),
        False,
    ),
    "Lambda in Bidirectional": (
        lambda t: sequential(layer("Bidirectional", layer=marshalled(t))),
        False,
    ),
    "Lambda as the cell of an RNN": (lambda t: layer("RNN", cell=marshalled(t)), False),
    "Lambda of the old format": (
        lambda t: [{"class_name": "Lambda", "config": marshalled(t)["config"]}],
        False,
    ),
    "__lambda__ as activation": (lambda t: dense(activation=code(t)), False),
    "__lambda__ in the name of ours": (
        lambda t: code(t) | {"registered_name": "keras_vae>VAE"},
        False,
    ),
    "the wrapper of a cell": (cell_wrapper, False),
    "TFP's Lambda": (
        lambda t: layer(
            "DistributionLambda", None, "DistributionLambda", make_distribution_fn="gASVAAAA"
        ),
        False,
    ),
    "TFP's Lambda by its name alone": (lambda t: dense(activation="DistributionLambda"), False),
    "io.write_file": (
        lambda t: calling(tensor_function("io.write_file"), str(t), contents="x"),
        True,
    ),
    "io.read_file": (lambda t: calling(tensor_function("io.read_file"), str(t)), False),
    "print": (
        lambda t: calling(tensor_function("print"), "x", output_stream=f"file://{t}"),
        True,
    ),
    "py_function": (lambda t: calling(tensor_function("py_function"), "x"), False),
    "numpy_function": (lambda t: calling(tensor_function("numpy_function"), "x"), False),
    "raw_ops": (lambda t: calling(tensor_function("raw_ops.WriteFile"), "x"), False),
    "load_library": (lambda t: calling(tensor_function("load_library"), str(t)), False),
    "a slice": (
        lambda t: calling(tensor_function("io.write_file", "SlicingOpLambda"), str(t), contents=""),
        True,
    ),
    "a function that is no name": (lambda t: calling(tensor_function(["io"]), "x"), False),
    "a method of what it is given": (
        lambda t: layer("InstanceMethod", "tf_keras.src.layers.core.tf_op_layer", attr_name="x"),
        False,
    ),
    "a method of a class": (
        lambda t: layer(
            "ClassMethod",
            "tf_keras.src.layers.core.tf_op_layer",
            cls_symbol="io.gfile.GFile",
            method_name="x",
        ),
        False,
    ),
    "a layer that reads a file": (
        lambda t: sequential(layer("StringLookup", vocabulary=str(t))),
        False,
    ),
    "a name that is none": (lambda t: layer(["Dense"]), False),
    "no config": (lambda t: {"class_name": "Dense", "module": EVIL}, False),
}


@pytest.fixture
def trace(tmp_path, monkeypatch):
    """A path at which modules of two names leave a file when they are imported."""
    path = tmp_path / "trace"
    folder = tmp_path / "modules"
    folder.mkdir()
    text = f"open({str(path)!r}, 'w').close()\nf = None\nclass Body:\n    pass\n"
    for name in (EVIL, "keras_evil", "tf_keras_evil"):
        (folder / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(folder)
    return path


@pytest.mark.parametrize("name", list(CONFIGS))
def test_a_config_that_names_code_is_refused(members, trace, tmp_path, name):
    body, _ = CONFIGS[name]
    path = write(tmp_path / "evil.keras", with_body(members, body(trace)))
    assert "is refused: it " in refusal(path)
    assert not trace.exists()


@pytest.mark.parametrize("name", [name for name, (_, left) in CONFIGS.items() if left])
def test_keras_would_have_run_it(members, trace, tmp_path, name):
    """Or the test above would show nothing."""
    body, _ = CONFIGS[name]
    path = write(tmp_path / "evil.keras", with_body(members, body(trace)))
    with contextlib.suppress(Exception):  # Mostly that it is no layer, after it ran.
        tfk.saving.load_model(path, compile=False)
    assert trace.exists()


@pytest.mark.parametrize("where", ["model", "build_config", "condition", "prior", "list"])
def test_code_is_found_anywhere(members, trace, tmp_path, where):
    config = json.loads(members["config.json"])
    evil = layer("Body", EVIL)
    if where == "model":
        config = evil
    elif where == "list":
        config["config"]["seed"] = [{"a": [evil]}]
    elif where == "build_config":
        config["config"]["encoder"]["build_config"] = {"input_shape": evil}
    else:
        config["config"][where] = evil
    path = write(tmp_path / "evil.keras", members | {"config.json": json.dumps(config).encode()})
    assert "evil_module.Body" in refusal(path)
    assert not trace.exists()


def test_how_a_body_was_compiled_is_left_out(members, trace, tmp_path):
    body = dense() | {"compile_config": {"loss": function(EVIL, "f")}}
    body["config"]["layers"][1]["config"]["name"] = "dense"
    path = write(tmp_path / "compiled.keras", with_body(members, body))
    refusal(path)  # Its weights are those of another body.
    assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000 + b"]" * 100_000, b"null", b'"keras_vae>VAE"', b"{}"],
    ids=["empty", "cut", "no text", "deep", "null", "a name", "nothing"],
)
def test_a_config_that_is_none_is_refused(members, tmp_path, content):
    path = write(tmp_path / "evil.keras", members | {"config.json": content})
    refusal(path)


# Commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("trainers.train", "--hidden=8", "--latent_dim=2", "--workdir={}/run", "--warm_start={}/m"),
        ("export.export", "--out={}/export", "--run={}/m"),
    ],
    ids=["train", "export"],
)
def test_commands_refuse_such_files(members, trace, tmp_path, arguments):
    evil = with_body(members, command(trace))
    write(tmp_path / "m.keras", evil)
    module, *flags = (text.replace("{}", str(tmp_path)) for text in arguments)
    done = binaries.run(module, *flags[:-1], flags[-1] + ".keras")
    assert "is refused: it holds a Lambda, whose code would be run" in only_error(done)
    assert not trace.exists()
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "export").exists()


def test_commands_note_that_a_file_has_no_checksum(members, tmp_path):
    write(tmp_path / "old.keras", members)
    done = binaries.run(
        "export.export",
        f"--run={tmp_path}/old.keras",
        f"--out={tmp_path}/export",
        "--formats=tflite",
    )
    assert done.code == 0, done.err
    notes = [line for line in done.out.splitlines() if line.startswith("Note: ")]
    assert len(notes) == 1
    assert "old.keras was saved without a checksum" in notes[0]
    assert "Note" not in done.err


def test_the_lists_hold_no_name_that_is_gone():
    for name in known_names.TENSOR_FUNCTIONS:
        known = get_symbol_from_name(name) or get_symbol_from_name(f"compat.v1.{name}")
        assert callable(known), name
    for name in operators.OPERATORS | operators.SAVER_OPERATORS:
        assert hasattr(tf.raw_ops, name), name
    for module, classes in known_names.CLASSES.items():
        for name in classes:
            known = get_symbol_from_name(f"{module}.{name}")
            assert known or hasattr(importlib.import_module(module), name), name
