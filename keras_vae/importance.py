"""Importance sampling: log p(x) from k samples of q(z|x), in bounded memory."""

from typing import Any, NamedTuple

from keras_vae import seeds
from keras_vae._compat import tf


class Estimate(NamedTuple):
    """What k importance samples say of each example; all [B], in nats.

    Attributes:
      log_likelihood: log (1/k) sum_s p(x, z_s) / q(z_s|x), a lower bound on log p(x) in expectation
        (Burda et al. 2016, eq. 8).
      effective_sample_size: (sum w)^2 / sum w^2, from 1 to k.
      distortion: -E log p(x|z), from the same samples.
      rate: KL(q(z|x) || p(z)), in closed form or from the same samples.
      kl: its parts, [B, G], each a latent's or a stochastic layer's; [B, 1] where only the whole is
        known.
    """

    log_likelihood: Any
    effective_sample_size: Any
    distortion: Any
    rate: Any
    kl: Any


class ImportanceSampler:
    """Estimates log p(x) with any model that has `terms` and `draw_noise`.

    Samples and examples come in chunks, so that no tensor has more than `max_values` values
    (unless one sample of one example has), and of samples only running sums are kept.

    Args:
      model: gives Terms with a posterior density.
      chunk_size: samples per example at a time; by default, as many as max_values allows.
      max_values: 2**23 are 32 MB.
    """

    def __init__(self, model, chunk_size: int | None = None, max_values: int = 2**23):
        self._model, self._chunk_size = model, chunk_size
        # Examples times samples that may be in work together.
        widest, self._num_groups = _sizes(model)
        self._max_pairs = max(1, max_values // widest)
        # Not by XLA: on CPUs it halves the speed of these wide passes without gradients.
        self._accumulate = tf.function(self._accumulate)

    def __call__(self, x, num_samples: int, seed, condition=None) -> Estimate:
        """The estimate for x [B, ...] with `num_samples` samples from the stateless `seed`."""
        if num_samples < 1:
            raise ValueError(f"num_samples must be at least 1, got {num_samples}.")
        rows = min(len(x), self._max_pairs)
        parts = [
            self._estimate(
                x[i : i + rows],
                num_samples,
                seeds.derive(seed, i),
                None if condition is None else condition[i : i + rows],
            )
            for i in range(0, len(x), rows)
        ]
        return Estimate(*(tf.concat(column, axis=0) for column in zip(*parts, strict=True)))

    def _estimate(self, x, num_samples, seed, condition):
        """The estimate for so few examples that they are in work together."""
        batch_size = len(x)
        chunk_size = self._chunk_size or max(1, self._max_pairs // batch_size)
        # Running log sum w, log sum w^2, sum of distortion: each [B]; sum of kl, [B, G].
        nothing = tf.fill([batch_size], -float("inf"))
        sums = nothing, nothing, tf.zeros([batch_size]), tf.zeros([batch_size, self._num_groups])
        for i, start in enumerate(range(0, num_samples, chunk_size)):
            size = min(chunk_size, num_samples - start)
            noise = self._model.draw_noise(seeds.derive(seed, i), size, batch_size)
            sums = self._accumulate(sums, x, noise, condition)
        log_w, log_w2, distortion, kl = sums
        return Estimate(
            log_w - tf.math.log(float(num_samples)),
            tf.exp(2.0 * log_w - log_w2),
            distortion / num_samples,
            tf.reduce_sum(kl, axis=-1) / num_samples,
            kl / num_samples,
        )

    def _accumulate(self, sums, x, noise, condition):
        terms = self._model.terms(x, noise, condition)
        log_weight = terms.log_weight  # [S, B]
        size = tf.cast(tf.shape(log_weight)[0], tf.float32)
        log_w, log_w2, distortion, kl = sums
        return (
            _logaddexp(log_w, tf.reduce_logsumexp(log_weight, axis=0)),
            _logaddexp(log_w2, tf.reduce_logsumexp(2.0 * log_weight, axis=0)),
            distortion + size * terms.distortion,
            kl + size * terms.kl_by_group,
        )


def _sizes(model) -> tuple[int, int]:
    """(values in the largest tensor that one sample of one example needs, groups of the KL)."""

    @tf.function
    def terms(x, noise, condition):
        terms = model.terms(x, noise, condition)
        return terms.log_weight, terms.kl_by_group

    def trace(batch_size):
        condition = None if model.condition is None else model.condition.zeros(batch_size)
        function = terms.get_concrete_function(
            tf.TensorSpec([batch_size, *model.event_shape]),
            model.draw_noise([0, 0], 1, batch_size),
            condition,
        )
        sizes = {
            tensor.name: tensor.shape.num_elements() or 0
            for operation in function.graph.get_operations()
            for tensor in operation.outputs
        }
        return sizes, function.structured_outputs[1].shape[-1]

    # What doesn't grow with the examples (weights, a prior's pseudo-inputs) is there once.
    (fewer, num_groups), (more, _) = trace(2), trace(3)
    return max(size - fewer.get(name, 0) for name, size in more.items()), num_groups


def _logaddexp(a, b):
    return tf.reduce_logsumexp(tf.stack([a, b]), axis=0)
