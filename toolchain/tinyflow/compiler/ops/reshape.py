"""RESHAPE, SQUEEZE and EXPAND_DIMS: the output is the input's bytes."""

from __future__ import annotations

from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import Constraint, KernelCall, Op


def same_size(graph: Graph, node: Node) -> str | None:
    """The output has as many values as the input."""
    source, output = graph.activation(node, 0), graph.output(node)
    if source.elements == output.elements:
        return None
    return f"{rules.shape(source)} became {rules.shape(output)}"


def given_shape(graph: Graph, node: Node) -> str | None:
    """The new shape, where it is an input, is a constant and the output's (-1 stands for any)."""
    tensor = graph.input(node, 1)
    if tensor is None:
        return None
    if tensor.data is None:
        return f"{tensor.name} is computed"
    output = graph.output(node)
    wanted = [int(size) for size in tensor.data.reshape(-1).tolist()]
    pairs = zip(wanted, output.shape, strict=False)
    if len(wanted) == len(output.shape) and all(want in (-1, size) for want, size in pairs):
        return None
    return f"{rules.sizes(wanted)} for {rules.shape(output)}"


class Reshape(Op):
    """Another shape for the same values. Nothing is copied unless both must be kept apart."""

    name = "RESHAPE"
    structure = (
        rules.operands(1, 2),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
    )
    constraints: ClassVar[tuple[Constraint, ...]] = (same_size, given_shape, moving.one_scale())

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        return (copies.copy(graph, node.inputs[0], node.outputs[0]),)


class Squeeze(Reshape):
    """The input without dimensions of 1."""

    name = "SQUEEZE"
    structure = (rules.operands(1), *Reshape.structure[1:])
    constraints = (same_size, moving.one_scale())


class ExpandDims(Reshape):
    """The input with another dimension of 1."""

    name = "EXPAND_DIMS"
    structure = (rules.operands(2), *Reshape.structure[1:])
    constraints = (same_size, moving.one_scale())


OPS = (ExpandDims, Reshape, Squeeze)
