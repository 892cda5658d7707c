"""SHAPE: the output is a constant."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, rules
from tinyflow.compiler.ops.op import KernelCall, Op

if TYPE_CHECKING:
    from numpy.typing import NDArray


def integer_output(graph: Graph, node: Node) -> str | None:
    """The output is int32."""
    output = graph.output(node)
    return None if output.dtype == "int32" else f"{output.name} is {output.dtype}"


def one_dimension_each(graph: Graph, node: Node) -> str | None:
    """The input has a dimension, and the output one value for each."""
    source, output = graph.activation(node, 0), graph.output(node)
    if source.shape and output.shape == (len(source.shape),):
        return None
    return f"{rules.shape(output)} for {rules.shape(source)}"


class Shape(Op):
    """The input's shape, which is known when the model is compiled: a constant."""

    name = "SHAPE"
    structure = (rules.operands(1), rules.bounded_sizes)
    constraints = (integer_output, one_dimension_each)

    def value(self, graph: Graph, node: Node) -> NDArray[Any]:
        """The output, int32 [rank]."""
        return np.array(graph.activation(node, 0).shape, np.int32)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        found = dataclasses.replace(graph.output(node), data=self.value(graph, node))
        return (copies.copy_constant(found, node.outputs[0]),)


OPS = (Shape,)
