"""How the files beside this one were made: python -m tests.golden.make, at commit 327add4.

They stand for all files that users have, so they are never made anew: what is new gets a file
beside them. Each run has trained 2 epochs of 2 steps; `expected.json` says what each file gave.
bayesian_weights.keras is of 4f9dc36, whose decoders are all `Decoder`, and was zipped again.
"""

import functools
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np

import keras_vae
from export import saved_model, tflite
from keras_vae import likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfk, tfkl
from keras_vae.networks.bayesian import BayesianDense
from keras_vae.runs.run_data import first_examples, load_config_and_data

HERE = pathlib.Path("tests/golden")
COMMON = (
    "--batch_size=600 --epochs=2 --optimizer=sgd --learning_rate=1e-3 "
    "--learning_rate_schedule=constant --beta_schedule=constant --beta_warmup_epochs=0 "
    "--jit_compile=false --tensorboard=false --picture_epochs=0 --evaluate=false"
)
# Each run by its flags, and the formats of its export.
RUNS = {
    "single": (
        "--recipe=vae --hidden=8 --latent_dim=3 --likelihood=continuous_bernoulli --ema_decay=0.9",
        "tflite",
    ),
    "autoencoder": ("--recipe=ae --hidden=8 --latent_dim=3 --prior_components=3", "tflite"),
    "principal_components": ("--recipe=pca --latent_dim=3 --prior=none", "savedmodel"),
    "bottom_up": ("--recipe=hvae --hidden=8,6 --latent_dims=3,2", "tflite"),
    "ladder": ("--recipe=ladder --hidden=8,6,4 --latent_dims=3,2,2", "tflite"),
    "sequence": (
        "--recipe=sequence --hidden=8 --latent_dim=3 --objective=sgvb --latent_samples=1",
        "tflite",
    ),
    # Bytes of 0..3 with labels, which counted as 4 of 256 levels.
    "few_levels": (
        "--recipe=cvae --dataset=npz:tests/golden/few_levels.npz --batch_size=20 "
        "--hidden=8 --latent_dim=3 --likelihood=discretized_logistic",
        None,
    ),
}


def main():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    images = rng.integers(0, 2, (60, 6, 5), np.uint8) + labels[:, None, None].astype(np.uint8)
    images[:, 0, 0] = 3
    np.savez_compressed(HERE / "few_levels.npz", x=np.minimum(images, 3), x_labels=labels)
    expected = {}
    for name, (flags, formats) in RUNS.items():
        run = HERE / name / "run"
        command("trainers.train", *COMMON.split(), *flags.split(), f"--workdir={run}")
        if name != "single":  # The best weights are the last ones, and files here are to be few.
            shutil.rmtree(run / "checkpoints" / "best")
        if formats:
            export = f"--out={HERE / name / 'export'}", f"--formats={formats}", "--batch_sizes=1"
            command("export.export", f"--run={run}", *export)
        model = keras_vae.load(run)
        model.save(HERE / name / "model.keras")
        config, dataset = load_config_and_data(run)
        batch = first_examples(config, dataset, 4)
        expected[name] = numbers(model, batch) | resumed(run)
        if formats:
            expected[name] |= exported(HERE / name / "export", batch)
    functional = with_tensor_functions()
    functional.save(HERE / "tensor_functions.keras")
    x = np.random.default_rng(1).uniform(size=(4, 8, 8, 1)).astype(np.float32)
    expected["tensor_functions"] = {"elbo": elbo(functional, x), **samples(functional, None)}
    bayesian = with_bayesian_weights()
    bayesian.save(HERE / "bayesian_weights.keras")
    expected["bayesian_weights"] = of_bayesian_weights(bayesian)
    (HERE / "expected.json").write_text(json.dumps(expected) + "\n")


def command(module, *arguments):
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


def elbo(model, x, condition=None):
    """[B], from noise by a fixed seed."""
    noise = model.draw_noise([0, 1], 1, len(x))
    return model.terms(x, noise, condition).elbo_nats.numpy().tolist()


def samples(model, condition):
    """Of the mean, 2 images with all their pixels in a row."""
    return {"sample": model.sample(2, seed=1, condition=condition).numpy().ravel().tolist()}


def numbers(model, batch):
    condition = None if batch.condition is None else batch.condition[:2]
    found = {} if model.prior is None else samples(model, condition)
    if not model.has_bound:
        return found | {"code": model.code(batch.x).numpy().ravel().tolist()}
    found |= {"elbo": elbo(model, batch.x, batch.condition)}
    nll = -model.log_likelihood(np.float32(batch.x) / scale(batch.x), 5, condition=batch.condition)
    return found | {"nll": nll.numpy().tolist()}


def scale(x):
    return 255.0 if x.dtype == np.uint8 else 1.0


def exported(folder, batch):
    """What the signature sample gives."""
    is_lite = (folder / "generator.tflite").exists()
    path = folder / ("generator.tflite" if is_lite else "saved_model")
    signatures = (tflite if is_lite else saved_model).load_signatures(path)
    given = {} if batch.condition is None else {"condition": np.int32(batch.condition[:1])}
    if "sample_1" in signatures:
        found = signatures["sample_1"](seed=np.array([[1, 2]], np.int32), **given)
    else:
        found = signatures["decode_1"](z=np.array([[0.5, -1.0, 2.0]], np.float32))
    return {"exported": {name: np.ravel(value).tolist() for name, value in found.items()}}


def resumed(run):
    """The last row of metrics of a copy that trains one epoch more, and its evaluation."""
    copy = HERE / "copy"
    shutil.copytree(run, copy)
    command("trainers.train", f"--flagfile={run / 'flags.txt'}", "--epochs=3", f"--workdir={copy}")
    command("trainers.evaluate", f"--run={copy}", "--num_samples=5")
    row = last_row(copy)
    evaluation = json.loads((copy / "evaluation.json").read_text())
    shutil.rmtree(copy)
    return {
        "resumed": {key: row[key] for key in ("loss", "distortion", "val_loss")},
        "evaluation": {
            key: evaluation[key] for key in ("nll_nats", "elbo_nats", "distortion_nats")
        },
    }


def last_row(run):
    """The last row of metrics.csv."""
    header, *_, last = (run / "metrics.csv").read_text().splitlines()
    return {k: float(v) for k, v in zip(header.split(","), last.split(","), strict=True) if v}


def with_tensor_functions():
    """A body of the user's with tensor functions, which Keras writes as TFOpLambda layers."""
    tfk.utils.set_random_seed(0)
    x = tfk.Input((8, 8, 1))
    h = tfkl.Dense(6)(tfkl.Flatten()(2.0 * x - 1.0))
    encoder = tfk.Model(x, h + tf.nn.relu(h))
    return keras_vae.VAE(
        keras_vae.Encoder(encoder, posteriors.DiagonalNormal(2)),
        keras_vae.Decoder(
            networks.mlp((6,)),
            likelihoods.ContinuousBernoulli((8, 8, 1)),
        ),
        priors.StandardNormal(2),
    )


def with_bayesian_weights():
    """Hidden layer and projection have weights with a distribution, moved from where they begin."""
    tfk.utils.set_random_seed(0)
    dense = functools.partial(BayesianDense, num_examples=100)
    model = keras_vae.VAE(
        keras_vae.Encoder(networks.mlp((6,)), posteriors.DiagonalNormal(2)),
        keras_vae.Decoder(
            networks.mlp((5,), dense=dense), likelihoods.LearnedScaleNormal((4, 3, 1)), dense(12)
        ),
        priors.StandardNormal(2),
    )
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign_add(0.3 * rng.normal(size=weight.shape))
    return model


def of_bayesian_weights(model):
    x = np.random.default_rng(1).normal(size=(4, 4, 3, 1)).astype(np.float32)
    noise = model.draw_noise([0, 1], 1, len(x))
    return {
        "elbo": elbo(model, x),
        "elbo of all weights drawn": model.terms(x, noise, draw_all=True)
        .elbo_nats.numpy()
        .tolist(),
        "nll": (-model.log_likelihood(x, 5)).numpy().tolist(),
        "sample": samples(model, None)["sample"],
    }


if __name__ == "__main__":
    main()
