"""Precisions of TFLite files: how each is converted, what it can hold, how far off it may be."""

from typing import Any, NamedTuple

from keras_vae._compat import tf


class Precision(NamedTuple):
    """One way to store and to compute, and its gates: a file that is further off is not written.

    Attributes:
      file: name of the file.
      max_error: the largest absolute error of a pixel's mean, decoded from the same z, in units of
        the largest (or of 1, if that is larger).
      draw_error: the mean absolute error of values drawn from the same seed, in the same units: of
        black and white pixels, the share that falls otherwise. If is_exact, the share of values
        that may be off by more than max_error. None of files without draws.
      nll_change: how many nats of an image of real data may be lost in decoding.
      bits_change: the same in bits per dimension, in place of nats: of likelihoods of levels, whose
        images have any number of values.
      instead: the precision to take where a gate is closed; None if there is none better.
      verbs: those that a file can hold, or None: all. Whole numbers in place of all others would
        destroy the random numbers that sampling needs.
      needs_calibration: whether real examples have to show the range of all values.
      is_exact: whether all outputs are held to max_error, not images alone.
    """

    file: str
    max_error: float
    draw_error: float | None
    nll_change: float
    bits_change: float | None
    instead: str | None
    verbs: tuple[str, ...] | None = None
    needs_calibration: bool = False
    is_exact: bool = False

    def with_limits(
        self, max_error: float | None = None, nll_change: float | None = None
    ) -> "Precision":
        """With other limits, where they are given; draws may be off as means may.

        A limit in nats replaces that in bits.
        """
        given: dict[str, Any] = {"max_error": max_error, "nll_change": nll_change}
        if max_error is not None and self.draw_error is not None and not self.is_exact:
            given["draw_error"] = self.draw_error * max_error / self.max_error
        changed = self._replace(**{k: v for k, v in given.items() if v is not None})
        return changed if nll_change is None else changed._replace(bits_change=None)


_CODING = ("decode", "encode")

PRECISIONS = {
    # Rounding alone moves single pixels of a sharp model by 1e-5 (measured on a residual network
    # trained until it fits). The others' limits are about twice what an MLP has that was trained on
    # MNIST for 2,600 epochs; one of 50 epochs has a third. But int8 is for models less sharp than
    # that one, of which it takes 2.5 nats. A draw is on average as far off as its mean, of which
    # `parity` allows a tenth of max_error; twice that leaves room for chance and for scales. In
    # float16 one value of a small image must be allowed. Of float32, a value falls the other way
    # where a mean, rounded, passes its random number.
    "float32": Precision("generator.tflite", 1e-4, 1e-2, 0.01, 1e-4, None, is_exact=True),
    "float16": Precision("generator_f16.tflite", 5e-3, 5e-3, 0.05, 1e-3, "float32"),
    "weight_int8": Precision("generator_weight_int8.tflite", 0.25, 0.05, 0.5, 0.01, "float16"),
    "dynamic_int8": Precision("generator_dynamic_int8.tflite", 0.25, 0.05, 0.5, 0.01, "float16"),
    "int16x8": Precision("decoder_int16x8.tflite", 0.25, None, 0.5, 0.01, "float16", _CODING, True),
    "int8": Precision("decoder_int8.tflite", 0.5, None, 2.0, 0.05, "dynamic_int8", _CODING, True),
}


def configure(converter: tf.lite.TFLiteConverter, precision: str, calibration: dict | None) -> None:
    """Sets a tf.lite.TFLiteConverter to a precision.

    Args:
      converter: of signatures.
      precision: a key of PRECISIONS.
      calibration: {signature: {input: [N, B, ...]}}, inputs whose range int8 and int16x8 are to
        hold; other precisions need none.
    """
    if precision in ("float32", "weight_int8"):
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif precision in ("int8", "int16x8"):
        operators = tf.lite.OpsSet
        converter.target_spec.supported_ops = [
            operators.TFLITE_BUILTINS_INT8
            if precision == "int8"
            else operators.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
        converter.representative_dataset = lambda: _examples(calibration)


def finish(content: bytes, precision: str) -> bytes:
    """A TFLite file as the converter made it, with weights in 8 bits if they are to be.

    TensorFlow's own converter would compute in 8 bits too ("dynamic_int8").
    """
    if precision != "weight_int8":
        return content
    from ai_edge_quantizer.quantizer import Quantizer  # The import takes a second.
    from ai_edge_quantizer.recipe import weight_only_wi8_afp32

    done = Quantizer(content, weight_only_wi8_afp32()).quantize(
        enable_progress_bar=False, enable_progress_report=False
    )
    return bytes(done.quantized_model)


def _examples(calibration):
    for signature, inputs in calibration.items():
        for values in zip(*inputs.values(), strict=True):
            yield signature, dict(zip(inputs, values, strict=True))
