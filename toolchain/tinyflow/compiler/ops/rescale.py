"""RELU, RELU6 and RELU_N1_TO_1: a change of scale and zero point, with a clamp.

A table of 256 entries would save little time over the multiplication and take ten times its
parameters in flash, so these stay computed.
"""

from __future__ import annotations

from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import SUFFIXES
from tinyflow.compiler.ops.op import Constraint, KernelCall, Op, Overlap, in_place
from tinyflow.compiler.quantmath import activation_range, quantize_multiplier, relu_scale


def large_factor(graph: Graph, node: Node) -> str | None:
    """Input scale over output scale is under 2^30."""
    source, output = graph.activation(node, 0), graph.output(node)
    ratio = rules.quantization(source).scale / rules.quantization(output).scale
    return rules.multiplier_found(ratio, "factor")


def rescale_call(
    graph: Graph, node: Node, factor: float, bounds: tuple[int, int]
) -> tuple[KernelCall, ...]:
    """The input times `factor`, from its zero point to the output's, within `bounds`."""
    source, output = graph.activation(node, 0), graph.output(node)
    multiplier = quantize_multiplier(factor)
    kernel = f"rescale_{SUFFIXES[source.dtype]}"
    if output.dtype != source.dtype:
        kernel = f"{kernel}_{SUFFIXES[output.dtype]}"
    return (
        KernelCall(
            function=f"tnf_{kernel}",
            header="tnf_quantize.h",
            kernels=(kernel,),
            params_type="tnf_rescale_t",
            params=(
                ("elements", output.elements),
                ("input_offset", -rules.quantization(source).zero_point),
                ("multiplier", multiplier.value),
                ("shift", multiplier.shift),
                ("output_offset", rules.quantization(output).zero_point),
                ("activation_min", bounds[0]),
                ("activation_max", bounds[1]),
            ),
            inputs=(node.inputs[0],),
            outputs=node.outputs,
        ),
    )


class Relu(Op):
    """Negative values become zero."""

    name = "RELU"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        rules.activations(0, types=("int8", "int16")),
        rules.computed_input,
    )
    constraints: ClassVar[tuple[Constraint, ...]] = (rules.same_shape, large_factor)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return in_place(node, node.inputs[0])

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        output = graph.output(node)
        made = rules.quantization(output)
        factor = relu_scale(rules.quantization(graph.activation(node, 0)).scale, made.scale)
        bounds = activation_range(self.name, made.scale, made.zero_point, output.dtype)
        return rescale_call(graph, node, factor, bounds)


def six_fits(graph: Graph, node: Node) -> str | None:
    """6 is a 32-bit integer in the output's scale."""
    return rules.bounds_overflow("RELU6", graph.output(node))


class Relu6(Relu):
    """Values are clamped to 0 to 6.

    A standalone RELU6 rescales to the output's scale as LiteRT does; TensorFlow Lite Micro clamps
    in the input's scale and does not rescale, which is the same where both scales are.
    """

    name = "RELU6"
    constraints = (*Relu.constraints, six_fits)


def one_fits(graph: Graph, node: Node) -> str | None:
    """1 is a 32-bit integer in the output's scale."""
    return rules.bounds_overflow("RELU_N1_TO_1", graph.output(node))


class ReluN1To1(Relu):
    """Values are clamped to -1 to 1."""

    name = "RELU_N1_TO_1"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        rules.activations(0),
        rules.computed_input,
    )
    constraints = (*Relu.constraints, one_fits)


OPS = (Relu, Relu6, ReluN1To1)
