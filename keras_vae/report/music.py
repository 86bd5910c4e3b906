"""What a run on music shows: piano rolls for the report, and MIDI files."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_vae._compat import tf
from keras_vae.report import midi, plots
from keras_vae.report.pictures import Picture, measure_latents, scatter

SEED = 0
NUM_RECONSTRUCTIONS = 6
NUM_SAMPLES = 3
TEMPERATURES = (0.5, 0.75, 1.0)
NUM_INTERPOLATIONS = 3
STEPS = 5


class Music(NamedTuple):
    """Windows that a model made, each [..., T, V, 1].

    Attributes:
      originals, reconstructions: the first of the test split, [N, ...].
      samples: drawn from the prior at each of TEMPERATURES, [TEMPERATURES, N, ...], by the same
        random numbers; None where there is no prior.
      interpolations: from each of the first of the test split to the next one, [STEPS, N, ...].

    A model that draws x a step at a time draws all reconstructions and interpolations by the same
    random numbers: what differs between them comes from z. (The greedy sequence, of a model whose
    steps mostly repeat the one before, is one that only repeats.)
    """

    originals: np.ndarray
    reconstructions: np.ndarray
    samples: np.ndarray | None
    interpolations: np.ndarray


def make(vae, batch) -> Music:
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
    return Music(
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


def pictures(music: Music, vae, batch, levels: int) -> list[Picture]:
    """The pictures of a report.

    Args:
      music: what `make` gave.
      vae, batch: what it was made of.
      levels: of the data.
    """
    originals, reconstructions, samples, interpolations = (
        None if x is None else plots.piano_rolls(x, levels) for x in music
    )
    colours = "Time goes to the right, a line at every bar, pitch upwards, a colour for each voice."
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
            f"Windows of the test split, each with its reconstruction beneath. {colours} Look for "
            "what is kept: key, register, contour, or only the style.",
        )
    ]
    if samples is not None:
        shown.append(
            Picture(
                "samples",
                "Samples from the prior",
                plots.image_grid(np.concatenate(samples), columns=NUM_SAMPLES),
                f"{len(samples)} rows of {NUM_SAMPLES} piano rolls that the model made from random "
                "latents, each row at a temperature of its own.",
                "Music at latents drawn from the prior, a row for each temperature: "
                f"{', '.join(map(str, TEMPERATURES))}. {of_column}{colours} Look for voices that "
                "move as in the test split; notes held for long are a model that only repeats "
                "itself.",
            )
        )
    shown.append(
        Picture(
            "interpolations",
            "Interpolations",
            plots.interpolations(interpolations),
            f"{interpolations.shape[1]} rows of {STEPS} piano rolls, each changing from one window "
            "into another.",
            "Outermost in each row the reconstructions of two windows of the test split, between "
            "them the straight line through latent space; all by the same random numbers. "
            f"{of_row}Look for gradual change.",
        )
    )
    if vae.latent_dim > 1:
        shown.append(scatter(vae, batch, measure_latents(vae, batch)))
    return shown


def write_midi(run_dir: Path, music: Music, levels: int, lowest_pitch: int) -> None:
    """Writes samples/, reconstructions/ and interpolations/ into a run directory, as MIDI files.

    Args:
      run_dir: the run's directory.
      music: what `make` gave.
      levels, lowest_pitch: of the data.
    """
    files = {}
    for i, (original, copy) in enumerate(
        zip(music.originals, music.reconstructions, strict=True), start=1
    ):
        files[f"reconstructions/window_{i}.mid"] = original
        files[f"reconstructions/window_{i}_reconstructed.mid"] = copy
    if music.samples is not None:
        for temperature, drawn in zip(TEMPERATURES, music.samples, strict=True):
            for i, x in enumerate(drawn, start=1):
                files[f"samples/sample_{i}_temperature_{temperature:g}.mid"] = x
    for i, way in enumerate(music.interpolations.swapaxes(0, 1), start=1):
        for step, x in enumerate(way, start=1):
            files[f"interpolations/window_{i}_to_{i + 1}_step_{step}.mid"] = x
    with tempfile.TemporaryDirectory(dir=run_dir, prefix=".midi.") as scratch:
        for name, x in files.items():
            path = Path(scratch) / name
            path.parent.mkdir(exist_ok=True)
            midi.write_file(path, x, levels, lowest_pitch)
        for folder in Path(scratch).iterdir():
            shutil.rmtree(run_dir / folder.name, ignore_errors=True)
            folder.rename(run_dir / folder.name)
