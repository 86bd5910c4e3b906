"""Bits-back coding: a VAE as a lossless compressor of images, at -ELBO bits each.

The compressed file is a stack of bits. An image x is put on it by three steps:

    take z off the stack, decoded by q(z|x)     gives back -log2 q(z|x) bits
    put x on it, encoded by p(x|z)              costs -log2 p(x|z)
    put z on it, encoded by p(z)                costs -log2 p(z)

so that x costs log q(z|x) - log p(x|z) - log p(z), whose mean is -ELBO. Decoding runs the steps
backwards, and leaves on the stack what was there before. Where z has layers, the first step takes
them from the top down, each by q(z_l|above, x).

References:
  Townsend, Bird & Barber 2019, Practical lossless compression with latent variables using bits back
  coding, arXiv 1901.04866.
  Townsend, Bird, Kunze & Barber 2020, HiLLoC: lossless image compression with hierarchical latent
  variable models, arXiv 1912.09953: layers.
  Duda 2009, Asymmetric numeral systems, arXiv 0902.0271: the stack.
"""

import hashlib
import math
import struct
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from keras_vae import seeds
from keras_vae._compat import TensorLike, tf, tfd
from keras_vae.compression.layers import layers_of
from keras_vae.compression.pixel_tables import Pixels
from keras_vae.config.members import option_of
from keras_vae.encoder import PriorEncoder
from keras_vae.hierarchical import HierarchicalVAE, LadderEncoder
from keras_vae.inference.importance import ImportanceSampler
from keras_vae.likelihoods import Support
from keras_vae.posteriors import DiagonalNormal
from keras_vae.priors import LearnedNormal, StandardNormal
from keras_vae.seeds import Site
from keras_vae.sequence import SequenceVAE

if TYPE_CHECKING:
    from keras_vae.vae import VAE


# A latent is coded as a whole number k: z = loc + scale * k / _PER_SCALE, with loc and scale the
# prior's. 512 values reach from -8 to 8. The coder keeps 2^-24 for each value, be it ever so
# unlikely; more values would give more of q's mass to outliers, which no decoder expects.
_LATENT_BITS = 9
_PER_SCALE = 2 ** (_LATENT_BITS - 4)
_RANGE = -(2 ** (_LATENT_BITS - 1)), 2 ** (_LATENT_BITS - 1) - 1

# Probabilities in a table of those of all levels of all pixels of a batch: 64 MB.
_MAX_TABLE = 2**24
# How many times larger than their file images may be: a pixel of a byte takes 0.0008 bits then.
_MAX_RATIO = 10_000
_WORD_BITS = 32
# A file is this header (format, model, number of images, growth of the batches), the stack's words,
# and the CRC of both.
_HEADER = struct.Struct("<4s8sII")
_FORMAT = b"bbv1"
_CRC = struct.Struct("<I")


class CorruptFile(ValueError):
    """A file that isn't what this model wrote."""


class BitsBack:
    """Encodes images by a VAE, and decodes them.

        codec = BitsBack(vae)
        images = codec.decode(codec.encode(images))

    The networks run on batches, yet all images are in one chain: a batch is as large as the images
    before it can supply with bits. Encoding and decoding must compute the same numbers to the bit:
    on the same machine and device, with as many threads.

    Args:
      vae: an unconditional VAE with a diagonal normal posterior, a normal prior, and a likelihood
        that is Bernoulli or of levels; or a ladder of such layers.

    Attributes:
      levels: how many values a pixel can take.
      initial_bits: bits on the stack before the first image; they are a checksum of all images,
        which decoding finds again.

    Raises:
      ValueError: the model is of another kind, or the entropy coder isn't installed.
    """

    def __init__(self, vae: "VAE"):
        _check(vae)
        try:
            from constriction import stream
        except ImportError as error:
            raise ValueError(
                "compression needs the package constriction, which comes built for x86-64, macOS "
                "and Windows alone: pip install constriction builds it where Rust is installed."
            ) from error
        self._vae = vae
        self.levels = vae.decoder.likelihood.levels or 2  # Black and white need not say so.
        self._dtype = np.min_scalar_type(self.levels - 1)
        self._num_pixels = math.prod(vae.event_shape)
        self._sampler = ImportanceSampler(vae)
        # Two words more: the coder's own state.
        self._initial_words = self._words_of_latents(1) + 2
        self.initial_bits = _WORD_BITS * self._initial_words
        weights = (w for part in (vae.encoder, vae.decoder, vae.prior) for w in part.get_weights())
        self._fingerprint = hashlib.sha256(b"".join(w.tobytes() for w in weights)).digest()[:8]
        self._layers = layers_of(vae)
        self._pixels = Pixels(vae.decoder.likelihood, self.levels, self._layers.observe)
        self._stack = stream.stack.AnsCoder
        self._normal = stream.model.QuantizedGaussian(*_RANGE)
        self._prior = stream.model.QuantizedGaussian(*_RANGE, 0.0, float(_PER_SCALE))
        self._pixel = stream.model.Categorical(perfect=False)

    def encode(self, x: TensorLike, progress: Callable[[int], object] | None = None) -> bytes:
        """The compressed images x [N, H, W, C]: a file's content.

        Args:
          x: of the values that the likelihood gives mass to.
          progress: None, or a function that gets the number of images done after each batch.
        """
        x = self.to_levels(x)
        growth = self._growth(x)
        stack = self._stack(self._checksum(x))
        start = 0
        for size in self._batch_sizes(len(x), growth):
            batch = x[start : start + size]
            stack = self._scramble(stack, start, size)
            taken, state = self._take_latents(stack, batch)
            self._put_pixels(stack, batch, state)
            for k in reversed(taken):
                stack.encode_reverse(k, self._prior)
            start += size
            if progress is not None:
                progress(start)
        content = _HEADER.pack(_FORMAT, self._fingerprint, len(x), growth)
        content += stack.get_compressed().astype("<u4").tobytes()
        return content + _CRC.pack(zlib.crc32(content))

    def decode(self, content: bytes) -> np.ndarray:
        """The images [N, H, W, C] of a file's content: bool, uint8 of 256 levels, or float32.

        Raises:
          CorruptFile: another model wrote the content, or it was changed since.
        """
        num_images, growth, words = self._read(content)
        stack = self._stack(words)
        x = np.empty((num_images, *self._vae.event_shape), self._dtype)
        start = num_images
        for size in reversed(self._batch_sizes(num_images, growth)):
            start -= size
            passed, state = self._walk_by_prior(stack, size)
            batch = x[start : start + size]
            self._take_pixels(stack, batch, state)
            self._put_latents(stack, batch, passed)
            stack = self._scramble(stack, start, size)
        if not np.array_equal(stack.get_compressed(), self._checksum(x)):
            raise CorruptFile(
                "the decoded images aren't those that were encoded: the model computes other "
                "numbers here. Decode on the machine that encoded, with as many threads."
            )
        if self.levels in (2, 256):
            return x.astype(bool) if self.levels == 2 else x
        return self._to_floats(x)

    def code_bits(self, content: bytes) -> int:
        """Bits of a file's content that code images: all but header, CRC and initial bits."""
        return 8 * (len(content) - _HEADER.size - _CRC.size) - self.initial_bits

    def expected_bits(self, x: TensorLike, num_samples: int | None = None) -> float:
        """-ELBO of the images x [N, H, W, C] together, in bits.

        Args:
          num_samples: of each image; by default 16, or 1 for layers of maps, which take long.
        """
        num_samples = num_samples or (1 if self._vae.has_layers_of_maps else 16)
        x = self._to_floats(self.to_levels(x))
        estimate = self._sampler(x, num_samples, seeds.derive(0, Site.EVALUATE))
        return float(np.sum(estimate.distortion + estimate.rate, dtype=np.float64) / math.log(2.0))

    def to_levels(self, x: TensorLike) -> np.ndarray:
        """Images x [N, H, W, C] as whole numbers from 0 to levels - 1.

        Raises:
          ValueError: they are of another shape, or no such levels.
        """
        x = np.asarray(self._vae.as_floats(x))
        if not len(x):
            raise ValueError("x must hold at least one image, got none.")
        self._vae.decoder.likelihood.check_values(x)
        return np.round(x * (self.levels - 1)).astype(self._dtype)

    def _to_floats(self, levels):
        return np.float32(levels) / np.float32(self.levels - 1)

    # A batch -----------------------------------------------------------------------------------

    def _take_latents(self, stack, batch):
        """By q: (k [B * D_l] of each layer, the top's first; what the decoder reads)."""
        found, taken = self._layers.look_up(self._to_floats(batch)), []

        def choose(layer, p, state):
            q = self._layers.infer(layer, found, p, state)
            taken.append(stack.decode(self._normal, *_in_units(q, p)))
            return self._z(layer, p, taken[-1])

        state = self._layers.walk(choose)
        return taken, state

    def _walk_by_prior(self, stack, size):
        """The way that `_take_latents` went: (what was passed on it, what the decoder reads)."""
        passed = []

        def choose(layer, p, state):
            k = stack.decode(self._prior, size * math.prod(self._layers.shapes[layer]))
            passed.append((layer, p, state, k))
            return self._z(layer, p, k)

        state = self._layers.walk(choose)
        return passed, state

    def _put_latents(self, stack, batch, passed):
        found = self._layers.look_up(self._to_floats(batch))
        for layer, p, state, k in reversed(passed):
            q = self._layers.infer(layer, found, p, state)
            stack.encode_reverse(k, self._normal, *_in_units(q, p))

    def _z(self, layer, p, k):
        """The latents z_l [B, ...] that k [B * D_l] stands for."""
        k = k.reshape(-1, *self._layers.shapes[layer])
        return tf.constant(
            np.float32(np.float64(p.mean()) + np.float64(p.stddev()) * k / _PER_SCALE)
        )

    def _put_pixels(self, stack, batch, state):
        for turn in reversed(list(self._pixels.turns())):
            table = self._pixels.table(state, self._to_floats(batch[..., : turn.start]))
            stack.encode_reverse(np.int32(batch[..., turn].ravel()), self._pixel, table)

    def _take_pixels(self, stack, batch, state):
        """Fills the batch [B, H, W, C]."""
        for turn in self._pixels.turns():
            table = self._pixels.table(state, self._to_floats(batch[..., : turn.start]))
            batch[..., turn] = stack.decode(self._pixel, table).reshape(batch[..., turn].shape)

    # The chain ---------------------------------------------------------------------------------

    def _growth(self, x):
        """How many images must be on the stack for each image of the next batch.

        Its latents take at most _LATENT_BITS bits each, and each image has left -ELBO bits.
        """
        some = self._to_floats(x[:100])
        left = max(1.0, self.expected_bits(some, num_samples=1) / len(some))
        return math.ceil(self._vae.latent_dim * _LATENT_BITS / left)

    def _batch_sizes(self, num_images, growth):
        largest = max(1, _MAX_TABLE // (self._num_pixels * self.levels))
        sizes, done = [], 0
        while done < num_images:
            sizes.append(min(max(1, done // growth), largest, num_images - done))
            done += sizes[-1]
        return sizes

    def _scramble(self, stack, start, size):
        """The stack with the bits that `size` images' latents take made random, or back again.

        What was coded last is on top, the latents of the images before; taken as they are, these
        bits would make the next latents like them: they must be "clean" (Townsend et al. 2019).
        """
        words = stack.get_compressed()
        count = min(self._words_of_latents(size) + 2, len(words)) - 1
        key = hashlib.shake_256(start.to_bytes(8, "little")).digest(4 * max(0, count))
        # The last word of the coder's state must not be 0.
        words[len(words) - 1 - count : -1] ^= np.frombuffer(key, "<u4")
        return self._stack(words)

    def _words_of_latents(self, num_images):
        return math.ceil(num_images * self._vae.latent_dim * _LATENT_BITS / _WORD_BITS)

    def _checksum(self, x):
        """The words that are on the stack before the images x."""
        digest = hashlib.shake_256(x.tobytes()).digest(4 * self._initial_words)
        words = np.frombuffer(digest, "<u4").astype(np.uint32)
        words[-1] |= 1  # The coder wants a last word that isn't 0.
        return words

    def _read(self, content):
        """(number of images, growth, words of the stack) of a file's content."""
        if len(content) < _HEADER.size + _CRC.size or content[: len(_FORMAT)] != _FORMAT:
            raise CorruptFile("the file is not a compressed file of this format.")
        if zlib.crc32(content[: -_CRC.size]) != _CRC.unpack(content[-_CRC.size :])[0]:
            raise CorruptFile("the file is damaged or not complete.")
        _, fingerprint, num_images, growth = _HEADER.unpack_from(content)
        if fingerprint != self._fingerprint:
            raise CorruptFile(
                "the file was compressed by another model, or by this one before it was trained on."
            )
        stack = content[_HEADER.size : -_CRC.size]
        size = num_images * self._num_pixels * self._dtype.itemsize
        if growth < 1 or len(stack) % 4 or not any(stack[-4:]) or size > _MAX_RATIO * len(content):
            raise CorruptFile(f"{len(content):,} bytes can't hold {num_images:,} images.")
        return num_images, growth, np.frombuffer(stack, "<u4").astype(np.uint32)


def _in_units(q: tfd.Distribution, p: tfd.Distribution) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of q(k_l|above, x), each [B * D_l]."""
    unit = np.float64(p.stddev()) / _PER_SCALE
    loc, scale = np.float64(q.mean()) - np.float64(p.mean()), np.float64(q.stddev())
    return (loc / unit).ravel(), (scale / unit).ravel()


def _check(vae) -> None:
    """Raises ValueError unless bits-back coding can code by the model."""
    decoder = vae.decoder
    posterior = vae.encoder.posterior or vae.encoder
    # Of layers, those of a ladder alone are inferred in the order in which the prior draws them.
    prior = vae.prior.top if isinstance(vae.encoder, LadderEncoder) else vae.prior
    for fits, wanted, found in (
        (vae.condition is None, "condition=none", vae.condition),
        (
            isinstance(vae.encoder, LadderEncoder)
            or not isinstance(vae, HierarchicalVAE | SequenceVAE),
            "structure=single or ladder",
            vae,
        ),
        (isinstance(posterior, DiagonalNormal | LadderEncoder), "posterior=diagonal", posterior),
        (
            isinstance(prior, StandardNormal | LearnedNormal),
            "prior=standard_normal or learned_normal",
            prior,
        ),
        (not decoder.in_turn, "decoder=independent", decoder),
        (
            decoder.likelihood.support in (Support.BINARY, Support.LEVELS),
            "likelihood=bernoulli, or one of levels such as discretized_logistic",
            decoder.likelihood,
        ),
    ):
        if not fits:
            # The prior as posterior is no part that a name has.
            got = "posterior=prior" if isinstance(found, PriorEncoder) else option_of(found)
            raise ValueError(f"compression needs {wanted}, got {got}.")
    if decoder.noise_size:
        raise ValueError("compression needs weights=point, got Bayesian weights.")
