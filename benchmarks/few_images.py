"""What distributions over weights are worth: python benchmarks/few_images.py

Trains `vae`, `map`, `bayes` and, as bayes_0.1, that with surer weights on the same 500 images of
MNIST, prepared in --data_dir, and measures them on 2,000 test images: one JSON line each, means
over seeds, in nats an image; then by how much the last is better.
"""

import json
import math
import pathlib
import subprocess
import sys

import numpy as np
from absl import flags

from keras_vae import command_line
from keras_vae.data import load

FLAGS = flags.FLAGS
flags.DEFINE_string("workdir", "runs/few_images", "the folder of data and runs")
flags.DEFINE_integer("num_seeds", 3, "trainings of each model", lower_bound=1)
flags.DEFINE_integer("num_images", 500, "to train on", lower_bound=1)
flags.DEFINE_string("data_dir", None, "where mnist is prepared; default: TFDS' own")
flags.DEFINE_multi_string("also", [], "more flags of trainers.train, for all models")

NUM_TEST = 2000
MODELS = {
    "vae": ("--recipe=vae",),
    "map": ("--recipe=map",),
    "bayes": ("--recipe=bayes",),
    "bayes_0.1": ("--recipe=bayes", "--weight_temperature=0.1"),
}
OPTIONS = (
    "--hidden=200",
    "--latent_dim=20",
    "--epochs=2000",
    "--batch_size=50",
    "--validation_size=0",
    "--learning_rate=1e-3",
    "--ema_decay=0",
    "--num_samples=5000",
    "--picture_epochs=0",
    "--tensorboard=false",
)


def write_data(file: pathlib.Path, num_images: int) -> None:
    mnist = load("mnist", data_dir=FLAGS.data_dir, validation_size=0)
    images = np.random.default_rng(0).permutation(mnist.train.array)[:num_images]
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, train_images=images, test_images=mnist.test.array[:NUM_TEST])


def measured(model, seed, data, folder):
    """(evaluation.json, the nll of each test image) of a run, trained unless it is there."""
    workdir = folder / f"{model}-{seed}"
    command = [sys.executable, "-m", "trainers.train", *MODELS[model], f"--seed={seed}"]
    command += [f"--dataset=npz:{data}", f"--workdir={workdir}", *OPTIONS, *FLAGS.also]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    result = json.loads((workdir / "evaluation.json").read_text())
    return result, np.load(workdir / "evaluation.npz")["nll"]


def main() -> None:
    folder = pathlib.Path(FLAGS.workdir)
    data = folder / "few.npz"
    write_data(data, FLAGS.num_images)
    nll = {}
    for model in MODELS:
        runs = [measured(model, seed, data, folder) for seed in range(FLAGS.num_seeds)]
        nll[model] = np.mean([of_images for _, of_images in runs], axis=0)
        row = {"model": model, "seeds": len(runs)} | mean_and_error("nll_nats", nll[model])
        row |= {"elbo_nats": float(np.mean([result["elbo_nats"] for result, _ in runs]))}
        print(json.dumps(row), flush=True)
    *others, last = MODELS
    for other in others:
        better = mean_and_error("nats", nll[other] - nll[last])
        print(json.dumps({"better_than": other} | better))


def mean_and_error(name, values):
    """The mean over test images, and its standard error."""
    return {
        name: float(values.mean()),
        "stderr": float(values.std(ddof=1) / math.sqrt(len(values))),
    }


if __name__ == "__main__":
    command_line.run(main)
