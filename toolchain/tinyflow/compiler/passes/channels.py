"""Removes channels that are constant or that nothing needs.

A channel (an index of a tensor's last axis) can go where every reader can do without it: a
convolution or FULLY_CONNECTED whose remaining filters have only zeros for it, or that takes a
constant channel's share into its bias; any other operator where its own channels that come of it
go as well. All tensors start without any channel, and channels return until no reader lacks one:
what stays away is the most that can go.

A constant other than the zero point is none at a padded border, so a padded convolution cannot
take it into its bias. Biases stay within 32 bits: the share is within what the accumulator's rule
had counted for the channel, and with the channel gone that much less remains.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph, Node, array
from tinyflow.compiler.ops import conv_2d, rules, weights
from tinyflow.compiler.passes import layouts
from tinyflow.compiler.passes.draft import state_tensors
from tinyflow.compiler.passes.ranges import Range, channel_ranges, has_channels
from tinyflow.compiler.passes.slicing import slice_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Masks = dict[int, Mask]

MOST_CHANNELS = 1 << 20
WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})


def remove_channels(graph: Graph) -> tuple[Graph, int]:
    """The graph without them, and how many output channels of weighted layers went.

    Where the tensors have more than MOST_CHANNELS together it stays as it is.
    """
    if sum(t.shape[-1] for t in graph.tensors if has_channels(t)) > MOST_CHANNELS:
        return graph, 0
    ranges = channel_ranges(graph)
    gone = _removable(graph, ranges)
    if not any(mask.any() for mask in gone.values()):
        return graph, 0
    count = sum(int(mask.sum()) for mask in _outputs(graph, gone, WEIGHTED))
    count = count or sum(int(mask.sum()) for mask in gone.values())
    return slice_graph(graph, gone, ranges), count


def _outputs(graph: Graph, gone: Masks, operators: frozenset[str]) -> Iterator[Mask]:
    for node in graph.nodes:
        if node.op in operators and node.outputs[0] in gone:
            yield gone[node.outputs[0]]


def _removable(graph: Graph, ranges: Mapping[int, Range]) -> Masks:
    """For each activation that `has_channels`, which of them can go."""
    fixed = {*graph.inputs, *graph.outputs, *state_tensors(graph)}
    written = (index for node in graph.nodes for index in node.outputs)
    gone = {
        index: np.full(graph.tensors[index].shape[-1], index not in fixed)
        for index in dict.fromkeys((*graph.inputs, *written))
        if has_channels(graph.tensors[index])
    }
    while True:
        _settle(graph, ranges, gone)
        if not _bring_back(graph, gone):
            return gone


def _settle(graph: Graph, ranges: Mapping[int, Range], gone: Masks) -> None:
    """Bring back channels until every node can do without those that are gone.

    From the front and from the back in turn: most of what follows from a channel is found at once.
    """
    while True:
        before = sum(int(mask.sum()) for mask in gone.values())
        for node in (*graph.nodes, *reversed(graph.nodes)):
            if node.op in ("CONV_2D", "FULLY_CONNECTED"):
                _bring_back_inputs(graph, node, ranges, gone)
            else:
                _bring_back_linked(graph, node, gone)
        if sum(int(mask.sum()) for mask in gone.values()) == before:
            return


def _bring_back_inputs(graph: Graph, node: Node, ranges: Mapping[int, Range], gone: Masks) -> None:
    """Bring back what a convolution or FULLY_CONNECTED needs of its input."""
    source = node.inputs[0]
    filters = graph.activation(node, weights.WEIGHTS)
    kept = ~gone[node.outputs[0]] if node.outputs[0] in gone else np.ones(1, bool)
    if source not in gone or node.outputs[0] not in gone or array(filters).dtype != np.int8:
        _keep(node, gone)
        return
    channels = graph.tensors[source].shape[-1]
    read = np.zeros(channels, bool)
    if node.op == "CONV_2D":
        if filters.shape[3] != channels:  # grouped: groups must stay of one size
            _keep(node, gone)
            return
        read |= array(filters)[kept].any((0, 1, 2))
        padded = any(axis.is_padded for axis in conv_2d.output_axes(graph, node))
    else:
        columns = layouts.row_channels(graph, node)
        if columns is None:
            gone[source][:] = False
            return
        np.logical_or.at(read, columns, array(filters)[kept].any(0))
        padded = False
    found = ranges[source]
    zero_point = rules.quantization(graph.tensors[source]).zero_point
    foldable = found.constant & ((found.low == zero_point) | (not padded))
    gone[source] &= foldable | ~read


def _bring_back_linked(graph: Graph, node: Node, gone: Masks) -> None:
    """Bring back channels that belong to one that is not gone."""
    links = layouts.links(graph, node)
    linked = {index for link in links or () for index in (link.whole, link.part)}
    for index in (*node.inputs, *node.outputs):
        if index in gone and index not in linked:
            gone[index][:] = False
    for link in links or ():
        if link.whole not in gone or link.part not in gone:
            _keep(node, gone)
            return
        stays = ~gone[link.part]
        gone[link.whole][link.channels[stays]] = False
        gone[link.part] &= gone[link.whole][link.channels]


def _keep(node: Node, gone: Masks) -> None:
    for index in (*node.inputs, *node.outputs):
        if index != ABSENT and index in gone:
            gone[index][:] = False


def _bring_back(graph: Graph, gone: Masks) -> bool:
    """Bring back a channel of each tensor that has too few left; whether there were any.

    A tensor keeps at least one channel. FULLY_CONNECTED forms its one factor in another precision
    than one of several, so it keeps two where it had several.
    """
    found = False
    least = dict.fromkeys(gone, 1)
    for node in graph.nodes:
        if node.op == "FULLY_CONNECTED" and node.outputs[0] in gone:
            scales = rules.quantization(graph.activation(node, weights.WEIGHTS)).scales
            least[node.outputs[0]] = min(2, len(scales))
    for index, mask in gone.items():
        if len(mask) - int(mask.sum()) < least[index]:
            mask[np.flatnonzero(mask)[0]] = False
            found = True
    return found
