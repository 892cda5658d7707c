"""Which channels of a node's operands belong together. A channel is an index of the last axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph, Node, Tensor, array
from tinyflow.compiler.ops import weights
from tinyflow.compiler.passes.unary import UNARY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

BINARY = frozenset({"ADD", "MAXIMUM", "MINIMUM", "MUL", "PRELU", "SQUARED_DIFFERENCE", "SUB"})
POOLS = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D"})
RESIZES = frozenset({"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"})
REDUCTIONS = frozenset({"MEAN", "REDUCE_MAX", "REDUCE_MIN", "SUM"})
SAME_BYTES = frozenset({"EXPAND_DIMS", "RESHAPE", "SQUEEZE"})
# Operators whose outputs hold only values of their inputs.
COPIES = SAME_BYTES | {"CONCATENATION", "PAD", "RESIZE_NEAREST_NEIGHBOR", "SLICE", "SPLIT"}
COPIES |= {"SPLIT_V", "STRIDED_SLICE", "TRANSPOSE"}


@dataclass(frozen=True, eq=False)
class Link:
    """Channel i of tensor `part` belongs to channel `channels[i]` of tensor `whole`."""

    whole: int
    part: int
    channels: Integers


def links(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    """How channels of the node's activations belong together.

    None where a channel of an output depends on more than those of the inputs that belong to it.
    """
    if node.op in SAME_BYTES:
        return _reshaped(graph, node.inputs[0], node.outputs[0])
    if node.op in UNARY | POOLS | RESIZES or (
        node.op in REDUCTIONS and keeps_last_axis(graph, node)
    ):
        return _same(graph, node.inputs[0], node.outputs[0])
    if node.op in BINARY:
        return _broadcast(graph, node)
    if node.op == "DEPTHWISE_CONV_2D":
        return _multiplied(graph, node)
    if node.op == "PAD":
        return _padded(graph, node)
    if node.op == "CONCATENATION":
        return _joined(graph, node)
    if node.op in ("SPLIT", "SPLIT_V"):
        return _split(graph, node)
    if node.op == "TRANSPOSE":
        order = constant_integers(graph, node, 1)
        last = len(graph.activation(node, 0).shape) - 1
        if order is not None and len(order) == last + 1 and order[-1] == last:
            return _same(graph, node.inputs[0], node.outputs[0])
    return None


def _same(graph: Graph, first: int, second: int) -> tuple[Link, ...] | None:
    shapes = graph.tensors[first].shape, graph.tensors[second].shape
    if not (shapes[0] and shapes[1] and shapes[0][-1] == shapes[1][-1]):
        return None
    return (Link(first, second, np.arange(shapes[0][-1])),)


def _reshaped(graph: Graph, source: int, output: int) -> tuple[Link, ...] | None:
    """The one last axis is the other's some times over, so flat indices agree modulo the other."""
    before, after = graph.tensors[source].shape, graph.tensors[output].shape
    if not before or not after:
        return None
    if after[-1] % before[-1] == 0:
        return (Link(source, output, np.arange(after[-1]) % before[-1]),)
    if before[-1] % after[-1] == 0:
        return (Link(output, source, np.arange(before[-1]) % after[-1]),)
    return None


def _broadcast(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    """Computed inputs of as many channels; one that is broadcast along them has no link."""
    output = node.outputs[0]
    found: tuple[Link, ...] = ()
    for index in dict.fromkeys(node.inputs):
        tensor = graph.tensors[index]
        if tensor.data is None and tensor.shape[-1:] == graph.tensors[output].shape[-1:]:
            found += _same(graph, output, index) or ()
    return found


def _multiplied(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    source, output = graph.activation(node, 0), graph.output(node)
    multiplier = output.shape[-1] // source.shape[-1]
    return (Link(node.inputs[0], node.outputs[0], np.arange(output.shape[-1]) // multiplier),)


def _padded(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    source = graph.activation(node, 0)
    channels = np.arange(source.shape[-1]) + paddings(graph, node)[-1][0]
    return (Link(node.outputs[0], node.inputs[0], channels),)


def _joined(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    output = graph.output(node)
    if len(set(node.inputs)) != len(node.inputs) or ABSENT in node.inputs:
        return None
    if any(graph.tensors[index].data is not None for index in node.inputs):
        return None
    along_last = axis(node, output) == len(output.shape) - 1
    found, start = [], 0
    for index in node.inputs:
        channels = np.arange(graph.tensors[index].shape[-1])
        found.append(Link(node.outputs[0], index, channels + start * along_last))
        start += len(channels)
    return tuple(found)


def _split(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    """Parts along the last axis have sizes of their own: their channels are no others' concern."""
    position = 0 if node.op == "SPLIT" else 2
    source = node.inputs[1 if node.op == "SPLIT" else 0]
    rank = len(graph.tensors[source].shape)
    along = constant_integers(graph, node, position)
    if along is None or len(along) != 1 or along[0] % rank == rank - 1:
        return None
    found: tuple[Link, ...] = ()
    for output in node.outputs:
        found += _same(graph, source, output) or ()
    return found


def row_channels(graph: Graph, node: Node) -> Integers | None:
    """The input channel that each column of FULLY_CONNECTED's weights meets; None where several."""
    channels = graph.activation(node, 0).shape[-1]
    depth = graph.activation(node, weights.WEIGHTS).shape[1]
    return None if depth % channels else np.arange(depth) % channels


def keeps_last_axis(graph: Graph, node: Node) -> bool:
    """Whether a reduction leaves the last axis alone."""
    rank = len(graph.activation(node, 0).shape)
    axes = constant_integers(graph, node, 1)
    return axes is not None and all(along % rank != rank - 1 for along in axes)


def paddings(graph: Graph, node: Node) -> list[tuple[int, int]]:
    """Values before and after along each axis, of a PAD whose constraints hold."""
    pairs = array(graph.activation(node, 1)).tolist()
    return [(int(before), int(after)) for before, after in pairs]


def axis(node: Node, tensor: Tensor) -> int:
    """The option `axis`, counted from the front."""
    return int(node.options.get("axis", 0)) % max(1, len(tensor.shape))


def constant_integers(graph: Graph, node: Node, position: int) -> list[int] | None:
    """The values of a constant integer input, None where it is none."""
    tensor = graph.input(node, position)
    if tensor is None or tensor.data is None or tensor.data.dtype.kind != "i":
        return None
    return [int(value) for value in tensor.data.reshape(-1).tolist()]
