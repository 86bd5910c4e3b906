"""Where noise is drawn: python benchmarks/noise.py

First what normal numbers cost inside XLA and outside, and how many of them are the same. Then steps
per second of models with ever more latents, in blocks of 10 steps of 128 images, with the noise
drawn in the pipeline and in the step: medians of interleaved rounds in one run, a JSON line a row.
"""

import json
import statistics
import time

import numpy as np
from absl import flags

import keras_vae
from keras_vae import command_line, data
from keras_vae._compat import tf
from keras_vae.training import feeding

FLAGS = flags.FLAGS
flags.DEFINE_integer("rounds", 5, "rounds, of which the median is taken", lower_bound=1)

BATCH_SIZE, STEPS, BLOCKS = 128, 10, 4
MODELS = {
    "mlp, XLA": ({"network": "mlp", "hidden": (400,)}, True, (20, 200, 2000)),
    "conv, no XLA": ({"network": "conv", "filters": (32, 64)}, False, (20,)),
}


def of_normal_numbers(size: int) -> dict:
    """Milliseconds that a draw of [128, size] takes, and the share of equal numbers."""
    draw = lambda seed: tf.random.stateless_normal([BATCH_SIZE, size], seed)  # noqa: E731
    outside, inside = tf.function(draw), tf.function(draw, jit_compile=True)
    found = {"normal_numbers": BATCH_SIZE * size}
    for name, function in {"tensorflow": outside, "xla": inside}.items():
        seconds = []
        for i in range(1 + FLAGS.rounds):
            start = time.perf_counter()
            function(tf.constant([0, i])).numpy()
            seconds.append(time.perf_counter() - start)
        found[f"{name}_ms"] = round(1000 * statistics.median(seconds[1:]), 3)
    seed = tf.constant([0, 0])
    return found | {"equal": float(np.mean(outside(seed) == inside(seed)))}


def steps_per_second(model, split, noise: str) -> float:
    """Steps per second over BLOCKS blocks; one block before them fills the pipeline."""
    blocks = feeding.training_blocks(
        model,
        split,
        batch_size=BATCH_SIZE,
        steps_per_block=STEPS,
        epochs=BLOCKS + 2,
        binarization="none",
        noise=noise,
    )
    feed, run = iter(blocks), model.make_train_function()
    run(feed)["loss"].numpy()
    start = time.perf_counter()
    for _ in range(BLOCKS):
        logs = run(feed)
    logs["loss"].numpy()
    return BLOCKS * STEPS / (time.perf_counter() - start)


def main() -> None:
    for size in (20, 2000):
        print(json.dumps(of_normal_numbers(size)), flush=True)
    images = np.random.default_rng(0).integers(0, 2, (BATCH_SIZE * STEPS, 28, 28, 1)).astype(bool)
    split = data.InMemory(images, levels=2)
    for name, (options, jit_compile, sizes) in MODELS.items():
        for size in sizes:
            config = keras_vae.recipe("vae", event_shape=split.shape, latent_dim=size, **options)
            model = keras_vae.build(config, steps_per_epoch=STEPS, jit_compile=jit_compile)
            found = {"pipeline": [], "step": []}
            for _ in range(1 + FLAGS.rounds):
                for noise, speeds in found.items():
                    speeds.append(steps_per_second(model, split, noise))
            medians = {noise: statistics.median(speeds[1:]) for noise, speeds in found.items()}
            row = {
                "model": name,
                "noise_bytes_a_step": 4 * BATCH_SIZE * size,
                "steps_per_second": {noise: round(s, 1) for noise, s in medians.items()},
                "step_to_pipeline": round(medians["step"] / medians["pipeline"], 3),
            }
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    command_line.run(main)
