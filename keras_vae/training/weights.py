"""Weights on their way out of a model and back: it is their moving average that goes out."""

import contextlib
import os
from collections.abc import MutableMapping, Sequence
from typing import Any

import numpy as np

from keras_vae._compat import tfk
from keras_vae.training.moving_average import MovingAverage

# What files call the weights that an average stands for: training goes on from them.
_TRAINED = "trained_"


class Weights(tfk.Model):
    """A Keras model whose weights may have a moving average.

    Evaluation measures the average, so it is the average that `get_weights`, `save_weights` and
    Keras' callbacks get. Weights that are set begin a new average.
    """

    ema: MovingAverage | None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Plain attributes: Keras would count averages among the model's weights.
        object.__setattr__(self, "ema", None)
        # Of a model that was loaded and hasn't trained since: the weights that training left, where
        # these aren't the weights.
        object.__setattr__(self, "_trained", None)

    def evaluation_weights(self) -> contextlib.AbstractContextManager[None]:
        """Context in which the weights are the moving average, where there is one.

        Before the first step nothing has been averaged, and the weights stay as they are. So do
        those of a loaded model until it trains, as they are the average.
        """
        if self.ema is None or self._trained is not None:
            return contextlib.nullcontext()
        has_trained = int(self.optimizer.iterations.numpy())
        return self.ema.applied() if has_trained else contextlib.nullcontext()

    def get_weights(self) -> list[np.ndarray]:
        """Keras' get_weights, of `evaluation_weights`."""
        with self.evaluation_weights():
            return super().get_weights()

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Keras' set_weights; the moving average begins anew, at these."""
        super().set_weights(weights)
        self.begin_average()

    def save_weights(self, filepath: str | os.PathLike, *args, **kwargs) -> None:
        """Keras' save_weights, of `evaluation_weights`."""
        with self.evaluation_weights():
            super().save_weights(filepath, *args, **kwargs)

    def load_weights(self, filepath: str | os.PathLike, *args, **kwargs) -> Any:
        """Keras' load_weights; the moving average begins anew, at these."""
        status = super().load_weights(filepath, *args, **kwargs)
        self.begin_average()
        return status

    def begin_average(self) -> None:
        """Has the moving average begin at the weights as they are."""
        object.__setattr__(self, "_trained", None)
        if self.ema is not None:
            self.ema.begin()

    # A .keras file has both: the average, as the weights, and the weights that it is of.

    def save_own_variables(self, store: MutableMapping) -> None:
        """Keras' hook: what a file holds of the model itself."""
        super().save_own_variables(store)
        trained = self._trained or (self.ema.replaced if self.ema is not None else [])
        for i, weight in enumerate(trained):
            store[f"{_TRAINED}{i}"] = weight

    def load_own_variables(self, store: MutableMapping) -> None:
        """Keras' hook: the inverse of `save_own_variables`."""
        content = {name: np.array(store[name]) for name in list(store.keys())}
        num_trained = sum(name.startswith(_TRAINED) for name in content)
        found = [content.pop(f"{_TRAINED}{i}") for i in range(num_trained)]
        super().load_own_variables(content)
        shapes = [tuple(v.shape) for v in self.trainable_variables]
        if found and [weight.shape for weight in found] != shapes:
            raise ValueError(f"the trained weights must be of the shapes {shapes}")
        object.__setattr__(self, "_trained", found)

    def take_average(self) -> None:
        """Has the weights be their moving average, as if they were loaded; training goes on."""
        if self.ema is not None:
            object.__setattr__(self, "_trained", [v.numpy() for v in self.trainable_variables])
            self.ema.apply()

    def take_up_training(self) -> None:
        """Goes on from the weights that a file's average is of, when a loaded model trains."""
        trained = self._trained
        if trained is None:
            return
        self.begin_average()  # The loaded weights are the average.
        for variable, weight in zip(self.trainable_variables, trained, strict=False):
            variable.assign(weight)

    def _trackable_children(self, save_type: str = "checkpoint", **kwargs) -> dict:
        """TensorFlow's hook: what a checkpoint holds. That of BackupAndRestore has the average."""
        children = super()._trackable_children(save_type, **kwargs)
        if self.ema is not None and getattr(self, "_training_state", None) is not None:
            children["ema"] = self.ema.tracked
        return children
