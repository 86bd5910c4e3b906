"""Images, the modality of most data sets."""

import dataclasses
from collections.abc import Sequence
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

    def recipe(self, shape: Sequence[int], levels: int | None) -> str:
        # A photograph has 2 to 4 channels of at most 8 bits, and isn't black and white.
        is_photograph = 2 <= shape[-1] <= 4 and levels is not None and 2 < levels <= 256
        return "deep" if is_photograph else "vae"

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
