"""SOFTMAX."""

from __future__ import annotations

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import KernelCall, Op, Overlap, in_place
from tinyflow.compiler.quantmath import (
    INT8_MIN,
    SOFTMAX_INTEGER_BITS,
    softmax_constants,
    softmax_scale,
)

MAX_RANK = 4
MAX_DEPTH = 4095
OUTPUT_SCALE = 1.0 / 256.0


def few_dimensions(graph: Graph, node: Node) -> str | None:
    """The input has 1 to 4 dimensions, the last of at most 4095 values."""
    source = graph.activation(node, 0)
    if 1 <= len(source.shape) <= MAX_RANK and source.shape[-1] <= MAX_DEPTH:
        return None
    return rules.shape(source)


def output_scale(graph: Graph, node: Node) -> str | None:
    """The output's scale is 1/256 and its zero point -128."""
    found = rules.quantization(graph.output(node))
    if found.scale == OUTPUT_SCALE and found.zero_point == INT8_MIN:
        return None
    return f"{found.scale:g} and {found.zero_point}"


def large_scale(graph: Graph, node: Node) -> str | None:
    """Beta times input scale is over 2^-26."""
    found = softmax_scale(_beta(node), rules.quantization(graph.activation(node, 0)).scale)
    if found > 1.0:  # false for nan as well
        return None
    return f"{found / 2 ** (31 - SOFTMAX_INTEGER_BITS):g}"


def _beta(node: Node) -> float:
    return float(node.options.get("beta", 0.0))


class Softmax(Op):
    """Exponentials over their sum, along the last dimension, in fixed-point arithmetic.

    A row whose exponentials add up to 512 or more, which takes over 511 classes, gives zero
    probabilities; the runtime stops there.
    """

    name = "SOFTMAX"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        rules.activations(0),
        rules.computed_input,
        few_dimensions,
    )
    constraints = (rules.same_shape, output_scale, large_scale)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return in_place(node, node.inputs[0])

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = graph.activation(node, 0)
        constants = softmax_constants(_beta(node), rules.quantization(source).scale)
        return (
            KernelCall(
                function="tnf_softmax_s8",
                header="tnf_softmax.h",
                kernels=("softmax_s8",),
                params_type="tnf_softmax_t",
                params=(
                    ("rows", source.elements // source.shape[-1]),
                    ("depth", source.shape[-1]),
                    ("multiplier", constants.multiplier.value),
                    ("shift", constants.multiplier.shift),
                    ("diff_min", constants.diff_min),
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


OPS = (Softmax,)
