"""Importance sampling: log p(x) from k samples for each example, in bounded memory."""

import math
from typing import TYPE_CHECKING, NamedTuple

from keras_vae import seeds
from keras_vae._compat import TensorLike, tf
from keras_vae.batches import Batch
from keras_vae.distributions import one_pass
from keras_vae.ops.in_batches import in_batches

if TYPE_CHECKING:
    from keras_vae.vae import VAE


# An example's distortion and rate are means over at most so many draws of q(z|x). For layers of
# maps, each draw of which takes long, these are the importance samples, where they are as few.
_NUM_DRAWS = 100
# An example is encoded once for so many samples, where there are as many and memory allows.
_SAMPLES_PER_ENCODING = 16
# Chunks of samples between returns to Python, which alone obeys Ctrl-C.
_CHUNKS_PER_CALL = 4


class Estimate(NamedTuple):
    """What importance sampling says of each example; all [B], in nats.

    Attributes:
      log_likelihood: log (1/k) sum_s w_s, a lower bound on log p(x) in expectation (Burda et al.
        2016, eq. 8).
      effective_sample_size: (sum w)^2 / sum w^2, from 1 to k.
      distortion: -E log p(x|z) under q(z|x), from min(k, 100) draws.
      rate: KL(q(z|x) || p(z)), in closed form or from the same draws as the distortion.
      kl: the rate's parts, [B, G], one for each latent or stochastic layer; [B, 1] where only the
        whole is known.
    """

    log_likelihood: tf.Tensor
    effective_sample_size: tf.Tensor
    distortion: tf.Tensor
    rate: tf.Tensor
    kl: tf.Tensor

    def stderr(self, num_samples: int) -> tf.Tensor:
        """The standard error of log_likelihood by k samples, [B]; see `stderr_of_samples`."""
        return stderr_of_samples(self.effective_sample_size, num_samples)


def stderr_of_samples(effective_sample_size: TensorLike, num_samples: int) -> tf.Tensor:
    """The standard error of a log-likelihood by k samples, [B], by the delta method.

    The weights' mean has the variance Var(w) / k, which is 1 / ESS - 1 / k times its square.
    """
    return tf.sqrt(tf.maximum(1.0 / effective_sample_size - 1.0 / num_samples, 0.0))


def weigh(
    model: "VAE",
    x: TensorLike,
    noise: TensorLike,
    condition: TensorLike | None,
    scale: TensorLike,
    loc: TensorLike | float = 0.0,
    mask: TensorLike | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Importance weights of z made from N(loc, scale^2) in place of the noise N(0, 1) of q(z|x).

    Args:
      model: gives Terms with a posterior density.
      x: [B, ...].
      noise: [S, B, N] ~ N(0, 1).
      condition: [B, ...] or None.
      scale, loc: of the noise; they broadcast with it.
      mask: bool, which values of x are known; None if all are.

    Returns:
      (the noise moved and scaled [S, B, N], log w [S, B]); E w = p(x).
    """
    moved = loc + scale * noise
    # log N(moved; 0, 1) - log N(moved; loc, scale^2).
    ratio = tf.math.log(scale) - 0.5 * (moved**2 - noise**2)
    with one_pass():
        log_weight = model.terms(x, moved, condition, mask=mask).log_weight
    return moved, log_weight + tf.reduce_sum(ratio, axis=-1)


class ImportanceSampler:
    """Estimates log p(x) with a `VAE`, by its `terms` and `draw_noise`.

    The proposal is q(z|x) until `widen` finds a better one: z is a function of x and of noise
    [N] ~ N(0, 1), and noise from N(0, noise_scale^2) gives other z, of other weights, with the same
    mean weight p(x). Posteriors trained on the ELBO are narrower than p(z|x) and seldom draw what
    weighs most.

    Samples and examples come in chunks, so that no tensor has more than `max_values` values
    (unless one sample of one example has more). Only running sums over samples are kept.

    Args:
      model: gives Terms with a posterior density.
      chunk_size: samples per example at a time; by default, as many as max_values allows.
      max_values: 2**22 are 16 MB.

    Attributes:
      noise_scale: variable [N], all 1 at first.
    """

    def __init__(self, model: "VAE", chunk_size: int | None = None, max_values: int = 2**22):
        self._model, self._chunk_size = model, chunk_size
        # Examples times samples that may be in work together.
        widest, self._num_groups = _sizes(model)
        self._max_pairs = max(1, max_values // widest)
        self.noise_scale = tf.Variable(tf.ones(model.noise_size))
        # Then the importance samples are draws of q(z|x), as `widen` isn't for layers of maps.
        self._share_draws = model.has_layers_of_maps
        self._add_weights = self._in_chunks(self._with_weights)
        self._add_squares = self._in_chunks(self._with_squares)
        self._add_parts = self._in_chunks(self._with_parts)
        self._add_both = self._in_chunks(self._with_both)

    def __call__(
        self,
        x: TensorLike,
        num_samples: int,
        seed: int | TensorLike,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> Estimate:
        """The estimate for x [B, ...] with `num_samples` samples from the stateless `seed`.

        With a mask, bool of x's shape, all densities are of the known values alone: the bound is
        that of MIWAE (Mattei & Frellsen 2019).
        """
        if num_samples < 1:
            raise ValueError(f"num_samples must be at least 1, got {num_samples}.")
        num_draws = min(num_samples, _NUM_DRAWS)
        of_weights, of_parts = seeds.derive(seed, 0), seeds.derive(seed, 1)
        examples = Batch(x, condition=condition, mask=mask)
        weights, parts = (-math.inf, -math.inf), (0.0, tf.zeros(self._num_groups))
        if num_draws == num_samples and self._share_draws:
            log_w, log_w2, distortion, kl = self._sum(
                self._add_both, (*weights, *parts), examples, num_samples, of_weights
            )
        else:
            log_w, log_w2 = self._sum(self._add_weights, weights, examples, num_samples, of_weights)
            distortion, kl = self._sum(self._add_parts, parts, examples, num_draws, of_parts)
        return Estimate(
            log_w - tf.math.log(float(num_samples)),
            tf.exp(2.0 * log_w - log_w2),
            distortion / num_draws,
            tf.reduce_sum(kl, axis=-1) / num_draws,
            kl / num_draws,
        )

    def widen(
        self,
        x: TensorLike,
        num_samples: int,
        seed: int | TensorLike,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> None:
        """Sets noise_scale to that of the tightest bound on x, if it is surely tighter than q's.

        Later estimates remain bounds, even those of x, if they have another `seed`. Arguments are
        as in `__call__`.
        """
        examples = Batch(x, condition=condition, mask=mask)
        of_bounds, posterior = seeds.derive(seed, 0), tf.ones_like(self.noise_scale)

        def bounds(noise_scale):
            self.noise_scale.assign(noise_scale)
            nothing = -math.inf, -math.inf
            return self._sum(self._add_weights, nothing, examples, num_samples, of_bounds)[0]

        of_posterior = bounds(posterior)

        def gain(noise_scale):
            """By how much this bound is tighter, or -1 if by less than three standard errors."""
            gains = bounds(noise_scale) - of_posterior
            mean, error = tf.reduce_mean(gains), tf.math.reduce_std(gains) / len(x) ** 0.5
            return mean if mean >= 3.0 * error else -1.0

        def excess(seed):
            """How much wider noise spreads under p(z|x) than under q(z|x); 0 for unused latents."""
            nothing = -math.inf, tf.zeros_like(posterior)
            _, squares = self._sum(self._add_squares, nothing, examples, num_samples, seed)
            return tf.nn.relu(tf.reduce_mean(squares, axis=0) - 1.0)

        tried = [(0.0, posterior)]

        def assign_best_of(scales):
            tried.extend((gain(scale), scale) for scale in scales)
            self.noise_scale.assign(max(tried, key=lambda pair: pair[0])[1])

        assign_best_of([width * posterior for width in (1.2, 1.5, 2.0)])
        for i in (1, 2):  # A narrow proposal sees little of the excess.
            found = excess(seeds.derive(seed, i))
            assign_best_of([tf.sqrt(1.0 + width * found) for width in (1.0, 2.0, 3.0)])

    def _sum(self, add, nothing, examples: Batch, num_samples, seed):
        """Sums [B, ...] over all samples: `nothing`, to which `add` adds a chunk at a time."""

        def of_rows(rows):
            batch = examples.rows(rows.start, rows.stop)
            chunk_size = self._chunk_size or max(1, self._max_pairs // len(rows))
            sums = [tf.repeat([start], len(rows), axis=0) for start in nothing]
            return add(sums, batch, num_samples, chunk_size, seeds.derive(seed, rows.start))

        step = max(1, self._max_pairs // min(num_samples, _SAMPLES_PER_ENCODING))
        return in_batches(of_rows, step, range(len(examples.x)))

    def _in_chunks(self, add):
        """A function that adds all samples of x to sums, by `add` of those of one chunk."""

        # XLA doesn't compile this as a whole: on CPUs its matrix products are slower.
        @tf.function
        def add_chunks(sums, examples, first, last, size: int, seed):
            """Adds the chunks from number `first` up to `last`, of `size` samples each."""

            def add_chunk(j, sums):
                noise = self._model.draw_noise(seeds.derive(seed, j), size, examples.x.shape[0])
                return j + 1, add(sums, examples, noise)

            return tf.while_loop(
                lambda j, _: j < last,
                add_chunk,
                (first, sums),
                parallel_iterations=1,  # More iterations at a time would need more memory.
            )[1]

        def add_all(sums, examples, num_samples, chunk_size, seed):
            num_full, rest = divmod(num_samples, chunk_size)
            for first in range(0, num_full, _CHUNKS_PER_CALL):
                last = min(first + _CHUNKS_PER_CALL, num_full)
                interval = tf.constant(first), tf.constant(last)
                sums = add_chunks(sums, examples, *interval, chunk_size, seed)
            if rest:
                interval = tf.constant(num_full), tf.constant(num_full + 1)
                sums = add_chunks(sums, examples, *interval, rest, seed)
            return sums

        return add_all

    def _weigh(self, examples, noise):
        x, condition = examples.x, examples.condition
        return weigh(self._model, x, noise, condition, self.noise_scale, mask=examples.mask)

    def _with_weights(self, sums, examples, noise):
        """Sums are log sum w and log sum w^2."""
        _, log_weight = self._weigh(examples, noise)
        return _added_weights(sums, log_weight)

    def _with_squares(self, sums, examples, noise):
        """Sums are log sum w and sum w noise^2 / sum w."""
        scaled, log_weight = self._weigh(examples, noise)
        log_w, squares = sums
        total = logaddexp(log_w, tf.reduce_logsumexp(log_weight, axis=0))
        added = tf.einsum("sb,sbn->bn", tf.exp(log_weight - total), scaled**2)
        return [total, tf.exp(log_w - total)[:, tf.newaxis] * squares + added]

    def _with_parts(self, sums, examples, noise):
        """Sums are those of distortion and rate."""
        return _added_parts(sums, self._terms(examples, noise), noise)

    def _with_both(self, sums, examples, noise):
        """Sums are those of `_with_weights` and of `_with_parts`, by the same draws of q(z|x)."""
        with one_pass():
            terms = self._terms(examples, noise)
        weights, parts = sums[:2], sums[2:]
        return [*_added_weights(weights, terms.log_weight), *_added_parts(parts, terms, noise)]

    def _terms(self, examples, noise):
        return self._model.terms(examples.x, noise, examples.condition, mask=examples.mask)


def _added_weights(sums, log_weight):
    log_w, log_w2 = sums
    return [
        logaddexp(log_w, tf.reduce_logsumexp(log_weight, axis=0)),
        logaddexp(log_w2, tf.reduce_logsumexp(2.0 * log_weight, axis=0)),
    ]


def _added_parts(sums, terms, noise):
    size = tf.cast(tf.shape(noise)[0], tf.float32)
    distortion, kl = sums
    return [distortion + size * terms.distortion, kl + size * terms.kl_by_group]


def _sizes(model) -> tuple[int, int]:
    """(values in the largest tensor that one sample of one example needs, groups of the KL)."""

    @tf.function
    def terms(x, noise, condition):
        terms = model.terms(x, noise, condition)
        return terms.log_weight, terms.kl_by_group

    batch_size = 10_007
    condition = None if model.condition is None else model.condition.zeros(1)
    if condition is not None:
        condition = tf.TensorSpec([batch_size, *condition.shape[1:]], condition.dtype)
    traced = terms.get_concrete_function(
        tf.TensorSpec([batch_size, *model.event_shape]),
        tf.TensorSpec([1, batch_size, model.noise_size]),
        condition,
    )
    sizes = [
        tensor.shape.num_elements() or 0
        for operation in traced.graph.get_operations()
        for tensor in operation.outputs
    ]
    # The batch size is a prime: it divides the sizes of tensors that grow with the examples, and no
    # others, such as weights or a prior's pseudo-inputs.
    widest = max(size // batch_size for size in sizes if size % batch_size == 0)
    return widest, traced.structured_outputs[1].shape[-1]


def logaddexp(a: TensorLike, b: TensorLike) -> tf.Tensor:
    """log(exp(a) + exp(b)), where both may be -inf (of which tfp.math.log_add_exp makes NaN)."""
    return tf.reduce_logsumexp(tf.stack([a, b]), axis=0)
