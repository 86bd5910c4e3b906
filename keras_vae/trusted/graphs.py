"""SavedModels: the operators of all of their graphs are looked at before TensorFlow loads them."""

import pathlib
from typing import Any

from keras_vae._compat import SavedModel, tf
from keras_vae.files import check_files
from keras_vae.trusted.operators import OPERATORS, SAVER_OPERATORS

# Kinds of objects that an export has; files (assets) and tables aren't among them.
_KINDS = (
    "bare_concrete_function",
    "captured_tensor",
    "constant",
    "function",
    "user_object",
    "variable",
)
_CLASSES = ("_generic_user_object", "signature_map", "trackable_list_wrapper")
# Attributes by which TensorFlow replaces a function that a graph calls by another.
_POSES_AS = {"api_implements", "api_preferred_device"}
# Constants of these types hold objects that a program rebuilds.
_OBJECTS = (tf.resource.as_datatype_enum, tf.variant.as_datatype_enum)


def load_saved_model(path: str | pathlib.Path) -> Any:
    """The SavedModel in the folder `path`, as tf.saved_model.load gives it.

    Raises:
      ValueError: it isn't one, or holds operators that an export has no use for.
    """
    check_graph(path)
    try:
        return tf.saved_model.load(str(path))
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} can't be read as a SavedModel ({reason}).") from error


def check_graph(path: str | pathlib.Path) -> None:
    """Raises ValueError, in one line, unless all operators of a SavedModel are in `OPERATORS`.

    All means: of its graph, and of all functions, whether or not a signature calls them. The two
    functions by which TensorFlow saves and restores variables read and write files. They may,
    since loading doesn't run them, if nothing else of the model can.
    """
    path = pathlib.Path(path)
    check_files(path)
    model = SavedModel()
    try:
        model.ParseFromString((path / "saved_model.pb").read_bytes())
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} is no SavedModel that can be read ({reason}).") from error
    if len(model.meta_graphs) != 1 or not model.meta_graphs[0].HasField("object_graph_def"):
        raise ValueError(f"{path} is refused: it must hold one graph, of TensorFlow 2.")
    if problem := _problem(model.meta_graphs[0]):
        raise ValueError(f"{path} is refused: {problem}. Export the model anew.")


def _problem(meta_graph):
    """What a model may not hold, or None."""
    graph, objects = meta_graph.graph_def, meta_graph.object_graph_def
    saver_nodes = {
        meta_graph.saver_def.save_tensor_name.partition(":")[0],
        meta_graph.saver_def.restore_op_name,
    }
    savers = {name for node in graph.node if node.name in saver_nodes for name in _called(node)}
    others = {function.signature.name for function in graph.library.function} - savers
    for node in graph.node:
        may_call = savers if node.name in saver_nodes else others
        if problem := _problem_of(node, may_call, OPERATORS):
            return problem
    for function in graph.library.function:
        is_saver = function.signature.name in savers
        if is_saver and _POSES_AS & {*function.attr}:
            return "its function that saves or restores stands in for another"
        for node in function.node_def:
            allowed = OPERATORS | SAVER_OPERATORS if is_saver else OPERATORS
            if problem := _problem_of(node, others, allowed):
                return problem
    called = {item.bare_concrete_function.concrete_function_name for item in objects.nodes}
    called |= {name for item in objects.nodes for name in item.function.concrete_functions}
    called |= {item.gradient_func for item in graph.library.registered_gradients}
    called |= {item.gradient_func for item in graph.library.gradient}
    if savers & {*objects.concrete_functions, *called}:
        return "it has a function that reads and writes files and can be called"
    return _problem_of_objects(meta_graph)


def _problem_of_objects(meta_graph):
    if meta_graph.asset_file_def:
        return "it has files of its own"
    for item in meta_graph.object_graph_def.nodes:
        kind = item.WhichOneof("kind")
        if kind == "user_object" and item.user_object.identifier not in _CLASSES:
            return f"it has an object of the class {item.user_object.identifier!r}"
        if kind not in _KINDS or item.saveable_objects or item.registered_saver:
            return f"it has an object of the kind {kind}, which no export has"
    return None


def _problem_of(node, functions, operators):
    """What a node may not be, or None.

    Args:
      node: a NodeDef.
      functions: names of those that it may call.
      operators: those that it may be.
    """
    if node.op not in operators:
        return f"it holds the operator {node.op}, which no export has"
    if unknown := _called(node) - functions:
        return f"it calls the function {min(unknown)!r}, which it may not, or which isn't there"
    if node.op == "Const" and node.attr["dtype"].type in _OBJECTS:
        return "it holds a constant that is no tensor of numbers"
    return None


def _called(node):
    """Names of the functions that a node calls."""
    values = node.attr.values()
    functions = [value.func for value in values] + [f for v in values for f in v.list.func]
    return {function.name for function in functions if function.name}
