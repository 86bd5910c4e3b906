"""Models on disk: a `.keras` file, or a run directory. No pickle anywhere."""

import json
import os
import pathlib
import tempfile
import zipfile

import numpy as np

from keras_vae._compat import tf, tfk
from keras_vae.build import build, build_fitted_prior
from keras_vae.config import Config
from keras_vae.vae import VAE


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
        os.replace(part, path)


def load(path, checkpoint: str = "auto") -> VAE:
    """The model of a .keras file or of a run directory.

    Args:
      path: a file that `save` wrote, or a directory that trainers.train wrote.
      checkpoint: of a run directory: "best" on the validation bound, "last", or "auto": best if
        there is one. The weights are the moving average where the run keeps one.

    Raises:
      FileNotFoundError: nothing is there, or a run without a checkpoint.
      ValueError: the file isn't one of ours, or the directory is an export.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no model at {path}: give a .keras file or a run directory.")
    if path.is_dir():
        read_run(path)  # Which says why, if it is no run.
        return load_checkpoint(path, find_checkpoint(path, checkpoint))
    # Keras reads older formats too, and runs code that stands in them.
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no .keras file: give one that VAE.save wrote.")
    try:
        model = tfk.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise ValueError(f"{path} can't be read as a model ({error}).") from error
    if not isinstance(model, VAE):
        raise ValueError(f"{path} holds a {type(model).__name__}, not a VAE.")
    return model


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
        Config.from_dict(content["config"])
        content["data"]["num_examples"]["train"], content["data"]["fingerprint"]
    except (ValueError, KeyError, TypeError) as error:
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
        # TensorFlow names a checkpoint here only when it is complete.
        if found := tf.train.latest_checkpoint(pathlib.Path(path) / "checkpoints" / name):
            return found
    raise FileNotFoundError(f"{path} has no checkpoint ({checkpoint}): its training never saved.")


def load_checkpoint(path, found: str) -> VAE:
    """The model of a run directory with the weights that `find_checkpoint` found."""
    stored = read_run(path)
    config = Config.from_dict(stored["config"])
    steps = stored["data"]["num_examples"]["train"] // config.training.batch_size
    vae = build(config, steps_per_epoch=steps)
    parts = {"model": vae} if vae.ema is None else {"model": vae, "ema": vae.ema.averages}
    status = tf.train.Checkpoint(**parts).restore(found)
    # The optimizer's variables and the training's progress stay behind.
    status.assert_existing_objects_matched().expect_partial()
    if vae.ema is not None:
        vae.ema.apply()
    fitted = fitted_prior_file(path, origin(found)["step"])
    if fitted.exists():
        with np.load(fitted) as file:
            vae.prior = build_fitted_prior(config)
            vae.prior.set_weights([file[f"weight_{i}"] for i in range(len(file))])
    return vae


def fitted_prior_file(path, step: int) -> pathlib.Path:
    """Where a run directory keeps the prior fitted to an autoencoder's codes at a step."""
    return pathlib.Path(path) / f"prior-{step}.npz"


def origin(found: str) -> dict:
    """Of which checkpoint the weights are that `find_checkpoint` found: its folder and its step."""
    path = pathlib.Path(found)
    return {"checkpoint": path.parent.name, "step": int(path.name.rpartition("-")[2])}


def _check_rebuildable(vae):
    for name, part in vae.get_config().items():
        if not isinstance(part, dict):
            continue
        try:
            tfk.saving.deserialize_keras_object(part, safe_mode=True)
        except Exception as error:
            raise ValueError(
                f"can't save: {name} can't be rebuilt from its config ({error}). Give each class "
                "of your own @tfk.saving.register_keras_serializable() and get_config, and use no "
                "Lambda."
            ) from error
