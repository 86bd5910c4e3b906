"""What a latent is worth in music: python benchmarks/music.py --run=runs/music

Negative log-likelihoods of the test windows, in nats per step, one JSON line a model: of an order-1
Markov chain; of a plain GRU, the run's own decoder without latents, trained as the run was; and of
the run, from its evaluation.json. All go through the voices of a step in the same order.
"""

import json
import math
import pathlib

import numpy as np
from absl import flags

from keras_vae import VAE, command_line, objectives, priors
from keras_vae._compat import tfk
from keras_vae.autoregressive import AutoregressiveDecoder
from keras_vae.build import build
from keras_vae.config import Config
from keras_vae.encoder import PriorEncoder
from keras_vae.networks import DropFirst
from keras_vae.runs import loading, run_data

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "directory of a music run that has been measured", required=True)
flags.DEFINE_integer("epochs", None, "of the GRU; default: the run's", lower_bound=1)

SMOOTHINGS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def levels_of(images):
    """Whole numbers [N, T, V]."""
    return np.round(images.array[..., 0] * (images.levels - 1)).astype(int)


class MarkovChain:
    """p(level of a voice|its level one step before and, `in_chords`, that of the voice before it).

    Args:
      windows: levels [N, T, V] to count.
      levels: how many there are.
      in_chords: see above.
      smoothing: what each count starts with.
    """

    def __init__(self, windows, levels, in_chords, smoothing):
        self.levels, self.in_chords, self.smoothing = levels, in_chords, smoothing
        shape = (windows.shape[-1], levels + 1, levels + 1, levels)
        counts = np.full(shape if in_chords else (*shape[:2], 1, levels), float(smoothing))
        np.add.at(counts, self._cells(windows), 1.0)
        self.log_probs = np.log(counts / counts.sum(axis=-1, keepdims=True))

    def nats(self, windows):
        """-log p of each window [N]."""
        return -self.log_probs[self._cells(windows)].sum(axis=(1, 2))

    def _cells(self, x):
        """Voice, level before, level of the voice before (a level of its own where there is none),
        level; each [N, T, V]."""
        voice = np.broadcast_to(np.arange(x.shape[-1]), x.shape)
        before = np.pad(x, [(0, 0), (1, 0), (0, 0)], constant_values=self.levels)[:, :-1]
        beside = np.pad(x, [(0, 0), (0, 0), (1, 0)], constant_values=self.levels)[:, :, :-1]
        return voice, before, beside if self.in_chords else np.zeros_like(x), x


def markov_chain(dataset):
    """The chain that is best on the validation windows."""
    train, validation = levels_of(dataset.train), levels_of(dataset.validation)
    chains = [
        MarkovChain(train, dataset.train.levels, in_chords, smoothing)
        for in_chords in (False, True)
        for smoothing in SMOOTHINGS
    ]
    return min(chains, key=lambda chain: chain.nats(validation).mean())


class KeepBest(tfk.callbacks.Callback):
    """Ends training with the weights of the best validation bound, as a run does."""

    best, weights = -math.inf, None

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_elbo_nats"] > self.best:
            self.best = logs["val_elbo_nats"]
            with self.model.evaluation_weights():
                self.weights = self.model.get_weights()

    def on_train_end(self, logs=None):
        self.model.set_weights(self.weights)


def plain_gru(config, dataset, epochs):
    """The run's decoder without latents, trained on the same windows in the same way."""
    model, training = config.model, config.training
    steps = dataset.train.num_examples // training.batch_size
    built = build(config, steps_per_epoch=steps)
    decoder = AutoregressiveDecoder(DropFirst(1), built.decoder.likelihood, model.hidden[0])
    gru = VAE(PriorEncoder(), decoder, priors.StandardNormal(1), seed=training.seed)
    gru.compile(
        built.optimizer,
        # The decoder doesn't see the latent, so the bound of one sample is log p(x).
        objectives.ImportanceWeighted(1),
        ema_decay=training.ema_decay or None,
    )
    gru.fit(
        dataset.train.array,
        batch_size=training.batch_size,
        epochs=epochs,
        validation_data=dataset.validation.array,
        callbacks=[KeepBest()],
        verbose=2,
    )
    return gru


def row(name, nats, num_steps):
    nats = np.asarray(nats, np.float64)
    error = nats.std(ddof=1) / math.sqrt(len(nats)) / num_steps
    per_step = nats.mean() / num_steps
    print(json.dumps({"model": name, "nats_per_step": per_step, "stderr": error}), flush=True)
    return per_step


def main() -> None:
    path = pathlib.Path(FLAGS.run)
    with command_line.checking_input():
        config = Config.from_dict(loading.read_config_json(path)["config"])
        if config.model.decoder != "autoregressive":
            raise ValueError(f"run={path} must be one with decoder=autoregressive (recipe=music).")
        if not (path / "evaluation.json").is_file():
            raise ValueError(f"run={path} has no evaluation.json. Run trainers.evaluate on it.")
        dataset = run_data.load_data(config)
    evaluation = json.loads((path / "evaluation.json").read_text())
    num_steps = config.model.event_shape[0]
    test = levels_of(dataset.test)
    chain = markov_chain(dataset)
    name = f"order-1 Markov chain, in_chords={chain.in_chords}, smoothing={chain.smoothing}"
    markov = row(name, chain.nats(test), num_steps)
    gru = plain_gru(config, dataset, FLAGS.epochs or config.training.epochs)
    nats = -np.concatenate(
        [gru.log_likelihood(x, 1) for x in np.array_split(dataset.test.array, 8)]
    )
    gru = row("plain GRU", nats, num_steps)
    run = evaluation["nll_nats"] / num_steps
    found = {
        "model": str(path),
        "nats_per_step": run,
        "stderr": evaluation["nll_stderr"] / num_steps,
        "importance_samples": evaluation["num_samples"],
        "below_markov_chain": bool(run < markov),
        "ratio_to_gru": run / gru,
        "rate_nats": evaluation["rate_nats"],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    command_line.run(main)
