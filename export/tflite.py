"""TFLite: a file for phones and pages, for runtimes without TensorFlow."""

import pathlib
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import BuiltinOperator, Model

from export import compact, saved_model
from export.generator import Generator
from export.precision import PRECISIONS, configure, finish
from keras_vae import _quiet
from keras_vae._compat import tf
from keras_vae.vae import VAE

BATCH_SIZES = (1, 16)
# Of models whose images take long one by one too: each size is a graph more, slow to convert.
BATCH_SIZES_OF_MAPS = (1,)
_LEAST_SCALE = 1e-7


class ConversionError(ValueError):
    """A model can't be a TFLite file of a precision."""


def write_tflite(
    model: VAE | Generator,
    path: str | pathlib.Path,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    precision: str = "float32",
    calibration: dict | None = None,
) -> None:
    """Writes the file `path`, with one copy of the weights for all signatures.

    They are those of a `Generator` in each batch size: decode_1, decode_16, sample_1, … Sizes are
    fixed, for browsers' runtimes know no others, and transposed convolutions of free batches are
    several times slower and crash some runtimes.

    Args:
      model: a VAE, or its `Generator`, of which several files are written.
      path: the file.
      batch_sizes: of the signatures.
      precision: a key of `PRECISIONS`; some hold some verbs only.
      calibration: {verb: {input: [N, ...]}} of inputs whose range int8 and int16x8 are to hold.

    Raises:
      ConversionError: part of the model needs an operator that TFLite has not, or not in this
        precision.
    """
    generator, batch_sizes = Generator.of(model), [*batch_sizes]
    held = PRECISIONS[precision].verbs or generator.verbs
    verbs = [verb for verb in generator.verbs if verb in held and verb != "log_prob"]
    together = [(verbs, batch_sizes)]
    # Calibrated together, signatures with the same weights come out wrong in int16x8.
    apart = [([verb], [size]) for size in batch_sizes for verb in verbs]
    models = [
        _convert(generator, *some, precision, calibration)
        for some in (together if calibration is None else apart)
    ]
    pathlib.Path(path).write_bytes(compact.pack(compact.merged(models)))


def _convert(generator, verbs, batch_sizes, precision, calibration):
    file = PRECISIONS[precision].file
    others = [verb for verb in generator.verbs if verb not in verbs]
    signatures = {
        f"{verb}_{size}": function
        for size in batch_sizes
        for verb, function in generator.signatures(size, leave_out=others).items()
    }
    if calibration is not None:
        if any(map(_loops, signatures.values())):  # TensorFlow's calibrator crashes on loops.
            raise ConversionError(
                f"{file} can't be made: the decoder or encoder loops, and loops can't be fitted to "
                f"the range of data. {advice(precision)}"
            )
        calibration = {name: _in_batches(calibration, *verb_and_size(name)) for name in signatures}
    with tempfile.TemporaryDirectory() as folder:
        saved_model.save(generator, folder, signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=list(signatures)
        )
        # No runtime reads this metadata, and writing it unpacks the file once more.
        converter.exclude_conversion_metadata = True
        configure(converter, precision, calibration)
        try:
            with warnings.catch_warnings():
                # TensorFlow calibrates with an interpreter that it has itself deprecated.
                warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
                with _quiet.without_remarks():
                    content = converter.convert()
        except Exception as error:
            reason = _reason(str(error), precision)
            raise ConversionError(f"{file} can't be made: {reason}") from error
    model = compact.unpack(finish(content, precision))
    return model if calibration is None else _with_scales(model)


def _with_scales(model):
    """A model whose tensors that are 0 throughout have a scale too, by which runtimes divide.

    Such a tensor is the noise of codes. With a scale of 0, sums in int16x8 end the process.
    """
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            quantization = tensor.quantization
            if quantization is not None and quantization.scale is not None:
                scale = quantization.scale
                quantization.scale = np.where(scale == 0, _LEAST_SCALE, scale).astype(np.float32)
    return model


def _reason(message, precision):
    """What a message of the converter's says, which lists each use of an operator over pages."""
    lacking = _names(r"'tf\.(\w+)' op is neither", message)
    if lacking:
        return f"TFLite has not the operators {lacking}. Replace the layers that use them."
    lacking = _names(r"not yet supported for op: '(\w+)'", message)
    if lacking:
        return f"TFLite has not the operators {lacking} in {precision}. {advice(precision)}"
    return f"{message.strip().splitlines()[0]:.300} {advice(precision)}"


def _names(pattern, message):
    return ", ".join(sorted(set(re.findall(pattern, message))))


def advice(precision: str) -> str:
    """What to do where a file of this precision can't be."""
    instead = PRECISIONS[precision].instead
    return f"Take precision={instead}." if instead else "Replace the layers that it is about."


def _loops(function):
    """Whether a concrete function holds a loop."""
    graph = function.graph.as_graph_def()
    inner = (node for function in graph.library.function for node in function.node_def)
    return any(node.op in ("While", "StatelessWhile") for node in (*graph.node, *inner))


def verb_and_size(name: str) -> tuple[str, int | None]:
    """("sample", 16) of "sample_16", and ("sample", None) of "sample"."""
    verb, _, size = name.rpartition("_")
    return (verb, int(size)) if size.isdigit() else (name, None)


def _in_batches(calibration, verb, size):
    """{input: [N // size, size, ...]}."""
    return {
        name: values[: len(values) // size * size].reshape(-1, size, *values.shape[1:])
        for name, values in calibration[verb].items()
    }


def load_signatures(path: str | pathlib.Path) -> dict:
    """{signature: function of arrays, by name, to a dict of arrays}."""
    interpreter = Interpreter(str(path), num_threads=1)
    return {
        name: interpreter.get_signature_runner(name) for name in interpreter.get_signature_list()
    }


def crashes(path: str | pathlib.Path) -> bool:
    """Whether running a file ends the process without an exception."""
    run_once = pathlib.Path(__file__).with_name("run_once.py")
    done = subprocess.run([sys.executable, str(run_once), str(path)], capture_output=True)
    return done.returncode not in (0, 1)  # 1 is the code of an exception.


def operators(path: str | pathlib.Path) -> list[str]:
    """Names of the operators in the file, sorted."""
    names = {code: name for name, code in vars(BuiltinOperator).items() if isinstance(code, int)}
    model = Model.GetRootAs(pathlib.Path(path).read_bytes())
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    # An old operator's code is in both fields; a new one's is too large for the older field.
    return sorted({names[max(c.BuiltinCode(), c.DeprecatedBuiltinCode())] for c in codes})
