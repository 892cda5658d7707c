"""Reads a .tflite file into a Graph, and proves that the Graph is sound.

That a file parses proves little: more than half of randomly damaged files still do. So every
index, shape, length and scale is checked here, and whatever comes after may rely on it. What the
file asks for is not judged here: an operator or a type that tinyflow cannot compile is read by
its name, so that the compiler can list all of them.

Neither TensorFlow nor the flatbuffers package is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.compiler.flatbuffer import Flatbuffer, FlatbufferError, Table
from tinyflow.compiler.graph import ABSENT, ITEM_BYTES, Graph, Node, Quantization, Tensor
from tinyflow.compiler.tflite_options import OPTIONS, Option
from tinyflow.compiler.tflite_schema import (
    CUSTOM,
    IDENTIFIER,
    TENSOR_TYPES,
    BufferSlot,
    ModelSlot,
    OperatorCodeSlot,
    OperatorSlot,
    QuantizationSlot,
    SubgraphSlot,
    TensorSlot,
    builtin_operator,
)
from tinyflow.errors import ModelError, ProjectError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_FILE_BYTES = 1 << 28
MAX_TENSOR_BYTES = 1 << 28
MAX_TENSORS = 1 << 16
MAX_RANK = 8
MAX_FINDINGS = 20
ZERO_POINT_RANGES = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-(1 << 15), (1 << 15) - 1),
    "int32": (-(1 << 31), (1 << 31) - 1),
}


def read_tflite(source: Path | bytes) -> Graph:
    """The Graph of a .tflite file, or of its bytes.

    In the Graph every index is in range; every value is written once and before it is read; shapes
    are positive and fixed; a constant has exactly the bytes of its shape and type; scales are
    finite and positive, zero points in the type's range, and per-channel ones as many as the axis
    has channels. Constants are read-only views.

    Operators that tinyflow does not know are told as the schema's name, BUILTIN_<code> or
    CUSTOM:<name>, without options. Types that have no numpy name keep the schema's ("string",
    "int4"); tensors that are not plain arrays have a type that says so, like "int8 (sparse)".
    Constants of such types are their bytes, uint8 [n].

    Raises ModelError with all findings of the file, and ProjectError where it cannot be opened.
    """
    name = source.name if isinstance(source, Path) else "the model"
    content = _load(source) if isinstance(source, Path) else bytes(source)
    if len(content) > MAX_FILE_BYTES:
        raise ModelError(f"{name} has {len(content):,} B, the limit is {MAX_FILE_BYTES:,} B")
    buffer = Flatbuffer(content)
    if buffer.identifier != IDENTIFIER:
        raise ModelError(
            f"{name} is not a .tflite file",
            [
                f"bytes 4 to 7 are {buffer.identifier!r}, a .tflite file has {IDENTIFIER!r} there",
                f"it has {len(content):,} B",
            ],
        )
    reader = _Reader(buffer)
    try:
        graph = reader.read()
    except FlatbufferError as error:
        raise ModelError(f"{name} is damaged or cut short", [str(error)]) from None
    if reader.findings:
        count = len(reader.findings)
        shown = reader.findings[:MAX_FINDINGS]
        more = [f"and {count - MAX_FINDINGS} more"] if count > MAX_FINDINGS else []
        places = "one finding" if count == 1 else f"{count} findings"
        raise ModelError(f"{name} is not a sound model: {places}", [*shown, *more])
    return graph


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from None


class _Reader:
    """One reading: what it found wrong is in `findings`."""

    def __init__(self, buffer: Flatbuffer) -> None:
        self.buffer = buffer
        self.findings: list[str] = []

    def read(self) -> Graph:
        model = self.buffer.root()
        subgraphs = model.tables(ModelSlot.SUBGRAPHS, MAX_TENSORS)
        if len(subgraphs) != 1:
            self.findings.append(f"{len(subgraphs)} subgraphs, tinyflow reads models with one")
            return Graph((), (), (), ())
        (subgraph,) = subgraphs
        buffers = model.tables(ModelSlot.BUFFERS, MAX_TENSORS)
        tensors = tuple(
            self._tensor(table, index, buffers)
            for index, table in enumerate(subgraph.tables(SubgraphSlot.TENSORS, MAX_TENSORS))
        )
        codes = [_name(t) for t in model.tables(ModelSlot.OPERATOR_CODES, MAX_TENSORS)]
        nodes = tuple(
            self._node(table, index, codes)
            for index, table in enumerate(subgraph.tables(SubgraphSlot.OPERATORS, MAX_TENSORS))
        )
        inputs = tuple(subgraph.numbers(SubgraphSlot.INPUTS, "int32"))
        outputs = tuple(subgraph.numbers(SubgraphSlot.OUTPUTS, "int32"))
        graph = Graph(tensors, nodes, inputs, outputs)
        self.findings += _connections(graph)
        if not self.findings:
            self._check_inputs(graph, subgraph)
        return graph

    def _tensor(self, table: Table, index: int, buffers: Sequence[Table]) -> Tensor:
        name = table.text(TensorSlot.NAME)
        where = f"tensor {index} {name!r}"
        shape = tuple(table.numbers(TensorSlot.SHAPE, "int32"))
        code = table.scalar(TensorSlot.TYPE, "int8", 0)
        dtype = TENSOR_TYPES[code] if 0 <= code < len(TENSOR_TYPES) else f"type {code}"
        plain = dtype in ITEM_BYTES
        quantization = table.table(TensorSlot.QUANTIZATION)
        if table.table(TensorSlot.SPARSITY) is not None:
            plain, dtype = False, f"{dtype} (sparse)"
        elif quantization is not None and quantization.scalar(
            QuantizationSlot.DETAILS_TYPE, "uint8", 0
        ):
            plain, dtype = False, f"{dtype} (custom quantization)"
        if table.scalar(TensorSlot.IS_VARIABLE, "bool", False):
            self.findings.append(f"{where} keeps its value between inferences (is_variable)")
        if table.scalar(TensorSlot.EXTERNAL_BUFFER, "uint32", 0):
            self.findings.append(f"{where} has its data in another file (external_buffer)")
        if not self._fits(where, shape, ITEM_BYTES.get(dtype, 1)):
            return Tensor(name, (), dtype)
        found = self._quantization(where, quantization, shape, dtype)
        data = self._data(where, table, buffers)
        if data is not None and plain:
            data = self._values(where, data, shape, dtype)
        return Tensor(name, shape, dtype, found, data, origin=index)

    def _fits(self, where: str, shape: tuple[int, ...], item_bytes: int) -> bool:
        """Whether the shape is one; the number of its bytes is bounded without overflow."""
        if len(shape) > MAX_RANK:
            self.findings.append(f"{where} has {len(shape)} dimensions, the limit is {MAX_RANK}")
            return False
        if any(size < 1 for size in shape):
            self.findings.append(f"{where} has shape {shape}: every dimension must be at least 1")
            return False
        size_bytes = math.prod(shape) * item_bytes
        if size_bytes > MAX_TENSOR_BYTES:
            self.findings.append(
                f"{where} has shape {shape}: {size_bytes:,} B, the limit is {MAX_TENSOR_BYTES:,} B"
            )
            return False
        return True

    def _quantization(
        self, where: str, table: Table | None, shape: tuple[int, ...], dtype: str
    ) -> Quantization | None:
        if table is None:
            return None
        scales = table.numbers(QuantizationSlot.SCALE, "float32")
        zeros = table.numbers(QuantizationSlot.ZERO_POINT, "int64")
        axis = table.scalar(QuantizationSlot.QUANTIZED_DIMENSION, "int32", 0)
        if not scales or not zeros:
            return None
        findings = []
        if len(zeros) != len(scales):
            findings.append(f"{len(scales)} scales and {len(zeros)} zero points")
        if not 0 <= axis < max(1, len(shape)):
            findings.append(f"quantized dimension {axis} of {len(shape)} dimensions")
        elif len(scales) > 1 and (not shape or shape[axis] != len(scales)):
            findings.append(f"{len(scales)} scales along dimension {axis} of shape {shape}")
        wrong = [scale for scale in scales if not (math.isfinite(scale) and scale > 0)]
        if wrong:
            findings.append(f"scale {wrong[0]:g}, it must be finite and greater than 0")
        low, high = ZERO_POINT_RANGES.get(dtype, (-(1 << 63), (1 << 63) - 1))
        outside = [zero for zero in zeros if not low <= zero <= high]
        if outside:
            findings.append(f"zero point {outside[0]}, the range of {dtype} is {low} to {high}")
        self.findings += [f"{where} has {finding}" for finding in findings]
        return None if findings else Quantization(tuple(scales), tuple(zeros), axis)

    def _data(self, where: str, table: Table, buffers: Sequence[Table]) -> NDArray[Any] | None:
        """The bytes of the tensor's buffer, uint8 [n]; None where it has none."""
        index = table.scalar(TensorSlot.BUFFER, "uint32", 0)
        if index == 0:
            return None
        if index >= len(buffers):
            self.findings.append(f"{where} has buffer {index} of {len(buffers)}")
            return None
        buffer = buffers[index]
        data = buffer.array(BufferSlot.DATA, "uint8")
        offset = buffer.scalar(BufferSlot.OFFSET, "uint64", 0)
        if offset > 1:  # data behind the flatbuffer, as in files over 2 GB; 1 is a placeholder
            size = buffer.scalar(BufferSlot.SIZE, "uint64", 0)
            self.buffer.require(offset, size, f"the data of {where}")
            data = np.frombuffer(self.buffer.content, np.uint8, size, offset)
        return None if data is None or data.size == 0 else data

    def _values(
        self, where: str, data: NDArray[Any], shape: tuple[int, ...], dtype: str
    ) -> NDArray[Any]:
        expected = math.prod(shape) * ITEM_BYTES[dtype]
        if data.size != expected:
            self.findings.append(
                f"{where} has {data.size:,} B of data, {dtype} {shape} takes {expected:,} B"
            )
            return data
        if dtype == "bool":
            values = data.astype(np.bool_)
        else:
            values = data.view(np.dtype(dtype).newbyteorder("<")).astype(dtype, copy=False)
        if not values.flags.aligned:
            values = values.copy()
        values.flags.writeable = False
        return values.reshape(shape)

    def _node(self, table: Table, index: int, codes: Sequence[str]) -> Node:
        code = table.scalar(OperatorSlot.OPCODE_INDEX, "uint32", 0)
        if code < len(codes):
            op = codes[code]
        else:
            op = "unknown"
            self.findings.append(f"node {index} has operator code {code} of {len(codes)}")
        inputs = tuple(table.numbers(OperatorSlot.INPUTS, "int32"))
        outputs = tuple(table.numbers(OperatorSlot.OUTPUTS, "int32"))
        return Node(op, inputs, outputs, self._options(table, index, op), index)

    def _options(self, table: Table, index: int, op: str) -> dict[str, Any]:
        known = OPTIONS.get(op)
        if known is None:
            return {}
        kind = table.scalar(OperatorSlot.BUILTIN_OPTIONS_TYPE, "uint8", 0)
        options = table.table(OperatorSlot.OPTIONS) if kind else None
        if kind not in (0, known.union):
            self.findings.append(
                f"node {index} {op} has options of kind {kind}, its own are kind {known.union}"
            )
            options = None
        return {
            field.name: self._option(options, slot, field, f"node {index} {op}")
            for slot, field in enumerate(known.fields)
        }

    def _option(self, options: Table | None, slot: int, field: Option, where: str) -> Any:
        value: Any = field.default
        if options is not None and field.kind == "ints":
            value = tuple(options.numbers(slot, "int32"))
        elif options is not None and field.kind == "text":
            value = options.text(slot)
        elif options is not None:
            value = options.scalar(slot, field.kind, field.default)
        if not field.names:
            return value
        if not 0 <= value < len(field.names):
            self.findings.append(f"{where} has {field.name} {value} of {len(field.names)}")
            return field.names[0]
        return field.names[value]

    def _check_inputs(self, graph: Graph, subgraph: Table) -> None:
        """The batch may be free, it becomes 1; another free dimension would be a guess."""
        tables = subgraph.tables(SubgraphSlot.TENSORS, MAX_TENSORS)
        for index in graph.inputs:
            signature = tuple(tables[index].numbers(TensorSlot.SHAPE_SIGNATURE, "int32"))
            if any(size < 0 for size in signature[1:]):
                self.findings.append(
                    f"input {graph.tensors[index].name!r} has shape {signature}:"
                    f" only the first dimension may be left open (-1)"
                )


def _name(table: Table) -> str:
    """The operator of an operator code. Its version says nothing: some tools never set it.

    Old files have only the one-byte code, new ones have 127 there for all greater codes.
    """
    code = max(
        table.scalar(OperatorCodeSlot.BUILTIN_CODE, "int32", 0),
        table.scalar(OperatorCodeSlot.DEPRECATED_BUILTIN_CODE, "int8", 0),
    )
    if code == CUSTOM:
        return f"CUSTOM:{table.text(OperatorCodeSlot.CUSTOM_CODE)}"
    return builtin_operator(code)


def _connections(graph: Graph) -> Iterator[str]:
    """What is wrong with who writes and who reads which tensor.

    Every value is written once, before it is read; so there is no cycle either.
    """
    count = len(graph.tensors)
    constants = {index for index, tensor in enumerate(graph.tensors) if tensor.data is not None}
    written: set[int] = set()
    for what, ends in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if not ends:
            yield f"no {what}"
        for index in ends:
            if not 0 <= index < count:
                yield f"one of the {what} is tensor {index} of {count}"
    if not graph.nodes:
        yield "no operators"
    for index in graph.inputs:
        if index in constants:
            yield f"input {index} is a constant"
        if index in written:
            yield f"input {index} twice"
        written.add(index)
    for node in graph.nodes:
        where = f"node {node.index} {node.op}"
        for index in node.inputs:
            if index != ABSENT and not 0 <= index < count:
                yield f"{where} reads tensor {index} of {count}"
            elif index != ABSENT and index not in written and index not in constants:
                yield f"{where} reads tensor {index}, which nothing has written before"
        if not node.outputs:
            yield f"{where} writes no tensor"
        for index in node.outputs:
            if not 0 <= index < count:
                yield f"{where} writes tensor {index} of {count}"
            elif index in written or index in constants:
                what = "a constant" if index in constants else "written before"
                yield f"{where} writes tensor {index}, which is {what}"
            written.add(index)
    for index in graph.outputs:
        if 0 <= index < count and (index not in written or index in graph.inputs):
            yield f"output {index} is written by no operator"
