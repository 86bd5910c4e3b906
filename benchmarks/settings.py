"""How training's defaults do beside other settings: python benchmarks/settings.py --data_dir=DIR

Burda's net of 2x200 on dynamically binarized MNIST, a tenth of training held out, 150 epochs, by
the defaults and by settings around them. One JSON line each, in nats on the images held out, with
its difference to the defaults, image by image, and the standard error of that. A setting that is
done is not trained again, and one that was stopped goes on. (The test split is for the defaults
alone: `trainers.evaluate --run=runs/settings/plain`.)
"""

import json
import pathlib

import numpy as np
from absl import flags

import keras_vae
from keras_vae import command_line, data, evaluation, files, runs, seeds

FLAGS = flags.FLAGS
flags.DEFINE_string("data_dir", None, "where TFDS keeps MNIST")
flags.DEFINE_list("settings", None, "which of them, beside the plain one; default: all")
flags.DEFINE_string("to", "runs/settings", "where the runs are kept")
flags.DEFINE_integer("epochs", 150, "of each", lower_bound=1)
flags.DEFINE_integer("num_samples", 1000, "importance samples of an image", lower_bound=1)

NET = {"hidden": (200, 200), "latent_dim": 50, "activation": "tanh"}
SETTINGS = {
    "plain": {},
    "as before": {"learning_rate": 1e-3, "learning_rate_schedule": "constant", "ema_decay": 0.0},
    "rate 1e-3": {"learning_rate": 1e-3},
    "rate 1.5e-3": {"learning_rate": 1.5e-3},
    "rate 3e-3": {"learning_rate": 3e-3},
    "rate 4e-3": {"learning_rate": 4e-3},
    "constant": {"learning_rate_schedule": "constant"},
    "without an average": {"ema_decay": 0.0},
    "ema 0.9995": {"ema_decay": 0.9995},
    "ema 0.99": {"ema_decay": 0.99},
    "warm-up": {"learning_rate_warmup_epochs": 1.0},
    "clipped": {"clip_norm": 10.0},
    "batches of 64": {"batch_size": 64},
    "batches of 256": {"batch_size": 256, "learning_rate": 4e-3},
    "adamax": {"optimizer": "adamax"},
}


def config_of(name):
    """The config of a setting's run."""
    return keras_vae.recipe(
        "vae",
        dataset="mnist",
        data_dir=FLAGS.data_dir,
        epochs=FLAGS.epochs,
        **NET,
        **SETTINGS[name],
    )


def held_out(name):
    """(nll [N], ELBO [N]) of the images held out, by a setting's run; trained unless it is."""
    folder = pathlib.Path(FLAGS.to) / name.replace(" ", "_")
    file = folder / "held_out.npz"
    if not file.exists():
        run = runs.train(config_of(name), folder, evaluate=False, picture_epochs=0)
        seed = seeds.of_split(0, "validation")
        batches = data.evaluation_batches(
            run.data.validation, batch_size=100, seed=seed, binarization="dynamic"
        )
        found = evaluation.of_examples(run.model, list(batches), FLAGS.num_samples)
        elbo = -found["distortion"] - found["rate"]
        files.write_npz(file, {"nll": found["nll"], "elbo": elbo})
    with np.load(file) as arrays:
        return arrays["nll"], arrays["elbo"]


def main() -> None:
    plain, _ = held_out("plain")
    for name in FLAGS.settings or SETTINGS:
        nll, elbo = held_out(name)
        difference = nll - plain
        row = {
            "setting": name,
            "nll_nats": round(float(nll.mean()), 2),
            "elbo_nats": round(float(elbo.mean()), 2),
            "nll_minus_plain": round(float(difference.mean()), 3),
            "stderr": round(float(difference.std() / len(nll) ** 0.5), 3),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    command_line.run(main)
