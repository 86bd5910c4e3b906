"""The parameters of p(x|z) within a TFLite file, which makes them on its way to the mean image."""

import math
import pathlib
from collections.abc import Callable, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorMapT

from export import compact

_LINEAR = (BuiltinOperator.CONV_2D, BuiltinOperator.FULLY_CONNECTED)
_NAME = "params"


def inner_params(
    path: str | pathlib.Path, signature: str, params_shape: Sequence[int]
) -> Callable | None:
    """A function of the signature's inputs, by name, to the parameters [B, *params_shape].

    They are the output of the last linear operator that gives as many numbers; None if none does.
    """
    model = compact.unpack(pathlib.Path(path).read_bytes())
    (found,) = (s for s in model.signatureDefs if s.signatureKey.decode() == signature)
    graph = model.subgraphs[found.subgraphIndex]
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    batch_size = graph.tensors[graph.inputs[0]].shape[0]
    outputs = [
        operator.outputs[0]
        for operator in graph.operators
        if codes[operator.opcodeIndex] in _LINEAR
        and math.prod(graph.tensors[operator.outputs[0]].shape)
        == batch_size * math.prod(params_shape)
    ]
    if not outputs:
        return None
    tensor = TensorMapT()
    tensor.name, tensor.tensorIndex = _NAME, outputs[-1]
    graph.outputs = [*graph.outputs, outputs[-1]]
    found.outputs = [*found.outputs, tensor]
    interpreter = Interpreter(model_content=compact.pack(model), num_threads=1)
    run = interpreter.get_signature_runner(signature)
    scale, zero = run.get_output_details()[_NAME]["quantization"]

    def params(**inputs):
        values = np.reshape(run(**inputs)[_NAME], (batch_size, *params_shape)).astype(np.float32)
        return values if scale == 0.0 else np.float32(scale) * (values - zero)

    return params
