"""The operators the compiler knows, by their names in the .tflite schema."""

from __future__ import annotations

from collections.abc import Mapping

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import (
    add,
    arg_max,
    batch_matmul,
    blocks,
    cast,
    concatenation,
    conv_2d,
    curves,
    depthwise_conv_2d,
    fully_connected,
    gather,
    leaky_relu,
    logistic,
    lstm,
    maximum,
    mirror_pad,
    mul,
    pad,
    pool_2d,
    prelu,
    quantize,
    reduce,
    rescale,
    reshape,
    resize,
    shape,
    slice,
    softmax,
    split,
    squared_difference,
    strided_slice,
    svdf,
    tile,
    transpose,
    transpose_conv,
    variables,
)
from tinyflow.compiler.ops.op import Op

# One line per module: each says in OPS which operators it has.
_CLASSES: tuple[type[Op], ...] = (
    *add.OPS,
    *arg_max.OPS,
    *batch_matmul.OPS,
    *blocks.OPS,
    *cast.OPS,
    *concatenation.OPS,
    *conv_2d.OPS,
    *curves.OPS,
    *depthwise_conv_2d.OPS,
    *fully_connected.OPS,
    *gather.OPS,
    *leaky_relu.OPS,
    *logistic.OPS,
    *lstm.OPS,
    *maximum.OPS,
    *mirror_pad.OPS,
    *mul.OPS,
    *pad.OPS,
    *pool_2d.OPS,
    *prelu.OPS,
    *quantize.OPS,
    *reduce.OPS,
    *rescale.OPS,
    *reshape.OPS,
    *resize.OPS,
    *shape.OPS,
    *slice.OPS,
    *softmax.OPS,
    *split.OPS,
    *squared_difference.OPS,
    *strided_slice.OPS,
    *svdf.OPS,
    *tile.OPS,
    *transpose.OPS,
    *transpose_conv.OPS,
    *variables.OPS,
)

OPS: Mapping[str, Op] = {kind.name: kind() for kind in _CLASSES}


def check_node(graph: Graph, node: Node) -> list[str]:
    """What is wrong with a node of a known operator, as "rule (found: value)".

    Empty when the node can be lowered.
    """
    return OPS[node.op].findings(graph, node)


__all__ = ["OPS", "Op", "check_node"]
