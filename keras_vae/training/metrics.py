"""The metrics of training and evaluation: means over examples, and how many steps were skipped."""

from typing import TYPE_CHECKING

from keras_vae._compat import tf, tfk
from keras_vae.batches import Batch
from keras_vae.networks.bayesian import bayesian_layers, weight_kl
from keras_vae.terms import Terms
from keras_vae.training.elbo_bits import BitsPerDim, has_bits_per_dim

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable


def metrics_of(model: "Trainable") -> dict[str, tfk.metrics.Metric]:
    """The metrics that training and evaluation have, by name, new ones."""
    names = ["loss", "distortion"] + (["elbo_nats", "rate"] if model.has_bound else [])
    names += ["weight_kl"] if bayesian_layers(model) else []
    names += ["known_values"] if model.sees_mask else []
    found = {name: tfk.metrics.Mean(name) for name in names}
    if has_bits_per_dim(model):
        found["bits_per_dim"] = BitsPerDim(found["elbo_nats"], model, found.get("known_values"))
    return found


def no_values(model: "Trainable") -> dict[str, tf.Tensor]:
    """0 for each of what `values_of` gives: bits per dimension are made of another metric."""
    metrics = model.mean_metrics.items()
    return {name: tf.constant(0.0) for name, m in metrics if isinstance(m, tfk.metrics.Mean)}


def values_of(
    model: "Trainable", loss: tf.Tensor, terms: Terms, batch: Batch
) -> dict[str, tf.Tensor]:
    """What the metrics are means of, each [B] or a scalar, by name."""
    values = {"loss": loss, "distortion": terms.distortion}
    if terms.has_bound:
        values |= {"elbo_nats": terms.elbo_nats, "rate": terms.rate}
    if "weight_kl" in model.mean_metrics:
        values["weight_kl"] = weight_kl(model)
    if "known_values" in model.mean_metrics:
        known = tf.ones_like(batch.x, tf.float32) if batch.mask is None else batch.mask
        known = tf.reshape(tf.cast(known, tf.float32), [tf.shape(batch.x)[0], -1])
        values["known_values"] = tf.reduce_sum(known, axis=1)
    return values


def track(
    model: "Trainable",
    values: dict[str, tf.Tensor],
    weight: tf.Tensor | None = None,
    skipped: tf.Tensor | None = None,
) -> None:
    """Adds a step to a model's metrics.

    Args:
      model: a compiled Trainable.
      values: what `values_of` gives.
      weight: how often each value, or all of them, counts; None for once.
      skipped: bool, whether the step is skipped; then values that aren't finite don't count. None
        where no step may be.
    """
    for name, value in values.items():
        of_value = weight
        if weight is not None:  # Of one number for all examples, too.
            value = value + tf.zeros_like(weight)
        if skipped is not None:
            counts = tf.math.is_finite(value) | ~skipped
            value = tf.where(counts, value, tf.zeros_like(value))
            of_value = tf.cast(counts, tf.float32) * (1.0 if weight is None else weight)
        model.mean_metrics[name].update_state(value, of_value)
    if skipped is not None:  # Replicas skip the same steps, and their numbers are summed.
        replicas = model.distribute_strategy.num_replicas_in_sync
        model.skipped_metric.update_state(tf.cast(skipped, tf.float32) / replicas)
