"""Takes channels out of tensors, weights and biases, once it is known that they can go."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, Tensor, array
from tinyflow.compiler.ops import rules, weights
from tinyflow.compiler.ops.sums import is_wide
from tinyflow.compiler.passes import layouts
from tinyflow.compiler.passes.draft import Draft
from tinyflow.compiler.passes.ranges import Range
from tinyflow.compiler.quantmath import float32

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Masks = Mapping[int, NDArray[np.bool_]]
    Integers = NDArray[np.int64]


def slice_graph(graph: Graph, gone: Masks, ranges: Mapping[int, Range]) -> Graph:
    """`graph` without the channels `gone`; constant ones among them are added to biases."""
    draft = Draft(graph)
    for index, mask in gone.items():
        if mask.any():
            draft.tensors[index] = _sliced(graph.tensors[index], np.flatnonzero(~mask))
    for position, node in enumerate(graph.nodes):
        if any(index in gone and gone[index].any() for index in (*node.inputs, *node.outputs)):
            draft.nodes[position] = _node(draft, graph, node, gone, ranges)
    return draft.graph()


def _sliced(tensor: Tensor, kept: Integers) -> Tensor:
    before = range(tensor.shape[-1]) if tensor.channels is None else tensor.channels
    return dataclasses.replace(
        tensor,
        shape=(*tensor.shape[:-1], len(kept)),
        channels=tuple(before[i] for i in kept.tolist()),
    )


def _node(draft: Draft, graph: Graph, node: Node, gone: Masks, ranges: Mapping[int, Range]) -> Node:
    if node.op == "CONV_2D":
        return _conv_2d(draft, graph, node, gone, ranges)
    if node.op == "FULLY_CONNECTED":
        return _fully_connected(draft, graph, node, gone, ranges)
    if node.op == "DEPTHWISE_CONV_2D":
        kept = np.flatnonzero(~gone[node.outputs[0]])
        filters = graph.activation(node, weights.WEIGHTS)
        return _weighted(draft, graph, node, array(filters)[..., kept], kept, 0)
    if node.op in layouts.BINARY:
        return _with_constants(draft, graph, node, np.flatnonzero(~gone[node.outputs[0]]))
    if node.op == "PAD":
        return _pad(draft, graph, node, gone)
    if node.op in layouts.SAME_BYTES:
        shape = draft.tensors[node.outputs[0]].shape
        return dataclasses.replace(
            node, op="RESHAPE", inputs=node.inputs[:1], options={"new_shape": shape}
        )
    return node


def _shares(source: int, graph: Graph, gone: Masks, ranges: Mapping[int, Range]) -> Integers:
    """What each channel of the input adds per weight once it is gone: 0 where it is no constant,
    because no weight is left for it then.
    """
    zero_point = rules.quantization(graph.tensors[source]).zero_point
    found = ranges[source]
    return np.where(gone[source] & found.constant, found.low - zero_point, 0)


def _conv_2d(
    draft: Draft, graph: Graph, node: Node, gone: Masks, ranges: Mapping[int, Range]
) -> Node:
    source, output = node.inputs[0], node.outputs[0]
    filters = array(graph.activation(node, weights.WEIGHTS))
    kept = np.flatnonzero(~gone[output])
    filters = filters[kept]
    share = filters.sum((1, 2), dtype=np.int64) @ _shares(source, graph, gone, ranges)
    left = np.ascontiguousarray(filters[..., ~gone[source]])
    return _weighted(draft, graph, node, left, kept, share)


def _fully_connected(
    draft: Draft, graph: Graph, node: Node, gone: Masks, ranges: Mapping[int, Range]
) -> Node:
    source, output = node.inputs[0], node.outputs[0]
    kept = np.flatnonzero(~gone[output])
    matrix = array(graph.activation(node, weights.WEIGHTS))[kept]
    columns = layouts.row_channels(graph, node)
    if columns is None:
        return _weighted(draft, graph, node, matrix, kept, 0)
    share = matrix.astype(np.int64) @ _shares(source, graph, gone, ranges)[columns]
    return _weighted(draft, graph, node, matrix[:, ~gone[source][columns]], kept, share)


def _weighted(
    draft: Draft,
    graph: Graph,
    node: Node,
    values: NDArray[np.generic],
    kept: Integers,
    share: Integers | int,
) -> Node:
    """The node with weights `values`, its outputs `kept`, and `share` added to its bias."""
    filters = graph.activation(node, weights.WEIGHTS)
    scales = _quantization(filters.quantization, kept)
    old = graph.input(node, weights.BIAS)
    inputs = [
        node.inputs[0],
        draft.add(
            dataclasses.replace(
                filters, shape=values.shape, data=values, quantization=scales, origin=-1
            )
        ),
    ]
    if old is not None:
        sums = array(old).reshape(-1)[kept].astype(np.int64) + share
        inputs.append(
            draft.add(
                dataclasses.replace(
                    old,
                    shape=sums.shape,
                    data=sums.astype(old.dtype),
                    quantization=_quantization(old.quantization, kept),
                    origin=-1,
                )
            )
        )
    elif np.any(share):
        sums = np.zeros(len(kept), np.int64) + share
        kind = np.int64 if is_wide(graph, node) else np.int32  # sums stay as wide as they are
        inputs.append(draft.add(_bias(graph, node, scales, sums.astype(kind))))
    else:
        inputs += node.inputs[2:]
    return dataclasses.replace(node, inputs=tuple(inputs))


def _bias(
    graph: Graph, node: Node, scales: Quantization | None, values: NDArray[np.signedinteger[Any]]
) -> Tensor:
    source = rules.quantization(graph.activation(node, 0)).scale
    found = scales.scales if scales is not None else ()
    product = tuple(float32(source * scale) for scale in found)
    name = f"{graph.output(node).name} bias"
    quantization = Quantization(product, (0,) * len(product))
    return Tensor(name, values.shape, values.dtype.name, quantization, values)


def _quantization(found: Quantization | None, kept: Integers) -> Quantization | None:
    """The scales of the channels `kept`, where every channel has its own."""
    if found is None or len(found.scales) == 1:
        return found
    return Quantization(
        tuple(found.scales[i] for i in kept.tolist()),
        tuple(found.zero_points[i] for i in kept.tolist()),
        found.axis,
    )


def _with_constants(draft: Draft, graph: Graph, node: Node, kept: Integers) -> Node:
    """A node of two operands: a constant with channels loses its as well."""
    channels = graph.output(node).shape[-1]
    inputs = []
    for index in node.inputs:
        tensor = None if index == ABSENT else graph.tensors[index]
        if tensor is not None and tensor.data is not None and tensor.shape[-1:] == (channels,):
            values = np.ascontiguousarray(tensor.data[..., kept])
            changed = dataclasses.replace(tensor, shape=values.shape, data=values, origin=-1)
            index = draft.add(changed)
        inputs.append(index)
    return dataclasses.replace(node, inputs=tuple(inputs))


def _pad(draft: Draft, graph: Graph, node: Node, gone: Masks) -> Node:
    """Padded channels that are gone are not padded."""
    tensor = graph.activation(node, 1)
    pairs = array(tensor).copy()
    before, after = (int(value) for value in pairs[-1])
    mask = gone[node.outputs[0]]
    pairs[-1] = before - mask[:before].sum(), after - mask[len(mask) - after :].sum()
    changed = draft.add(dataclasses.replace(tensor, data=pairs, origin=-1))
    return dataclasses.replace(node, inputs=(node.inputs[0], changed))
