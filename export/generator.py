"""Generator: a VAE as functions from tensors to tensors, ready to be written to a file."""

import contextlib
import math
from collections.abc import Collection
from types import ModuleType

from export import random_tensorflow
from export.random_numpy import Stream
from keras_vae._compat import TensorLike, leave_as_written, tf
from keras_vae.inference.importance import logaddexp
from keras_vae.vae import VAE

leave_as_written(__name__)

# The signature `log_prob`.
_SAMPLES_AT_ONCE = 10
# The streams of the uniform numbers that a `Likelihood` draws from: i = 0, i = 1, and a choice.
_UNIFORMS = (Stream.PIXEL, Stream.PIXEL_2, Stream.CHOICE)
# The largest float32 below 1, which the generator's numbers may be rounded to.
_BELOW_ONE = 1.0 - 2.0**-24
# The inputs that aren't rows: they count for all examples.
SHARED = ("temperature", "num_layers", "k")


class Generator(tf.Module):
    """What is exported of a VAE: its weights, and a function for each verb.

    All inputs and outputs are named. Example b of an output depends on example b of the inputs
    alone; inputs of `SHARED` count for all. Where the decoder chooses values in turn, "image" and
    "sample" are one such draw.

    Args:
      vae: as it is now; one without a prior (an autoencoder) can't sample.
      random: where random numbers come from: `random_tensorflow`, or `random_numpy` for arrays in
        place of tensors.

    Attributes:
      verbs: {name: names of the inputs} of the functions that this model has.
    """

    def __init__(self, vae: VAE, random: ModuleType = random_tensorflow):
        super().__init__()
        # TensorFlow must not track the model: the file holds its weights, not a Keras model.
        object.__setattr__(self, "_vae", vae)
        object.__setattr__(self, "_traced", {})
        self._random = random
        self.weights = list(vae.variables)
        verbs = {"decode": ["z"]}
        if vae.has_encoder:
            verbs |= {"encode": ["x"], "reconstruct": ["x"]}
            if vae.encoder.has_density:
                verbs["encode_with_seed"] = ["x", "seed"]
        if vae.prior is not None:
            verbs |= {"sample": ["seed"], "sample_with_temperature": ["seed", "temperature"]}
            if vae.num_layers > 1:
                verbs["vary"] = ["z", "seed", "temperature", "num_layers"]
        if vae.has_bound:
            verbs["log_prob"] = ["x", "k", "seed"]
        if vae.sees_mask:
            for inputs in verbs.values():
                if "x" in inputs:
                    inputs.insert(1, "mask")
        if vae.condition is not None:
            for inputs in verbs.values():
                if not ("x" in inputs and vae.condition.in_examples):
                    inputs.append("condition")
        object.__setattr__(self, "verbs", verbs)

    @property
    def vae(self) -> VAE:
        """The model."""
        return self._vae

    @classmethod
    def of(cls, model: "VAE | Generator") -> "Generator":
        """The generator of a VAE; one that is given stays, with the graphs that it has."""
        return model if isinstance(model, cls) else cls(model)

    def decode(self, z: TensorLike, condition: TensorLike | None = None) -> dict[str, tf.Tensor]:
        """{"image": mean of p(x|z) [B, H, W, C]} from flat z [B, D]."""
        return {"image": self._shaped(self._vae.decode(z, condition).mean(), z)}

    def sample(self, seed: TensorLike, condition: TensorLike | None = None) -> dict[str, tf.Tensor]:
        """{"image": mean of p(x|z), "sample": draw of it, [B, H, W, C]; "z" [B, *latent_shape]}.

        Args:
          seed: int32 [B, 2], any values: the same pair gives the same image.
          condition: [B, ...] of conditional models.
        """
        return self.sample_with_temperature(seed, 1.0, condition)

    def sample_with_temperature(
        self, seed: TensorLike, temperature: TensorLike | float, condition: TensorLike | None = None
    ) -> dict[str, tf.Tensor]:
        """As `sample`, the prior's standard deviation multiplied by a number.

        Models of several stochastic layers take one for each, [L], z_1's first; see `VAE.sample`.
        """
        z, p = self._vae.generate(self._latent_noise(seed), temperature, condition)
        return self._drawn(z, p, seed, temperature)

    def vary(
        self,
        z: TensorLike,
        seed: TensorLike,
        temperature: TensorLike | float,
        num_layers: TensorLike | int,
        condition: TensorLike | None = None,
    ) -> dict[str, tf.Tensor]:
        """As `sample_with_temperature`, of flat z [B, D] whose upper layers are kept.

        Only the lowest `num_layers` layers, an int32 scalar, are drawn anew; see
        `HierarchicalVAE.vary`.
        """
        noise = self._latent_noise(seed)
        z, p = self._vae.regenerate(z, num_layers, noise, temperature, condition)
        return self._drawn(z, p, seed, temperature)

    def _latent_noise(self, seed):
        shape = self._vae.prior.noise_shape
        noise = self._random.normal(seed, Stream.LATENT, math.prod(shape))
        return tf.reshape(noise, [-1, *shape])

    def _drawn(self, z, p, seed, temperature):
        """What the verbs that sample give."""
        if self._vae.decoder.in_turn:
            noise = self._random.normal(seed, Stream.STEP, *p.noise_shape)
            lowest = temperature if self._vae.num_layers == 1 else tf.reshape(temperature, [-1])[0]
            sample = p.from_noise(tf.convert_to_tensor(noise), lowest)
            # "image" is its own tensor: of two equal outputs LiteRT for browsers loses the first.
            image = tf.minimum(sample, sample.dtype.max)
        else:
            image, sample = p.mean(), p.from_uniform(lambda i: self._uniform(seed, _UNIFORMS[i]))
        return {"image": self._shaped(image, z), "sample": self._shaped(sample, z), "z": z}

    def encode(
        self,
        x: TensorLike,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> dict[str, tf.Tensor]:
        """The parameters of q(z|x) (`posterior_parameters`) from float x [B, H, W, C].

        A model that sees masks is given one wherever it is given x: bool of x's shape, True where
        a value is known.
        """
        return posterior_parameters(self._vae, x, condition, mask)

    def encode_with_seed(
        self,
        x: TensorLike,
        seed: TensorLike,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> dict[str, tf.Tensor]:
        """As `encode`, with "z" [B, *latent_shape] drawn from q(z|x) by seed int32 [B, 2]."""
        shape = self._vae.encoder.noise_shape
        noise = self._random.normal(seed, Stream.POSTERIOR, math.prod(shape))
        z = self._vae.code(x, condition, tf.reshape(noise, [-1, *shape]), mask)
        return self.encode(x, condition, mask) | {"z": z}

    def reconstruct(
        self,
        x: TensorLike,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> dict[str, tf.Tensor]:
        """{"image": mean of p(x|z) [B, H, W, C] at the code of x}."""
        return {"image": self._shaped(self._vae.reconstruct(x, condition, mask), x)}

    def log_prob(
        self,
        x: TensorLike,
        k: TensorLike | int,
        seed: TensorLike,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> dict[str, tf.Tensor]:
        """What importance sampling says of log p(x) (`keras_vae.inference.importance`), in nats.

        Args:
          x: float [B, H, W, C].
          k: int32 scalar, samples of each example.
          seed: int32 [B, 2].
          condition: [B, ...] of conditional models.
          mask: bool [B, H, W, C] of models that see masks.

        Returns:
          "log_prob", the bound of k samples, "effective_sample_size", "distortion" and "rate", [B].
        """
        vae, random, batch_size = self._vae, self._random, tf.shape(x)[0]

        def is_left(first, *_):
            return first < k

        def add(first, log_w, log_w2, distortion, rate):
            sample = tf.repeat(first + tf.range(_SAMPLES_AT_ONCE), batch_size)
            seeds = random.fold(tf.tile(seed, [_SAMPLES_AT_ONCE, 1]), sample, Stream.IMPORTANCE)
            noise = random.normal(seeds, Stream.POSTERIOR, vae.noise_size)
            noise = tf.reshape(noise, [_SAMPLES_AT_ONCE, batch_size, vae.noise_size])
            terms = vae.terms(x, noise, condition, mask=mask)
            counts = tf.reshape(sample < k, [_SAMPLES_AT_ONCE, batch_size])
            log_weight = tf.where(counts, terms.log_weight, -math.inf)
            return (
                first + _SAMPLES_AT_ONCE,
                logaddexp(log_w, tf.reduce_logsumexp(log_weight, axis=0)),
                logaddexp(log_w2, tf.reduce_logsumexp(2.0 * log_weight, axis=0)),
                distortion - tf.reduce_sum(tf.where(counts, terms.log_likelihood, 0.0), axis=0),
                rate + terms.rate,
            )

        zeros = tf.zeros([batch_size])
        start = tf.constant(0), zeros - math.inf, zeros - math.inf, zeros, zeros
        done, log_w, log_w2, distortion, rate = tf.while_loop(is_left, add, start)
        number = tf.cast(k, tf.float32)
        return {
            "log_prob": log_w - tf.math.log(number),
            "effective_sample_size": tf.exp(2.0 * log_w - log_w2),
            "distortion": distortion / number,
            "rate": rate / tf.cast(done // _SAMPLES_AT_ONCE, tf.float32),
        }

    def signatures(self, batch_size: int | None = None, leave_out: Collection[str] = ()) -> dict:
        """{verb: concrete function}, for one batch size or, if None, for any; each traced once."""
        verbs = [verb for verb in self.verbs if verb not in leave_out]
        new = [verb for verb in verbs if (verb, batch_size) not in self._traced]
        self._traced.update(self._trace(new, batch_size))
        return {verb: self._traced[verb, batch_size] for verb in verbs}

    def _trace(self, verbs, batch_size):
        """{(verb, batch_size): concrete function}."""
        vae = self._vae
        specs = {
            "x": tf.TensorSpec([batch_size, *vae.event_shape], name="x"),
            "mask": tf.TensorSpec([batch_size, *vae.event_shape], tf.bool, name="mask"),
            "z": tf.TensorSpec([batch_size, vae.latent_dim], name="z"),
            "seed": tf.TensorSpec([batch_size, 2], tf.int32, name="seed"),
            "temperature": tf.TensorSpec(temperature_shape(vae), name="temperature"),
            "num_layers": tf.TensorSpec([], tf.int32, name="num_layers"),
            "k": tf.TensorSpec([], tf.int32, name="k"),
        }
        if vae.condition is not None:
            shape, dtype = [batch_size, *vae.condition.shape], vae.condition.given_dtype
            specs["condition"] = tf.TensorSpec(shape, dtype, name="condition")
        with vae.prior.frozen() if vae.prior is not None else contextlib.nullcontext():
            # A tf.function that has a graph for any batch size would give it for a fixed one too.
            return {
                (verb, batch_size): tf.function(getattr(self, verb)).get_concrete_function(
                    **{name: specs[name] for name in self.verbs[verb]}
                )
                for verb in verbs
            }

    def _uniform(self, seed, stream):
        event_shape = self._vae.event_shape
        numbers = self._random.uniform(seed, stream, math.prod(event_shape))
        return tf.minimum(tf.reshape(numbers, [-1, *event_shape]), _BELOW_ONE)

    def _shaped(self, image, given):
        # The decoder's reshapes lose what is known of the shape.
        return tf.ensure_shape(image, [given.shape[0], *self._vae.event_shape])


def temperature_shape(vae: VAE) -> list[int]:
    """[], or [L] of several stochastic layers."""
    return [vae.num_layers] if vae.num_layers > 1 else []


def posterior_parameters(
    vae: VAE,
    x: TensorLike,
    condition: TensorLike | None = None,
    mask: TensorLike | None = None,
) -> dict:
    """The parameters of q(z|x) by name, from x [B, H, W, C].

    Returns:
      "loc" [B, *latent_shape], the mean; with it "scale_tril" [B, D, D] if q has a full covariance,
      "scale", of loc's shape, if its latents are independent, nothing if it has no density. A q of
      low rank has both
      "scale" and "factor" [B, D, R]: z = loc + scale * a + factor b, of normal numbers a and b. A q
      without moments in closed form has "code" [B, *latent_shape] alone, the z of zero noise.
    """
    posterior = vae.encoder.posterior
    if posterior is None:  # The model has several layers or steps.
        return {"code": vae.code(x, condition, mask=mask)}
    return posterior.outputs(vae.encode(x, condition, mask))
