"""Models on disk: a `.keras` file, or a run directory. Nothing in a file is executed."""

import io
import json
import os
import pathlib
import tempfile
import zipfile
import zlib

import numpy as np

from keras_vae import archives, checksums
from keras_vae._compat import tf, tfk
from keras_vae.build import build, build_fitted_prior
from keras_vae.config import Config
from keras_vae.files import check_files
from keras_vae.notes import note
from keras_vae.sentences import errors_in_one_line
from keras_vae.trusted import UnknownName, hdf5, trusted_config
from keras_vae.vae import VAE

# Keras doesn't pack what it saves; others may have packed it again.
_MAX_RATIO = 20
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"


@errors_in_one_line()
def save(vae: VAE, path) -> None:
    """Writes architecture and weights (a moving average, where there is one) to a .keras file.

    Raises:
      FileNotFoundError: there is no such folder.
      ValueError: the path has another ending, or a part of the model can't be rebuilt from its
        config; nothing is written then.
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"path must end in .keras, got {str(path)!r}.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} to.")
    _check_rebuildable(vae)
    # Written beside its final name and moved there: a half-written file never has that name.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        part = os.path.join(folder, "model.keras")
        with vae.evaluation_weights():
            tfk.Model.save(vae, part, save_format="keras")
        checksums.add_to_archive(part)
        os.replace(part, path)


@errors_in_one_line()
def load(path, checkpoint: str = "auto", custom_objects: dict | None = None) -> VAE:
    """The model of a .keras file or of a run directory.

    Nothing in either is executed or imported (docs/files.md). Of a file without a checksum, as
    Keras saves it, a `Note` says so.

    Args:
      path: a file that `save` wrote, or a directory that trainers.train wrote.
      checkpoint: of a run directory: "best" on the validation bound, "last", or "auto": best if
        there is one. The weights are the moving average where the run keeps one.
      custom_objects: of a .keras file: {name: class or function} of your own that it may name
        beside those that the program has registered.

    Raises:
      FileNotFoundError: nothing is there, or a run without a checkpoint.
      ValueError: the file isn't one of ours, names what it may not, is damaged, or the directory is
        an export.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no model at {path}: give a .keras file or a run directory.")
    if path.is_dir():
        if custom_objects:
            raise ValueError(
                f"custom_objects is for .keras files; {path} is a directory, and a run names no "
                "classes. Leave it out."
            )
        read_run(path)  # Which says why, if it is no run.
        return load_checkpoint(path, find_checkpoint(path, checkpoint))
    # Keras reads older formats too, and runs code that stands in them. A pipe would be waited for.
    if path.suffix != ".keras" or not path.is_file() or not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no .keras file: give one that VAE.save wrote.")
    members = archives.read(path, _MAX_RATIO)
    if missing := {_CONFIG, _WEIGHTS} - set(members):
        raise ValueError(f"{path} is no .keras file: it has no {' and no '.join(sorted(missing))}.")
    checksums.check_members(path, members)
    config = _trusted_config(path, members.pop(_CONFIG), custom_objects)
    hdf5.check(path, io.BytesIO(members[_WEIGHTS]))
    # Keras is given what was looked at, and nothing else: the file may be another by then.
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "model.keras")
        with zipfile.ZipFile(copy, "w") as file:
            file.writestr(_CONFIG, json.dumps(config))
            for name, content in members.items():
                if name == _WEIGHTS or name.startswith("assets/"):
                    file.writestr(name, content)
        try:
            model = tfk.saving.load_model(copy, custom_objects, compile=False, safe_mode=True)
        except Exception as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{path} can't be read as a model ({reason}).") from error
    if checksums.MEMBER not in members:
        checksums.note_none(path)
    return model


def _trusted_config(path, content, custom_objects):
    """The config of a VAE that Keras may be given, from a file's config.json."""
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
    kind = name and tfk.saving.get_registered_object(name, custom_objects)
    if not (isinstance(kind, type) and issubclass(kind, VAE)):
        raise ValueError(f"{path} holds a {name or 'value'}, not a VAE.")
    return found


@errors_in_one_line()
def read_run(path) -> dict:
    """The content of a run directory's config.json.

    Raises:
      FileNotFoundError: the directory isn't a run.
      ValueError: its config.json isn't one.
    """
    file = pathlib.Path(path) / "config.json"
    if not file.is_file():
        raise FileNotFoundError(f"{path} is not a run: it has no config.json. Train one first.")
    try:
        content = json.loads(file.read_text())
        Config.from_dict(content["config"]).check_options()
        data = content["data"]
        if not isinstance(data["num_examples"]["train"], int):
            raise ValueError(f"num_examples must be int, got {data['num_examples']}")
        data["fingerprint"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{file} isn't a run's config ({error!r}).") from error
    return content


def is_export(path) -> bool:
    """Whether `path` is the folder of an export, which holds the config.json of its run too."""
    return (pathlib.Path(path) / "parity.json").is_file()


def find_checkpoint(path, checkpoint: str = "auto") -> str:
    """The prefix of a run directory's checkpoint; see `load` for the arguments and errors."""
    folders = {"auto": ["best", "last"], "best": ["best"], "last": ["last"]}
    if checkpoint not in folders:
        raise ValueError(f"checkpoint must be one of {', '.join(folders)}, got {checkpoint!r}.")
    if is_export(path):
        raise ValueError(f"{path} is an export. Give the run directory that it is of.")
    for name in folders[checkpoint]:
        if found := last_checkpoint(pathlib.Path(path) / "checkpoints" / name):
            return found
    raise FileNotFoundError(f"{path} has no checkpoint ({checkpoint}): its training never saved.")


def last_checkpoint(folder) -> str | None:
    """The prefix of the last complete checkpoint in a folder of them, or None.

    Raises:
      ValueError: the folder's list names files elsewhere, which are read, and deleted in time.
    """
    folder = pathlib.Path(folder)
    if not (folder / "checkpoint").exists():
        return None
    check_files(folder)
    # TensorFlow names a checkpoint here only when it is complete.
    try:
        state = tf.train.get_checkpoint_state(folder)
    except ValueError as error:
        raise ValueError(f"{folder} is refused: its file `checkpoint` is no list.") from error
    if state is None:
        return None
    for named in (state.model_checkpoint_path, *state.all_model_checkpoint_paths):
        if os.path.dirname(os.path.abspath(named)) != os.path.abspath(folder):
            raise ValueError(
                f"{folder} is refused: its file `checkpoint` names {named!r}, which is in another "
                "folder."
            )
    return tf.train.latest_checkpoint(folder)


def check_checkpoint(found: str) -> None:
    """Raises ValueError unless a checkpoint is as it was saved; see `checksums.check_beside`."""
    checksums.check_beside(pathlib.Path(found))


def load_checkpoint(path, found: str) -> VAE:
    """The model of a run directory with the weights that `find_checkpoint` found."""
    check_checkpoint(found)
    stored = read_run(path)
    config = Config.from_dict(stored["config"])
    steps = stored["data"]["num_examples"]["train"] // config.training.batch_size
    vae = build(config, steps_per_epoch=steps)
    parts = {"model": vae} if vae.ema is None else {"model": vae, "ema": vae.ema.averages}
    try:
        status = tf.train.Checkpoint(**parts).restore(found)
        # The optimizer's variables and the training's progress stay behind.
        status.expect_partial().assert_existing_objects_matched()
    except Exception as error:  # Of many kinds, where a file is damaged or of another model.
        reason = " ".join(str(error).split())
        raise ValueError(f"{found} can't be restored ({reason}). Take another copy.") from error
    if vae.ema is not None:
        vae.ema.apply()
    fitted = fitted_prior_file(path, origin(found)["step"])
    if fitted.exists():
        vae.prior = build_fitted_prior(config)
        if vae.prior is None:
            raise ValueError(f"{fitted} is refused: this model's prior isn't fitted to codes.")
        weights, wanted = _read_weights(fitted), [w.shape for w in vae.prior.weights]
        if [w.shape for w in weights] != wanted or any(w.dtype.kind not in "fiu" for w in weights):
            raise ValueError(f"{fitted} is refused: it must hold numbers of the shapes {wanted}.")
        vae.prior.set_weights(weights)
    return vae


def _read_weights(path):
    """The arrays weight_0, weight_1, … of an npz."""
    if not path.is_file():
        raise ValueError(f"{path} is refused: it is no file.")
    archives.check(path)
    checksums.check_beside(path.with_suffix(""))
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[f"weight_{i}"] for i in range(len(file))]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is refused: it must hold plain arrays ({error}).") from error


def fitted_prior_file(path, step: int) -> pathlib.Path:
    """Where a run directory keeps the prior fitted to an autoencoder's codes at a step."""
    return pathlib.Path(path) / f"prior-{step}.npz"


def origin(found: str) -> dict:
    """Of which checkpoint the weights are that `find_checkpoint` found: its folder and its step."""
    path = pathlib.Path(found)
    return {"checkpoint": path.parent.name, "step": int(path.name.rpartition("-")[2])}


def _check_rebuildable(vae):
    """Raises ValueError unless `load` can make the model again; notes what it needs for that."""
    for name, part in vae.get_config().items():
        if not isinstance(part, dict):
            continue
        try:
            unregistered = _unregistered(part)
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


def _unregistered(config):
    """The names that `load` must be given; raises ValueError if it would still refuse."""
    given = {}
    while True:
        try:
            trusted_config(config, given)
            return list(given)
        except UnknownName as error:
            given[error.name] = _unregistered  # Something by that name.
