"""VAE: encoder, decoder and prior as one Keras model."""

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from keras_vae import seeds
from keras_vae._compat import ConditionLike, TensorLike, tf, tfd, tfk
from keras_vae.batches import Batch
from keras_vae.conditions import Condition
from keras_vae.decoder import AbstractDecoder
from keras_vae.distributions import of_known, plain
from keras_vae.encoder import AbstractEncoder
from keras_vae.inference import completion, interpolation
from keras_vae.inference.given_cells import sample_given
from keras_vae.inference.importance import ImportanceSampler
from keras_vae.inference.imputation import Imputed, Imputer
from keras_vae.inputs import ExampleSpec
from keras_vae.inputs.arguments import as_batch, check_temperature
from keras_vae.modality import Image, Modality
from keras_vae.ops.gradients import GradientWeight
from keras_vae.ops.shapes import flat, shaped
from keras_vae.ops.whole_numbers import check_whole
from keras_vae.priors import Prior
from keras_vae.rate import Rate, analytic_kl, has_analytic_kl
from keras_vae.seeds import Site
from keras_vae.storage.storable import Storable
from keras_vae.terms import Latents, Terms
from keras_vae.training.refusals import (
    check_densities,
    check_part,
    check_same_latents,
    check_tracked,
)

# Uniform numbers of draws are above 0, as their logs must be finite.
_LEAST_UNIFORM = 2.0**-25


@tfk.saving.register_keras_serializable("keras_vae")
class VAE(Storable):
    """A variational autoencoder (Kingma & Welling 2014).

    Examples are x [B, H, W, C]: floats as they are, bool as {0, 1}, whole numbers divided by the
    highest of their levels, uint8 by 255 (see `inputs.ExampleSpec`).

        vae = VAE(encoder, decoder, prior)
        vae.compile(optimizer="adam")
        vae.fit(images, epochs=10)
        vae.sample(16)

    Args:
      encoder: an `Encoder`, or another `AbstractEncoder`, that gives q(z|x).
      decoder: a `Decoder`.
      prior: a layer of `priors`. An autoencoder may do without one (None), or have one fitted to
        its codes by `fit_prior`.
      condition: a layer of `conditions`, or None; all three parts are given its output.
      levels: how many levels whole numbers in x have, 17 for 0..16; None for 256, of bytes, unless
        the first whole array that is trained on shows others.
      modality: what kind of thing an example is, which reports and exports go by; `Image()` if
        None.
      sees_mask: whether the encoder is given which values are known, as further channels of x: for
        data of which some values are unknown. Otherwise it sees 0 there, like any other 0.
      seed: root of all random draws that are not given a seed of their own.

    Attributes:
      latent_shape, latent_dim: the shape of z, [D] or [h, w, d], and how many values it has.
      trains_prior: whether the prior trains with the model; else `fit_prior` fits it.
      has_analytic_kl: whether the rate is a sum of KLs that TFP has in closed form.
      groups: what each part of the rate belongs to: "latents", "layers" or "steps".
    """

    groups = "latents"

    def __init__(
        self,
        encoder: AbstractEncoder,
        decoder: AbstractDecoder,
        prior: Prior | None = None,
        condition: Condition | None = None,
        *,
        levels: int | None = None,
        modality: Modality | None = None,
        sees_mask: bool = False,
        seed: int = 0,
        **kwargs,
    ):
        check_whole("seed", seed, at_least=-(2**31))
        super().__init__(seed=seed, **kwargs)
        check_part("encoder", encoder, AbstractEncoder, "Encoder(network, posterior) makes one")
        check_part("decoder", decoder, AbstractDecoder, "Decoder(network, likelihood) makes one")
        if prior is not None:
            check_part("prior", prior, Prior, "take a layer of keras_vae.priors")
        if modality is not None:
            check_part("modality", modality, Modality, "take one of keras_vae.modality")
        if condition is not None:
            check_part("condition", condition, Condition, "take a layer of keras_vae.conditions")
        if encoder.trains_prior and prior is None:
            raise ValueError("prior is None, but this encoder needs one: give a layer of priors.")
        self.encoder, self.decoder = encoder, decoder
        # An autoencoder may have None; the verbs that need a prior say so.
        self.prior = cast(Prior, prior)
        # Encoders of several layers have no single posterior: their model's class checks them.
        if encoder.trains_prior and encoder.posterior is not None:
            check_same_latents(encoder.posterior, self.prior)
        self.condition, self.modality = condition, modality or Image()
        self.sees_mask = sees_mask
        self.event_shape = decoder.event_shape
        self.example_spec = ExampleSpec(decoder.likelihood, levels)
        self.trains_prior = encoder.trains_prior
        self._importance_sampler: ImportanceSampler | None = None
        self._completer: completion.Completer | None = None
        self._imputer: Imputer | None = None
        self._settle()

    def _settle(self):
        """Settles what depends on all parts together, in this order."""
        # 1. Parts that compute with another part's weights take them: their noise has a size then.
        self.encoder.bind(self)
        if self.prior is not None:
            self.prior.bind(self)
        # 2. One pass creates all variables, and shows whether the parts fit and the shape of z.
        self.has_analytic_kl = False
        with tf.GradientTape() as tape:
            terms = self.terms(
                tf.zeros([2, *self.event_shape]),  # One example's shape might broadcast.
                self.draw_noise([0, 0], 1, 2),
                None if self.condition is None else self.condition.zeros(2),
                draw_all=True,
            )
        self.latent_shape = tuple(terms.z.shape[2:])
        check_densities(terms, self)
        self.latent_dim = math.prod(self.latent_shape)
        # 3. The distributions of that pass say whether their KL has a closed form.
        self.has_analytic_kl = (
            self.encoder.exact_kl
            and bool(terms.rates)
            and all(has_analytic_kl(q, p) for q, p, _ in terms.rates)
        )
        # Keras sets this of layers that are called, and these are asked for more than one thing.
        for part in (self, self.encoder, self.decoder, self.prior, self.condition, self.add_rate):
            if part is not None:
                part.built = True
        if not self.distributed:  # Replicas' variables have parts of their own.
            check_tracked(tape.watched_variables(), self)

    # Scoring -----------------------------------------------------------------------------------

    def terms(
        self,
        x: TensorLike,
        noise: TensorLike,
        condition: TensorLike | None = None,
        stop_posterior: bool = False,
        draw_all: bool = False,
        mask: TensorLike | None = None,
    ) -> Terms:
        """The log-densities at x and at the z made from noise, and what the rate is made of.

        Args:
          x: [B, H, W, C].
          noise: [S, B, N] from `draw_noise`.
          condition: [B, ...] for conditional models.
          stop_posterior: take log q(z|x) with its parameters stopped, and put a `GradientWeight`
            on z: gradient estimators other than the plain one need both.
          draw_all: whether Bayesian weights are all drawn; see `BayesianDecoder`.
          mask: bool, of x's shape, which values are known: log p(x|z) is that of these alone, and
            the encoder sees 0 in place of the others. None if all are. What is unknown is taken
            to be missing at random, given what is known (MAR): no density says why it is missing.
        """
        if not tf.TensorShape(noise.shape).is_compatible_with([None, None, self.noise_size]):
            raise ValueError(f"noise must be [S, B, {self.noise_size}], got {tuple(noise.shape)}.")
        x, mask = self.known_part(x, mask)
        condition = self.condition_of(condition, x)
        context = self._context(condition)
        weight = GradientWeight() if stop_posterior else None
        noise, weight_noise = self._split(noise)
        found = self.latents(self._seen(x, mask), noise, context, weight)
        p = self._decode_state(found.state, condition, weight_noise, draw_all)
        log_likelihood = of_known(p, mask).log_prob(x)
        if not self.has_bound:
            return Terms(found.z, log_likelihood)
        return Terms(
            found.z,
            log_likelihood,
            found.log_prior,
            found.log_posterior,
            found.kl,
            weight,
            found.rates,
        )

    def infer(self, *args, **kwargs) -> tuple[Terms, list[Rate]]:
        """(Terms, [Rate of each stochastic layer]): the old name of `terms`."""
        warnings.warn("VAE.infer is VAE.terms now.", DeprecationWarning, stacklevel=2)
        terms = self.terms(*args, **kwargs)
        return terms, list(terms.rates)

    def latents(
        self,
        x: TensorLike,
        noise: TensorLike,
        context: TensorLike | None,
        weight: GradientWeight | None = None,
    ) -> Latents:
        """z made from noise, as many samples as the noise has, and x as the encoder sees it.

        With a `GradientWeight` on z, log q has its parameters stopped.
        """
        q, z, log_posterior = self.encoder.infer(x, noise, context, weight)
        if not self.has_bound:
            return Latents(z, z)
        log_prior, kl, rates = self._against_prior(q, z, context)
        return Latents(z, z, log_prior, log_posterior, kl, rates)

    def _against_prior(self, q, z, context):
        """(log p(z), the KL of its parts or None, [Rate of each stochastic layer])."""
        p = self.prior.distribution(context)
        kl = analytic_kl(q, p) if self.has_analytic_kl else None
        return p.log_prob(z), kl, [Rate(q, p, z)]

    def log_likelihood(
        self,
        x: TensorLike,
        num_samples: int = 100,
        seed: int = 0,
        condition: ConditionLike | None = None,
        mask: TensorLike | None = None,
    ) -> tf.Tensor:
        """log p(x) in nats, [B], by importance sampling (Burda et al. 2016, eq. 8).

        A lower bound in expectation, which tightens with `num_samples`. With a mask, bool of x's
        shape, it is that of the known values alone.
        """
        return self.score_samples(x, num_samples, seed, condition, mask)[0]

    def score_samples(
        self,
        x: TensorLike,
        num_samples: int = 100,
        seed: int = 0,
        condition: ConditionLike | None = None,
        mask: TensorLike | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """(log p(x) in nats [B], its standard error [B]): `log_likelihood`, and how far it is off.

        The error is that of the mean of the samples' weights by the delta method. It is known from
        the same samples alone: where few of them carry weight, it is too small.
        """
        if not self.has_bound:
            raise ValueError(
                "log_likelihood needs a posterior density, which an autoencoder lacks. Train a "
                "VAE (recipe=vae)."
            )
        check_whole("num_samples", num_samples, at_least=1)
        if self._importance_sampler is None:
            self._importance_sampler = ImportanceSampler(self)
        if mask is not None:
            self.check_masks()
        x, mask = self.checked_part(x, mask)
        condition = self.condition_of(condition, x)
        seed = seeds.derive(seed, Site.EVALUATE)
        found = self._importance_sampler(x, num_samples, seed, condition, mask)
        return found.log_likelihood, found.stderr(num_samples)

    # Inferring and generating ------------------------------------------------------------------

    def encode(
        self,
        x: TensorLike,
        condition: ConditionLike | None = None,
        mask: TensorLike | None = None,
    ) -> tfd.Distribution:
        """q(z|x), batch [B], event *latent_shape; of the known values, where there is a mask."""
        x, mask = self.checked_part(x, mask)
        context = self._context(self.condition_of(condition, x))
        return self.encoder(self._seen(x, mask), context)

    def code(
        self,
        x: TensorLike,
        condition: ConditionLike | None = None,
        noise: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> tf.Tensor:
        """The z [B, *latent_shape] made from noise, a draw of q(z|x).

        The noise is [B, *noise_shape] of the encoder. Without it, this is the z that stands for x,
        made from zeros: the mean, if q is normal. The mask, bool of x's shape, says which values
        are known.
        """
        x, mask = self.checked_part(x, mask)
        if noise is None:
            noise = tf.zeros([tf.shape(x)[0], *self.encoder.noise_shape])
        noise, shape = tf.cast(noise, tf.float32), [x.shape[0], *self.encoder.noise_shape]
        if not noise.shape.is_compatible_with(shape):
            raise ValueError(f"noise must be of shape {shape}, got {noise.shape.as_list()}.")
        context = self._context(self.condition_of(condition, x))
        return self.encoder.draw(self._seen(x, mask), noise[tf.newaxis], context)[0]

    def encoder_input(self, x: TensorLike, mask: TensorLike | None = None) -> tf.Tensor:
        """What the encoder sees of examples x [B, H, W, C], some of whose values may be unknown."""
        return self._seen(*self.known_part(x, mask))

    def _seen(self, x, mask):
        """What the encoder sees of floats x: where it sees masks, [B, ..., 2 C]."""
        if not self.sees_mask:
            return x
        known = tf.ones_like(x) if mask is None else tf.cast(mask, x.dtype)
        return tf.concat([x, known], axis=-1)

    def flat(self, z: TensorLike) -> tf.Tensor:
        """z [..., *latent_shape] as [..., D], which `decode` takes too."""
        return flat(z, len(self.latent_shape))

    def decode(self, z: TensorLike, condition: ConditionLike | None = None) -> tfd.Distribution:
        """p(x|z), batch [..., B], event [H, W, C], from z [..., B, *latent_shape] or flat."""
        z, rank = tf.cast(z, tf.float32), len(self.latent_shape)
        if rank > 1 and z.shape[-1:] == [self.latent_dim]:
            z = shaped(z, self.latent_shape)
        if not z.shape[-rank:].is_compatible_with(self.latent_shape):
            wanted = ", ".join(map(str, self.latent_shape))
            raise ValueError(f"z must be [..., B, {wanted}], got {z.shape.as_list()}.")
        batch_size = z.shape[-rank - 1] if len(z.shape) > rank else None
        return self._decode(z, self.condition_of(condition, batch_size=batch_size))

    def sample(
        self,
        n: int,
        temperature: float | Sequence[float] = 1.0,
        seed: int | None = None,
        condition: ConditionLike | Mapping[str, Any] | None = None,
    ) -> tf.Tensor:
        """Mean images [n, H, W, C] of p(x|z) at n draws of z from the prior.

        Where the decoder draws x a step at a time (`AutoregressiveDecoder`), and of rows of a
        table, a draw at each z.

        Args:
          n: number of images.
          temperature: scales the prior's standard deviation, and divides the logits of values that
            are drawn; below 1, safer and less varied. Models of several stochastic layers also take
            one for each; the first is for the layer next to x, and for drawn values.
          seed: the same seed gives the same images; None, new ones at every call.
          condition: of conditional models, one for all images or one for each: a label or its name,
            an image. Of tables, cells that all rows have, by their columns' names; see
            `sample_given`.
        """
        self._require_prior("sample")
        check_whole("n", n, at_least=0)
        check_temperature(temperature, self.num_layers)
        seed = seeds.given_or_fresh(seed)
        if isinstance(condition, Mapping):
            x, known, label = self.modality.given(condition, self.condition is not None)
            return sample_given(self, n, x, known, seed, temperature, label)
        noise = self.prior.draw_noise(seeds.derive(seed, Site.SAMPLE), n)
        condition = self.condition_of(condition, batch_size=n)
        _, p = self.generate(noise, temperature, condition)
        if self.decoder.likelihood.is_drawn:
            seed = seeds.derive(seed, Site.STEP)
            return plain(p).from_uniform(
                lambda i: tf.random.stateless_uniform(
                    [n, *self.event_shape], seeds.derive(seed, i), _LEAST_UNIFORM, 1.0
                )
            )
        if not self.decoder.in_turn:
            return p.mean()
        noise = tf.random.stateless_normal([n, *p.noise_shape], seeds.derive(seed, Site.STEP))
        return p.from_noise(noise, float(np.ravel(temperature)[0]))

    def prior_sample(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        condition: ConditionLike | None = None,
    ) -> tf.Tensor:
        """z [..., *latent_shape] of the prior from noise [..., *prior.noise_shape]."""
        context = self._context(self.condition_of(condition))
        return self.prior.from_noise(noise, temperature, context)

    def generate(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        condition: ConditionLike | None = None,
    ) -> tuple[tf.Tensor, tfd.Distribution]:
        """(z [..., *latent_shape] of the prior, p(x|z)); arguments are as in `prior_sample`."""
        z = self.prior_sample(noise, temperature, condition)
        return z, self.decode(z, condition)

    def prior_distribution(self, condition: ConditionLike | None = None) -> tfd.Distribution:
        """p(z), event *latent_shape; batch [], or [B] where it depends on conditions [B, ...]."""
        self._require_prior("prior_distribution")
        return self.prior.distribution(self._context(self.condition_of(condition)))

    def prior_moments(self, condition: ConditionLike | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """(mean, standard deviation) of each latent under the prior, given one condition."""
        context = self._context(self.condition_of(condition, batch_size=1))
        return self.prior.moments(context)

    def clusters(
        self,
        x: TensorLike,
        condition: ConditionLike | None = None,
        mask: TensorLike | None = None,
    ) -> tf.Tensor:
        """The likeliest component of a mixture prior for each example's code, [B]."""
        if not self.has_clusters:
            raise ValueError(
                "clusters needs a prior of components: prior=mixture, vamp or categorical."
            )
        context = self._context(self.condition_of(condition, x))
        return self.prior.component_of(self.code(x, condition, mask=mask), context)

    @property
    def has_bound(self) -> bool:
        """Whether the model has a bound on log p(x); False without a prior."""
        return self.encoder.has_bound and self.prior is not None

    @property
    def has_clusters(self) -> bool:
        """Whether the prior is a mixture, whose components `clusters` tells."""
        return self.prior is not None and self.prior.is_mixture

    @property
    def num_layers(self) -> int:
        """L, how many stochastic layers there are."""
        return len(self.latent_dims)

    @property
    def latent_dims(self) -> tuple[int, ...]:
        """D_1 .. D_L, how many values of a flat z each layer has, the lowest first."""
        return (math.prod(self.latent_shape),)

    @property
    def has_layers_of_maps(self) -> bool:
        """Whether its latents are several layers of maps, of thousands of values together."""
        return self.prior is not None and self.prior.has_layers_of_maps

    @property
    def has_encoder(self) -> bool:
        """Whether codes depend on the examples; False where the prior serves as posterior."""
        return self.encoder.sees_x

    @property
    def has_density(self) -> bool:
        """The old name of `has_bound`."""
        warnings.warn("VAE.has_density is VAE.has_bound now.", DeprecationWarning, stacklevel=2)
        return self.has_bound

    def reconstruct(
        self,
        x: TensorLike,
        condition: ConditionLike | None = None,
        mask: TensorLike | None = None,
    ) -> tf.Tensor:
        """Mean images [B, H, W, C] of p(x|z) at the codes of x, its unknown values too."""
        x, mask = self.checked_part(x, mask)
        condition = self.condition_of(condition, x)
        return self._decode(self.code(x, condition, mask=mask), condition).mean()

    def predict_step(self, data: Any) -> tf.Tensor:
        """Keras' hook: `predict` reconstructs examples, with their conditions or as a `Batch`."""
        batch = as_batch(data)
        return self.reconstruct(batch.x, batch.condition, batch.mask)

    def call(
        self,
        x: TensorLike | Batch,
        condition: ConditionLike | None = None,
        training: bool | None = None,
    ) -> tfd.Distribution | Terms:
        """p(x|z) at the codes of x, batch [B], event [H, W, C]; adds the KL to `losses`.

        The KL, weighed with beta, is a mean over examples, exact where it can be. Otherwise it is
        estimated at z drawn by TensorFlow's global seed, as in Keras' own layers. Training gives a
        `Batch`, and gets its Terms.

        Args:
          x: examples [B, H, W, C], or a Batch.
          condition: [B, ...] of conditional models.
          training: Keras' own; in the training of a Batch, Bayesian weights are all drawn.
        """
        if isinstance(x, Batch):
            return self.step_terms(x, bool(training))
        x = self.checked_floats(x)
        condition = self.condition_of(condition, x)
        context, size = self._context(condition), tf.shape(x)[0]
        seen = self._seen(x, None)
        found = self.latents(seen, tf.zeros([1, size, *self.encoder.noise_shape]), context)
        rates = found.rates
        if rates and not (self.uses_analytic_kl and self.groups == "latents"):
            seed = tf.random.uniform([2], maxval=tf.int32.max, dtype=tf.int32)
            noise, _ = self._split(self.draw_noise(seed, 1, size))
            rates = self.latents(seen, noise, context).rates
        self.add_rates(rates)
        return self._decode_state(found.state[0], condition)

    def complete(
        self,
        x: TensorLike,
        known: TensorLike,
        num_steps: int = 100,
        seed: int = 0,
        condition: ConditionLike | None = None,
    ) -> tf.Tensor:
        """Images [B, H, W, C] with unknown values drawn given the known ones; see `Completer`.

        Args:
          x: [B, H, W, C]; what isn't known doesn't count.
          known: bool, [H, W], [H, W, C] or [B, H, W, C].
          num_steps: of the Markov chain.
          seed: another one gives other completions.
          condition: [B, ...] of conditional models.
        """
        if self._completer is None:
            self._completer = completion.Completer(self)
        check_whole("num_steps", num_steps, at_least=1)
        x = self.example_spec.with_channels(x if tf.is_tensor(x) else np.asanyarray(x))
        known = completion.check_known(known, x.shape, self.event_shape)
        self.example_spec.check_known(known)
        self.check_examples(np.where(known, x, 0), condition)
        x = self.as_floats(x)
        return self._completer(x, known, num_steps, seed, self.condition_of(condition, x))

    def impute(
        self,
        x: TensorLike,
        mask: TensorLike,
        num_samples: int = 1000,
        num_draws: int = 0,
        seed: int = 0,
        condition: ConditionLike | None = None,
    ) -> Imputed:
        """Unknown values given the known ones: means, spreads and draws; see `Imputed`.

        Args:
          x: [B, H, W, C]; what isn't known doesn't count, and may be NaN.
          mask: bool, of x's shape, True where a value is known.
          num_samples: of z for each example, which are weighed by importance.
          num_draws: K, multiple imputations, by sampling importance resampling.
          seed: of all draws.
          condition: [B, ...] of conditional models.
        """
        check_whole("num_samples", num_samples, at_least=1)
        check_whole("num_draws", num_draws, at_least=0)
        if self._imputer is None:
            self._imputer = Imputer(self)
        x, mask = self.checked_part(x, mask)
        return self._imputer(x, mask, num_samples, num_draws, seed, self.condition_of(condition, x))

    @property
    def can_complete(self) -> bool:
        """Whether `complete` serves this kind of model."""
        return completion.problem(self) is None

    def interpolate(
        self,
        start: TensorLike,
        end: TensorLike,
        steps: int = 8,
        method: str = "linear",
        condition: ConditionLike | None = None,
    ) -> tf.Tensor:
        """Mean images on the way from `start` to `end`, through latent space.

        Args:
          start, end: images [B, H, W, C].
          steps: number of images, ends included.
          method: "linear", or "spherical", which keeps the length of z typical of the prior
            (White 2016, Sampling generative networks).
          condition: [B, ...] of conditional models, which both ends and all between are given.

        Returns:
          [steps, B, H, W, C].
        """
        start, end = self.checked_floats(start), self.checked_floats(end)
        interpolation.check_ends(start, end, steps, method)
        condition = self.condition_of(condition, start)
        start, end = (self.flat(self.code(x, condition)) for x in (start, end))
        z = interpolation.between(start, end, steps, method)
        return self._decode(shaped(z, self.latent_shape), condition).mean()

    def draw_noise(
        self, seed: TensorLike | Sequence[int], num_samples: int, batch_size: int | tf.Tensor
    ) -> tf.Tensor:
        """The noise that `terms` needs: [S, B, N] from a stateless int32 [2] seed."""
        return tf.random.stateless_normal([num_samples, batch_size, self.noise_size], seed)

    @property
    def noise_size(self) -> int:
        """N, the numbers that one sample needs: the posterior's, and those of Bayesian weights."""
        return self.encoder.noise_shape[0] + self.decoder.noise_size

    def _split(self, noise):
        """The posterior's noise, and that of Bayesian weights (None without such)."""
        if self.decoder.noise_size == 0:
            return noise, None
        return tf.split(noise, [self.encoder.noise_shape[0], -1], axis=-1)

    def _decode(self, z, condition):
        """p(x|z) from z [..., B, *latent_shape]."""
        return self._decode_state(z, condition)

    def _decode_state(self, state, condition, weight_noise=None, draw_all=False):
        """p(x|z) from what the decoder is given of z; with weights drawn from weight_noise."""
        given = () if weight_noise is None else (weight_noise, draw_all)
        p = self.decoder(state, self._context(condition), *given)
        return p if self.condition is None else self.condition.complete(p, condition)

    def _context(self, condition):
        return None if self.condition is None else self.condition(condition)

    def _require_prior(self, verb):
        if self.prior is None:
            raise ValueError(
                f"{verb} needs a prior, which an autoencoder lacks at first: fit one to its "
                "codes by fit_prior, or train a VAE (recipe=vae)."
            )

    def fit_prior(self, prior: Prior, codes: TensorLike, seed: int = 0) -> None:
        """Gives an autoencoder a prior, fitted to codes [N, *latent_shape] of training examples.

        vae.fit_prior(priors.GaussianMixture(20), vae.code(images))
        """
        if self.trains_prior:
            raise ValueError("fit_prior is for autoencoders; this model's prior is trained.")
        prior.fit(codes, seed=seed)
        self.take_prior(prior)

    def take_prior(self, prior: Prior) -> None:
        """Makes a fitted prior this model's own; graphs, which lack it, are traced anew."""
        self.prior = prior
        self._importance_sampler = self._completer = self._imputer = None
        self.forget_graphs()
        self._settle()
