"""Takes a PAD into the convolution that reads it."""

from __future__ import annotations

import dataclasses

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import conv_2d, windows
from tinyflow.compiler.ops.rules import quantization
from tinyflow.compiler.passes.draft import producers
from tinyflow.compiler.passes.layouts import paddings

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


def absorb_padding(graph: Graph) -> tuple[Graph, int]:
    """Convolutions read what the PAD reads, with explicit padding; and how many of them.

    Exact where the PAD works on height and width only and its value is the zero point, which a
    convolution's own padding stands for. The PAD itself stays for its other readers.
    """
    written = producers(graph)
    nodes = list(graph.nodes)
    count = 0
    for position, node in enumerate(nodes):
        if node.op not in CONVOLUTIONS or node.inputs[0] not in written:
            continue
        pad = nodes[written[node.inputs[0]]]
        if _is_zeros_around(graph, pad):
            nodes[position] = _padded(graph, node, pad)
            count += 1
    return graph.replace(nodes=tuple(nodes)), count


def _is_zeros_around(graph: Graph, pad: Node) -> bool:
    if pad.op not in ("PAD", "PADV2"):
        return False
    source, output = graph.activation(pad, 0), graph.output(pad)
    zeros = [quantization(output).zero_point] if output.quantization is not None else []
    if pad.op == "PADV2" and array(graph.activation(pad, 2)).reshape(-1).tolist() != zeros:
        return False
    pairs = paddings(graph, pad)
    return (
        source.dtype in ("int8", "int16")
        and len(pairs) == 4
        and not any(pairs[0] + pairs[3])
        and quantization(source) == quantization(output)
    )


def _padded(graph: Graph, node: Node, pad: Node) -> Node:
    _, rows, columns, _ = paddings(graph, pad)
    vertical, horizontal = conv_2d.output_axes(graph, node)
    own = {
        "pad_top": rows[0] + vertical.before,
        "pad_bottom": rows[1] + vertical.after,
        "pad_left": columns[0] + horizontal.before,
        "pad_right": columns[1] + horizontal.after,
    }
    options = {**node.options, "padding": windows.EXPLICIT, **own}
    return dataclasses.replace(node, inputs=(pad.inputs[0], *node.inputs[1:]), options=options)
