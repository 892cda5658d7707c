"""QUANTIZE, RELU and RELU6: a change of scale and zero point, with a clamp."""

from __future__ import annotations

from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constraint, KernelCall, Op, Overlap, in_place
from tinyflow.compiler.quantmath import activation_range, quantize_multiplier, relu_scale


def large_factor(graph: Graph, node: Node) -> str | None:
    """Input scale over output scale is under 2^30."""
    source, output = graph.activation(node, 0), graph.output(node)
    ratio = rules.quantization(source).scale / rules.quantization(output).scale
    return rules.multiplier_found(ratio, "factor")


class _Rescale(Op):
    activation: ClassVar[str] = "NONE"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        rules.activations(0),
        rules.computed_input,
    )
    constraints: ClassVar[tuple[Constraint, ...]] = (rules.same_shape, large_factor)

    def factor(self, source: float, output: float) -> float:
        """Input scale over output scale, divided as the runtime does."""
        return relu_scale(source, output)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return in_place(node, node.inputs[0])

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = rules.quantization(graph.activation(node, 0))
        output = rules.quantization(graph.output(node))
        multiplier = quantize_multiplier(self.factor(source.scale, output.scale))
        low, high = activation_range(self.activation, output.scale, output.zero_point)
        return (
            KernelCall(
                function="tnf_rescale_s8",
                header="tnf_activation.h",
                kernels=("rescale_s8",),
                params_type="tnf_rescale_t",
                params=(
                    ("elements", graph.output(node).elements),
                    ("input_offset", -source.zero_point),
                    ("multiplier", multiplier.value),
                    ("shift", multiplier.shift),
                    ("output_offset", output.zero_point),
                    ("activation_min", low),
                    ("activation_max", high),
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


class Quantize(_Rescale):
    """Another scale and zero point for int8 values.

    Models with float inputs or outputs are converted to int8 ones before they are compiled.
    """

    name = "QUANTIZE"

    def factor(self, source: float, output: float) -> float:
        return source / output


class Relu(_Rescale):
    """Negative values become zero."""

    name = "RELU"
    activation = "RELU"


def six_fits(graph: Graph, node: Node) -> str | None:
    """6 is a 32-bit integer in the output's scale."""
    return rules.bounds_overflow("RELU6", graph.output(node))


class Relu6(_Rescale):
    """Values are clamped to 0 to 6.

    A standalone RELU6 rescales to the output's scale as LiteRT does; TensorFlow Lite Micro clamps
    in the input's scale and does not rescale, which is the same where both scales are.
    """

    name = "RELU6"
    activation = "RELU6"
    constraints = (*_Rescale.constraints, six_fits)


OPS = (Quantize, Relu, Relu6)
