"""The run directory: what a training is, where it stands, and whether it may go on."""

import contextlib
import importlib.metadata
import os
import pathlib
import shutil

from keras_vae._compat import ONEDNN, ONEDNN_BY_DEFAULT, onednn_is_on, tf
from keras_vae.config import Config, options
from keras_vae.config.rules import text
from keras_vae.data import Dataset, same_but_moved
from keras_vae.files import check_folder, locking, write_atomically, write_json
from keras_vae.runs.loading import find_checkpoint, is_export, read_config_json
from keras_vae.runs.saved_checkpoints import check_checkpoint, last_checkpoint, last_whole

_PACKAGES = ("keras-vae", "tensorflow", "tf-keras", "tensorflow-probability", "numpy")
# Files made of a run's weights: a run that begins anew in the directory has other weights.
_OF_WEIGHTS = (
    "prior-*.npz",
    "prior-*.sha256",
    "extent.json",
    "evaluation.*",
    "copies.npz",
    "report.html",
    "anomaly.json",
    "compression.json",
    "latents/latents.json",
    "checkpoints/good/*",
)


def check_workdir(path: pathlib.Path) -> None:
    """Raises ValueError or OSError unless a run can be kept at `path`; creates nothing."""
    # Hidden files are what a killed write left.
    found = [p for p in path.iterdir() if p.name[0] != "."] if path.is_dir() else []
    if found and not (path / "config.json").is_file():
        raise ValueError(f"workdir={path} holds other files and no run. Choose an empty one.")
    if is_export(path):
        raise ValueError(f"workdir={path} is an export. Choose an empty one.")
    check_folder("workdir", path)


def describe(config: Config, dataset: Dataset) -> dict:
    """The content of config.json: the config, and what data, versions and kernels it met."""
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    names = dataset.train.class_names
    return {
        "config": config.to_dict(),
        "data": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "num_examples": {k: v.num_examples for k, v in splits.items() if v is not None},
            "notes": list(dataset.notes),
        }
        | ({} if names is None else {"class_names": list(names)}),
        "versions": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "onednn": onednn_is_on(),
    }


def onednn_to_set(path: pathlib.Path) -> str | None:
    """The value of the variable ONEDNN with which the run at `path` goes on as it began.

    Returns:
      None where this process computes as the run does, or there is no run, or TensorFlow can't do
      as it is told: for some machines it is built without oneDNN.
    """
    if not has_begun(path):
        return None
    # A run older than this entry had the default: nobody had set the variable.
    wanted = read_config_json(path).get("onednn", ONEDNN_BY_DEFAULT)
    value = str(int(bool(wanted)))
    if wanted in (None, onednn_is_on()) or os.environ.get(ONEDNN) == value:
        return None
    return value


def check_same(path: pathlib.Path, described: dict) -> None:
    """Raises ValueError unless the run at `path` may be continued as `described`.

    Only these may differ: the number of epochs, which may grow where no schedule depends on it;
    the place of the data; names of classes, where the run has none yet.
    """
    stored = read_config_json(path)
    old, new = Config.from_dict(stored["config"]), Config.from_dict(described["config"])
    differing = _differing(old, new)
    if stored["data"]["fingerprint"] != described["data"]["fingerprint"]:
        differing.append("the data's content")
    _check_none(path, differing)
    if (value := onednn_to_set(path)) is not None:
        raise ValueError(
            f"{ONEDNN}={os.environ.get(ONEDNN)}, but the run in workdir={path} began as with "
            f"{ONEDNN}={value}, which rounds differently. Set the variable to {value} before "
            "Python starts, or choose another workdir."
        )
    then, now = old.training.epochs, new.training.epochs
    if now > then and _stopped_early(path):
        raise ValueError(
            f"epochs {then} -> {now}: the run in workdir={path} was ended by early stopping, "
            "which more epochs don't undo. Choose another workdir."
        )
    if now < then:
        raise ValueError(
            f"epochs={now}, but the run in workdir={path} was made for {then}. Give as many or "
            "more, or choose another workdir."
        )
    if now > then and new.training.learning_rate_schedule != "constant":
        raise ValueError(
            f"epochs {then} -> {now}: learning_rate_schedule="
            f"{new.training.learning_rate_schedule} was laid out for {then} epochs, at whose end "
            f"the rate is 0. To train its weights further, give warm_start={path} and another "
            "workdir."
        )


def stored_config(path: pathlib.Path) -> Config | None:
    """The config that a run at `path` goes on with; None where there is no run that has saved.

    Raises:
      ValueError: its config.json isn't one.
    """
    return Config.from_dict(read_config_json(path)["config"]) if has_begun(path) else None


def check_options(path: pathlib.Path, stored: Config, config: Config) -> None:
    """Raises ValueError if options of a config are others than those of the run at `path`."""
    _check_none(path, _differing(stored, config))


def _differing(old, new):
    """The differences, as "name old -> new", without options that may differ."""
    changed = {
        option.name: (old.value(option.name), new.value(option.name))
        for _, option in options()
        if option.name not in ("epochs", "data_dir")
        and not (option.name == "class_names" and old.model.class_names is None)
    }
    if same_but_moved(*changed["dataset"]):  # The data's content is compared too.
        del changed["dataset"]
    differing = [f"{name} {a} -> {b}" for name, (a, b) in changed.items() if a != b]
    return [f"recipe {old.recipe} -> {new.recipe}"] * (old.recipe != new.recipe) + differing


def _check_none(path, differing):
    if differing:
        raise ValueError(
            f"workdir={path} holds a run of another config: {'; '.join(differing)}. Choose another "
            "workdir, or the run's own options, as its flags.txt has them."
        )


def has_begun(path: str | pathlib.Path) -> bool:
    """Whether there is a run at `path` whose training has saved."""
    try:
        find_checkpoint(path)
    except FileNotFoundError:
        return False
    return True


def check_saved(path: pathlib.Path) -> None:
    """Raises ValueError unless training can go on from what it saved at `path`, all of it there."""
    last_whole(path / "checkpoints" / "last")
    for name in ("best", "good"):
        if found := last_checkpoint(path / "checkpoints" / name):
            check_checkpoint(found)


def _stopped_early(path) -> bool:
    reader = tf.train.load_checkpoint(last_whole(path / "checkpoints" / "last"))
    return bool(reader.get_tensor("stopped/.ATTRIBUTES/VARIABLE_VALUE"))


def create(
    path: pathlib.Path, config: Config, described: dict, flags: dict
) -> contextlib.AbstractContextManager:
    """Makes the directory, or brings its config up to date; of two processes, one may.

    Args:
      path: of the run.
      config: of the run.
      described: the content of its config.json, see `describe`.
      flags: further flags of flags.txt, by name.

    Returns:
      The directory's lock, to be held while the run is trained.

    Raises:
      OSError: another process trains there, or the directory can't be written.
    """
    is_new = not path.exists()
    with contextlib.ExitStack() as held:
        try:
            path.mkdir(parents=True, exist_ok=True)
            held.enter_context(locking.lock("workdir", path))
            for left in path.glob("checkpoints/**/ckpt-*_temp"):  # Of saves that were killed.
                shutil.rmtree(left)
            if not has_begun(path):
                for pattern in _OF_WEIGHTS:
                    for left in path.glob(pattern):
                        left.unlink()
            # This file comes first: a directory that lacks it is no run.
            write_json(path / "config.json", described)
            write_atomically(path / "flags.txt", _flagfile(config, workdir=path, **flags))
        except BlockingIOError:
            raise
        except OSError as error:
            if is_new:
                shutil.rmtree(path, ignore_errors=True)
            raise OSError(
                f"workdir={path} can't be written ({error}). Choose another one."
            ) from error
        return held.pop_all()


def _flagfile(config: Config, **others) -> str:
    """The text of a flag file that replays `config` (with `others`, flags by name)."""
    lines = [f"--recipe={config.recipe}"]
    for _, option in options():
        value = config.value(option.name)
        if option.metadata["flag"] and value is not None:
            lines.append(f"--{option.name}={text(value, option.metadata['separator'])}")
    lines += [f"--{name}={value}" for name, value in others.items()]
    return "\n".join(lines) + "\n"
