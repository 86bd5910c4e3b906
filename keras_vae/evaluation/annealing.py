"""Annealed importance sampling: log p(x) by chains that walk from a simple density to p(x, z).

On examples that the model itself draws, chains that walk back from the z of each bound log p(x)
from above (bidirectional Monte Carlo).

References:
  Neal 2001, Annealed importance sampling; Grosse, Ghahramani & Adams 2015, Sandwiching the marginal
  likelihood using bidirectional Monte Carlo; Wu, Burda, Salakhutdinov & Grosse 2017, On the
  quantitative analysis of decoder-based generative models.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from keras_vae import seeds
from keras_vae._compat import TensorLike, tf, tfp
from keras_vae.distributions import of_known
from keras_vae.ops.in_batches import in_batches
from keras_vae.seeds import Site
from keras_vae.vae import VAE

# The warm-up moves step sizes towards this share of accepted moves, HMC's best (Beskos et al. 2013,
# Optimal tuning of the hybrid Monte Carlo algorithm), at this rate per move.
_ACCEPTANCE, _RATE = 0.65, 0.5
_FIRST_STEP_SIZE = 0.5
# A few chains are enough to tell a step size, and these draws a standard deviation.
_WARM_UP_CHAINS, _SPREAD_DRAWS = 4, 100


class Annealed(NamedTuple):
    """What S annealed chains say of each example; all [B].

    Attributes:
      log_likelihood: an estimate of log p(x) in nats, in expectation a bound. Chains that walk to
        the posterior give the lower one, log (1/S) sum_s w_s (Neal 2001, eq. 3); chains that walk
        back from it the upper one, -log (1/S) sum_s 1 / w_s (Grosse et al. 2015, section 3).
      acceptance_rate: the expected share of moves that chains accept.
      effective_sample_size: (sum w)^2 / sum w^2, or of 1 / w, from 1 to S.
    """

    log_likelihood: tf.Tensor
    acceptance_rate: tf.Tensor
    effective_sample_size: tf.Tensor


class Bounds(NamedTuple):
    """Two estimates of the same log p(x), from below and from above."""

    lower: Annealed
    upper: Annealed

    @property
    def gap(self) -> tf.Tensor:
        """What lies between them, [B], in nats."""
        return self.upper.log_likelihood - self.lower.log_likelihood


def sigmoidal(num_steps: int, steepness: float = 4.0) -> np.ndarray:
    """Inverse temperatures from 0 to 1, [num_steps + 1], closest at both ends (Wu et al. 2017)."""
    t = 1.0 / (1.0 + np.exp(-steepness * np.linspace(-1.0, 1.0, num_steps + 1)))
    return (t - t[0]) / (t[-1] - t[0])


class AnnealedSampler:
    """Estimates log p(x) of any model with a density p(x, z) of real numbers z.

    Chains go through the densities f_t(z) = p_0(z)^(1 - t) p(x, z)^t, t from 0 to 1, by moves of
    Hamiltonian Monte Carlo. A warm-up by other chains fits the step size to each example and t, and
    leaves it there: weights stay unbiased.

        AnnealedSampler(vae)(images[:100], seed=0).log_likelihood

    Args:
      vae: a VAE. Where its weights are Bayesian, p(x|z) is that of `decode`. A label among the
        latents that the decoder doesn't see is summed out of p(z) and q(z|x).
      temperatures: inverse temperatures t, increasing from 0 to 1; by default `sigmoidal(200)`.
      num_chains: S, per example.
      num_leapfrog_steps: of each move.
      start: what p_0 is: "posterior", q(z|x), from which the way is short, or "prior", p(z), which
        needs no encoder.
      batch_size: examples in work at a time; memory grows with it and with num_chains.
      progress: None, or a function that gets the number of examples of each estimate done.
    """

    def __init__(
        self,
        vae: VAE,
        temperatures: Sequence[float] | np.ndarray | None = None,
        num_chains: int = 16,
        num_leapfrog_steps: int = 3,
        start: str = "posterior",
        batch_size: int = 100,
        progress: Callable[[int], object] | None = None,
    ):
        _check_model(vae, start)
        self._vae, self._start = vae, start
        self._temperatures = _checked(sigmoidal(200) if temperatures is None else temperatures)
        self._num_chains = _at_least_one("num_chains", num_chains)
        self._num_leapfrog_steps = _at_least_one("num_leapfrog_steps", num_leapfrog_steps)
        self._batch_size = _at_least_one("batch_size", batch_size)
        self._progress = progress
        # XLA doesn't compile this: momenta are drawn inside, and its generator is slow on CPUs.
        self._estimate_in_graph = tf.function(self._estimate)

    def __call__(
        self,
        x: TensorLike,
        seed: int | tf.Tensor,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> Annealed:
        """The estimate from below for x [B, ...], by draws from `seed` (int, or int32 [2]).

        With a mask, bool of x's shape, it is that of the known values alone.
        """
        return self._in_batches(self._estimate_in_graph, x, condition, mask, seed)

    def bounds(
        self,
        x: TensorLike,
        z: TensorLike,
        seed: int | tf.Tensor,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> Bounds:
        """Both estimates, for x [B, ...] and z [B, D] of `simulate`: z must be draws of p(z|x)."""

        def estimates(x, condition, mask, seed, z):
            below, above = _split(seed, 2)
            return Bounds(
                self._estimate_in_graph(x, condition, mask, below),
                self._estimate_in_graph(x, condition, mask, above, z),
            )

        return self._in_batches(estimates, x, condition, mask, seed, z)

    def _in_batches(self, estimate, x, condition, mask, seed, *z):
        """What `estimate` says of slices of so few examples that they are in work together."""

        def of_batch(rows, x, condition, mask, *z):
            x, mask = self._vae.known_part(x, mask)
            found = estimate(x, condition, mask, seeds.derive(seed, Site.ANNEAL, rows.start), *z)
            if self._progress is not None:
                self._progress(len(rows) * (1 + len(z)))  # With z there are two estimates.
            return found

        condition = self._vae.condition_of(condition, x)
        return in_batches(of_batch, self._batch_size, range(len(x)), x, condition, mask, *z)

    def _estimate(self, x, condition, mask, seed, z=None):
        """From below; or from above, if z [B, D] is given, a draw of p(z|x)."""
        of_spread, of_warm_up, of_start, of_moves = _split(seed, 4)
        path = self._path(x, condition, mask, of_spread)
        temperatures, sign = self._temperatures, 1.0
        step_sizes = self._warm_up(path, of_warm_up)
        if z is None:
            z = path.draw(self._num_chains, of_start)  # [S, B, D]
        else:
            z = z[..., self._vae.prior.num_labels :]
            z = tf.repeat(z[tf.newaxis], self._num_chains, axis=0)
            temperatures, step_sizes, sign = temperatures[::-1], step_sizes[::-1], -1.0
        log_weight, acceptance_rate = self._anneal(path, z, temperatures, step_sizes, of_moves)
        log_sum = tf.reduce_logsumexp(log_weight, axis=0)
        log_sum_of_squares = tf.reduce_logsumexp(2.0 * log_weight, axis=0)
        return Annealed(
            sign * (log_sum - tf.math.log(float(self._num_chains))),
            acceptance_rate,
            tf.exp(2.0 * log_sum - log_sum_of_squares),
        )

    def _path(self, x, condition, mask, seed):
        vae = self._vae
        p = vae.prior_distribution(condition)
        q = vae.encode(x, condition, mask) if self._start == "posterior" else None
        num_labels = vae.prior.num_labels
        if num_labels:
            p, q = (d if d is None else d.without_label() for d in (p, q))

        def densities(z):
            log_prior = p.log_prob(z)
            any_label = tf.zeros([*z.shape[:-1], num_labels])
            p_of_x = vae.decode(tf.concat([any_label, z], axis=-1), condition)
            log_joint = log_prior + of_known(p_of_x, mask).log_prob(x)
            return (log_prior if q is None else q.log_prob(z)), log_joint

        def draw(num_samples, seed):
            if q is not None:
                return q.sample(num_samples, seed=seed)
            shape = [num_samples, tf.shape(x)[0], *vae.prior.noise_shape]
            noise = tf.random.stateless_normal(shape, seed)
            return vae.prior_sample(noise, condition=condition)[..., num_labels:]

        return _Path(densities, draw, tf.math.reduce_std(draw(_SPREAD_DRAWS, seed), axis=0))

    def _warm_up(self, path, seed):
        """Step sizes [K - 1, B] of the moves at temperatures 1 .. K - 1, in units of the spread."""
        of_start, of_moves = _split(seed, 2)
        z = path.draw(_WARM_UP_CHAINS, of_start)
        inner = tf.constant(self._temperatures[1:-1], tf.float32)
        num_moves = len(self._temperatures) - 2

        def move(k, z, step_size, step_sizes):
            z, acceptance = self._move(path, z, inner[k], step_size, seeds.derive(of_moves, k))
            step_size *= tf.exp(_RATE * (acceptance - _ACCEPTANCE))
            return k + 1, z, step_size, step_sizes.write(k, step_size)

        first = tf.fill(tf.shape(z)[1:2], _FIRST_STEP_SIZE)
        start = 0, z, first, tf.TensorArray(tf.float32, num_moves)
        return tf.while_loop(lambda k, *_: k < num_moves, move, start)[-1].stack()

    def _anneal(self, path, z, temperatures, step_sizes, seed):
        """Takes z [S, B, D] from the first temperature to the last.

        Returns:
          (log w [S, B], acceptance rate [B]).
        """
        num_moves = len(temperatures) - 2
        differences = tf.constant(np.diff(temperatures), tf.float32)
        temperatures = tf.constant(temperatures, tf.float32)

        def gain(k, z):
            """log f_t'(z) - log f_t(z), t and t' the temperatures k and k + 1."""
            log_start, log_joint = path.densities(z)
            return differences[k] * (log_joint - log_start)

        def move(k, z, log_weight, accepted):
            z, acceptance = self._move(
                path, z, temperatures[k + 1], step_sizes[k], seeds.derive(seed, k)
            )
            return k + 1, z, log_weight + gain(k + 1, z), accepted + acceptance

        start = 0, z, gain(0, z), tf.zeros(tf.shape(z)[1:2])
        _, _, log_weight, accepted = tf.while_loop(lambda k, *_: k < num_moves, move, start)
        return log_weight, accepted / num_moves

    def _move(self, path, z, t, step_size, seed):
        """One move of z [S, B, D] that leaves f_t as it is, and its acceptance rate [B]."""

        step_size = tf.reshape(step_size, [-1] + [1] * len(self._vae.latent_shape))

        def log_prob(z):
            log_start, log_joint = path.densities(z)
            return (1.0 - t) * log_start + t * log_joint

        kernel = tfp.mcmc.HamiltonianMonteCarlo(
            log_prob, step_size * path.spread, self._num_leapfrog_steps
        )
        # Results of the move before would hold the density of another temperature.
        z, results = kernel.one_step(z, kernel.bootstrap_results(z), seed=seed)
        return z, tf.reduce_mean(tf.exp(tf.minimum(results.log_accept_ratio, 0.0)), axis=0)


class _Path(NamedTuple):
    """The way from p_0(z) to p(x, z).

    Attributes:
      densities: z [S, B, D] -> (log p_0(z), log p(x, z)), both [S, B].
      draw: (S, seed) -> z [S, B, D] of p_0.
      spread: standard deviation of p_0, [B, D]: what a step of size 1 is.
    """

    densities: Callable
    draw: Callable
    spread: tf.Tensor


def simulate(
    vae: VAE,
    num_examples: int,
    seed: int | tf.Tensor,
    condition: TensorLike | None = None,
    batch_size: int = 100,
    temperature: float = 1.0,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Examples that the model draws, and the z of each, which is thus a draw of p(z|x).

    Args:
      vae: a VAE.
      num_examples: N.
      seed: int, or int32 [2].
      condition: [N, ...] of conditional models.
      batch_size: examples in work at a time.
      temperature: of the prior; of others than 1, z is no draw of p(z|x).

    Returns:
      (x [N, ...], z [N, D]).
    """

    def draw(rows, condition):
        of_z, of_x = _split(seeds.derive(seed, Site.SAMPLE, rows.start), 2)
        noise = vae.prior.draw_noise(of_z, len(rows))
        z = vae.prior_sample(noise, temperature, condition)
        return vae.decode(z, condition).sample(seed=of_x), z

    return in_batches(draw, batch_size, range(num_examples), condition)


def _check_model(vae, start):
    if start not in ("posterior", "prior"):
        raise ValueError(f"start must be posterior or prior, got {start!r}.")
    if vae.prior is None:
        raise ValueError(
            "annealed importance sampling needs p(z), which an autoencoder has not by itself: fit "
            "one to its codes by fit_prior, or train a VAE (recipe=vae)."
        )
    if not vae.prior.continuous and not _label_can_be_summed_out(vae):
        raise ValueError(
            "annealed importance sampling follows gradients in z, but this model has a label among "
            "its latents that mixes, or that its decoder sees: use log_likelihood, which samples "
            "by importance."
        )
    if start == "posterior" and not vae.encoder.has_density:
        raise ValueError(
            "annealing from the posterior needs a density q(z|x), which an autoencoder has not: "
            "use AnnealedSampler(vae, start='prior')."
        )


def _label_can_be_summed_out(vae) -> bool:
    """Whether labels don't mix, and all decode to the same."""
    if vae.prior.distribution().without_label() is None:
        return False
    labels = tf.eye(vae.prior.num_labels)
    z = tf.concat([labels, tf.ones([len(labels), vae.latent_dim - len(labels)])], axis=-1)
    condition = None if vae.condition is None else vae.condition.zeros(len(labels))
    images = vae.decode(z, condition).mean()
    return np.allclose(images, images[0], atol=1e-6)


def _checked(temperatures):
    """The inverse temperatures, if they lead from 0 to 1."""
    t = np.asarray(temperatures, np.float64)
    if t.ndim != 1 or len(t) < 3 or t[0] != 0.0 or t[-1] != 1.0 or not np.all(np.diff(t) > 0.0):
        raise ValueError(
            "temperatures must increase from 0 to 1, with at least one between, got "
            f"{np.array2string(t, threshold=10)}. Use sigmoidal(200)."
        )
    return t


def _at_least_one(name, value):
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}.")
    return value


def _split(seed, num_seeds):
    return tf.unstack(tf.random.split(seed, num_seeds))
