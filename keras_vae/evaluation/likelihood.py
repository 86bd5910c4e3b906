"""Likelihood of a data split: the ELBO's parts and the importance-weighted bound."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from keras_vae import seeds
from keras_vae._compat import TensorLike
from keras_vae.batches import Batch
from keras_vae.evaluation.standard_errors import stderr
from keras_vae.inference.importance import ImportanceSampler
from keras_vae.likelihoods import Likelihood
from keras_vae.likelihoods.bits import bits_per_dim
from keras_vae.networks.bayesian import weight_kl
from keras_vae.seeds import Site
from keras_vae.vae import VAE

# The width of the proposal is chosen on the first batch, by samples of each of its examples.
_LEAST_FITTED = 100  # samples; by fewer the width can't be told
_MOST_FITTED = 1000  # samples; by more the choice would cost more than the estimate itself
_PASSES = 12  # passes over these samples that the choice takes, about
_LEAST_SPREAD = 10  # importance samples by which the spread of the weights can be told
_LEAST_EFFECTIVE = 5  # of them that must carry weight for it
_FEWER_OF_MAPS = 50  # times fewer importance samples of latents in layers of maps


def num_samples_of(layers_of_maps: bool, wanted: int | None = None, usual: int = 5000) -> int:
    """k, importance samples per example: as many as are wanted; if None, the usual number.

    For latents in layers of maps it is a 50th of it: each sample takes long, and thousands of them
    hardly tighten the bound of thousands of latents.
    """
    if wanted is not None:
        return wanted
    return usual // _FEWER_OF_MAPS if layers_of_maps else usual


def likelihood(
    vae: VAE, batches: Collection[Batch], num_samples: int | None = None, seed: int = 0
) -> dict[str, Any]:
    """Measures -log p(x) over all examples; beta = 1 and the true bound, whatever was trained.

    Args:
      vae: a VAE.
      batches: list or finite set of Batch (x [B, ...]); its noise isn't used.
      num_samples: k, importance samples per example; None for 5000, or 100 where latents are in
        layers of maps.
      seed: of the samples.

    Returns:
      What `summarize` makes of `of_examples`.
    """
    num_samples = num_samples_of(vae.has_layers_of_maps, num_samples)
    return summarize(vae, of_examples(vae, batches, num_samples, seed), num_samples, seed)


def of_examples(
    vae: VAE,
    batches: Collection[Batch],
    num_samples: int | None = None,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> dict[str, np.ndarray]:
    """-log p(x) and the parts of the ELBO for each example; arguments are as in `likelihood`.

    Args:
      progress: None, or a function that gets the number of batches done after each.

    Returns:
      dict of arrays [N], in nats: `nll`, an upper bound on -log p(x) in expectation;
      `effective_sample_size` of the k samples; `distortion`, `rate`, and the rate's parts `kl`
      [N, G], each a latent's or a stochastic layer's. Autoencoders have `distortion` alone. Where
      batches have masks, all are of the known values, and `num_known` is how many these are.
    """
    num_samples = num_samples_of(vae.has_layers_of_maps, num_samples)
    if num_samples < 1:
        raise ValueError(f"num_samples must be at least 1, got {num_samples}.")
    measure = _importance(vae, batches, num_samples, seed) if vae.has_bound else _distortion(vae)
    columns = []
    for i, batch in enumerate(batches):
        known = {} if batch.mask is None else {"num_known": num_known(batch.mask)}
        columns.append(measure(i, batch) | known)
        if progress is not None:
            progress(i + 1)
    return {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}


def summarize(
    vae: VAE, examples: dict[str, np.ndarray], num_samples: int, seed: int
) -> dict[str, Any]:
    """Means over examples.

    Args:
      vae: a VAE.
      examples: what `of_examples` gave for `num_samples` and `seed`.

    Returns:
      In nats: `elbo_nats`, `rate_nats`, `distortion_nats` and `nll_nats`, each with its standard
      error over examples, as in `nll_stderr`; `rate_nats_by_latent` where each latent's is known,
      of several stochastic layers `rate_nats_by_layer`, that next to x first; `nll_looseness_nats`,
      about how far above -log p(x) the NLL is, None where too few samples carry weight to tell;
      `effective_sample_size` (mean, from 1 to num_samples); `weight_kl_nats`, of Bayesian weights
      per training example, which the bound leaves out; what `in_bits` gives, where x is discrete;
      `num_samples`, `num_examples`, `seed`. What a model has not is None.
    """
    of_weights = weight_kl(vae)
    result: dict[str, Any] = {
        "elbo_nats": None,
        "elbo_stderr": None,
        "rate_nats": None,
        "rate_stderr": None,
        "rate_nats_by_latent": None,
        "rate_nats_by_layer": None,
        "distortion_nats": _mean(examples["distortion"]),
        "distortion_stderr": stderr(examples["distortion"]),
        "nll_nats": None,
        "nll_stderr": None,
        "nll_looseness_nats": None,
        "effective_sample_size": None,
        "weight_kl_nats": None if of_weights is None else float(of_weights),
        "bits_per_dim": None,
        "bits_per_dim_stderr": None,
        "elbo_bits_per_dim": None,
        "elbo_bits_per_dim_stderr": None,
        "num_samples": num_samples if vae.has_bound else None,
        "num_examples": len(examples["distortion"]),
        "seed": seed,
    }
    if vae.has_bound:
        result |= means(examples, num_samples)
        by_group = [_mean(kl) for kl in examples["kl"].T]
        if vae.groups == "layers":
            result["rate_nats_by_layer"] = by_group
        elif len(by_group) == vae.latent_dim:
            result["rate_nats_by_latent"] = by_group
        result |= in_bits(result, vae.decoder.likelihood, vae.event_shape, vae.condition, examples)
    return result


def means(examples: dict[str, np.ndarray], num_samples: int) -> dict[str, float | int | None]:
    """The numbers of `summarize` that any model with a bound has, from `of_examples`' arrays.

    The looseness is that of the delta method, Var(w) / (2 k p(x)^2) (Nowozin 2018, Debiasing
    evidence approximations, proposition 1). As the weights' spread is itself known from the samples
    alone, it tends to be too small. Of fewer than 10 samples, or where fewer than 5 carry the
    weight, it isn't known at all: however far off the NLL is, that looseness would be at most 0.5.
    """
    size = examples["effective_sample_size"]
    looseness = _mean(0.5 / size - 0.5 / num_samples)
    told = num_samples >= _LEAST_SPREAD and looseness <= 0.5 / _LEAST_EFFECTIVE
    negative_elbo = examples["distortion"] + examples["rate"]
    return {
        "elbo_nats": -_mean(negative_elbo),
        "elbo_stderr": stderr(negative_elbo),
        "rate_nats": _mean(examples["rate"]),
        "rate_stderr": stderr(examples["rate"]),
        "distortion_nats": _mean(examples["distortion"]),
        "distortion_stderr": stderr(examples["distortion"]),
        "nll_nats": _mean(examples["nll"]),
        "nll_stderr": stderr(examples["nll"]),
        "nll_looseness_nats": looseness if told else None,
        "effective_sample_size": _mean(size),
        "num_examples": len(examples["nll"]),
    }


def in_bits(
    found: Mapping[str, Any],
    likelihood: Likelihood | type[Likelihood],
    event_shape: Sequence[int],
    condition: Any = None,
    examples: Mapping[str, np.ndarray] | None = None,
) -> dict[str, float | None]:
    """What `means` found, in bits of one value, with errors.

    Where values are unknown, of one known value: nats of all examples over known values of all.

    `bits_per_dim` is that of the NLL, `elbo_bits_per_dim` that of the ELBO, whose parts are
    `distortion_bits_per_dim` and `rate_bits_per_dim`.

    Args:
      found: what `means` gives.
      likelihood, event_shape, condition: as in `bits_per_dim`.
      examples: the arrays that `found` are means of, which may have `num_known`.
    """
    known = None
    if examples is not None and "num_known" in examples:
        known = _mean(examples["num_known"])
        found = {**found, **_errors_of_ratios(examples)}
    nats = {
        "bits_per_dim": found["nll_nats"],
        "bits_per_dim_stderr": found["nll_stderr"],
        "elbo_bits_per_dim": -found["elbo_nats"],
        "elbo_bits_per_dim_stderr": found["elbo_stderr"],
        "distortion_bits_per_dim": found["distortion_nats"],
        "distortion_bits_per_dim_stderr": found["distortion_stderr"],
        "rate_bits_per_dim": found["rate_nats"],
        "rate_bits_per_dim_stderr": found["rate_stderr"],
    }
    return {
        name: bits_per_dim(value, likelihood, event_shape, condition, known)
        for name, value in nats.items()
    }


def _errors_of_ratios(examples):
    """Standard errors of means [N] of nats that are divided by the mean of `num_known`.

    Examples of more known values have more nats, which is no error: residuals alone are.
    """
    known = examples["num_known"]
    nats = {name: examples[name] for name in ("nll", "distortion", "rate")}
    nats["elbo"] = nats["distortion"] + nats["rate"]
    return {
        f"{name}_stderr": stderr(values - known * (_mean(values) / max(_mean(known), 1.0)))
        for name, values in nats.items()
    }


def num_known(mask: TensorLike) -> np.ndarray:
    """How many values of each example are known, [B]."""
    return np.asarray(mask).reshape(len(mask), -1).sum(axis=1)


def _importance(vae, batches, num_samples, seed):
    sampler = ImportanceSampler(vae)
    # Of thousands of latents no few hundred samples tell the width.
    if num_samples >= _LEAST_FITTED and not vae.has_layers_of_maps:
        batch = next(iter(batches))
        affordable = max(_LEAST_FITTED, num_samples * len(batches) // _PASSES)
        num_fitted = min(num_samples, _MOST_FITTED, affordable)
        of_width = seeds.derive(seed, Site.PROPOSAL)
        sampler.widen(batch.x, num_fitted, of_width, batch.condition, batch.mask)

    def measure(i, batch):
        seed_of_batch = seeds.derive(seed, Site.EVALUATE, i)
        estimate = sampler(batch.x, num_samples, seed_of_batch, batch.condition, batch.mask)
        rows = {name: value.numpy() for name, value in estimate._asdict().items()}
        return {"nll": -rows.pop("log_likelihood")} | rows

    return measure


def _distortion(vae):
    def measure(i, batch):
        noise = vae.draw_noise(seeds.derive(0), 1, len(batch.x))
        terms = vae.terms(batch.x, noise, batch.condition, mask=batch.mask)
        return {"distortion": terms.distortion.numpy()}

    return measure


def _mean(values) -> float:
    return float(np.mean(values, dtype=np.float64))
