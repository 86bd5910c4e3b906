"""Gaps of breast cancer's measurements, filled: python benchmarks/breast_cancer.py

569 rows of 30 numbers (scikit-learn), standardised. Half of the cells are missing completely at
random; models are fitted to the same rows that they fill (the protocol of Mattei & Frellsen 2019,
MIWAE). One JSON line for each way to fill: the mean squared error of missing cells, its mean and
standard error over masks; then how many missing cells lie within 90% intervals of 200 draws.
"""

import json
import math
import pathlib

import numpy as np
import pandas
from absl import flags
from sklearn.datasets import load_breast_cancer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

import keras_vae
from keras_vae import command_line, runs

FLAGS = flags.FLAGS
flags.DEFINE_string("workdir", "runs/breast_cancer", "the folder of data and runs")
flags.DEFINE_integer("num_masks", 5, "masks, and trainings", lower_bound=1)
flags.DEFINE_integer("epochs", 2000, "of each training", lower_bound=1)
flags.DEFINE_integer("num_samples", 10_000, "importance samples of each row", lower_bound=1)

# As in MIWAE's own notebook, but for the batch.
OPTIONS = {
    "objective": "importance_weighted",
    "latent_samples": 20,
    "latent_dim": 10,
    "hidden": (128, 128),
    "batch_size": 64,
    "validation_size": 0,
}
NUM_DRAWS = 200
RIVALS = {
    "mean": lambda seed: SimpleImputer(),
    "k-NN": lambda seed: KNNImputer(n_neighbors=10),
    "iterative": lambda seed: IterativeImputer(max_iter=20, random_state=seed),
}


def filled(table, known, seed, folder):
    """(cells filled [N, D], 200 draws [K, N, D]) by a run that is trained unless it is there."""
    frame = pandas.DataFrame(np.where(known, table, np.nan)).add_prefix("c")
    file = folder / f"{seed}.csv"
    frame.to_csv(file, index=False)
    kinds = [{"name": c, "kind": "number", "likelihood": "student_t"} for c in frame]
    (folder / "columns.json").write_text(json.dumps({"columns": kinds}))
    config = keras_vae.recipe(
        "table",
        dataset=f"csv:{file}",
        test_data=f"csv:{file}",
        schema=str(folder / "columns.json"),
        epochs=FLAGS.epochs,
        early_stopping=None,
        seed=seed,
        **OPTIONS,
    )
    run = runs.train(config, folder / str(seed), evaluate=False, tensorboard=False)
    split, schema = run.data.train, run.model.modality.schema
    means, draws = [], []
    for rows in np.array_split(np.arange(len(table)), 12):
        found = run.model.impute(
            split.array[rows], split.mask[rows], FLAGS.num_samples, NUM_DRAWS, seed
        )
        means.append(schema.decode(found.mean.numpy()).to_numpy())
        draws.append(np.stack([schema.decode(x).to_numpy() for x in found.draws.numpy()]))
    return np.concatenate(means), np.concatenate(draws, axis=1)


def main() -> None:
    folder = pathlib.Path(FLAGS.workdir)
    folder.mkdir(parents=True, exist_ok=True)
    table = load_breast_cancer().data
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    errors, held = {name: [] for name in ("table", *RIVALS)}, []
    for seed in range(FLAGS.num_masks):
        known = np.random.default_rng(seed).uniform(size=table.shape) < 0.5
        mean, draws = filled(table, known, seed, folder)
        found = {"table": mean}
        gaps = np.where(known, table, np.nan)
        found |= {name: make(seed).fit_transform(gaps) for name, make in RIVALS.items()}
        for name, x in found.items():
            errors[name].append(np.mean((x - table)[~known] ** 2))
        low, high = np.quantile(draws, [0.05, 0.95], axis=0)
        held.append(np.mean(((low <= table) & (table <= high))[~known]))
    for name, values in errors.items():
        print(json.dumps({"filled_by": name} | mean_and_error("mean_squared_error", values)))
    print(json.dumps({"intervals": 0.9} | mean_and_error("held", held)))


def mean_and_error(name, values):
    """The mean over masks, and its standard error, null of one mask."""
    n = len(values)
    error = float(np.std(values, ddof=1) / math.sqrt(n)) if n > 1 else None
    return {name: float(np.mean(values)), "stderr": error, "masks": n}


if __name__ == "__main__":
    command_line.run(main)
