"""A run directory as an object: its config, model and data, and what was measured of it."""

import dataclasses
import pathlib

import numpy as np

from keras_vae.config import Config
from keras_vae.data import Dataset
from keras_vae.files import check_folder
from keras_vae.runs import loading, run_data, saved_checkpoints
from keras_vae.runs.results import read_history, read_results
from keras_vae.vae import VAE


@dataclasses.dataclass(frozen=True)
class Run:
    """A run, read.

    Attributes:
      path: its directory.
      config: Config.
      model: the VAE, with the weights of the checkpoint.
      data: the Dataset that it was trained on.
      checkpoint: prefix of the checkpoint's files.
    """

    path: pathlib.Path
    config: Config
    model: VAE
    data: Dataset
    checkpoint: str

    @property
    def step(self) -> int:
        """The training step of the checkpoint."""
        return saved_checkpoints.origin(self.checkpoint)["step"]

    @property
    def evaluation(self) -> dict | None:
        """The content of evaluation.json, if it is of the checkpoint."""
        return read_results(self.path / "evaluation.json", self.step)

    @property
    def history(self) -> dict:
        """Numbers of each epoch of its training, dict name -> [E]; empty where none were kept."""
        return read_history(self.path / "metrics.csv")

    @property
    def training_seconds(self) -> float:
        """How long its training's steps took in all; 0.0 where no history was kept."""
        speed = self.history.get("images_per_second", np.array([]))
        speed = speed[speed > 0]  # An epoch too short to time has 0 or NaN.
        batch_size = self.config.training.batch_size
        images = self.data.train.num_examples // batch_size * batch_size
        return float(np.sum(images / speed))

    @property
    def provenance(self) -> dict:
        """What the numbers of its test split are measured on."""
        return provenance(self.config, self.data, saved_checkpoints.origin(self.checkpoint))

    @property
    def is_reported(self) -> bool:
        """Whether it was measured, and has a report, since it was last trained."""
        written = [self.path / name for name in ("metrics.csv", "evaluation.json", "report.html")]
        if not (written[1].exists() and written[2].exists()):
            return False
        times = [file.stat().st_mtime for file in written if file.exists()]
        return times == sorted(times)


def load(path: str | pathlib.Path, checkpoint: str = "auto", dataset: Dataset | None = None) -> Run:
    """Reads a run, to which results will be added: its config, model and data.

    Args:
      path: the run directory.
      checkpoint: "best", "last" or "auto".
      dataset: the data, if it has been loaded.

    Raises:
      ValueError, OSError: it isn't a run, can't be written, has no such checkpoint, or its data has
        changed.
    """
    path = pathlib.Path(path)
    loading.read_config_json(path)
    check_folder("run", path)
    found = loading.find_checkpoint(path, checkpoint)
    # Weights are read at once: a training that goes on replaces this checkpoint by a newer one.
    model = loading.load_checkpoint(path, found)
    config, dataset = run_data.load_config_and_data(path, dataset)
    return Run(path, config, model, dataset, found)


def provenance(config: Config, dataset: Dataset, origin: dict) -> dict:
    """What numbers of the test split are measured on: data, binarization and weights.

    Args:
      config, dataset: of a run.
      origin: of the weights, as `saved_checkpoints.origin` has it.
    """
    drawn = config.data.binarization == "dynamic"
    return {
        "dataset": dataset.name,
        "split": "test",
        "data_notes": dataset.notes,
        "binarization": config.data.binarization,
        "binarization_seed": config.training.seed if drawn else None,
        **origin,
        "ema": bool(config.training.ema_decay),
    }
