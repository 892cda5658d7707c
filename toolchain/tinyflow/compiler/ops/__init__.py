"""The operators the compiler knows, by their names in the .tflite schema."""

from __future__ import annotations

from collections.abc import Mapping

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops.add import Add
from tinyflow.compiler.ops.conv_2d import Conv2D
from tinyflow.compiler.ops.depthwise_conv_2d import DepthwiseConv2D
from tinyflow.compiler.ops.fully_connected import FullyConnected
from tinyflow.compiler.ops.mean import Mean
from tinyflow.compiler.ops.op import Op
from tinyflow.compiler.ops.pad import Pad
from tinyflow.compiler.ops.pool_2d import AveragePool2D, MaxPool2D
from tinyflow.compiler.ops.rescale import Quantize, Relu, Relu6
from tinyflow.compiler.ops.reshape import ExpandDims, Reshape, Squeeze
from tinyflow.compiler.ops.softmax import Softmax

_CLASSES: tuple[type[Op], ...] = (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    ExpandDims,
    FullyConnected,
    MaxPool2D,
    Mean,
    Pad,
    Quantize,
    Relu,
    Relu6,
    Reshape,
    Softmax,
    Squeeze,
)

OPS: Mapping[str, Op] = {kind.name: kind() for kind in _CLASSES}


def check_node(graph: Graph, node: Node) -> list[str]:
    """What is wrong with a node of a known operator, as "rule (found: value)".

    Empty when the node can be lowered.
    """
    return OPS[node.op].findings(graph, node)


__all__ = ["OPS", "Op", "check_node"]
