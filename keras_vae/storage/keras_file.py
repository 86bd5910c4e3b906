"""Models as `.keras` files. Nothing in a file is executed."""

import inspect
import io
import json
import os
import pathlib
import tempfile
import zipfile

from keras_vae._compat import tfk
from keras_vae.files import archives, checksums
from keras_vae.messages.notes import note
from keras_vae.messages.sentences import errors_in_one_line
from keras_vae.ops import dtype_policy
from keras_vae.training.trainable import Trainable
from keras_vae.trusted import UnknownName, hdf5, trusted_config

# Keras doesn't pack what it saves; others may have packed it again.
_MAX_RATIO = 20
_CONFIG, _WEIGHTS, _METADATA = "config.json", "model.weights.h5", "metadata.json"
# Keras' own models: Keras finds them by these names, under which they aren't registered.
_NETWORKS = {"Sequential": tfk.Sequential, "Functional": tfk.Model, "Model": tfk.Model}


@errors_in_one_line()
def write(
    model: Trainable, path: str | os.PathLike, overwrite: bool = True, save_format: str = "keras"
) -> None:
    """Writes architecture and weights (a moving average, where there is one) to a .keras file.

    Of a compiled model the file also has what training goes on with.

    Raises:
      FileNotFoundError: there is no such folder.
      FileExistsError: the file is there, and isn't to be overwritten.
      ValueError: the path has another ending, or a part of the model can't be rebuilt from its
        config; nothing is written then.
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras" or save_format not in ("keras", None):
        raise ValueError(
            f"path must end in .keras, got {str(path)!r}; save_format must be 'keras', got "
            f"{save_format!r}. For a SavedModel or LiteRT files call export.write(vae, folder)."
        )
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already. Give overwrite=True, or another path.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} to.")
    _check_rebuildable(model)
    # The file is written in another folder and then moved: it is never seen half-written.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        part = os.path.join(folder, "model.keras")
        with model.evaluation_weights():
            tfk.Model.save(model, part, save_format="keras")
        checksums.add_to_archive(part)
        os.replace(part, path)


def read(path: pathlib.Path, custom_objects: dict | None = None) -> Trainable:
    """The VAE in a .keras file; see `runs.load_model` for the arguments and errors."""
    return _read(path, custom_objects, Trainable, "VAE")


def read_network(path: pathlib.Path) -> tfk.Model:
    """The network in a .keras file that tf_keras wrote: any model of its own layers.

    Raises:
      ValueError: it isn't one, is of Keras 3, is damaged, or names what it may not.
    """
    return _read(path, None, tfk.Model, "network")


def _read(path, custom_objects, wanted, noun):
    """The model in a .keras file, an instance of `wanted`, which errors call a `noun`."""
    # Keras reads older formats too, and runs code in them. Reading a pipe never ends.
    if path.suffix != ".keras" or not path.is_file() or not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no .keras file: give one that {noun}.save wrote.")
    members = archives.read_archive(path, _MAX_RATIO)
    if missing := {_CONFIG, _WEIGHTS} - set(members):
        raise ValueError(f"{path} is no .keras file: it has no {' and no '.join(sorted(missing))}.")
    checksums.check_members(path, members)
    _check_version(path, members.get(_METADATA))
    config = _trusted_config(path, members.pop(_CONFIG), custom_objects, wanted, noun)
    hdf5.check_hdf5(path, io.BytesIO(members[_WEIGHTS]))
    # Keras is given a copy of what was checked: the file may have changed since.
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "model.keras")
        with zipfile.ZipFile(copy, "w") as file:
            file.writestr(_CONFIG, json.dumps(dtype_policy.in_float32(config)))
            for name, content in members.items():
                if name == _WEIGHTS or name.startswith("assets/"):
                    file.writestr(name, content)
        try:
            with dtype_policy.policy(dtype_policy.FLOAT32):
                model = tfk.saving.load_model(copy, custom_objects, safe_mode=True)
        except Exception as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{path} can't be read as a model ({reason}).") from error
    # Networks are saved by Keras itself, which writes no checksums.
    if checksums.MEMBER not in members and wanted is Trainable:
        checksums.note_none(path)
    return model


def _check_version(path, metadata):
    """Raises ValueError for a file of Keras 3, whose layers tf_keras doesn't have."""
    try:
        version = str(json.loads(metadata or b"{}").get("keras_version"))
    except (ValueError, RecursionError, AttributeError):  # It only informs: others check the rest.
        return
    if version.partition(".")[0] == "3":
        raise ValueError(
            f"{path} was written by Keras {version}, which tf_keras (Keras 2) can't read. Make the "
            "same network of tf_keras.layers, give it the weights by "
            "set_weights(network.get_weights()), and save that."
        )


def _trusted_config(path, content, custom_objects, wanted, noun):
    """The config of a `wanted` model that Keras may be given, from a file's config.json."""
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:  # No JSON, no text, or numbers without end.
        raise ValueError(f"{path} can't be read as a model: its config is no JSON.") from error
    try:
        found = trusted_config(config, custom_objects)
    except RecursionError as error:
        raise ValueError(f"{path} is refused: its config is nested too deeply.") from error
    except ValueError as error:
        raise ValueError(f"{path} is refused: {error}") from error
    name = found.get("class_name") if isinstance(found, dict) else None
    kind = name and (tfk.saving.get_registered_object(name, custom_objects) or _NETWORKS.get(name))
    if not (isinstance(kind, type) and issubclass(kind, wanted)):
        raise ValueError(f"{path} holds a {name or 'value'}, not a {noun}.")
    if issubclass(kind, Trainable) and config.get("compile_config"):
        try:
            found["compile_config"] = trusted_config(config["compile_config"], custom_objects)
        except UnknownName as error:
            note(f"{path} can't say how it was trained: {error} Compile it before it trains.")
    return found


def _check_rebuildable(model):
    """Raises ValueError unless `load` can make the model again; notes what it needs for that."""
    for part in model.submodules:
        if lost := _lost_arguments(part):
            raise ValueError(
                f"can't save: the config of {type(part).__name__} has no {', '.join(lost)}, which "
                "its __init__ takes, so that a loaded one would have the default. Return it in "
                "get_config: super().get_config() | {...}."
            )
    for name, part in dtype_policy.in_float32(model.get_config()).items():
        if not isinstance(part, dict):
            continue
        try:
            unregistered = _unregistered(part)
            with dtype_policy.policy(dtype_policy.FLOAT32):  # As `read` does.
                tfk.saving.deserialize_keras_object(part, safe_mode=True)
        except Exception as error:
            raise ValueError(
                f"can't save: {name} can't be rebuilt from its config ({error}). Give each class "
                "of your own @tfk.saving.register_keras_serializable() and get_config, and use no "
                "Lambda."
            ) from error
        for own in unregistered:
            note(
                f"{own} isn't registered by @tfk.saving.register_keras_serializable(), so the "
                f"model's {name} is loaded only by keras_vae.load(path, custom_objects="
                f"{{{own!r}: {own}}})."
            )


def _lost_arguments(part) -> list[str]:
    """The arguments of a part of a user's own that its config leaves out."""
    if type(part).__module__.partition(".")[0] in ("keras_vae", "tf_keras", "tensorflow"):
        return []
    if not isinstance(part, tfk.layers.Layer) or "__init__" not in vars(type(part)):
        return []
    parameters = list(inspect.signature(type(part).__init__).parameters.values())[1:]
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    config = part.get_config()
    return [name for name in named if name not in config]


def _unregistered(config):
    """The names that `load` must be given; raises ValueError if it would still refuse."""
    given: dict[str, type] = {}
    while True:
        try:
            trusted_config(config, given)
            return list(given)
        except UnknownName as error:
            given[error.name] = object  # Anything of that name will do.
