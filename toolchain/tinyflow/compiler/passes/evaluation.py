"""Operators on constants, exactly: what needs no kernel to be known.

They are asked before the graph is checked, so each looks at all it relies on and gives None for
what it does not know.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph, Node, Tensor, array
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.passes import binary
from tinyflow.compiler.passes.unary import UNARY, look_up, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MAX_ELEMENTS = 1 << 20
INTEGERS = ("int32", "int64")
Rule = Callable[[Node, "Sequence[Array]", Tensor], "Array | None"]


def evaluate(graph: Graph, node: Node) -> Array | None:
    """The value of the node's one output, of its shape and type, or None where it is not known."""
    output = graph.output(node)
    if output.elements > MAX_ELEMENTS or not node.inputs or ABSENT in node.inputs:
        return None
    tensors = [graph.tensors[index] for index in node.inputs]
    if node.op == "SHAPE":
        values: Array | None = np.array(tensors[0].shape, np.int64)
    elif any(tensor.data is None for tensor in tensors):
        return None
    elif node.op in RULES and _keeps_values(node, tensors, output):
        values = RULES[node.op](node, [array(tensor) for tensor in tensors], output)
    else:
        values = _quantized(graph, node)
    if values is None or values.shape != output.shape:
        return None
    if node.op == "SHAPE" and output.dtype in INTEGERS:
        values = values.astype(output.dtype)
    if values.dtype.name != output.dtype:
        return None
    values = np.array(values, order="C")  # which leaves a scalar one
    values.flags.writeable = False
    return values


def _keeps_values(node: Node, tensors: Sequence[Tensor], output: Tensor) -> bool:
    """Whether the operator works on the values as they are, without scales."""
    if node.op in COPYING:
        return tensors[0].quantization == output.quantization
    return all(tensor.quantization is None for tensor in (*tensors, output))


def _quantized(graph: Graph, node: Node) -> Array | None:
    """An int8 operator whose constraints hold, but for its inputs being constants."""
    if node.op not in UNARY | binary.KNOWN or node.op not in OPS:
        return None
    tensors = list(graph.tensors)
    for index in node.inputs:
        tensors[index] = dataclasses.replace(tensors[index], data=None)
    computed = graph.replace(tensors=tuple(tensors))
    if graph.output(node).dtype != "int8" or check_node(computed, node):
        return None
    inputs = [array(graph.tensors[index]).astype(np.int64) for index in node.inputs]
    if node.op in binary.KNOWN:
        values = binary.compute(computed, node, inputs[0], inputs[1])
        shape = graph.output(node).shape
        return None if values is None else np.reshape(values, shape).astype(np.int8)
    function = table(computed, node)
    return None if function is None else look_up(function, inputs[0]).astype(np.int8)


def _reshape(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
    return inputs[0].reshape(output.shape) if inputs[0].size == output.elements else None


def _transpose(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
    order = _integers(inputs, 1)
    if order is None or sorted(order) != list(range(inputs[0].ndim)):
        return None
    return np.transpose(inputs[0], order)


def _pack(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
    axis = int(node.options.get("axis", 0))
    if len({values.shape for values in inputs}) != 1 or not _is_axis(axis, inputs[0].ndim + 1):
        return None
    return np.stack(inputs, axis)


def _concatenation(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
    axis, rank = int(node.options.get("axis", 0)), inputs[0].ndim
    plain = node.options.get("fused_activation_function", "NONE") == "NONE"
    if not plain or not _is_axis(axis, rank) or any(values.ndim != rank for values in inputs):
        return None
    others = {np.delete(values.shape, axis).tobytes() for values in inputs}
    return np.concatenate(inputs, axis) if len(others) == 1 else None


def _gather(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
    axis = int(node.options.get("axis", 0))
    indices = _integers(inputs, 1)
    if indices is None or node.options.get("batch_dims", 0) or not _is_axis(axis, inputs[0].ndim):
        return None
    inside = all(0 <= index < inputs[0].shape[axis] for index in indices)
    return np.take(inputs[0], inputs[1], axis) if inside else None


def _slice(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
    begin, size = _integers(inputs, 1), _integers(inputs, 2)
    shape = inputs[0].shape
    if begin is None or size is None or not len(begin) == len(size) == len(shape):
        return None
    parts = []
    for start, count, extent in zip(begin, size, shape, strict=True):
        end = extent if count == -1 else start + count
        if not 0 <= start < end <= extent:
            return None
        parts.append(slice(start, end))
    return inputs[0][tuple(parts)]


def _strided_slice(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
    """Without ellipsis and new axes; a mask's bit i is for dimension i."""
    lists = [_integers(inputs, position) for position in (1, 2, 3)]
    masks = {name: int(node.options.get(f"{name}_mask", 0)) for name in ("begin", "end")}
    shrink = int(node.options.get("shrink_axis_mask", 0))
    strange = any(node.options.get(name) for name in ("ellipsis_mask", "new_axis_mask", "offset"))
    rank = inputs[0].ndim
    if strange or any(found is None or len(found) > rank for found in lists):
        return None
    begin, end, strides = (found or [] for found in lists)
    if not len(begin) == len(end) == len(strides) or min(strides, default=1) < 1:
        return None
    parts: list[slice | int] = []
    for i, (start, stop, stride) in enumerate(zip(begin, end, strides, strict=True)):
        extent = inputs[0].shape[i]
        if shrink >> i & 1:
            if stride != 1 or not -extent <= start < extent or masks["begin"] >> i & 1:
                return None
            parts.append(start)
            continue
        first = None if masks["begin"] >> i & 1 else start
        last = None if masks["end"] >> i & 1 else stop
        parts.append(slice(first, last, stride))
    values: Array = inputs[0][tuple(parts)]
    return values


def _cast(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
    known = inputs[0].dtype.name in INTEGERS and output.dtype in INTEGERS
    return inputs[0].astype(output.dtype) if known else None


def _arithmetic(compute: Callable[[Array, Array], Array]) -> Rule:
    """A whole-number operator that wraps as the device does."""

    def rule(node: Node, inputs: Sequence[Array], output: Tensor) -> Array | None:
        plain = node.options.get("fused_activation_function", "NONE") == "NONE"
        if len(inputs) != 2 or not plain or any(v.dtype.name not in INTEGERS for v in inputs):
            return None
        alike = inputs[0].shape == inputs[1].shape or 1 in (inputs[0].size, inputs[1].size)
        if inputs[0].dtype != inputs[1].dtype or not alike:
            return None
        return compute(inputs[0], inputs[1])

    return rule


def _integers(inputs: Sequence[Array], position: int) -> list[int] | None:
    if position >= len(inputs) or inputs[position].dtype.name not in INTEGERS:
        return None
    return [int(value) for value in inputs[position].reshape(-1).tolist()]


def _is_axis(axis: int, rank: int) -> bool:
    return -rank <= axis < rank


COPYING: Mapping[str, Rule] = {
    "EXPAND_DIMS": _reshape,
    "RESHAPE": _reshape,
    "SLICE": _slice,
    "SQUEEZE": _reshape,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
}
RULES: Mapping[str, Rule] = {
    **COPYING,
    "ADD": _arithmetic(np.add),
    "CAST": _cast,
    "CONCATENATION": _concatenation,
    "GATHER": _gather,
    "MUL": _arithmetic(np.multiply),
    "PACK": _pack,
    "SUB": _arithmetic(np.subtract),
}
