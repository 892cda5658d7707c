"""Layers that can be computed row by row, and which input rows an output row needs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import ABSENT, Graph, Node
from tinyflow.compiler.ops import OPS
from tinyflow.compiler.ops.op import KernelCall

if TYPE_CHECKING:  # a step may have a stream, which has stages
    from tinyflow.compiler.steps import Step

ELEMENTWISE = frozenset(
    {"ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "PRELU", "LEAKY_RELU"}
    | {"RELU", "RELU6", "RELU_N1_TO_1", "HARD_SWISH", "LOGISTIC", "TANH", "ELU", "ABS", "NEG"}
    | {"QUANTIZE"}
)
"""Operators whose value at a place depends on their operands there alone: a row of the output is
what the same operator makes of rows.
"""


@dataclass(frozen=True)
class Window:
    """Which rows of `tensor`, which has `height`, an output row needs.

    Row y needs the rows from y * stride - before on, `span` of them, without those that are not
    there. `stride` is 0 where one row serves all.
    """

    tensor: int
    height: int
    row_bytes: int
    stride: int = 1
    before: int = 0
    span: int = 1

    def first(self, row: int) -> int:
        """The first row that output row `row` needs."""
        return min(max(row * self.stride - self.before, 0), self.height)

    def end(self, row: int) -> int:
        """The row after the last that output row `row` needs."""
        return min(max(row * self.stride - self.before + self.span, 0), self.height)


@dataclass(frozen=True)
class Stage:
    """A layer by rows: `call` is that of one row.

    `windowed` calls take rows as tnf_rows_t and the rows [first, end) to compute; others take
    pointers to a row of each input. Both take scratch last, where they need any. `windows` are of
    the call's inputs, in order. `in_place` are tensors of which a row may lie where the output's
    row does.
    """

    node: Node
    call: KernelCall
    windowed: bool
    output: int
    height: int
    row_bytes: int
    windows: tuple[Window, ...]
    in_place: frozenset[int] = frozenset()
    macs: int = 0


def stage_of(graph: Graph, step: Step) -> Stage | None:
    """The step by rows; None where it cannot be computed so."""
    if len(step.calls) != 1 or len(step.writes) != 1 or step.updates or step.views:
        return None
    call, output = step.calls[0], graph.tensors[step.writes[0]]
    tensors = [graph.tensors[tensor] for tensor in (*call.inputs, *call.outputs)]
    if call.outputs != step.writes or not call.inputs:
        return None
    windowed = bool(call.by_rows)
    if any(len(tensor.shape) != 4 or tensor.shape[0] != 1 for tensor in tensors):
        return None
    if not windowed and any(tensor.dtype != "int8" for tensor in tensors):
        return None
    if windowed:
        windows: tuple[Window, ...] | None = (_window(graph, call),)
        kernel = call.by_rows
        call = dataclasses.replace(call, function=kernel, kernels=(kernel.removeprefix("tnf_"),))
    else:
        windows = _rows(graph, step.node, call)
        found = _one_row(graph, step.node) if windows else None
        if found is not None and found.function != call.function:
            found = _fewer_elements(call, output.shape[1])
        if found is None or found.inputs != call.inputs:
            return None
        call = found
    if windows is None:
        return None
    return Stage(
        step.node,
        call,
        windowed,
        step.writes[0],
        output.shape[1],
        output.size_bytes // output.shape[1],
        windows,
        frozenset(lap.input for lap in step.overlaps if lap.reach == 0 and not windowed),
        step.macs,
    )


def _window(graph: Graph, call: KernelCall) -> Window:
    params = dict(call.params)
    source = graph.tensors[call.inputs[0]]
    dilation = int(params.get("dilation_height", 1))
    return Window(
        call.inputs[0],
        source.shape[1],
        source.size_bytes // source.shape[1],
        int(params["stride_height"]),
        int(params["pad_top"]),
        (int(params["filter_height"]) - 1) * dilation + 1,
    )


def _rows(graph: Graph, node: Node, call: KernelCall) -> tuple[Window, ...] | None:
    """The windows of an elementwise operator whose operands all have the output's rows, or one."""
    height = graph.output(node).shape[1]
    if node.op not in ELEMENTWISE:
        return None
    for tensor in (graph.tensors[index] for index in node.inputs if index != ABSENT):
        if tensor.data is not None and len(tensor.shape) > 2 and tensor.shape[-3] != 1:
            return None
        if tensor.data is None and tensor.shape[1] not in (1, height):
            return None
    windows = []
    for index in call.inputs:
        shape = graph.tensors[index].shape
        stride = 1 if shape[1] == height else 0
        row_bytes = graph.tensors[index].size_bytes // shape[1]
        windows.append(Window(index, shape[1], row_bytes, stride))
    return tuple(windows)


def _one_row(graph: Graph, node: Node) -> KernelCall | None:
    """The call for one row of each operand."""
    tensors = list(graph.tensors)
    for index in {*node.inputs, *node.outputs} - {ABSENT}:
        tensor = tensors[index]
        if tensor.data is None:
            batch, _, *rest = tensor.shape
            tensors[index] = dataclasses.replace(tensor, shape=(batch, 1, *rest))
    row = graph.replace(tensors=tuple(tensors))
    if OPS[node.op].findings(row, node):
        return None
    calls = OPS[node.op].lower(row, node)
    return calls[0] if len(calls) == 1 else None


def _fewer_elements(call: KernelCall, height: int) -> KernelCall | None:
    """One of `height` rows of a backend's call over as many elements of every operand."""
    if "elements" not in dict(call.params):
        return None
    params = tuple((k, v // height if k == "elements" else v) for k, v in call.params)
    return dataclasses.replace(call, params=params)
