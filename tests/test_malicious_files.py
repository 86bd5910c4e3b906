"""Model files that would run code, or reach for other files: none does, and each is refused."""

import base64
import contextlib
import importlib
import json
import marshal
import os
import sys
import zipfile

import h5py
import numpy as np
import pytest
from tensorflow.python.util.tf_export import get_symbol_from_name

import keras_vae
from keras_vae import VAE, Decoder, Encoder, archives, likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfk, tfkl
from keras_vae.notes import Note
from keras_vae.trusted import names, operators
from tests import binaries, tiny

WEIGHTS = "model.weights.h5"


def model_of(body):
    return VAE(
        Encoder(body, posteriors.DiagonalNormal(2)),
        Decoder(networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
        priors.StandardNormal(2),
    )


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """{name: content} of a file that loads."""
    path = tmp_path_factory.mktemp("honest") / "model.keras"
    model_of(networks.linear()).save(path)
    found = archives.read(path)
    del found["checksums.json"]  # Whoever changes a file can change these too.
    return found


def with_body(members, body):
    """The members of a file whose encoder has another body."""
    config = json.loads(members["config.json"])
    config["config"]["encoder"]["config"]["network"] = body
    return members | {"config.json": json.dumps(config).encode()}


def write(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def refusal(path, **arguments):
    """The one line that loading raises."""
    with pytest.raises(ValueError, match=path.name) as caught:
        keras_vae.load(path, **arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Configs ---------------------------------------------------------------------------------------


def layer(class_name, module="keras.layers", registered=None, /, **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered,
        "name": config.get("name", "evil"),
        "inbound_nodes": [],
    }


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


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


# Archives --------------------------------------------------------------------------------------


def outside(path, members):
    write(path, members | {"../trace": b"x"})


def absolute(path, members):
    write(path, members | {f"{path.parent}/trace": b"x"})


def of_windows(path, members):
    write(path, members | {"..\\trace": b"x"})


def linked(path, members):
    write(path, members)
    with zipfile.ZipFile(path, "a") as file:
        link = zipfile.ZipInfo("assets")
        link.external_attr = (0o120777) << 16
        file.writestr(link, str(path.parent))


def twice(path, members):
    write(path, members)
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("config.json", members["config.json"])


def bomb(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in (members | {"assets/zeros": bytes(100_000_000)}).items():
            file.writestr(name, content)


def overlapping(path, members):
    """Two members of the same bytes, as in a bomb of many."""
    write(path, members | {"assets/a": b"x" * 1000, "assets/b": b"x" * 1000})
    with zipfile.ZipFile(path) as file:
        first, second = (file.getinfo(f"assets/{name}").header_offset for name in "ab")
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"assets/b") - 46  # In the list at the end.
    assert content[entry + 42 : entry + 46] == second.to_bytes(4, "little")
    content[entry + 42 : entry + 46] = (first + 1).to_bytes(4, "little")
    path.write_bytes(content)


def packed_otherwise(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        for name, content in members.items():
            file.writestr(name, content)


def without_weights(path, members):
    """Which Keras would look for as an npz."""
    write(path, {"config.json": members["config.json"], "model.weights.npz": b"x"})


ARCHIVES = {
    outside: "leads out of its folder",
    absolute: "leads out of its folder",
    of_windows: "leads out of its folder",
    linked: "leads out of its folder",
    twice: "two members 'config.json'",
    bomb: "unpack to 100,",
    overlapping: "shares bytes",
    packed_otherwise: "method other than deflate",
    without_weights: "has no model.weights.h5",
}


@pytest.mark.parametrize("change", ARCHIVES, ids=lambda change: change.__name__)
def test_an_archive_that_does_not_unpack_in_place_is_refused(members, tmp_path, change):
    path = tmp_path / "evil.keras"
    change(path, members)
    assert ARCHIVES[change] in refusal(path)
    assert os.listdir(tmp_path) == ["evil.keras"]


def test_arrays_that_pack_well_are_no_bomb(tmp_path):
    """Bit maps, say: a hundredth."""
    images = np.zeros([1000, 64, 64], np.uint8)
    images[np.random.default_rng(0).uniform(size=images.shape) < 2e-3] = 1
    np.savez_compressed(tmp_path / "sprites.npz", images)
    assert images.nbytes > 50 * os.path.getsize(tmp_path / "sprites.npz")
    archives.check(tmp_path / "sprites.npz")


# Weights ---------------------------------------------------------------------------------------


def first_array(file):
    found = []
    file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
    return found[0]


def link_outside(file, name, other):
    del file[name]
    file[name] = h5py.ExternalLink(str(other), "/secret")


def link_by_name(file, name, other):
    del file[name]
    file[name] = h5py.SoftLink("/elsewhere")


def stored_outside(file, name, other):
    del file[name]
    file.create_dataset(name, (4,), "f4", external=[(str(other), 0, 16)])


def virtual(file, name, other):
    del file[name]
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(other), "secret", (4,))
    file.create_virtual_dataset(name, layout)


def references(file, name, other):
    del file[name]
    file.create_dataset(name, (4,), h5py.ref_dtype)


def texts(file, name, other):
    del file[name]
    file[name] = ["a", "b"]


def packed(file, name, other):
    del file[name]
    file.create_dataset(name, (1000,), "f4", compression="gzip")


def not_there(file, name, other):
    del file[name]
    file.create_dataset(name, (10**12,), "f4")


def named_type(file, name, other):
    del file[name]
    file[name] = np.dtype("f4")


def circle(file, name, other):
    file["again"] = file["/"]


WEIGHTS_FILES = {
    link_outside: "is a link",
    link_by_name: "is a link",
    stored_outside: "is kept in other files",
    virtual: "is kept in other files",
    references: "not of numbers",
    texts: "not of numbers",
    packed: "is packed",
    not_there: "is of 4,000,000,000,000 bytes",
    named_type: "is no array",
    circle: "under two names",
}


@pytest.mark.parametrize("change", WEIGHTS_FILES, ids=lambda change: change.__name__)
def test_weights_that_are_not_plain_arrays_are_refused(members, tmp_path, change):
    other, weights = tmp_path / "other.h5", tmp_path / "weights.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.zeros(4, np.float32)
    weights.write_bytes(members[WEIGHTS])
    with h5py.File(weights, "a") as file:
        change(file, first_array(file), other)
    path = write(tmp_path / "evil.keras", members | {WEIGHTS: weights.read_bytes()})
    assert WEIGHTS_FILES[change] in refusal(path)


def test_weights_that_are_no_hdf5_are_refused(members, tmp_path):
    path = write(tmp_path / "evil.keras", members | {WEIGHTS: b"junk" * 100})
    assert "weights that can't be read" in refusal(path)


# Run directories -------------------------------------------------------------------------------


def write_run(path, **options):
    config = tiny.config(**options)
    path.mkdir()
    (path / "config.json").write_text(json.dumps(tiny.described(config)))
    checkpoint = tf.train.Checkpoint(model=tiny.vae(**options))
    tf.train.CheckpointManager(checkpoint, path / "checkpoints" / "last", 1).save(4)
    return path


@pytest.mark.parametrize("named", ["model_checkpoint_path", "all_model_checkpoint_paths"])
@pytest.mark.parametrize("outside", ["../../../other/checkpoints/last/ckpt-4", "{}/other/ckpt-4"])
def test_a_list_of_checkpoints_elsewhere_is_refused(tmp_path, named, outside):
    """TensorFlow would read them, and in time delete them."""
    path, other = write_run(tmp_path / "run"), write_run(tmp_path / "other")
    outside = outside.format(tmp_path)
    state = path / "checkpoints" / "last" / "checkpoint"
    state.write_text(f'model_checkpoint_path: "ckpt-4"\n{named}: "{outside}"\n')
    message = refusal_of_run(path)
    assert "is in another folder" in message
    done = binaries.run("trainers.evaluate", f"--run={path}")
    assert "is in another folder" in only_error(done)
    assert (other / "checkpoints" / "last" / "ckpt-4.index").exists()


def only_error(done):
    """The one line by which a command refuses its input."""
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    lines = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert lines == done.err.splitlines()[-1:]
    return lines[0]


def refusal_of_run(path):
    with pytest.raises(ValueError, match=path.name) as caught:
        keras_vae.load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Trace:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path):
        self._path = str(path)

    def __reduce__(self):
        return open, (self._path, "w")


@pytest.mark.filterwarnings("ignore::keras_vae.notes.Note")
def test_a_pickle_in_a_fitted_prior_is_refused(tmp_path):
    options = {"posterior": "deterministic", "prior": "gaussian_mixture"}
    path = write_run(tmp_path / "run", **options)
    evil = np.array([Trace(tmp_path / "trace")], object)
    np.savez(path / "prior-4.npz", weight_0=evil, allow_pickle=True)
    assert "prior-4.npz is refused: it must hold plain arrays" in refusal_of_run(path)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("content", ["[" * 100_000, '{"config": [], "data": {}}', "{}"])
def test_a_config_of_a_run_is_only_data(tmp_path, content):
    path = write_run(tmp_path / "run")
    (path / "config.json").write_text(content)
    assert "isn't a run's config" in refusal_of_run(path)


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


# What still loads ------------------------------------------------------------------------------


class Doubled(tfkl.Layer):
    """One of the user's own."""

    def call(self, x):
        return 2.0 * x


def assert_same(a, b):
    x = tiny.images(3)
    np.testing.assert_array_equal(a.encode(x).mean(), b.encode(x).mean())


def test_classes_are_found_by_their_registered_names_whatever_the_module(members, tmp_path):
    """Old files name modules that are no longer there."""
    config = members["config.json"].replace(b'"keras_vae.', b'"keras_vae.moved.')
    assert config.count(b"keras_vae.moved.") >= 6
    path = write(tmp_path / "old.keras", members | {"config.json": config})
    with pytest.warns(Note, match="without a checksum"):
        loaded = keras_vae.load(path)
    write(tmp_path / "now.keras", members)
    with pytest.warns(Note, match="without a checksum"):
        assert_same(loaded, keras_vae.load(tmp_path / "now.keras"))


def test_classes_that_the_program_registered_are_taken(tmp_path):
    try:
        own = tfk.saving.register_keras_serializable("malicious_files")(type("Own", (Doubled,), {}))
        model = model_of(tfk.Sequential([tfkl.Flatten(), own()]))
        model.save(tmp_path / "model.keras")
        assert_same(keras_vae.load(tmp_path / "model.keras"), model)
    finally:
        tfk.saving.get_custom_objects().pop("malicious_files>Own")
    message = refusal(tmp_path / "model.keras")
    assert "custom_objects={'malicious_files>Own': ...}" in message
    loaded = keras_vae.load(tmp_path / "model.keras", custom_objects={"malicious_files>Own": own})
    assert_same(loaded, model)


def test_other_classes_are_taken_if_they_are_given(tmp_path):
    model = model_of(Doubled())
    with pytest.warns(Note, match=r"Doubled isn't registered .*custom_objects=\{'Doubled'"):
        model.save(tmp_path / "model.keras")
    assert "custom_objects={'Doubled': ...}" in refusal(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras", custom_objects={"Doubled": Doubled})
    assert_same(loaded, model)
    with tfk.saving.custom_object_scope({"Doubled": Doubled}):
        assert_same(keras_vae.load(tmp_path / "model.keras"), model)


def test_a_class_that_makes_functions_of_its_config_is_refused_even_if_given(members, tmp_path):
    evil = layer("Own", None, "Own", function="x")
    path = write(tmp_path / "evil.keras", with_body(members, evil))
    own = type("Own", (tfkl.Lambda,), {})
    assert "holds a Own, whose code" in refusal(path, custom_objects={"Own": own})


def test_custom_objects_are_of_files(tmp_path):
    path = write_run(tmp_path / "run")
    with pytest.raises(ValueError, match=r"custom_objects is for \.keras files"):
        keras_vae.load(path, custom_objects={"Doubled": Doubled})


FUNCTIONAL = {
    "arithmetic": lambda h: (2.0 * h - 1.0) / (1.0 + h**2) + abs(-h) % 2.0 + h // 3.0,
    "relu": lambda h: h + tf.nn.relu(h),
    "slices": lambda h: tf.concat([h[:, 1:], h[:, :-2], h[:, None, 3]], axis=-1),
    "shapes": lambda h: tf.reshape(tf.transpose(h), [tf.shape(h)[0], -1]),
    "logic": lambda h: tf.cast((h > 0.0) & (h < 1.0), h.dtype) - tf.cast(tf.equal(h, 0.0), h.dtype),
    "reductions": lambda h: h - tf.reduce_mean(h, -1, keepdims=True) / tf.math.reduce_std(h),
    "matmul": lambda h: tf.matmul(h, tf.ones([35, 3])) @ tf.ones([3, 2]),
    "stack": lambda h: tf.squeeze(tf.stack(tf.split(tf.pad(h, [[0, 0], [1, 0]]), 3, -1)[:1], 1), 1),
    "backend": lambda h: tfk.backend.l2_normalize(tfk.activations.gelu(tf.exp(h)), -1),
    "math": lambda h: tf.clip_by_value(tf.math.log1p(tf.sqrt(tf.square(h))), 0.0, 0.5),
    "layers": lambda h: tfkl.Dense(3, "relu", kernel_regularizer="l2")(
        tfkl.LayerNormalization()(tfkl.Add()([h, tfkl.Dropout(0.1)(h)]))
    ),
}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_functional_bodies_of_tensor_functions_load(tmp_path, name):
    inputs = tfkl.Input(tiny.EVENT_SHAPE)
    body = tfk.Model(inputs, FUNCTIONAL[name](tfkl.Flatten()(inputs)))
    body.compile("adam", "mse")
    model = model_of(body)
    model.save(tmp_path / "model.keras")
    assert_same(keras_vae.load(tmp_path / "model.keras"), model)


def test_a_body_that_load_would_refuse_is_not_saved(tmp_path):
    inputs = tfkl.Input(tiny.EVENT_SHAPE)
    body = tfk.Model(inputs, tf.debugging.check_numerics(tfkl.Flatten()(inputs), "x"))
    with pytest.raises(ValueError, match=r"can't save: encoder .*calls tf\.debugging\.\w+, which"):
        model_of(body).save(tmp_path / "model.keras")
    assert os.listdir(tmp_path) == []


LAYERS = {
    "recurrent": lambda: [
        tfkl.Reshape((7, 5)),
        tfkl.Bidirectional(tfkl.RNN(tfkl.StackedRNNCells([tfkl.GRUCell(3), tfkl.LSTMCell(2)]))),
    ],
    "per step": lambda: [
        tfkl.Reshape((7, 5)),
        tfkl.TimeDistributed(tfk.Sequential([tfkl.Dense(3, tf.nn.relu6), tfkl.LeakyReLU()])),
        tfkl.Flatten(),
    ],
    "images": lambda: [
        tfkl.Conv2D(3, 2, kernel_constraint="max_norm"),
        tfkl.BatchNormalization(),
        tfkl.Activation(tfk.activations.swish),
        tfkl.GlobalAveragePooling2D(),
    ],
    "options": lambda: [
        tfkl.Flatten(),
        tfkl.Dense(
            4,
            tfkl.PReLU(),
            kernel_initializer=tfk.initializers.Identity(0.5),
            bias_regularizer=tfk.regularizers.L1L2(0.1, 0.1),
            dtype=tfk.mixed_precision.Policy("float32"),
        ),
        tfkl.Identity(),
    ],
}


@pytest.mark.parametrize("name", LAYERS)
def test_bodies_of_keras_layers_load(tmp_path, name):
    model = model_of(tfk.Sequential(LAYERS[name]()))
    model.save(tmp_path / "model.keras")
    assert_same(keras_vae.load(tmp_path / "model.keras"), model)


def test_a_file_of_keras_own_save_loads_with_a_note(tmp_path):
    model = model_of(networks.linear())
    tfk.Model.save(model, tmp_path / "model.keras")
    with pytest.warns(Note, match=r"model\.keras was saved without a checksum"):
        assert_same(keras_vae.load(tmp_path / "model.keras"), model)


def test_keras_itself_loads_what_is_saved(tmp_path):
    model = model_of(networks.linear())
    model.save(tmp_path / "model.keras")
    assert_same(tfk.saving.load_model(tmp_path / "model.keras"), model)


# Checksums -------------------------------------------------------------------------------------


def test_any_change_of_a_file_is_found(tmp_path):
    model_of(networks.linear()).save(tmp_path / "model.keras")
    content = (tmp_path / "model.keras").read_bytes()
    changed = tmp_path / "changed.keras"
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "model.keras") as file:
        start = file.getinfo(WEIGHTS).header_offset + 100
    for position in rng.integers(start, start + 10_000, 10):
        flipped = bytearray(content)
        flipped[position] ^= 1 << rng.integers(8)
        changed.write_bytes(flipped)
        assert "damaged" in refusal(changed)
    for length in (100, len(content) // 2, len(content) - 1):
        changed.write_bytes(content[:length])
        refusal(changed)


@pytest.mark.parametrize("name", ["config.json", WEIGHTS, "checksums.json", "assets/more"])
def test_a_member_that_was_put_in_place_of_another_is_found(tmp_path, name):
    """A zip file's own checksum of it is right."""
    model_of(networks.linear()).save(tmp_path / "model.keras")
    found = archives.read(tmp_path / "model.keras")
    other = {"checksums.json": b"[]"}.get(name, found.get(name, b"") + b" ")
    path = write(tmp_path / "other.keras", found | {name: other})
    assert "damaged or was changed: its checksum" in refusal(path)


def test_nothing_is_unpickled_anywhere():
    """Nor are there other ways for data to become code."""
    root = binaries.ROOT
    files = [f for d in ("keras_vae", "trainers", "export") for f in (root / d).rglob("*.py")]
    assert len(files) > 100
    for file in files:
        text = file.read_text()
        for word in ("allow_pickle=True", "import pickle", "import marshal", "eval(", "exec("):
            assert word not in text, (file, word)
        assert text.count("np.load(") == text.count("allow_pickle=False"), file


def test_the_lists_hold_no_name_that_is_gone():
    for name in names.TENSOR_FUNCTIONS:
        known = get_symbol_from_name(name) or get_symbol_from_name(f"compat.v1.{name}")
        assert callable(known), name
    for name in operators.OPERATORS | operators.SAVER_OPERATORS:
        assert hasattr(tf.raw_ops, name), name
    for module, classes in names.CLASSES.items():
        for name in classes:
            known = get_symbol_from_name(f"{module}.{name}")
            assert known or hasattr(importlib.import_module(module), name), name
