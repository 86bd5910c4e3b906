"""Parity: whether a written file computes what the Keras model computes."""

import contextlib
import math
import statistics
import time

import numpy as np

from export import random_numpy
from export.generator import SHARED, Generator, temperature_shape
from export.precision import PRECISIONS, Precision
from export.random_numpy import Stream
from export.tflite import verb_and_size
from keras_vae._compat import tf
from keras_vae.likelihoods import Support
from keras_vae.vae import VAE

EXACT = PRECISIONS["float32"]
# The limit of the mean error, as a share of the limit of the largest.
MEAN_OF_MAX = 0.1
_NUM_EXAMPLES = 16  # at least; of a larger batch, as many as it has
# Signatures of any batch size are tried with batches of 5 and, for the last example, of 1.
_FREE_BATCH_SIZE = 5


class ParityError(RuntimeError):
    """A written file differs from the Keras model."""


def check_parity(vae: VAE, artefact: str, signatures: dict, gate: Precision = EXACT) -> dict:
    """Compares every output of a file with the Keras model's on the same inputs.

    Args:
      vae: the model that the file was written from.
      artefact: the file's name, for error messages.
      signatures: {name: function of arrays, by name, to a dict of arrays}. A name is a verb, and
        its batch size if that is fixed: "decode", "decode_16".
      gate: the file's precision; of one that isn't exact, images at a given z and draws alone are
        held to a limit.

    Returns:
      {name: {"inputs": {name: type}, "outputs": {name: {"type", "max_error", "mean_error"}},
      "milliseconds": of a call}}; types read as "float32[B, 20]", errors are absolute; of "sample"
      "differing" in place of the largest, the share of values that do.

    Raises:
      ParityError: an error is above its limit, with the numbers.
    """
    of = [verb_and_size(name) for name in signatures]
    number = max(_NUM_EXAMPLES, *(size or 0 for _, size in of))
    with _full_precision():
        examples = _examples(vae, {verb for verb, _ in of}, number)
        in_turn = vae.decoder.in_turn
        drawn: set[str] = set() if in_turn else {"sample"}
        if vae.decoder.likelihood.is_drawn:
            drawn.add("image")
        return {
            name: _check_signature(
                f"{artefact}, {name}", name, function, examples, in_turn, drawn, gate
            )
            for name, function in signatures.items()
        }


def _check_signature(title, name, function, examples, in_turn, drawn, gate):
    verb, size = verb_and_size(name)
    inputs, expected = examples[verb]
    step = size or _FREE_BATCH_SIZE
    number = len(next(iter(expected.values())))
    if size:  # Only as many examples as fill whole batches.
        number -= number % size
    batches = [function(**_rows(inputs, i, step)) for i in range(0, number, step)]
    if batches[0].keys() != expected.keys():
        raise ParityError(f"{title}: outputs are {[*batches[0]]}, not {[*expected]}.")
    outputs = {}
    for key, wanted in expected.items():
        got, wanted = np.concatenate([batch[key] for batch in batches]), wanted[:number]
        about = f"{title}: {key}"
        if got.shape != wanted.shape:
            raise ParityError(f"{about} is of shape {got.shape}, not {wanted.shape}.")
        if key in drawn:  # Values of few kinds: where two are as good, libraries may differ.
            errors = _draw_errors(about, got, wanted, gate)
        else:
            is_image = key in ("image", "sample")
            limited = gate.is_exact or (is_image and verb in _OF_GIVEN_Z)
            limit = gate.max_error if limited else math.inf
            if key == "effective_sample_size":
                # The value is made of exp(log w): an error of log w becomes a factor.
                limit *= max(1.0, float(np.max(np.abs(expected["log_prob"]))))
            errors = _errors(about, got, wanted, limit, in_turn and is_image, gate.instead)
        outputs[key] = {"type": _type(got, size)} | errors
    types = {
        key: _shape_type(value, value.shape) if key in SHARED else _type(value, size)
        for key, value in inputs.items()
    }
    milliseconds = _milliseconds(function, _rows(inputs, 0, step))
    return {"inputs": types, "outputs": outputs, "milliseconds": milliseconds}


def _rows(inputs, start, number):
    """The inputs of some of the examples."""
    return {k: v if k in SHARED else v[start : start + number] for k, v in inputs.items()}


def one_call(signatures: dict) -> dict:
    """The outputs of a file's first signature that decodes, by name."""
    name = next(name for name in signatures if name.startswith("decode"))
    rng = np.random.default_rng(0)
    inputs = {
        key: rng.integers(0, 2, details["shape"]).astype(details["dtype"])
        for key, details in signatures[name].get_input_details().items()
    }
    return signatures[name](**inputs)


def _milliseconds(function, inputs):
    """The median of as many calls as fit into a tenth of a second, at most 20."""
    times: list[float] = []
    while len(times) < 20 and sum(times) < 100.0:
        start = time.perf_counter()
        function(**inputs)
        times.append(1e3 * (time.perf_counter() - start))
    return round(statistics.median(times), 4)


# Verbs whose images are of the same z in any precision.
_OF_GIVEN_Z = ("decode", "sample", "sample_with_temperature", "vary")


def _draw_errors(title, got, wanted, gate):
    """The errors of drawn values: the share that differs by more than rounding, and the mean."""
    error, unit = np.abs(got - wanted), max(1.0, float(np.max(np.abs(wanted))))
    # `not <=` rather than `>`, which is false for NaN.
    differing = float(np.mean(~(error <= EXACT.max_error * unit)))
    mean_error = float(np.mean(error))
    if gate.is_exact:
        off = float(np.mean(~(error <= gate.max_error * unit)))
        found, allowed = f"in {off:.2%} of its values", f"{gate.draw_error:.0%}"
    else:
        off = mean_error / unit
        found, allowed = f"by {mean_error:.2g} on average", f"{gate.draw_error * unit:.2g}"
    if not off <= gate.draw_error:
        raise ParityError(
            f"{title} differs from the Keras model's {found}; allowed are {allowed}. The file was "
            f"not written. {_advice(gate.instead)}"
        )
    return {"differing": differing, "mean_error": mean_error}


def _errors(title, got, wanted, limit=EXACT.max_error, in_turn=False, instead=None):
    """The errors of an output; of values chosen in turn, those of all examples but the worst.

    Where two levels are equal up to rounding, libraries may choose differently. Then all later
    values of the example differ.
    """
    error = np.abs(got - wanted)
    if in_turn:
        error = np.sort(error.reshape(len(error), -1).max(axis=1))[:-1]
    max_error, mean_error = float(np.max(error)), float(np.mean(error))
    unit = max(1.0, float(np.max(np.abs(wanted))))
    # `not <=` rather than `>`, which is false for NaN.
    if not (max_error <= limit * unit and mean_error <= MEAN_OF_MAX * limit * unit):
        raise ParityError(
            f"{title} differs from the Keras model's by up to {max_error:.2g} (mean "
            f"{mean_error:.2g}); allowed are {limit * unit:.2g} (mean "
            f"{MEAN_OF_MAX * limit * unit:.2g}). The file was not written. {_advice(instead)}"
        )
    return {"max_error": max_error, "mean_error": mean_error}


def _advice(instead):
    return f"{'Take precision=' + instead + ', or a' if instead else 'A'}llow more by max_error."


def _examples(vae, verbs, number):
    """{verb: (inputs, outputs of the Keras model)}; arrays by name, of `number` examples."""
    seed = np.stack([np.arange(number), -np.arange(number)], 1).astype(np.int32)
    x = random_numpy.uniform(seed, Stream.PIXEL, math.prod(vae.event_shape))
    x = _with_mass(x.reshape(-1, *vae.event_shape), vae.decoder.likelihood)
    arrays = {
        "x": x,
        "mask": random_numpy.uniform(seed, Stream.PIXEL_2, x[0].size).reshape(x.shape) < 0.7,
        "z": random_numpy.normal(seed, Stream.LATENT, vae.latent_dim),
        "seed": seed,
        "temperature": np.full(temperature_shape(vae), 0.7, np.float32),
        "num_layers": np.array(vae.num_layers // 2, np.int32),
        "k": np.array(13, np.int32),
    }
    if vae.condition is not None:
        arrays["condition"] = vae.condition.to_show(number, x)
    keras = Generator(vae, random_numpy)
    found = {}
    for verb in verbs:
        inputs = {name: arrays[name] for name in keras.verbs[verb]}
        outputs = getattr(keras, verb)(**inputs)
        found[verb] = inputs, {name: value.numpy() for name, value in outputs.items()}
    return found


def _with_mass(x, likelihood):
    """The numbers x from 0 to 1, moved to values that the likelihood gives mass to."""
    if likelihood.support in (Support.UNIT, Support.REAL):
        return x
    most = likelihood.levels - 1 if likelihood.support is Support.LEVELS else 1
    return (np.round(x * most) / most).astype(np.float32)


@contextlib.contextmanager
def _full_precision():
    """Float32 products in full: by default GPUs round their factors to 10 bits (TensorFloat-32)."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def _type(array, size):
    return _shape_type(array, [size or "B", *array.shape[1:]])


def _shape_type(array, shape):
    return f"{array.dtype}[{', '.join(map(str, shape))}]"
