"""Images, the modality of most data sets."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.modality.base import Modality

if TYPE_CHECKING:
    from keras_vae.config import Config
    from keras_vae.vae import VAE


@dataclasses.dataclass(frozen=True)
class Image(Modality):
    """Images [H, W, C], C = 3 being colour."""

    name, noun = "image", "image"
    compares_samples = True

    def check_config(self, config: "Config") -> None:
        pass  # Grey images can be made black and white.

    def as_images(self, x: np.ndarray) -> np.ndarray:
        return x

    def check_page(self, vae: "VAE") -> None:
        if len(vae.event_shape) != 3:
            raise ValueError(
                "web: the page shows images (height, width, channels), got a model of "
                f"event_shape={','.join(map(str, vae.event_shape))}. Export without web."
            )
