"""Writes a Graph as a .tflite file, so that a test can make any model without a converter.

It uses the generated classes of the .tflite schema that come with TensorFlow, loaded by their
path: that needs only the `flatbuffers` package and takes a few milliseconds, where importing
TensorFlow takes seconds.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tinyflow.compiler.graph import Graph, Node, Quantization, State, Tensor

SCHEMA = Path("lite/python/schema_py_generated.py")
BUFFER_ALIGNMENT = 16
PLACEHOLDER_FOR_GREATER_CODES = 127

# Operators whose options table is not named after them.
OPTIONS = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "CONV_3D": "Conv3DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "SVDF": "SVDFOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
}
ENUMS = {
    "padding": "Padding",
    "fused_activation_function": "ActivationFunctionType",
    "weights_format": "FullyConnectedOptionsWeightsFormat",
    "in_data_type": "TensorType",
    "out_data_type": "TensorType",
    "out_type": "TensorType",
    "output_type": "TensorType",
    "quantized_bias_type": "TensorType",
    "mode": "MirrorPadMode",
}


@functools.cache
def schema() -> ModuleType:
    """The generated classes of the .tflite schema."""
    tensorflow = importlib.util.find_spec("tensorflow")
    assert tensorflow is not None and tensorflow.origin is not None, "TensorFlow is not installed"
    path = Path(tensorflow.origin).parent / SCHEMA
    spec = importlib.util.spec_from_file_location("tflite_schema", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_tflite(graph: Graph) -> bytes:
    """`graph` as a .tflite file, with one subgraph unless it has resource variables.

    Node options are written by their schema names, enums by name; an option that the schema does
    not know is an error. Every constant has a buffer of its own, aligned to 16 bytes; buffer 0 is
    the empty one of all activations. Operator versions are 1. The option `intermediates`, a
    Quantization or None each, becomes empty tensors of that scale.

    A state that READ_VARIABLE or ASSIGN_VARIABLE uses becomes a resource of the tensor's name, set
    to its initial value by a second subgraph; any other state becomes a variable tensor.
    """
    resources = resource_states(graph)
    if resources:
        return write_subgraphs([with_handles(graph), initialization(graph)])
    return write_subgraphs([graph])


def write_subgraphs(graphs: Sequence[Graph]) -> bytes:
    """A .tflite file with these subgraphs, as they are."""
    model = schema().ModelT()
    model.version = 3
    model.description = "tinyflow test model"
    model.buffers = [_buffer(None)]
    model.operatorCodes = []
    model.subgraphs = []
    codes: dict[str, int] = {}
    for graph in graphs:
        subgraph = schema().SubGraphT()
        subgraph.name = "init" if model.subgraphs else "main"
        subgraph.inputs = np.array(graph.inputs, np.int32)
        subgraph.outputs = np.array(graph.outputs, np.int32)
        subgraph.tensors = [_tensor(tensor, model.buffers) for tensor in graph.tensors]
        for state in graph.states:
            subgraph.tensors[state.tensor].isVariable = True
        subgraph.operators = []
        for node in graph.nodes:
            if node.op not in codes:
                codes[node.op] = len(codes)
                model.operatorCodes.append(_operator_code(node.op))
            subgraph.operators.append(_operator(node, codes[node.op], subgraph.tensors))
        model.subgraphs.append(subgraph)
    return pack(model)


def resource_states(graph: Graph) -> tuple[State, ...]:
    """The states that the file has as resource variables."""
    used = {n.inputs[0] for n in graph.nodes if n.op in ("READ_VARIABLE", "ASSIGN_VARIABLE")}
    return tuple(state for state in graph.states if state.tensor in used)


def with_handles(graph: Graph) -> Graph:
    """The graph with its resource states as handles, which VAR_HANDLE makes and CALL_ONCE fills."""
    tensors = list(graph.tensors)
    nodes = [Node("CALL_ONCE", (), (), {"init_subgraph_index": 1})]
    resources = resource_states(graph)
    for state in resources:
        name = tensors[state.tensor].name
        nodes.append(Node("VAR_HANDLE", (), (state.tensor,), {"shared_name": name}))
        tensors[state.tensor] = Tensor(name, (), "resource")
    kept = tuple(state for state in graph.states if state not in resources)
    return graph.replace(tensors=tuple(tensors), nodes=(*nodes, *graph.nodes), states=kept)


def initialization(graph: Graph) -> Graph:
    """The subgraph that sets the graph's resources to their initial values."""
    tensors: list[Tensor] = []
    nodes: list[Node] = []
    for state in resource_states(graph):
        tensor = graph.tensors[state.tensor]
        zero = tensor.quantization.zero_point if tensor.quantization else 0
        values = state.initial
        if values is None:
            values = np.full(tensor.shape, zero, tensor.dtype)
        handle, value = len(tensors), len(tensors) + 1
        tensors.append(Tensor(tensor.name, (), "resource"))
        tensors.append(dataclasses.replace(tensor, name=f"{tensor.name} initial", data=values))
        nodes.append(Node("VAR_HANDLE", (), (handle,), {"shared_name": tensor.name}))
        nodes.append(Node("ASSIGN_VARIABLE", (handle, value), ()))
    return Graph(tuple(tensors), tuple(nodes), (), ())


def pack(model: Any) -> bytes:
    """A schema ModelT as the bytes of a file."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def unpack(content: bytes) -> Any:
    """The schema's ModelT of a file: the reading to compare one's own with."""
    return schema().ModelT.InitFromObj(schema().Model.GetRootAs(content, 0))


def _buffer(data: bytes | None) -> Any:
    class AlignedBufferT(schema().BufferT):  # type: ignore[misc]
        def Pack(self, builder: Any) -> int:  # noqa: N802
            if self.data is not None:
                builder.StartVector(1, len(self.data), BUFFER_ALIGNMENT)
                builder.head -= len(self.data)
                builder.Bytes[builder.head : builder.head + len(self.data)] = self.data
                vector = builder.EndVector()
            schema().BufferStart(builder)
            if self.data is not None:
                schema().BufferAddData(builder, vector)
            return int(schema().BufferEnd(builder))

    return AlignedBufferT(data=data)


def _tensor(tensor: Tensor, buffers: list[Any]) -> Any:
    made = schema().TensorT()
    made.name = tensor.name
    made.shape = np.array(tensor.shape, np.int32)
    made.type = getattr(schema().TensorType, tensor.dtype.upper())
    made.hasRank = True
    if tensor.data is not None:
        assert tensor.data.shape == tensor.shape, f"{tensor.name}: {tensor.data.shape}"
        made.buffer = len(buffers)
        buffers.append(_buffer(_content(tensor)))
    if tensor.quantization is not None:
        made.quantization = _quantization(tensor.quantization)
    return made


def _content(tensor: Tensor) -> bytes:
    """A constant's bytes. Two values of int4 are in a byte, the first in its lower half."""
    assert tensor.data is not None
    if tensor.dtype == "int4":
        halves = np.append(tensor.data, np.zeros(tensor.elements % 2, np.int8)) & 15
        return (halves[::2] | halves[1::2] << 4).astype(np.uint8).tobytes()
    dtype = np.dtype(tensor.dtype)
    assert tensor.data.dtype == dtype, f"{tensor.name}: {tensor.data.dtype} is not {dtype}"
    return tensor.data.astype(dtype.newbyteorder("<")).tobytes()


def _quantization(quantization: Quantization) -> Any:
    made = schema().QuantizationParametersT()
    made.scale = np.array(quantization.scales, np.float32)
    made.zeroPoint = np.array(quantization.zero_points, np.int64)
    made.quantizedDimension = quantization.axis
    return made


def _operator_code(op: str) -> Any:
    made = schema().OperatorCodeT()
    if op.startswith("CUSTOM:"):
        made.builtinCode = schema().BuiltinOperator.CUSTOM
        made.customCode = op.removeprefix("CUSTOM:")
    elif op.startswith("BUILTIN_"):
        made.builtinCode = int(op.removeprefix("BUILTIN_"))
    else:
        made.builtinCode = getattr(schema().BuiltinOperator, op)
    made.deprecatedBuiltinCode = min(made.builtinCode, PLACEHOLDER_FOR_GREATER_CODES)
    return made


def _operator(node: Node, code: int, tensors: list[Any]) -> Any:
    made = schema().OperatorT()
    made.opcodeIndex = code
    made.inputs = np.array(node.inputs, np.int32)
    made.outputs = np.array(node.outputs, np.int32)
    named = "".join(word.capitalize() for word in node.op.split("_")) + "Options"
    kind = OPTIONS.get(node.op, named)
    options = dict(node.options)
    if "intermediates" in options:
        made.intermediates = []
        for quantization in options.pop("intermediates"):
            made.intermediates.append(len(tensors))
            tensors.append(_tensor(Tensor("intermediate", (0,), "int8", quantization), []))
    if hasattr(schema().BuiltinOptions, kind):
        made.builtinOptionsType = getattr(schema().BuiltinOptions, kind)
        made.builtinOptions = _options(kind, options)
    else:
        assert not options, f"{node.op} has no options in the schema: {options}"
    return made


def _options(kind: str, options: Mapping[str, Any]) -> Any:
    made = getattr(schema(), kind + "T")()
    for name, value in options.items():
        first, *rest = name.split("_")
        attribute = first + "".join(word.capitalize() for word in rest)
        assert hasattr(made, attribute), f"{kind} has no option {name}"
        if name in ENUMS and isinstance(value, str):
            value = getattr(getattr(schema(), ENUMS[name]), value)
        setattr(made, attribute, list(value) if isinstance(value, tuple) else value)
    return made
