"""The config of a .keras file: Keras imports whatever it names, and calls what it finds.

So a config is made anew before Keras sees it. Only the names of its classes are taken. Each name
must be of something that is in the process already and that runs no code of the file's.
"""

import inspect
from typing import Any

from keras_vae._compat import tfk
from keras_vae.trusted.known_names import ACTIVATIONS, CLASSES, TENSOR_FUNCTIONS

# Names under which Keras writes values that JSON lacks.
_VALUES = ("__bytes__", "__numpy__", "__tensor__")
# Modules whose `from_config` makes functions of the config's content.
_RUN_CODE = (
    "tf_keras.src.layers.core.lambda_layer",
    "tf_keras.src.layers.core.tf_op_layer",
    "tf_keras.src.layers.rnn.cell_wrappers",
    "tensorflow_probability.python.layers.",
)
_RUNS_NONE = "tensorflow_probability.python.layers.initializers"


class UnknownName(ValueError):
    """A config names a class or function that isn't there.

    Attributes:
      name: the key of `custom_objects` that would give it.
    """

    def __init__(self, message: str, name: str):
        super().__init__(message)
        self.name = name


def trusted_config(config: Any, custom_objects: dict | None = None) -> Any:
    """The config, or part of one, that Keras may be given in place of `config`.

    The modules of its classes come from here, not from the file. How the model was compiled is left
    out.

    Args:
      config: what JSON holds.
      custom_objects: {registered name: class or function} that may be named beside tf_keras' own
        and what the program has registered.

    Raises:
      ValueError: it names something else (an `UnknownName`), or holds code. The message goes on
        after "FILE is refused: ".
    """
    custom_objects = custom_objects or {}
    if isinstance(config, list):
        return [trusted_config(item, custom_objects) for item in config]
    if isinstance(config, str):
        if _runs_code(_registered(config, custom_objects)):
            raise ValueError(_code(config))
        return config
    if not isinstance(config, dict):
        return config
    if "class_name" not in config:
        return {name: trusted_config(value, custom_objects) for name, value in config.items()}
    found = _found(config, custom_objects)
    rest = {k: v for k, v in config.items() if k not in (*found, "compile_config", "spec_name")}
    return trusted_config(rest, custom_objects) | found


def _found(config, custom_objects):
    """What Keras finds a class or function by, in place of what the config has."""
    name = config["class_name"]
    # Keras takes this value where the config has none.
    registered = config.get("registered_name", name)
    if not isinstance(name, str) or not isinstance(registered, str | None):
        raise ValueError(f"it names a class {name!r} ({registered!r}), which is no name.")
    if not isinstance(config.get("config"), dict | list | str | None) or "config" not in config:
        raise ValueError(f"it names {name!r} without a config.")
    if name in _VALUES:
        return {"class_name": name}
    if name == "__lambda__":
        raise ValueError(_code(name))
    if name == "function":
        return _function(config["config"], custom_objects)
    if registered is not None and (known := _registered(registered, custom_objects)) is not None:
        if _runs_code(known):
            raise ValueError(_code(registered))
        return {"module": None, "class_name": registered, "registered_name": registered}
    if name == "Lambda":
        raise ValueError(_code(name))
    module = _keras_module(name, config.get("module"))
    if module is None or registered not in (None, name):
        raise UnknownName(_unknown(config), registered or name)
    if name in ("TFOpLambda", "SlicingOpLambda"):
        _check_tensor_function(config["config"])
    elif isinstance(config["config"], dict):
        _check_activations(config["config"], custom_objects)
    return {"module": module, "class_name": name, "registered_name": None}


def _registered(name, custom_objects):
    return tfk.saving.get_registered_object(name, custom_objects)


def _runs_code(known):
    """Whether a class makes functions of what stands in its config, as Lambda does."""
    method = getattr(getattr(known, "from_config", None), "__func__", None)
    module = getattr(method, "__module__", None) or ""
    return module.startswith(_RUN_CODE) and module != _RUNS_NONE


def _function(name, custom_objects):
    known = _registered(name, custom_objects) if isinstance(name, str) else None
    if inspect.isfunction(known):
        module = None
    elif known is None and name in ACTIVATIONS:
        module = "keras.activations"
    else:
        raise UnknownName(
            f"it names a function {name!r}, which is no activation of tf_keras, and none that this "
            f"program has registered.{_remedy(name)}",
            name,
        )
    return {"module": module, "class_name": "function", "registered_name": name}


def _keras_module(name, given):
    """The module in which Keras finds a class of its own; None if it isn't a trusted one's."""
    if given is not None and str(given).split(".")[0] not in ("keras", "tf_keras"):
        return None
    modules = [module for module, names in CLASSES.items() if name in names]
    # There are an initializer and a layer Identity.
    meant = [module for module in modules if module.rpartition(".")[2] in str(given).split(".")]
    return next(iter([*meant, *modules]), None)


def _check_tensor_function(config):
    name = config.get("function") if isinstance(config, dict) else None
    if not isinstance(name, str) or name.removeprefix("compat.v1.") not in TENSOR_FUNCTIONS:
        raise ValueError(
            f"it calls tf.{name}, which is none of the functions of tensors that a file may call. "
            "Put what calls it into a layer class of your own, registered by "
            "@tfk.saving.register_keras_serializable()."
        )


def _check_activations(config, custom_objects):
    for key, name in config.items():
        if key.endswith("activation") and isinstance(name, str) and name not in ACTIVATIONS:
            _function(name, custom_objects)


def _code(name):
    return (
        f"it holds a {name}, whose code would be run. Make it a layer class of your own, "
        "registered by @tfk.saving.register_keras_serializable()."
    )


def _unknown(config):
    name, registered = config["class_name"], config.get("registered_name")
    called = f"{config.get('module')}.{name}" if config.get("module") else name
    as_registered = f" (registered as {registered!r})" if registered not in (None, name) else ""
    return (
        f"it names {called!r}{as_registered}, which is none of the classes of tf_keras or of this "
        f"library that a file may name, and none that this program has registered."
        f"{_remedy(registered or name)}"
    )


def _remedy(name):
    return (
        f" If it is yours and you trust the file, import its module first, or call "
        f"keras_vae.load(path, custom_objects={{{name!r}: ...}})."
    )
