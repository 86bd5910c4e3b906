"""The same TFLite model in fewer bytes: a converter repeats most of what it writes beside weights.

A file holds a graph for each signature, and in it a table for each tensor and operator.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"
# The schema asks for this alignment of a buffer's data. The generated code doesn't ensure it.
_ALIGNMENT = 16


def unpack(content: bytes) -> schema.ModelT:
    """A file's model as Python objects; all weights in its buffers."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset > 1:  # The quantizer leaves weights behind the model.
            data = content[buffer.offset : buffer.offset + buffer.size]
            buffer.data = np.frombuffer(data, np.uint8)
            buffer.offset = buffer.size = 0
    return model


def merged(models: list) -> schema.ModelT:
    """One model of the signatures of several, which are changed."""
    first, *others = models
    for other in others:
        num_graphs, num_buffers = len(first.subgraphs), len(first.buffers)
        for graph in other.subgraphs:
            for tensor in graph.tensors:
                tensor.buffer += num_buffers
            for operator in graph.operators:
                operator.opcodeIndex += len(first.operatorCodes)
                for name in vars(operator.builtinOptions) if operator.builtinOptions else ():
                    if name.endswith("SubgraphIndex"):  # Loops and branches refer to subgraphs.
                        index = getattr(operator.builtinOptions, name)
                        setattr(operator.builtinOptions, name, index + num_graphs)
        for signature in other.signatureDefs:
            signature.subgraphIndex += num_graphs
        first.subgraphs += other.subgraphs
        first.buffers += other.buffers
        first.operatorCodes += other.operatorCodes
        first.signatureDefs += other.signatureDefs
    return first


def pack(model: schema.ModelT) -> bytes:
    """The file of a model, without what runtimes don't read; the model is changed."""
    # The first buffer is, by the schema, the empty one.
    new_index, buffers = [0], [model.buffers[0]]
    for buffer in model.buffers[1:]:
        empty = buffer.data is None or len(buffer.data) == 0
        new_index.append(0 if empty else len(buffers))
        if not empty:
            buffers.append(buffer)
    model.buffers = buffers
    for metadata in model.metadata or []:
        metadata.buffer = new_index[metadata.buffer]
    once: dict[tuple, _Once] = {}
    for graph in model.subgraphs:
        named = {*graph.inputs, *graph.outputs}
        for i, tensor in enumerate(graph.tensors):
            tensor.buffer = new_index[tensor.buffer]
            tensor.name = tensor.name if i in named else None
            of_none = tensor.quantization is None or tensor.quantization.scale is None
            tensor.quantization = None if of_none else _shared(tensor.quantization, once)
        for operator in graph.operators:
            operator.builtinOptions = _shared(operator.builtinOptions, once)
    builder = _Builder(1 << 20)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


class _Builder(flatbuffers.Builder):
    """Writes each vector of numbers once, however often there is one like it."""

    def __init__(self, size):
        super().__init__(size)
        self._vectors = {}

    def CreateNumpyVector(self, x):
        key = x.dtype.str, x.tobytes()
        if key not in self._vectors:
            if x.dtype == np.uint8:
                self.Prep(_ALIGNMENT, x.size)
            self._vectors[key] = super().CreateNumpyVector(x)
        return self._vectors[key]


class _Once:
    """A table that is written once; later uses of the same table refer to that place."""

    def __init__(self, table):
        self._table, self._offset = table, None

    def Pack(self, builder):
        if self._offset is None:
            self._offset = self._table.Pack(builder)
        return self._offset


def _shared(table, once):
    """The one of `once` with the same content."""
    if table is None:
        return None
    content = tuple(
        value.tobytes() if isinstance(value, np.ndarray) else str(value)
        for value in vars(table).values()
    )
    return once.setdefault((type(table), content), _Once(table))
