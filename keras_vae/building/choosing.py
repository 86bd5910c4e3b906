"""The data chooses a recipe where none is named."""

from keras_vae.config import Config
from keras_vae.config.recipes import USUAL, Unnamed
from keras_vae.config.rules import text
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
    seen = images.modality.describe(images.shape, images.levels)
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
    by_size = images.modality.options(images.num_examples, config.given)
    chosen = {option: value for option, value in by_size.items() if option not in config.given}
    if chosen:
        beside = ", ".join(f"{option}={text(value)}" for option, value in chosen.items())
        tell(f"recipe={name} with {beside} is chosen for {seen}; give options if you like others")
    else:
        tell(
            f"recipe={name} is chosen for {seen}; name another one if you like, say recipe={USUAL}"
        )
    return config.named(name, **chosen)
