"""What kind of thing an example is: the contract of all modalities."""

import abc
import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from keras_vae.batches import Batch
    from keras_vae.config import Config
    from keras_vae.report.plots import Picture
    from keras_vae.vae import VAE

_KNOWN: dict[str, type["Modality"]] = {}


class Modality(abc.ABC):
    """How examples are called, checked, shown, measured and exported.

    A data set says its modality (`Split.modality`); its runs and models keep it. A subclass is a
    frozen dataclass. Its fields are facts of the data, values of JSON. Defining the class makes it
    known by its name.

        @dataclasses.dataclass(frozen=True)
        class Series(Modality):
            name = noun = nouns = "series"
            highest: float

            def as_images(self, x):  # Curves: [..., T, 1] becomes [..., 32, T, 1].
                row = np.round(31 * (1 - x / self.highest))[..., np.newaxis, :, :]
                return row == np.arange(32)[:, np.newaxis, np.newaxis]

    Attributes:
      name: by which runs and models store it.
      noun, nouns: what one example is called, and several.
      num_shown: how many samples a picture of nothing but samples holds.
      has_gaps: whether values of later examples may be unknown, even if all of the data are known.
      compares_samples: whether samples are compared with examples value by value, as pixels are.
      file_suffix: of the one file that `write_examples` writes; None where it fills a folder.
    """

    # Every subclass is a dataclass, and has this.
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field]]
    name: str
    noun: str
    num_shown = 64
    compares_samples = False
    has_gaps = False
    file_suffix: str | None = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "name" in vars(cls):
            _KNOWN[cls.name] = cls

    @property
    def nouns(self) -> str:
        return f"{self.noun}s"

    def to_dict(self) -> dict[str, Any]:
        """Name and facts, from which `stored` makes the modality again."""
        return {"name": self.name, **dataclasses.asdict(self)}

    def describe(self, shape: Sequence[int], levels: int | None) -> str:
        """Such examples in words: "images of 28x28x1 and 256 levels"."""
        return f"{self.nouns} of {'x'.join(map(str, shape))} and {levels} levels"

    def recipe(self, shape: Sequence[int], levels: int | None) -> str:
        """The recipe for such examples where none is named.

        Args:
          shape: of one example.
          levels: how many values x can take; None for real numbers and counts.
        """
        return "vae"

    def options(self, num_examples: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Options that go by the number of training examples, where no recipe is named.

        Args:
          num_examples: of training.
          given: the user's options, which these must go with.
        """
        return {}

    def check_config(self, config: "Config") -> None:
        """Raises ValueError for options of a Config that such examples can't have."""
        if config.data.binarization != "none":
            raise ValueError(
                f"likelihood={config.model.likelihood} with binarization="
                f"{config.data.binarization}: {self._not_grey}"
            )

    @property
    def _not_grey(self):
        return (
            f"the values of {self.nouns} aren't grey values to make black or white. Use "
            "likelihood=normal."
        )

    def given(
        self, cells: Mapping[str, Any], is_conditional: bool
    ) -> tuple[np.ndarray, np.ndarray, int | None]:
        """Cells by the names of their columns, in numbers; tables alone have such.

        Args:
          cells: by name.
          is_conditional: whether the model is given labels.

        Returns:
          (x [D], which cells are given [D], the label that a conditional model is given).
        """
        raise ValueError(
            f"condition={dict(cells)!r:.80}: cells by name are of tables, and this model is of "
            f"{self.nouns}."
        )

    # Shown ------------------------------------------------------------------------------------

    @abc.abstractmethod
    def as_images(self, x: np.ndarray) -> np.ndarray:
        """Pictures of examples.

        Args:
          x: [..., *event_shape], as a data set holds them or as a model gives them.

        Returns:
          [..., H, W, C], as `keras_vae.plots` takes images: bytes, or floats from 0 to 1.
        """

    def show(
        self, vae: "VAE", batch: "Batch", folder: pathlib.Path | None = None
    ) -> list["Picture"]:
        """What a report shows in place of its usual pictures of examples; by default nothing.

        Args:
          vae: the model.
          batch: a Batch of test examples.
          folder: the run directory, for files beside the report; or None.

        Returns:
          list of `plots.Picture`.
        """
        return []

    # Written ----------------------------------------------------------------------------------

    def write_examples(  # noqa: B027 - most modalities need no more than the arrays
        self, path: pathlib.Path, x: np.ndarray, levels: int | None = None
    ) -> None:
        """Writes examples that a model made; by default nothing beside the arrays that tasks write.

        Args:
          path: an empty folder to fill, with a file for each example; or the file to write, where
            there is a `file_suffix`.
          x: [N, *event_shape], on the model's scale.
          levels: how many levels x has; None for real numbers and counts.
        """

    def write_imputed(
        self, path: pathlib.Path, arrays: dict[str, Any], levels: int | None = None
    ) -> None:
        """Writes examples whose unknown values were filled: by default an npz of the arrays.

        Args:
          path: the file. Others may be written beside it.
          arrays: "x", "spread" and "mask" [N, *event_shape], "effective_sample_size" [N], and
            "draws" [K, N, *event_shape] where they were asked for.
          levels: as in `write_examples`.
        """
        with open(path, "wb") as file:  # By a path numpy would add a suffix.
            np.savez_compressed(file, **arrays)

    # Exported ---------------------------------------------------------------------------------

    def card_facts(self) -> dict[str, Any]:
        """What the model card says of it, beyond what all cards say."""
        return {}

    def readme(self) -> str:
        """What an export's README says of its values: lines of Markdown, or nothing."""
        return ""

    def check_page(self, vae: "VAE") -> None:
        """Raises ValueError for a model that a page can't show."""
        raise ValueError(
            f"web: the page shows images and music, and this model is of {self.nouns}. Export "
            "without web."
        )

    def page_facts(self) -> dict[str, Any]:
        """What the page has to know of it: `levels` of a piano roll, None of an image."""
        return {"levels": None}


def files_of(folder: pathlib.Path, num_examples: int, suffix: str) -> list[pathlib.Path]:
    """A path for each example, sample_00000.png and so on; names are alike in length."""
    digits = max(5, len(str(num_examples - 1)))
    return [folder / f"sample_{i:0{digits}d}{suffix}" for i in range(num_examples)]


def stored(content: dict[str, Any] | None) -> Modality:
    """The modality that `to_dict` stored; images where none was.

    Raises:
      ValueError: there is no modality of that name with these facts.
    """
    facts = dict(content or {"name": "image"})
    name = facts.pop("name", None)
    if not isinstance(name, str) or name not in _KNOWN:
        raise ValueError(
            f"modality {name!r} isn't known, only {', '.join(_KNOWN)}. Import the module that "
            "defines it first."
        )
    try:
        return _KNOWN[name](**facts)
    except TypeError as error:
        raise ValueError(f"modality {name!r} has other facts than these ({error}).") from error
