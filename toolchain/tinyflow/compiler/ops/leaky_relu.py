"""LEAKY_RELU, ABS and NEG: a factor for negative values and one for the others."""

from __future__ import annotations

from tinyflow.compiler import fixedpoint
from tinyflow.compiler.graph import Graph, Node, Quantization
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.lookup import Lookup, Outputs, unary
from tinyflow.compiler.ops.op import KernelCall
from tinyflow.compiler.ops.rescale import large_factor
from tinyflow.compiler.quantmath import Multiplier, quantize_multiplier, relu_scale

STEEPEST = 2.0**15


def _alpha(node: Node) -> float:
    return float(node.options.get("alpha", 0.0))


def usable_alpha(graph: Graph, node: Node) -> str | None:
    """Alpha is not negative, and alpha times input scale over output scale is under 2^30."""
    alpha = _alpha(node)
    if not alpha >= 0:
        return f"alpha {alpha:g}"
    source, output = (
        rules.quantization(graph.activation(node, 0)),
        rules.quantization(graph.output(node)),
    )
    slope = fixedpoint.leaky_relu_slope(source.scale, output.scale, alpha)
    return rules.multiplier_found(slope, "factor")


class LeakyRelu(Lookup):
    """Negative values times alpha, the others as they are."""

    name = "LEAKY_RELU"
    structure = unary("int8", "int16")
    constraints = (rules.same_shape, large_factor, usable_alpha)

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return fixedpoint.leaky_relu_table(source, output, _alpha(node))

    def lower_int16(
        self, node: Node, elements: int, source: Quantization, output: Quantization
    ) -> KernelCall:
        negative, positive = fixedpoint.leaky_relu_factors(source.scale, output.scale, _alpha(node))
        return two_slopes(node, elements, (negative.value, negative.shift), positive)


def two_slopes(
    node: Node, elements: int, negative: tuple[int, int], positive: Multiplier
) -> KernelCall:
    """A factor, value and shift, for negative inputs and another for the others, int16."""
    return KernelCall(
        function="tnf_leaky_relu_s16",
        header="tnf_activation.h",
        kernels=("leaky_relu_s16",),
        params_type="tnf_leaky_relu_t",
        params=(
            ("elements", elements),
            ("negative_multiplier", negative[0]),
            ("negative_shift", negative[1]),
            ("multiplier", positive.value),
            ("shift", positive.shift),
        ),
        inputs=(node.inputs[0],),
        outputs=node.outputs,
    )


def gentle_slope(graph: Graph, node: Node) -> str | None:
    """For int16, input scale over output scale is under 2^15."""
    source, output = graph.activation(node, 0), graph.output(node)
    ratio = relu_scale(rules.quantization(source).scale, rules.quantization(output).scale)
    return None if output.dtype == "int8" or ratio < STEEPEST else f"{ratio:g}"


class Abs(Lookup):
    """The absolute value."""

    name = "ABS"
    structure = unary("int8", "int16")
    constraints = (rules.same_shape, large_factor, gentle_slope)

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return fixedpoint.abs_table(source, output)

    def lower_int16(
        self, node: Node, elements: int, source: Quantization, output: Quantization
    ) -> KernelCall:
        factor = quantize_multiplier(relu_scale(source.scale, output.scale))
        return two_slopes(node, elements, (-factor.value, factor.shift), factor)


_quantized_neg = rules.activations(0)


def negated_types(graph: Graph, node: Node) -> str | None:
    """Input and output are both float32, or both int8 with one positive scale and a zero point from
    -128 to 127."""
    source, output = graph.activation(node, 0), graph.output(node)
    if "float32" not in (source.dtype, output.dtype):
        return _quantized_neg(graph, node)
    if source.dtype == output.dtype:
        return None
    return f"{source.name} is {source.dtype}, {output.name} {output.dtype}"


def large_negated_factor(graph: Graph, node: Node) -> str | None:
    """Input scale over output scale is under 2^30."""
    return None if graph.output(node).dtype == "float32" else large_factor(graph, node)


class Neg(Lookup):
    """The value with the other sign.

    Neither LiteRT 1.2 nor TensorFlow Lite Micro has it for int8; it is QUANTIZE of the negated
    value here. In float32, between DEQUANTIZE and QUANTIZE, the converter writes it for Keras'
    LayerNormalization.
    """

    name = "NEG"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        negated_types,
        rules.computed_input,
    )
    constraints = (rules.same_shape, large_negated_factor)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        if graph.output(node).dtype == "int8":
            return super().lower(graph, node)
        return (
            KernelCall(
                function="tnf_neg_f32",
                header="tnf_activation.h",
                kernels=("neg_f32",),
                params_type="tnf_neg_t",
                params=(("elements", graph.output(node).elements),),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return fixedpoint.neg_table(source, output)


OPS = (Abs, LeakyRelu, Neg)
