"""Networks in bfloat16 beside networks in float32: python benchmarks/dtype_policy.py

Of three models, images per second of trainers.train's own path by each policy: medians of rounds in
which both take turns, on random bytes. Then the ELBO after as many steps by each policy, from the
same initial weights on the same batches, in bits of a value: on images that were held out, measured
in float32, with the difference image by image. One JSON line a row. Of scikit-learn's digits, and
of CIFAR-10 where --cifar10 says where TFDS keeps it.
"""

import json
import math
import pathlib
import statistics
import tempfile

import numpy as np
from absl import flags
from trainer_path import trainer_path

import keras_vae
from keras_vae import command_line, data, evaluation
from keras_vae._compat import HAS_BFLOAT16

FLAGS = flags.FLAGS
flags.DEFINE_integer("rounds", 3, "rounds, of which the median is taken; 0: none", lower_bound=0)
flags.DEFINE_string("cifar10", None, "where TFDS keeps CIFAR-10; without it, digits alone")
flags.DEFINE_list("seeds", ["0"], "seeds of the trainings whose ELBO is measured")
flags.DEFINE_integer("steps", 300, "steps before the ELBO is measured; 0: none", lower_bound=0)

POLICIES = ("float32", "mixed_bfloat16")
# Per model: the shape of its images, how many make an epoch, trainers.train's flags.
MODELS = {
    "mlp": ((28, 28), 12_800, ["--network=mlp", "--hidden=400", "--recipe=vae"]),
    "conv": ((28, 28), 1_280, ["--network=conv", "--filters=32,64", "--recipe=vae"]),
    "deep": ((32, 32, 3), 128, ["--recipe=deep", "--stages=16x2,8x2,4x1", "--batch_size=32"]),
}
# Per data set: the recipe, and options.
NETS = {
    "digits": ("vae", {"likelihood": "categorical", "hidden": (200,), "batch_size": 64}),
    "cifar10": (
        "deep",
        {"stages": ("8x2", "4x1"), "width": 32, "likelihood_components": 3, "batch_size": 16},
    ),
}
HELD_OUT = 300  # images


def speeds(model: str) -> dict:
    """Images per second by policy."""
    shape, number, arguments = MODELS[model]
    images = np.random.default_rng(0).integers(0, 256, (number, *shape), np.uint8)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        np.savez(folder / "images.npz", train_images=images, test_images=images[:64])
        given = [f"--dataset=npz:{folder / 'images.npz'}", "--validation_size=0", *arguments]
        paths = {p: trainer_path([*given, f"--dtype_policy={p}"], folder / p) for p in POLICIES}
        found = {policy: [] for policy in POLICIES}
        for _ in range(1 + FLAGS.rounds):
            for policy, path in paths.items():
                found[policy].append(path())
    return {policy: statistics.median(f[1:]) for policy, f in found.items()}  # The first compiles.


def elbo_bits(name: str, dataset: data.Dataset, policy: str, seed: int) -> np.ndarray:
    """The ELBO of each image held out, in bits per dimension, after FLAGS.steps steps."""
    recipe, options = NETS[name]
    config = keras_vae.recipe(recipe, dtype_policy=policy, seed=seed, **options)
    vae = keras_vae.build(config, data=dataset)
    wanted = FLAGS.steps * options["batch_size"]
    images = data.InMemory(dataset.train.array[:wanted], levels=dataset.train.levels)
    epochs = round(wanted / images.num_examples)
    vae.fit(images, batch_size=options["batch_size"], epochs=epochs, verbose=0)
    held_out = data.InMemory(dataset.test.array[:HELD_OUT], levels=dataset.test.levels)
    batches = data.evaluation_batches(held_out, batch_size=50, seed=0, binarization="none")
    found = evaluation.of_examples(vae.in_float32(), list(batches), num_samples=1)
    return -(found["distortion"] + found["rate"]) / math.log(2) / math.prod(images.shape)


def main() -> None:
    folders = {"digits": None} | ({"cifar10": FLAGS.cifar10} if FLAGS.cifar10 else {})
    for model in MODELS if FLAGS.rounds else ():
        found = speeds(model)
        row = {
            "model": model,
            "images_per_second": {policy: round(speed, 1) for policy, speed in found.items()},
            "ratio_to_float32": round(found["mixed_bfloat16"] / found["float32"], 3),
            "cpu_has_bfloat16": HAS_BFLOAT16,
        }
        print(json.dumps(row), flush=True)
    for name, folder in folders.items() if FLAGS.steps else ():
        dataset = data.load(name, data_dir=folder)
        for seed in map(int, FLAGS.seeds):
            float32, mixed = (elbo_bits(name, dataset, policy, seed) for policy in POLICIES)
            row = {
                "images": name,
                "seed": seed,
                "elbo_bits_per_dim": {"float32": mean(float32), "mixed_bfloat16": mean(mixed)},
                "mixed_minus_float32": mean(mixed - float32),
                "stderr": round(float(np.std(mixed - float32) / len(mixed) ** 0.5), 4),
            }
            print(json.dumps(row), flush=True)


def mean(values: np.ndarray) -> float:
    return round(float(np.mean(values)), 4)


if __name__ == "__main__":
    command_line.run(main)
