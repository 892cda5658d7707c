"""Removes nodes that only pass values on: no-op reshapes, transposes, pads, pools, slices ..."""

from __future__ import annotations

import dataclasses

import numpy as np

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.passes import layouts
from tinyflow.compiler.passes.draft import Draft, producers, state_tensors
from tinyflow.compiler.passes.unary import UNARY, VALUES, table

WHOLE = frozenset({"MIRROR_PAD", "PAD", "PADV2", "SLICE", "TILE"})
ONE_PART = frozenset({"CONCATENATION", "PACK", "SPLIT", "SPLIT_V", "UNPACK"})


def remove_copies(graph: Graph) -> tuple[Graph, int]:
    """The graph without nodes whose output is their input; and how many nodes changed.

    Where only the shape differs the node becomes a RESHAPE, which is free. Reshapes of a reshape
    and transposes of a transpose start from the first one's input.
    """
    draft = Draft(graph)
    count = 0
    written = producers(graph)
    for position, node in enumerate(graph.nodes):
        simpler = _simpler(graph, draft, node, written)
        if simpler is not None:
            draft.nodes[position] = simpler
            count += 1
    merged, removed = _merge(draft.graph())
    return merged, count + removed


def _simpler(graph: Graph, draft: Draft, node: Node, written: dict[int, int]) -> Node | None:
    """The same with a cheaper operator or from an earlier tensor, or None."""
    if len(node.outputs) != 1 or not node.inputs:
        return None
    source = _source(node)
    first = graph.nodes[written[source]] if source in written else None
    if node.op in layouts.SAME_BYTES and first is not None and first.op in layouts.SAME_BYTES:
        start = graph.tensors[first.inputs[0]]
        if (
            start.quantization
            == graph.output(node).quantization
            == graph.tensors[source].quantization
        ):
            return _reshape(graph, node, first.inputs[0])
    if node.op == "TRANSPOSE" and first is not None and first.op == "TRANSPOSE":
        return _transposed_once(draft, graph, first, node)
    if node.op not in layouts.SAME_BYTES and is_copy(graph, node):
        same = graph.tensors[source].shape == graph.output(node).shape
        return None if same else _reshape(graph, node, source)
    return None


def _reshape(graph: Graph, node: Node, source: int) -> Node | None:
    options = {"new_shape": graph.output(node).shape}
    made = dataclasses.replace(node, op="RESHAPE", inputs=(source,), options=options)
    return None if check_node(graph, made) else made


def _transposed_once(draft: Draft, graph: Graph, first: Node, second: Node) -> Node | None:
    orders = [layouts.constant_integers(graph, node, 1) for node in (first, second)]
    if orders[0] is None or orders[1] is None:
        return None
    if graph.activation(first, 0).quantization != graph.output(first).quantization:
        return None
    order = np.array(orders[0], np.int32)[orders[1]]
    index = draft.add(
        Tensor(f"{graph.output(second).name} order", order.shape, "int32", None, order)
    )
    made = dataclasses.replace(second, inputs=(first.inputs[0], index))
    return None if check_node(draft.graph(), made) else made


def _source(node: Node) -> int:
    """The input that holds the values: SPLIT has its axis first."""
    return node.inputs[1] if node.op == "SPLIT" and len(node.inputs) > 1 else node.inputs[0]


def is_copy(graph: Graph, node: Node) -> bool:
    """Whether the node's one output has its input's values, in their order."""
    if len(node.outputs) != 1 or not node.inputs:
        return False
    source, output = graph.tensors[_source(node)], graph.output(node)
    alike = source.dtype == output.dtype and source.elements == output.elements
    if not alike or source.quantization != output.quantization:
        return False
    activation = node.options.get("fused_activation_function", "NONE")
    if node.op in layouts.SAME_BYTES:
        return True
    if node.op in WHOLE:
        return source.shape == output.shape
    if node.op in ONE_PART:
        return activation == "NONE" and (node.op != "CONCATENATION" or len(node.inputs) == 1)
    if node.op == "STRIDED_SLICE":
        strides = layouts.constant_integers(graph, node, 3)
        return strides is not None and all(stride == 1 for stride in strides)
    if node.op in layouts.POOLS:
        sizes = ("filter_height", "filter_width", "stride_h", "stride_w")
        return activation == "NONE" and all(node.options.get(size) == 1 for size in sizes)
    if node.op == "TRANSPOSE":
        order = layouts.constant_integers(graph, node, 1)
        moved = [axis for axis in order or () if source.shape[axis] > 1]
        return order is not None and moved == sorted(moved)
    if node.op in UNARY:
        function = table(graph, node)
        return function is not None and bool(np.array_equal(function, VALUES))
    return node.op == "MEAN" and source.dtype == "int8"


def _merge(graph: Graph) -> tuple[Graph, int]:
    """The graph without copies to a tensor of the same shape: one tensor stands for both.

    An output of the model keeps its tensor; then the copy's input is written there at once.
    """
    states = state_tensors(graph)
    fixed = {*graph.inputs, *graph.outputs}
    stands_for: dict[int, int] = {}
    moved: dict[int, int] = {}
    nodes = []
    for node in graph.nodes:
        inputs = tuple(stands_for.get(index, index) for index in node.inputs)
        node = dataclasses.replace(node, inputs=inputs)
        source, output = (_source(node), node.outputs[0]) if inputs and node.outputs else (-1, -1)
        if (
            is_copy(graph, node)
            and graph.tensors[source].shape == graph.tensors[output].shape
            and graph.tensors[source].data is None
            and source not in states
        ):
            if output not in graph.outputs:
                stands_for[output] = source
                continue
            if source not in fixed and source not in moved:
                moved[source] = output
                continue
        nodes.append(node)
    renamed = [
        dataclasses.replace(
            node,
            inputs=tuple(moved.get(index, index) for index in node.inputs),
            outputs=tuple(moved.get(index, index) for index in node.outputs),
        )
        for node in nodes
    ]
    return graph.replace(nodes=tuple(renamed)), len(graph.nodes) - len(nodes)
