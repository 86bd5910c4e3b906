"""Parity: whether a written file computes what the Keras model computes."""

import contextlib
import math

import numpy as np

from export import noise
from export.generator import Generator, values_come_in_turn
from export.noise import Stream
from keras_vae._compat import tf
from keras_vae.vae import VAE

# Limits of an output's mean and largest absolute error, in units of its largest magnitude (or of 1,
# if that is larger). Rounding alone moves single pixels of a sharp model by 1e-5 (measured on a
# residual network trained until it fits); weights in float16 would move them by 5e-4.
MEAN_TOLERANCE = 1e-5
MAX_TOLERANCE = 1e-4
_NUM_EXAMPLES = 16
# Signatures of any batch size are tried with batches of 5 and, for the last example, of 1.
_FREE_BATCH_SIZE = 5


class ParityError(RuntimeError):
    """A written file differs from the Keras model."""


def check(vae: VAE, artefact: str, signatures: dict) -> dict:
    """Compares every output of a file with the Keras model's on the same inputs.

    Args:
      vae: the model that the file was written from.
      artefact: the file's name, for error messages.
      signatures: {name: function of arrays, by name, to a dict of arrays}. A name is a verb, and
        its batch size if that is fixed: "decode", "decode_16".

    Returns:
      {name: {"inputs": {name: type}, "outputs": {name: {"type", "max_error", "mean_error"}}}};
      types read as "float32[B, 20]", errors are absolute.

    Raises:
      ParityError: an error is above its tolerance, with the numbers.
    """
    with _full_precision():
        examples, in_turn = _examples(vae), values_come_in_turn(vae)
        return {
            name: _check_signature(f"{artefact}, {name}", name, function, examples, in_turn)
            for name, function in signatures.items()
        }


def _check_signature(title, name, function, examples, in_turn):
    verb, size = verb_and_size(name)
    inputs, expected = examples[verb]
    step = size or _FREE_BATCH_SIZE
    batches = [
        # Scalars are for all examples.
        function(**{k: v[i : i + step] if v.ndim else v for k, v in inputs.items()})
        for i in range(0, _NUM_EXAMPLES, step)
    ]
    if batches[0].keys() != expected.keys():
        raise ParityError(f"{title}: outputs are {[*batches[0]]}, not {[*expected]}.")
    outputs = {}
    for key, wanted in expected.items():
        got = np.concatenate([batch[key] for batch in batches])
        in_turn_too = in_turn and key in ("image", "sample")
        outputs[key] = {"type": _type(got, size)} | _errors(
            f"{title}: {key}", got, wanted, in_turn_too
        )
    types = {key: _type(value, size) for key, value in inputs.items()}
    return {"inputs": types, "outputs": outputs}


def verb_and_size(name: str):
    """("sample", 16) of "sample_16", and ("sample", None) of "sample"."""
    verb, _, size = name.rpartition("_")
    return (verb, int(size)) if size.isdigit() else (name, None)


def _errors(title, got, wanted, in_turn=False):
    """The errors of an output; of values chosen in turn, those of all examples but the worst.

    Where two levels are alike to the last digit, libraries may choose differently, and all that
    follows differs.
    """
    if got.shape != wanted.shape:
        raise ParityError(f"{title} is of shape {got.shape}, not {wanted.shape}.")
    error = np.abs(got - wanted)
    if in_turn:
        error = np.sort(error.reshape(len(error), -1).max(axis=1))[:-1]
    max_error, mean_error = float(np.max(error)), float(np.mean(error))
    unit = max(1.0, float(np.max(np.abs(wanted))))
    # Not `>`, which is false for NaN.
    if not (max_error <= MAX_TOLERANCE * unit and mean_error <= MEAN_TOLERANCE * unit):
        raise ParityError(
            f"{title} differs from the Keras model's by up to {max_error:.2g} (mean "
            f"{mean_error:.2g}); allowed are {MAX_TOLERANCE * unit:.2g} (mean "
            f"{MEAN_TOLERANCE * unit:.2g}). Nothing was written."
        )
    return {"max_error": max_error, "mean_error": mean_error}


def _examples(vae):
    """{verb: (inputs, outputs of the Keras model)}; arrays by name, of _NUM_EXAMPLES examples."""
    seed = np.stack([np.arange(_NUM_EXAMPLES), -np.arange(_NUM_EXAMPLES)], 1).astype(np.int32)
    x = noise.uniform(seed, Stream.PIXEL, math.prod(vae.event_shape))
    x = x.reshape(-1, *vae.event_shape)
    arrays = {
        "x": x,
        "z": noise.normal(seed, Stream.LATENT, vae.latent_dim),
        "seed": seed,
        "temperature": np.array(0.7, np.float32),
        "k": np.array(13, np.int32),
    }
    if vae.condition is not None:
        arrays["condition"] = vae.condition.to_show(_NUM_EXAMPLES, x)
    keras = Generator(vae, noise)
    found = {}
    for verb, names in keras.verbs.items():
        inputs = {name: arrays[name] for name in names}
        outputs = getattr(keras, verb)(**inputs)
        found[verb] = inputs, {name: value.numpy() for name, value in outputs.items()}
    return found


@contextlib.contextmanager
def _full_precision():
    """GPUs by default round what they multiply to 10 bits (TensorFloat-32)."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def _type(array, size):
    shape = [size or "B", *array.shape[1:]] if array.ndim else []
    return f"{array.dtype}[{', '.join(map(str, shape))}]"
