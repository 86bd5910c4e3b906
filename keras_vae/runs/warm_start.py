"""A training that begins with another one's weights."""

import itertools

from keras_vae import evaluation
from keras_vae._compat import tf
from keras_vae.config import Config
from keras_vae.data import Dataset
from keras_vae.priors import Flattened, MixtureOfNormals, Prior, VampPrior
from keras_vae.runs import loading, run_data
from keras_vae.vae import VAE


def check_source(vae: VAE, config: Config) -> None:
    """Raises ValueError or OSError unless `vae` can begin with the weights its config names."""
    source = _source(config)
    _pairs(vae, source, config)
    components, examples = config.model.prior_components, config.model.num_examples
    if _is_fitted(vae, source) and examples is not None and components > examples:
        raise ValueError(
            f"prior_components={components} can't be fitted to the codes of {examples} training "
            "examples. Use fewer."
        )


def begin_with_source(vae: VAE, config: Config, dataset: Dataset) -> None:
    """Gives encoder, decoder and prior the weights (moving averages) of config.training.warm_start.

    A prior of another kind than the other model's keeps its own initial weights, with two
    exceptions. A mixture of normals is fitted to the other model's codes of the training images
    (Jiang et al. 2017, section 3.2). A VampPrior begins at some of these images.

    Priors of several layers and of sequences are of one kind, whatever their first latents have.
    """
    source = _source(config)
    for part, other in _pairs(vae, source, config):
        part.set_weights(other.get_weights())
    if _is_fitted(vae, source):
        batches = run_data.evaluation_batches(config, dataset, "train", batch_size=1000)
        vae.prior.fit(evaluation.codes(source, batches), seed=config.training.seed)
    prior = _flat(vae.prior)
    if isinstance(prior, VampPrior) and type(_flat(source.prior)) is not VampPrior:
        # The images come from all over the training split, whatever its order.
        apart = max(1, dataset.train.num_examples // prior.num_components)
        batches = run_data.evaluation_batches(config, dataset, "train", apart)
        rows = [batch.rows(0, 1) for batch in batches.take(prior.num_components)]
        x = vae.as_floats(tf.concat([row.x for row in rows], axis=0))
        contexts = None
        if vae.condition is not None:
            given = [vae.condition_of(row.condition, row.x) for row in rows]
            contexts = vae.condition(tf.concat(given, axis=0))
        prior.begin_at(x, contexts)
    if vae.ema is not None:
        vae.ema.begin()


def _source(config):
    return loading.load_model(config.training.warm_start)


def _is_fitted(vae, source):
    """Whether the prior begins where it fits the other model's codes."""
    prior, other = _flat(vae.prior), _flat(source.prior)
    return isinstance(prior, MixtureOfNormals) and type(other) is not MixtureOfNormals


def _flat(prior: Prior) -> Prior:
    """The prior of flat latents inside a prior of maps; any other prior itself."""
    return prior.prior if isinstance(prior, Flattened) else prior


def _pairs(vae, source, config):
    """[(part of vae, part of the same kind and shapes of source)]."""
    pairs = [(vae.encoder, source.encoder), (vae.decoder, source.decoder)]
    if vae.prior is not None and type(_flat(vae.prior)) is type(_flat(source.prior)):
        pairs.append((vae.prior, source.prior))
    for part, other in pairs:
        wanted, found = ([w.shape.as_list() for w in p.weights] for p in (part, other))
        if wanted != found:
            # Only the first difference is shown: there may be hundreds.
            here, there = next(p for p in itertools.zip_longest(wanted, found) if p[0] != p[1])
            raise ValueError(
                f"warm_start={config.training.warm_start}: its {type(other).__name__} has weights "
                f"of other shapes ({there or 'none'}) than this model's ({here or 'none'}). Take a "
                "run of the same networks and latents, and where those are in layers or a "
                "sequence, of its prior."
            )
    return pairs
