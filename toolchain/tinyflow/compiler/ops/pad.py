"""PAD."""

from __future__ import annotations

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import KernelCall, Op

MAX_RANK = 4


def constant_paddings(graph: Graph, node: Node) -> str | None:
    """The paddings are a constant of int32 or int64."""
    paddings = graph.activation(node, 1)
    if paddings.data is None:
        return f"{paddings.name} is computed"
    if paddings.data.dtype in (np.int32, np.int64):
        return None
    return f"{paddings.name} is {paddings.dtype}"


def few_dimensions(graph: Graph, node: Node) -> str | None:
    """The input has 1 to 4 dimensions, and the paddings are two for each."""
    source, paddings = graph.activation(node, 0), graph.activation(node, 1)
    if 1 <= len(source.shape) <= MAX_RANK and paddings.shape == (len(source.shape), 2):
        return None
    return f"{rules.shape(source)} with paddings {rules.shape(paddings)}"


def positive_paddings(graph: Graph, node: Node) -> str | None:
    """No padding is negative."""
    smallest = min(array(graph.activation(node, 1)).reshape(-1).tolist(), default=0)
    return None if smallest >= 0 else f"{smallest}"


def output_shape(graph: Graph, node: Node) -> str | None:
    """The output's shape is the input's with the paddings."""
    source, output = graph.activation(node, 0), graph.output(node)
    paddings = _paddings(graph, node)
    expected = tuple(s + sum(p) for s, p in zip(source.shape, paddings, strict=True))
    if output.shape == expected:
        return None
    return f"{rules.shape(output)} where {rules.sizes(expected)} follows"


def _paddings(graph: Graph, node: Node) -> list[list[int]]:
    return [[int(value) for value in pair] for pair in array(graph.activation(node, 1)).tolist()]


class Pad(Op):
    """The input with zeros around it, which are the zero point."""

    name = "PAD"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0),
        rules.computed_input,
        constant_paddings,
        few_dimensions,
    )
    constraints = (positive_paddings, output_shape, rules.same_scale)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        shape = graph.activation(node, 0).shape
        missing = MAX_RANK - len(shape)
        pairs = [[0, 0]] * missing + _paddings(graph, node)
        return (
            KernelCall(
                function="tnf_pad_s8",
                header="tnf_pad.h",
                kernels=("pad_s8",),
                params_type="tnf_pad_t",
                params=(
                    *((f"input_{i}", size) for i, size in enumerate((1,) * missing + shape)),
                    *((f"before_{i}", before) for i, (before, _) in enumerate(pairs)),
                    *((f"after_{i}", after) for i, (_, after) in enumerate(pairs)),
                    ("value", rules.quantization(graph.output(node)).zero_point),
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


OPS = (Pad,)
