"""MAXIMUM and MINIMUM."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import SUFFIXES, Binary, Numbers, broadcast, one_computed


def one_type(graph: Graph, node: Node) -> str | None:
    """Inputs and output are all int8, all int16 or all int32."""
    tensors = [graph.activation(node, 0), graph.activation(node, 1), graph.output(node)]
    types = [tensor.dtype for tensor in tensors]
    if types[0] in SUFFIXES and len(set(types)) == 1:
        return None
    return ", ".join(f"{tensor.name} is {tensor.dtype}" for tensor in tensors)


def same_scales(graph: Graph, node: Node) -> str | None:
    """int8 and int16 inputs and output have the same zero point, 0 for int16, and to one part in
    100,000 the same scale."""
    output = graph.output(node)
    if output.dtype == "int32":
        return None
    tensors = [graph.activation(node, 0), graph.activation(node, 1), output]
    for tensor in tensors:
        if not rules.one_scale(tensor):
            return f"{tensor.name} has {rules.scales(tensor)}"
    wanted = rules.quantization(output)
    for tensor in tensors[:2]:
        own = rules.quantization(tensor)
        same = math.isclose(own.scale, wanted.scale, rel_tol=rules.SCALE_TOLERANCE)
        if not same or own.zero_point != wanted.zero_point:
            return f"{tensor.name} has {rules.scales(tensor)}, the output {rules.scales(output)}"
    return None


class _Extreme(Binary):
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        one_type,
        one_computed,
    )
    constraints = (broadcast, same_scales)

    def parameters(self, graph: Graph, node: Node, order: Sequence[int]) -> tuple[str, Numbers]:
        return "tnf_maximum_t", ()


class Maximum(_Extreme):
    """The larger of two values, with broadcasting; one of the tensors may be a constant.

    The runtimes compare quantised values as they are, whatever their scales: where those differ,
    the result means nothing, so such a model is refused.
    """

    name = "MAXIMUM"
    kernel = "maximum"


class Minimum(_Extreme):
    """The smaller of two values, with broadcasting; one of the tensors may be a constant.

    As in MAXIMUM, all have one scale.
    """

    name = "MINIMUM"
    kernel = "minimum"


OPS = (Maximum, Minimum)
