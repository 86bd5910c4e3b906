"""Speed of the ladder of convolutions: python benchmarks/deep.py --torch=../torch/bin/python

Images per second of trainers.train's own path with recipe deep on images of 32x32, and in the same
run of the same net in PyTorch (deep_torch.py), eager and compiled, in both layouts of memory:
medians of interleaved rounds, one JSON line a row, and the largest memory that the training's
process took. The images are random bytes: speed doesn't depend on them. PyTorch has an environment
of its own:

    python -m venv ../torch && ../torch/bin/pip install -r benchmarks/deep_torch.txt
"""

import itertools
import json
import pathlib
import resource
import statistics
import subprocess
import tempfile

import numpy as np
from absl import flags
from trainer_path import trainer_path

from keras_vae import command_line

FLAGS = flags.FLAGS
flags.DEFINE_string("torch", None, "a Python that has PyTorch; without it trainers.train alone")
flags.DEFINE_integer("rounds", 3, "rounds, of which the median is taken", lower_bound=1)
flags.DEFINE_integer("steps", 40, "steps in a round", lower_bound=1)
flags.DEFINE_string("net", "16x4,8x3,4x2,1x1", "stages, as trainers.train takes them")

WIDTH, LATENT_CHANNELS, COMPONENTS, BATCH_SIZE = 64, 8, 5, 32


def of_trainer(folder: pathlib.Path):
    """A function that trains some steps and gives images per second."""
    shape = FLAGS.steps * BATCH_SIZE, 32, 32, 3
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    np.savez(folder / "images.npz", train_images=images, test_images=images[:64])
    return trainer_path(
        [
            f"--dataset=npz:{folder / 'images.npz'}",
            "--validation_size=0",
            "--recipe=deep",
            "--ema_decay=0.999",
            f"--stages={FLAGS.net}",
            f"--width={WIDTH}",
            f"--latent_channels={LATENT_CHANNELS}",
            f"--likelihood_components={COMPONENTS}",
            f"--batch_size={BATCH_SIZE}",
        ],
        folder,
    )


class Torch:
    """The same net in a process of its own, by a layout and a mode."""

    def __init__(self, layout: str, mode: str):
        numbers = map(str, (WIDTH, LATENT_CHANNELS, COMPONENTS, BATCH_SIZE))
        script = pathlib.Path(__file__).with_name("deep_torch.py")
        self._process = subprocess.Popen(
            [FLAGS.torch, script, FLAGS.net, *numbers, layout, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.num_weights = int(self._process.stdout.readline())

    def __call__(self):
        print(FLAGS.steps, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = {"trainers.train": of_trainer(pathlib.Path(folder))}
        if FLAGS.torch:
            for layout, mode in itertools.product(
                ("contiguous_format", "channels_last"), ("eager", "compiled")
            ):
                paths[f"torch, {mode}, {layout}"] = Torch(layout, mode)
        speeds = {name: [] for name in paths}
        for _ in range(1 + FLAGS.rounds):
            for name, path in paths.items():
                speeds[name].append(path())
    medians = {name: statistics.median(s[1:]) for name, s in speeds.items()}  # The first compiles.
    best_of_torch = max([m for name, m in medians.items() if "torch" in name], default=None)
    for name, median in medians.items():
        row = {"path": name, "images_per_second": round(median, 1)}
        if best_of_torch:
            row["ratio_to_the_best_of_torch"] = round(median / best_of_torch, 3)
        if name == "trainers.train":
            kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            row["largest_memory_gib"] = round(kib / 2**20, 2)
        else:
            row["weights"] = paths[name].num_weights
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    command_line.run(main)
