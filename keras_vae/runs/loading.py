"""The model of a run directory, or of a `.keras` file. Nothing in either is executed."""

import json
import pathlib

from keras_vae import modality
from keras_vae._compat import tf
from keras_vae.build import build, build_fitted_prior
from keras_vae.config import Config
from keras_vae.files import archives, checksums, read_npz
from keras_vae.messages.sentences import errors_in_one_line
from keras_vae.runs.saved_checkpoints import check_checkpoint, last_checkpoint, origin
from keras_vae.storage import keras_file
from keras_vae.vae import VAE


@errors_in_one_line()
def load_model(
    path: str | pathlib.Path, checkpoint: str = "auto", custom_objects: dict | None = None
) -> VAE:
    """The model of a .keras file or of a run directory.

    Nothing in either is executed or imported (docs/reference/files.md). A `Note` tells of a file
    without a checksum, as Keras saves it.

    Args:
      path: a file that `VAE.save` wrote, or a directory that trainers.train wrote.
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
        read_config_json(path)  # This raises an error if the directory is no run.
        return load_checkpoint(path, find_checkpoint(path, checkpoint))
    return keras_file.read(path, custom_objects)


@errors_in_one_line()
def read_config_json(path: str | pathlib.Path) -> dict:
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
        _add_modality(content["config"]["model"], data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{file} isn't a run's config ({error!r}).") from error
    return content


def _add_modality(model, data):
    """Adds the modality to a run older than modalities: its music has a lowest pitch."""
    if "modality" not in model and "lowest_pitch" in data:
        pitch, levels = data["lowest_pitch"], model["levels"]
        model["modality"] = modality.Music(levels, pitch).to_dict()
    modality.stored(model.get("modality"))


def is_export(path: str | pathlib.Path) -> bool:
    """Whether `path` is the folder of an export, which holds the config.json of its run too."""
    return (pathlib.Path(path) / "parity.json").is_file()


def find_checkpoint(path: str | pathlib.Path, checkpoint: str = "auto") -> str:
    """The prefix of a run directory's checkpoint; see `load_model` for the arguments and errors."""
    folders = {"auto": ["best", "last"], "best": ["best"], "last": ["last"]}
    if checkpoint not in folders:
        raise ValueError(f"checkpoint must be one of {', '.join(folders)}, got {checkpoint!r}.")
    if is_export(path):
        raise ValueError(f"{path} is an export. Give the run directory that it is of.")
    for name in folders[checkpoint]:
        if found := last_checkpoint(pathlib.Path(path) / "checkpoints" / name):
            return found
    raise FileNotFoundError(f"{path} has no checkpoint ({checkpoint}): its training never saved.")


def load_checkpoint(path: str | pathlib.Path, found: str) -> VAE:
    """The model of a run directory with the weights that `find_checkpoint` found."""
    check_checkpoint(found)
    config = Config.from_dict(read_config_json(path)["config"])
    vae = build(config.replace(dtype_policy="float32"))  # Whatever it was trained with.
    parts = {"model": vae} if vae.ema is None else {"model": vae, "ema": vae.ema.averages}
    try:
        status = tf.train.Checkpoint(**parts).restore(found)
        # The optimizer's variables and the training's progress stay behind.
        status.expect_partial().assert_existing_objects_matched()
    # Errors are of many kinds where a file is damaged or of another model.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{found} can't be restored ({reason}). Take another copy.") from error
    vae.take_average()
    fitted = fitted_prior_file(path, origin(found)["step"])
    if fitted.exists():
        prior = build_fitted_prior(config)
        if prior is None:
            raise ValueError(f"{fitted} is refused: this model's prior isn't fitted to codes.")
        weights, wanted = _read_weights(fitted), [w.shape for w in prior.weights]
        if [w.shape for w in weights] != wanted or any(w.dtype.kind not in "fiu" for w in weights):
            raise ValueError(f"{fitted} is refused: it must hold numbers of the shapes {wanted}.")
        prior.set_weights(weights)
        vae.take_prior(prior)
    return vae


def _read_weights(path):
    """The arrays weight_0, weight_1, … of an npz."""
    if not path.is_file():
        raise ValueError(f"{path} is refused: it is no file.")
    archives.check_archive(path)
    checksums.check_beside(path.with_suffix(""))
    arrays = read_npz(path)
    try:
        return [arrays[f"weight_{i}"] for i in range(len(arrays))]
    except KeyError as error:
        raise ValueError(f"{path} is refused: it has no array {error}.") from error


def fitted_prior_file(path: str | pathlib.Path, step: int) -> pathlib.Path:
    """Where a run directory keeps the prior fitted to an autoencoder's codes at a step."""
    return pathlib.Path(path) / f"prior-{step}.npz"
