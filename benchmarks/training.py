"""Training speed: python benchmarks/training.py

Images per second of trainers.train's own path, and in the same run of plain Keras `fit` and of a
bare compiled loop, with Keras' Adam and with TensorFlow's fused one, all with the same networks and
tfp layers, batch 128: medians of 5 interleaved rounds, one JSON line a row. Of both fits the second
of three epochs is timed: filling a pipeline and setting up a fit are left out. The images are
random bytes: speed doesn't depend on them.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import flags
from trainer_path import trainer_path

from keras_vae import command_line, networks
from keras_vae._compat import tf, tfd, tfk, tfkl, tfpl
from keras_vae.training.xla import prefers_xla

FLAGS = flags.FLAGS
flags.DEFINE_integer("rounds", 5, "rounds, of which the median is taken", lower_bound=1)

BATCH_SIZE, LATENT_DIM, SHAPE = 128, 20, (28, 28, 1)
# Per model: trainers.train's flags, images in an epoch, and the same network bodies.
MODELS = {
    "mlp": (
        ["--network=mlp", "--hidden=400"],
        60_000,
        lambda: (networks.mlp((400,)), networks.mlp((400,))),
    ),
    "conv": (
        ["--network=conv", "--filters=32,64"],
        12_800,
        lambda: (networks.conv_encoder((32, 64)), networks.conv_decoder(SHAPE, (32, 64))),
    ),
}


def images_file(model, folder):
    """Random bytes as the images of an epoch; the flag that names them."""
    images = np.random.default_rng(0).integers(0, 256, (MODELS[model][1], 28, 28), np.uint8)
    np.savez(folder / "images.npz", train_images=images, test_images=images[:1000])
    return f"--dataset=npz:{folder / 'images.npz'}"


def same_layers(model):
    """(encoder, decoder): Sequential models of the same layers, ending in tfp's."""
    encoder_body, decoder_body = MODELS[model][2]()
    encoder = tfk.Sequential(
        [
            encoder_body,
            tfkl.Flatten(),
            tfkl.Dense(2 * LATENT_DIM),
            tfpl.IndependentNormal(LATENT_DIM),
        ]
    )
    last = (
        [tfkl.Dense(28 * 28)]
        if model == "mlp"
        else [tfkl.Conv2D(1, 3, padding="same"), tfkl.Flatten()]
    )
    decoder = tfk.Sequential([decoder_body, *last, tfpl.IndependentBernoulli(SHAPE)])
    return encoder, decoder


def keras_fit(model):
    """A function that trains an epoch by plain Keras `fit` and gives images per second.

    As TFP's own tutorial has it: the KL a regularizer, one step per call, float32 in memory.
    """
    prior = tfd.Independent(tfd.Normal(tf.zeros(LATENT_DIM), 1.0), 1)
    encoder, decoder = same_layers(model)
    encoder.layers[-1].activity_regularizer = tfpl.KLDivergenceRegularizer(prior)
    inputs = tfkl.Input(SHAPE)
    vae = tfk.Model(inputs, decoder(encoder(inputs)))
    vae.compile("adam", loss=lambda x, rv_x: -rv_x.log_prob(x))
    x = _binary(MODELS[model][1] // BATCH_SIZE * BATCH_SIZE)
    vae.fit(x[: 4 * BATCH_SIZE], x[: 4 * BATCH_SIZE], batch_size=BATCH_SIZE, verbose=0)

    def round_():
        begins = []
        clock = tfk.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: begins.append(time.perf_counter())
        )
        vae.fit(x, x, batch_size=BATCH_SIZE, epochs=3, verbose=0, callbacks=[clock])
        return len(x) / (begins[2] - begins[1])

    return round_


def keras_adam(variables):
    """Keras' Adam: a function of gradients that makes a step."""
    optimizer = tfk.optimizers.Adam()
    optimizer.build(variables)
    return lambda gradients: optimizer.apply_gradients(zip(gradients, variables, strict=True))


def fused_adam(variables):
    """The same by TensorFlow's one kernel a variable, and nothing around it."""
    moments = [[tf.Variable(tf.zeros_like(v)) for _ in range(2)] for v in variables]
    step = tf.Variable(0.0)

    def apply(gradients):
        step.assign_add(1.0)
        powers = tf.pow(0.9, step), tf.pow(0.999, step)
        for variable, (m, v), gradient in zip(variables, moments, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=1e-3,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-7,
                grad=gradient,
            )

    return apply


def bare_loop(model, adam):
    """A function that trains an epoch by one tf.function and gives images per second.

    XLA compiles the loop as a whole where that is faster; noise is drawn outside.

    Args:
      model: of MODELS.
      adam: `keras_adam` or `fused_adam`.
    """
    prior = tfd.Independent(tfd.Normal(tf.zeros(LATENT_DIM), 1.0), 1)
    encoder, decoder = same_layers(model)
    steps = MODELS[model][1] // BATCH_SIZE
    x = tf.reshape(tf.constant(_binary(steps * BATCH_SIZE)), [steps, BATCH_SIZE, *SHAPE])
    q = encoder(x[0])
    decoder(q.mean())
    variables = encoder.trainable_variables + decoder.trainable_variables
    apply = adam(variables)

    @tf.function(jit_compile=prefers_xla(tfk.Sequential([encoder, decoder])))
    def epoch(x, noise):
        total = 0.0
        for i in tf.range(steps):
            with tf.GradientTape() as tape:
                q = encoder(x[i])
                z = q.mean() + q.stddev() * noise[i]
                loss = tf.reduce_mean(tfd.kl_divergence(q, prior) - decoder(z).log_prob(x[i]))
            apply(tape.gradient(loss, variables))
            total += loss
        return total

    def draw():
        return tf.random.normal([steps, BATCH_SIZE, LATENT_DIM])

    epoch(x, draw())

    def round_():
        start = time.perf_counter()
        float(epoch(x, draw()))
        return steps * BATCH_SIZE / (time.perf_counter() - start)

    return round_


def first_steps():
    """Seconds from the start of the process to an epoch of one step, saved, by model.

    Of the MLP on digits, and of a ladder of 20 layers of maps on colour images.
    """
    images = np.random.default_rng(0).integers(0, 256, (32, 32, 32, 3), np.uint8)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        np.savez(folder / "images.npz", train_images=images, test_images=images)
        models = {
            "mlp": ["--hidden=400", "--batch_size=1439"],
            "ladder of 20 layers": [
                f"--dataset=npz:{folder / 'images.npz'}",
                "--validation_size=0",
                "--recipe=deep",
                "--stages=16x8,8x6,4x3,1x3",
                "--batch_size=32",
            ],
        }
        for name, arguments in models.items():
            command = [sys.executable, "-m", "trainers.train", "--epochs=1", "--evaluate=false"]
            start = time.perf_counter()
            subprocess.run(
                [*command, f"--workdir={folder / name}", *arguments],
                check=True,
                capture_output=True,
            )
            yield name, time.perf_counter() - start


def _binary(n):
    return np.random.default_rng(0).integers(0, 2, (n, *SHAPE)).astype(np.float32)


def main() -> None:
    for name, seconds in first_steps():
        print(json.dumps({"model": name, "seconds_to_first_step": round(seconds, 1)}), flush=True)
    for model in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            paths = {
                "trainers.train": trainer_path(
                    [
                        images_file(model, pathlib.Path(folder)),
                        "--validation_size=0",
                        f"--latent_dim={LATENT_DIM}",
                        *MODELS[model][0],
                    ],
                    pathlib.Path(folder),
                ),
                "keras_fit": keras_fit(model),
                "bare_loop": bare_loop(model, keras_adam),
                "bare_loop_fused_adam": bare_loop(model, fused_adam),
            }
            for path in paths.values():
                path()  # Compiles.
            speeds = {name: [] for name in paths}
            for _ in range(FLAGS.rounds):
                for name, path in paths.items():
                    speeds[name].append(path())
        medians = {name: statistics.median(s) for name, s in speeds.items()}
        for name, median in medians.items():
            row = {
                "model": model,
                "path": name,
                "images_per_second": round(median),
                "ratio_to_keras_fit": round(median / medians["keras_fit"], 3),
            }
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    command_line.run(main)
