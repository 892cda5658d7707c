"""Reads a .tflite file into a Graph, and proves that the Graph is sound.

That a file parses proves little: more than half of randomly damaged files still do. So every
index, shape, length and scale is checked here, and whatever comes after may rely on it. What the
file asks for is not judged here: an operator or a type that tinyflow cannot compile is read by
its name, so that the compiler can list all of them.

Neither TensorFlow nor the flatbuffers package is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.compiler.flatbuffer import Flatbuffer, FlatbufferError, Table
from tinyflow.compiler.graph import ABSENT, ITEM_BYTES, Graph, Node, Quantization, State, Tensor
from tinyflow.compiler.tflite_batch import fill_batch, open_sizes
from tinyflow.compiler.tflite_connections import connections, wiring
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
from tinyflow.compiler.tflite_variables import initializers, resolve
from tinyflow.errors import ModelError, ProjectError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_FILE_BYTES = 1 << 28
MAX_TENSOR_BYTES = 1 << 28
MAX_TENSORS = 1 << 16
MAX_OPERANDS = 1 << 16
MAX_RANK = 8
MAX_FINDINGS = 20
ZERO_POINT_RANGES = {
    "int4": (-8, 7),
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
    Constants of such types are their bytes, uint8 [n]; those of int4 are unpacked to int8.

    Variables become the Graph's states (tflite_variables). Intermediates, as an LSTM has them, are
    told by their scales, in the option `intermediates`.

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
            ["convert a Keras model with tf.lite.TFLiteConverter, quantised to int8"],
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
        self._operands = 0

    def read(self) -> Graph:
        model = self.buffer.root()
        subgraphs = model.tables(ModelSlot.SUBGRAPHS, MAX_TENSORS)
        if not subgraphs:
            self.findings.append("no subgraphs")
            return Graph((), (), (), ())
        buffers = model.tables(ModelSlot.BUFFERS, MAX_TENSORS)
        codes = [_name(t) for t in model.tables(ModelSlot.OPERATOR_CODES, MAX_TENSORS)]
        main = self._subgraph(subgraphs[0], buffers, codes)
        self.findings += connections(main)
        called = initializers(main)
        graphs = [main]
        for number, table in enumerate(subgraphs[1:], start=1):
            if number in called:
                graphs.append(self._initializer(number, table, buffers, codes))
            else:
                graphs.append(Graph((), (), (), ()))
                self.findings.append(
                    f"subgraph {number} of {len(subgraphs)}: tinyflow reads the first, and those"
                    f" that CALL_ONCE in it names"
                )
        if self.findings:
            return main
        graph, self.findings = resolve(graphs)
        tables = subgraphs[0].tables(SubgraphSlot.TENSORS, MAX_TENSORS)
        signatures = [tuple(t.numbers(TensorSlot.SHAPE_SIGNATURE, "int32")) for t in tables]
        if not self.findings:
            self.findings = open_sizes(graph, signatures)
        return graph if self.findings else fill_batch(graph, signatures, MAX_TENSOR_BYTES)

    def _initializer(
        self, number: int, table: Table, buffers: Sequence[Table], codes: Sequence[str]
    ) -> Graph:
        """A subgraph that CALL_ONCE names."""
        before = len(self.findings)
        graph = self._subgraph(table, buffers, codes)
        for what, ends in (("inputs", graph.inputs), ("outputs", graph.outputs)):
            if ends:
                self.findings.append(f"{len(ends)} {what} of a subgraph that is called once")
        self.findings += wiring(graph)
        told = [f"subgraph {number}: {finding}" for finding in self.findings[before:]]
        self.findings[before:] = told
        return graph

    def _subgraph(self, subgraph: Table, buffers: Sequence[Table], codes: Sequence[str]) -> Graph:
        """A subgraph as it is, with its variable tensors as states."""
        operators = subgraph.tables(SubgraphSlot.OPERATORS, MAX_TENSORS)
        intermediates = [table.numbers(OperatorSlot.INTERMEDIATES, "int32") for table in operators]
        unused = {index for indices in intermediates for index in indices}
        tables = subgraph.tables(SubgraphSlot.TENSORS, MAX_TENSORS)
        tensors = tuple(
            self._tensor(table, index, buffers, index in unused)
            for index, table in enumerate(tables)
        )
        nodes = tuple(
            self._node(table, index, codes, [self._scale_of(index, i, tensors) for i in indices])
            for index, (table, indices) in enumerate(zip(operators, intermediates, strict=True))
        )
        inputs = tuple(subgraph.numbers(SubgraphSlot.INPUTS, "int32"))
        outputs = tuple(subgraph.numbers(SubgraphSlot.OUTPUTS, "int32"))
        read = {index for node in nodes for index in node.inputs}
        states = tuple(
            State(index)
            for index, table in enumerate(tables)
            if table.scalar(TensorSlot.IS_VARIABLE, "bool", False) and index in read
        )
        return Graph(tensors, nodes, inputs, outputs, states)

    def _scale_of(
        self, node: int, intermediate: int, tensors: Sequence[Tensor]
    ) -> Quantization | None:
        """The scale of an intermediate: what is inside an operator, of which nothing is stored."""
        if intermediate == ABSENT:
            return None
        if not 0 <= intermediate < len(tensors):
            self.findings.append(
                f"node {node} has intermediate tensor {intermediate} of {len(tensors)}"
            )
            return None
        return tensors[intermediate].quantization

    def _tensor(
        self, table: Table, index: int, buffers: Sequence[Table], intermediate: bool
    ) -> Tensor:
        name = table.text(TensorSlot.NAME)
        where = f"tensor {index} {name!r}"
        shape = tuple(table.numbers(TensorSlot.SHAPE, "int32"))
        code = table.scalar(TensorSlot.TYPE, "int8", 0)
        dtype = TENSOR_TYPES[code] if 0 <= code < len(TENSOR_TYPES) else f"type {code}"
        plain = dtype in ITEM_BYTES or dtype == "int4"
        quantization = table.table(TensorSlot.QUANTIZATION)
        if table.table(TensorSlot.SPARSITY) is not None:
            plain, dtype = False, f"{dtype} (sparse)"
        elif quantization is not None and quantization.scalar(
            QuantizationSlot.DETAILS_TYPE, "uint8", 0
        ):
            plain, dtype = False, f"{dtype} (custom quantization)"
        if intermediate:
            found = self._quantization(where, quantization, (), dtype)
            return Tensor(name, (), f"{dtype} (intermediate)", found, origin=index)
        if table.scalar(TensorSlot.EXTERNAL_BUFFER, "uint32", 0):
            self.findings.append(f"{where} has its data in another file (external_buffer)")
        if not self._fits(where, shape, ITEM_BYTES.get(dtype, 1)):
            return Tensor(name, (), dtype)
        found = self._quantization(where, quantization, shape, dtype)
        data = self._data(where, table, buffers)
        if data is not None and table.scalar(TensorSlot.IS_VARIABLE, "bool", False):
            self.findings.append(f"{where} is a variable (is_variable) and has data")
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
        count = math.prod(shape)
        expected = (count + 1) // 2 if dtype == "int4" else count * ITEM_BYTES[dtype]
        if data.size != expected:
            self.findings.append(
                f"{where} has {data.size:,} B of data, {dtype} {shape} takes {expected:,} B"
            )
            return data
        values: NDArray[Any]
        if dtype == "bool":
            values = data.astype(np.bool_)
        elif dtype == "int4":
            values = _unpacked(data)[:count]
        else:
            values = data.view(np.dtype(dtype).newbyteorder("<")).astype(dtype, copy=False)
        if not values.flags.aligned:
            values = values.copy()
        values.flags.writeable = False
        return values.reshape(shape)

    def _node(
        self,
        table: Table,
        index: int,
        codes: Sequence[str],
        intermediates: Sequence[Quantization | None],
    ) -> Node:
        code = table.scalar(OperatorSlot.OPCODE_INDEX, "uint32", 0)
        if code < len(codes):
            op = codes[code]
        else:
            op = "unknown"
            self.findings.append(f"node {index} has operator code {code} of {len(codes)}")
        inputs = tuple(table.numbers(OperatorSlot.INPUTS, "int32"))
        outputs = tuple(table.numbers(OperatorSlot.OUTPUTS, "int32"))
        self._operands += len(inputs) + len(outputs)
        if self._operands > MAX_OPERANDS:
            raise FlatbufferError(f"more than {MAX_OPERANDS:,} operands of operators")
        options = self._options(table, index, op)
        if intermediates:
            options["intermediates"] = tuple(intermediates)
        return Node(op, inputs, outputs, options, index)

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


def _unpacked(data: NDArray[Any]) -> NDArray[np.int8]:
    """Values of int4 as int8: two in a byte, the first in its lower half."""
    halves = np.stack((data & 15, data >> 4), axis=-1).reshape(-1)
    return ((halves ^ 8).astype(np.int8) - 8).astype(np.int8)


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
