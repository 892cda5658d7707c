"""The operators the compiler knows, by their names in the .tflite schema."""

from __future__ import annotations

from collections.abc import Mapping

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import (
    add,
    arg_max,
    conv_2d,
    depthwise_conv_2d,
    fully_connected,
    lstm,
    maximum,
    mul,
    pad,
    pool_2d,
    prelu,
    reduce,
    rescale,
    reshape,
    softmax,
    squared_difference,
    svdf,
    variables,
)
from tinyflow.compiler.ops.op import Op

# One line per module: each says in OPS which operators it has.
_CLASSES: tuple[type[Op], ...] = (
    *add.OPS,
    *arg_max.OPS,
    *conv_2d.OPS,
    *depthwise_conv_2d.OPS,
    *fully_connected.OPS,
    *lstm.OPS,
    *maximum.OPS,
    *mul.OPS,
    *pad.OPS,
    *pool_2d.OPS,
    *prelu.OPS,
    *reduce.OPS,
    *rescale.OPS,
    *reshape.OPS,
    *softmax.OPS,
    *squared_difference.OPS,
    *svdf.OPS,
    *variables.OPS,
)

OPS: Mapping[str, Op] = {kind.name: kind() for kind in _CLASSES}


def check_node(graph: Graph, node: Node) -> list[str]:
    """What is wrong with a node of a known operator, as "rule (found: value)".

    Empty when the node can be lowered.
    """
    return OPS[node.op].findings(graph, node)


__all__ = ["OPS", "Op", "check_node"]
