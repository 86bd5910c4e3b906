"""Music: piano rolls, MIDI files, and samples at several temperatures."""

import dataclasses
import pathlib
import shutil
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from keras_vae._compat import tf
from keras_vae.modality.base import Modality, files_of

if TYPE_CHECKING:
    from keras_vae.batches import Batch
    from keras_vae.report.plots import Picture
    from keras_vae.vae import VAE

SEED = 0
NUM_RECONSTRUCTIONS = 6
NUM_SAMPLES = 3
TEMPERATURES = (0.5, 0.75, 1.0)
NUM_INTERPOLATIONS = 3
STEPS = 5


@dataclasses.dataclass(frozen=True)
class Music(Modality):
    """Windows of music [T, V, 1]: level / (levels - 1) of V voices at T steps, sixteenths.

    Attributes:
      levels: how many there are; level 0 is silence.
      lowest_pitch: the MIDI pitch of level 1; each next level is a semitone higher.
    """

    levels: int
    lowest_pitch: int

    name, noun = "music", "piece"
    num_shown = 9
    _not_grey = (
        "the pitches of chorales aren't grey values to make black or white. Use "
        "likelihood=categorical (or recipe=music)."
    )

    def as_images(self, x: np.ndarray) -> np.ndarray:
        from keras_vae.report import plots  # matplotlib takes a second to import.

        return plots.piano_rolls(x, self.levels)

    def show(
        self, vae: "VAE", batch: "Batch", folder: pathlib.Path | None = None
    ) -> list["Picture"]:
        made = make(vae, batch)
        if folder is not None:
            self.write_midi(folder, made)
        return self.pictures(made, vae)

    def pictures(self, made: "Made", vae: "VAE") -> list["Picture"]:
        """The pictures of a report.

        Args:
          made: what `make` gave.
          vae: what it was made of.
        """
        from keras_vae.report import plots
        from keras_vae.report.plots import Picture

        originals, reconstructions, interpolations = (
            self.as_images(x) for x in (made.originals, made.reconstructions, made.interpolations)
        )
        colours = (
            "Time goes to the right, a line at every bar, pitch upwards, a colour for each voice."
        )
        of_column = of_row = ""
        if vae.condition is not None:
            of_column = "All of a column are given the same condition. "
            of_row = "All of a row are given its first window's condition. "
        shown = [
            Picture(
                "reconstructions",
                "Reconstructions",
                plots.reconstructions(originals, reconstructions, columns=3),
                f"{len(originals)} piano rolls from the test split, each with its reconstruction "
                "beneath it.",
                f"Windows of the test split, each with its reconstruction beneath. {colours} Look "
                "for what is kept: key, register, contour, or only the style.",
            )
        ]
        if made.samples is not None:
            samples = self.as_images(made.samples)
            shown.append(
                Picture(
                    "samples",
                    "Samples from the prior",
                    plots.image_grid(np.concatenate(samples), columns=NUM_SAMPLES),
                    f"{len(samples)} rows of {NUM_SAMPLES} piano rolls that the model made from "
                    "random latents, each row at a temperature of its own.",
                    "Music at latents drawn from the prior, a row for each temperature: "
                    f"{', '.join(map(str, TEMPERATURES))}. {of_column}{colours} Look for voices "
                    "that move as in the test split; notes held for long are a model that only "
                    "repeats itself.",
                )
            )
        shown.append(
            Picture(
                "interpolations",
                "Interpolations",
                plots.interpolations(interpolations),
                f"{interpolations.shape[1]} rows of {STEPS} piano rolls, each changing from one "
                "window into another.",
                "Outermost in each row the reconstructions of two windows of the test split, "
                "between them the straight line through latent space; all by the same random "
                f"numbers. {of_row}Look for gradual change.",
            )
        )
        return shown

    def write_midi(self, run_dir: pathlib.Path, made: "Made") -> None:
        """Writes samples/, reconstructions/ and interpolations/ into a run directory, as MIDI.

        Args:
          run_dir: the run's directory.
          made: what `make` gave.
        """
        from keras_vae.report import midi

        with tempfile.TemporaryDirectory(dir=run_dir, prefix=".midi.") as scratch:
            for name, x in _files(made).items():
                path = pathlib.Path(scratch) / name
                path.parent.mkdir(exist_ok=True)
                midi.write_file(path, x, self.levels, self.lowest_pitch)
            for folder in pathlib.Path(scratch).iterdir():
                shutil.rmtree(run_dir / folder.name, ignore_errors=True)
                folder.rename(run_dir / folder.name)

    def write_examples(self, path: pathlib.Path, x: np.ndarray, levels: int | None = None) -> None:
        """A MIDI file for each window."""
        from keras_vae.report import midi

        for file, window in zip(files_of(path, len(x), ".mid"), x, strict=True):
            midi.write_file(file, window, self.levels, self.lowest_pitch)

    def card_facts(self) -> dict[str, Any]:
        return {"music": dataclasses.asdict(self) | {"steps_per_quarter": 4}}

    def readme(self) -> str:
        return (
            "An image is a piano roll [steps, voices, 1]; a step is a sixteenth. Of a value, "
            f"level =\nround(value * {self.levels - 1}) is one of {self.levels} levels: 0 is "
            "silence, others are the MIDI pitch level +\n"
            f"{self.lowest_pitch} - 1.\n"
        )

    def check_page(self, vae: "VAE") -> None:
        if vae.condition is not None and vae.condition.in_examples:
            raise ValueError(
                "web: the page has nothing to write music down with, which condition=image_part "
                "must be given. Export without web, and call generator.tflite with it."
            )

    def page_facts(self) -> dict[str, Any]:
        return {"levels": self.levels}


class Made(NamedTuple):
    """Windows that a model made, each [..., T, V, 1].

    Attributes:
      originals, reconstructions: the first of the test split, [N, ...].
      samples: drawn from the prior at each of TEMPERATURES, [TEMPERATURES, N, ...], by the same
        random numbers; None where there is no prior.
      interpolations: from each of the first of the test split to the next one, [STEPS, N, ...].

    A model that draws x a step at a time draws all reconstructions and interpolations by the same
    random numbers: what differs between them comes from z. (A greedy sequence would only repeat
    itself, since most steps repeat the step before.)
    """

    originals: np.ndarray
    reconstructions: np.ndarray
    samples: np.ndarray | None
    interpolations: np.ndarray


def make(vae: "VAE", batch: "Batch") -> Made:
    """Lets the model make music.

    Args:
      vae: a VAE.
      batch: a Batch of test examples.
    """
    rows = batch.rows(0, NUM_RECONSTRUCTIONS)
    x, condition = rows.x, rows.condition
    given = x if condition is None else condition
    codes = vae.code(x, condition).numpy()
    start, end = codes[:NUM_INTERPOLATIONS], np.roll(codes, -1, axis=0)[:NUM_INTERPOLATIONS]
    weights = np.linspace(0.0, 1.0, STEPS, dtype=np.float32)
    samples = None
    if vae.prior is not None:
        wanted = None if vae.condition is None else vae.condition.to_show(NUM_SAMPLES, batch.x)
        samples = np.stack(
            [vae.sample(NUM_SAMPLES, t, seed=SEED, condition=wanted) for t in TEMPERATURES]
        )
    return Made(
        x,
        _drawn(vae, codes, given),
        samples,
        np.stack([_drawn(vae, (1.0 - w) * start + w * end, given) for w in weights]),
    )


def _drawn(vae, codes, given):
    """[N, T, V, 1] of p(x|z) at codes [N, D]; `given` are conditions, for a model that has some."""
    p = vae.decode(codes, None if vae.condition is None else given[: len(codes)])
    if not vae.decoder.in_turn:
        return p.mean().numpy()
    noise = tf.random.stateless_normal([1, *p.noise_shape], [SEED, SEED])
    return p.from_noise(tf.repeat(noise, p.batch_shape[0], axis=0)).numpy()


def _files(made):
    """{path in the run directory: window [T, V, 1]}."""
    files = {}
    pairs = zip(made.originals, made.reconstructions, strict=True)
    for i, (original, copy) in enumerate(pairs, start=1):
        files[f"reconstructions/window_{i}.mid"] = original
        files[f"reconstructions/window_{i}_reconstructed.mid"] = copy
    if made.samples is not None:
        for temperature, drawn in zip(TEMPERATURES, made.samples, strict=True):
            for i, x in enumerate(drawn, start=1):
                files[f"samples/sample_{i}_temperature_{temperature:g}.mid"] = x
    for i, way in enumerate(made.interpolations.swapaxes(0, 1), start=1):
        for step, x in enumerate(way, start=1):
            files[f"interpolations/window_{i}_to_{i + 1}_step_{step}.mid"] = x
    return files
