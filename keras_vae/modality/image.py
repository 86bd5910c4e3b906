"""Images, the modality of most data sets."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.modality.base import Modality, files_of

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

    def write_examples(self, path: pathlib.Path, x: np.ndarray, levels: int | None = None) -> None:
        """A PNG for each image of 1 to 4 channels: black is 0 and white 1; what is beyond is cut.

        Up to 256 levels are told apart in its bytes; grey images of more have 16 bits.
        """
        if x.shape[-1] > 4:
            return
        from PIL import Image as Pillow

        deep = (levels or 0) > 256 and x.shape[-1] == 1
        white, dtype = (65535, np.uint16) if deep else (255, np.uint8)
        pixels = np.rint(white * np.clip(x.astype(np.float64), 0, 1)).astype(dtype)
        pixels = pixels[..., 0] if x.shape[-1] == 1 else pixels
        for file, image in zip(files_of(path, len(x), ".png"), pixels, strict=True):
            Pillow.fromarray(image).save(file)

    def check_page(self, vae: "VAE") -> None:
        if len(vae.event_shape) != 3:
            raise ValueError(
                "web: the page shows images (height, width, channels), got a model of "
                f"event_shape={','.join(map(str, vae.event_shape))}. Export without web."
            )
