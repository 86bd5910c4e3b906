"""The data chooses a recipe where none is named."""

from keras_vae.config import Config
from keras_vae.config.recipes import USUAL, Unnamed
from keras_vae.data import Split
from keras_vae.messages.notes import tell


def choose(config: Unnamed, images: Split) -> Config:
    """The config of the recipe that suits examples such as `images`, with the options given.

    It prints a choice other than the usual recipe, or why such a choice wasn't possible.

    Raises:
      ValueError: the options can't be combined, or don't suit any recipe that would be chosen.
    """
    is_binarized = config.data.binarization not in (None, "none")
    name = images.modality.recipe(images.shape, 2 if is_binarized else images.levels)
    shape = "x".join(map(str, images.shape))
    seen = f"{images.modality.nouns} of {shape} and {images.levels} levels"
    if name == USUAL:
        try:
            return config.named(USUAL)
        except ValueError as error:
            raise ValueError(
                f"{error} (recipe={USUAL} is chosen for {seen}; name another one if you like.)"
            ) from None
    if why := config.against(name, images.shape):
        tell(f"recipe={USUAL}: {seen} would choose {name}, but {why}")
        return config.named(USUAL)
    tell(f"recipe={name} is chosen for {seen}; name another one if you like, say recipe={USUAL}")
    return config.named(name)
