"""Glasses for people who wear none: python benchmarks/faces.py --data=orl_faces_glasses_64x64.npz

Trains a VAE and a judge, a small convolutional network that tells glasses from pixels, on the
persons of the training split. Puts glasses on the persons of the test split who never wear any, and
prints a line for each strength: what the judge sees, and whether the edited face is still nearest
to the same person. --choose edits persons of the training split, whom the VAE then hasn't seen.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
from absl import flags

from keras_vae import command_line, evaluation, runs
from keras_vae._compat import tfk, tfkl
from keras_vae.evaluation import attributes
from keras_vae.report import plots
from keras_vae.runs import run_data

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "orl_faces_glasses_64x64.npz", required=True)
flags.DEFINE_string("workdir", "runs/faces", "the folder of runs and pictures")
flags.DEFINE_bool("choose", False, "edit persons of the training split, left out of the VAE's")
flags.DEFINE_list("strengths", ["0.75", "1", "1.25", "1.5"], "1: the difference of mean codes")
flags.DEFINE_multi_string("also", [], "more flags of trainers.train")

LEFT_OUT = (1, 6, 9, 15, 22, 32, 34)  # With --choose; 6 and 34 wear glasses.
NUM_COMPONENTS = 64
OPTIONS = (
    "--recipe=vae",
    "--likelihood=normal_learned_scale",
    "--hidden=512",
    "--latent_dim=64",
    "--epochs=600",
    "--batch_size=56",
    "--augment=flip",
    "--validation_size=0",
    "--learning_rate=1e-3",
    "--picture_epochs=0",
    "--notensorboard",
    "--noevaluate",
)


def read_splits():
    """dict split -> (images from 0 to 1 [N, 64, 64, 1], labels [N], persons [N])."""
    with np.load(FLAGS.data) as stored:
        return {
            split: (
                stored[f"{split}_images"] / np.float32(255),
                stored[f"{split}_labels"],
                stored[f"{split}_person"],
            )
            for split in ("train", "test")
        }


def left_out(splits):
    """The training split as two: persons to learn from, and others to edit."""
    out = np.isin(splits["train"][2], LEFT_OUT)
    return {
        "train": [column[~out] for column in splits["train"]],
        "test": [column[out] for column in splits["train"]],
    }


def trained_judge(images, labels):
    """A network: pixels [N, 64, 64, 1] from 0 to 1 -> the logit of glasses [N, 1]."""
    tfk.utils.set_random_seed(0)
    judge = tfk.Sequential(
        [
            tfkl.InputLayer((64, 64, 1)),
            tfkl.RandomTranslation(0.06, 0.06, "nearest"),
            tfkl.RandomZoom((-0.1, 0.1), (-0.1, 0.1), "nearest"),
            tfkl.RandomRotation(0.03, "nearest"),
            tfkl.RandomFlip("horizontal"),
            tfkl.RandomContrast(0.3),
        ]
    )
    for channels in (16, 32, 64):
        judge.add(tfkl.Conv2D(channels, 3, 2, "same", use_bias=False))
        judge.add(tfkl.BatchNormalization(momentum=0.9))
        judge.add(tfkl.ReLU())
    judge.add(tfkl.Flatten())
    judge.add(tfkl.Dropout(0.5))
    judge.add(tfkl.Dense(32, "relu"))
    judge.add(tfkl.Dense(1))
    epochs, batch_size = 150, 32
    rate = tfk.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(images) // batch_size))
    judge.compile(tfk.optimizers.legacy.Adam(rate), tfk.losses.BinaryCrossentropy(from_logits=True))
    share = labels.mean()
    weights = {0: 0.5 / (1 - share), 1: 0.5 / share}  # Both kinds of faces weigh the same.
    judge.fit(images, labels, batch_size, epochs, verbose=0, class_weight=weights)
    return judge


def trained_run(splits, folder):
    """The run of a VAE of the training split, trained unless it is there."""
    data, workdir = folder / "faces.npz", folder / "run"
    if not data.exists():
        columns = {
            f"{split}_{name}": values
            for split, (images, labels, _) in splits.items()
            for name, values in {"images": np.uint8(255 * images + 0.5), "labels": labels}.items()
        }
        np.savez_compressed(data, **columns)
    command = [sys.executable, "-m", "trainers.train", f"--dataset=npz:{data}", *OPTIONS]
    command += [f"--workdir={workdir}", *FLAGS.also]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return runs.load(workdir)


class Edits:
    """Glasses by a direction of a run's codes.

    Args:
      run: a `Run`.
      labels: of its training images.
    """

    def __init__(self, run, labels):
        self.run = run
        codes, self.codes = (
            evaluation.codes(
                run.model, run_data.evaluation_batches(run.config, run.data, split, 100)
            )
            for split in ("train", "test")
        )
        self.direction = attributes.direction(codes[labels == 1], codes[labels == 0])

    def decoded(self, codes):
        return self.run.model.decode(codes).mean().numpy()

    def with_glasses(self, images, rows, strength):
        """Test images [N, ...] changed by what decoding the moved codes changes.

        What the VAE can't say of a face, the image less its reconstruction, stays as it is.
        """
        codes = self.codes[rows]
        change = self.decoded(self.direction.moved(codes, strength)) - self.decoded(codes)
        return np.clip(images + change, 0, 1)


def components_of(images):
    """images -> their coordinates in the principal components of the given images."""
    flat = images.reshape(len(images), -1)
    mean = flat.mean(axis=0)
    axes = np.linalg.svd(flat - mean, full_matrices=False)[2][:NUM_COMPONENTS]
    return lambda x: (x.reshape(len(x), -1) - mean) @ axes.T


def same_person(edited, sources, real, persons):
    """The share of edited images whose nearest real one, but for their source, is of its person.

    Args:
      edited: components [N, K] of the images.
      sources: [N], the rows of `real` that they were made of.
      real, persons: components [M, K] and persons [M] of all real images.
    """
    distances = np.linalg.norm(edited[:, np.newaxis] - real, axis=-1)
    distances[np.arange(len(edited)), sources] = np.inf
    return np.mean(persons[distances.argmin(axis=1)] == persons[sources])


def never(labels, persons):
    """The rows of persons who have glasses in none of their images."""
    return np.flatnonzero(~np.isin(persons, persons[labels == 1]))


def main() -> None:
    folder = pathlib.Path(FLAGS.workdir)
    folder.mkdir(parents=True, exist_ok=True)
    splits = read_splits()
    judge = trained_judge(*splits["train"][:2])

    def rate(images):
        """The share of images on which the judge sees glasses."""
        return round(float(np.mean(judge.predict(images, verbose=0) > 0)), 3)

    images, labels, _ = splits["test"]
    found = {"glasses_where_worn": rate(images[labels == 1])}
    found["glasses_where_not"] = rate(images[labels == 0])
    print(json.dumps(found), flush=True)
    components = components_of(splits["train"][0])
    if FLAGS.choose:
        folder, splits = folder / "choose", left_out(splits)
        folder.mkdir(exist_ok=True)
    images, labels, persons = splits["test"]
    rows = never(labels, persons)
    real = np.concatenate([components(splits["test"][0]), components(splits["train"][0])])
    of = np.concatenate([persons, splits["train"][2]])
    edits = Edits(trained_run(splits, folder), splits["train"][1])
    plain = edits.decoded(edits.codes[rows])
    changed = {"original": images[rows], "reconstruction": plain}
    for strength in map(float, FLAGS.strengths):
        moved = edits.direction.moved(edits.codes[rows], strength)
        changed[f"decoded at {strength}"] = edits.decoded(moved)
        changed[f"changed at {strength}"] = edits.with_glasses(images[rows], rows, strength)
    for name, x in changed.items():
        same = same_person(components(x), rows, real, of)
        row = {"images": name, "glasses": rate(x), "same_person": round(float(same), 3)}
        print(json.dumps(row), flush=True)
    shown = np.linspace(0, len(rows) - 1, 10).astype(int)
    grid = np.concatenate([x[shown] for x in changed.values()])
    plots.image_grid(grid, columns=len(shown)).savefig(folder / "faces.png")


if __name__ == "__main__":
    command_line.run(main)
