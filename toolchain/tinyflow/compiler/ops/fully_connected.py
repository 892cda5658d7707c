"""FULLY_CONNECTED."""

from __future__ import annotations

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules, sums, weights
from tinyflow.compiler.ops.op import KernelCall, Op
from tinyflow.compiler.quantmath import (
    ACTIVATION_BOUNDS,
    fully_connected_scale,
)

BIAS_SCALE_TOLERANCE = 0.02


def two_dimensions(graph: Graph, node: Node) -> str | None:
    """Weights are [outputs, inputs]."""
    found = graph.activation(node, weights.WEIGHTS)
    return None if len(found.shape) == 2 else rules.shape(found)


def plain_weights(graph: Graph, node: Node) -> str | None:
    """The weights' format is DEFAULT."""
    found = node.options.get("weights_format", "DEFAULT")
    return None if found in ("DEFAULT", 0) else f"{found}"


def whole_rows(graph: Graph, node: Node) -> str | None:
    """The input is rows of as many values as the weights take, the output as they give."""
    source, output = graph.activation(node, 0), graph.output(node)
    units, depth = graph.activation(node, weights.WEIGHTS).shape
    rows = source.elements // depth
    if source.elements % depth:
        return f"{rules.shape(source)} for rows of {depth}"
    if node.options.get("keep_num_dims", False) and source.shape[-1:] != (depth,):
        return f"{rules.shape(source)} for rows of {depth} and all dimensions kept"
    if output.elements != rows * units or output.shape[-1:] != (units,):
        return f"{rules.shape(source)} became {rules.shape(output)} with {units} outputs"
    return None


def weight_scales(graph: Graph, node: Node) -> str | None:
    """Weights have one scale, or one per output (along axis 0)."""
    return weights.unexpected_scales(graph, node, axis=0)


def bias_size(graph: Graph, node: Node) -> str | None:
    """The bias has one value per output."""
    units = graph.activation(node, weights.WEIGHTS).shape[0]
    return weights.unexpected_bias(graph, node, units)


def bias_scale(graph: Graph, node: Node) -> str | None:
    """With one weight scale, the bias' scale is input scale times weight scale."""
    bias = graph.input(node, weights.BIAS)
    factors = rules.quantization(graph.activation(node, weights.WEIGHTS)).scales
    if bias is None or len(factors) > 1:
        return None
    product = rules.quantization(graph.activation(node, 0)).scale * factors[0]
    found = bias.quantization.scale if bias.quantization and bias.quantization.scales else 0.0
    limit = BIAS_SCALE_TOLERANCE * rules.quantization(graph.output(node)).scale
    return None if abs(product - found) <= limit else f"{found:g} instead of {product:g}"


def real_factors(graph: Graph, node: Node) -> tuple[float, ...]:
    """The factor from accumulator to output; the runtime forms a single one in float32."""
    scales = rules.quantization(graph.activation(node, weights.WEIGHTS)).scales
    if len(scales) > 1:
        return weights.convolution_factors(graph, node)
    return (
        fully_connected_scale(
            rules.quantization(graph.activation(node, 0)).scale,
            scales[0],
            rules.quantization(graph.output(node)).scale,
        ),
    )


def large_factor(graph: Graph, node: Node) -> str | None:
    """Input scale times weight scale over output scale is under 2^30, under 2^7 with 64-bit sums"""
    return sums.unexpected_factor(graph, node, real_factors(graph, node))


def accumulator(graph: Graph, node: Node) -> str | None:
    """No input can take a sum of 32 bits out of them, nor one of 64 bits out of 48."""
    rows = array(graph.activation(node, weights.WEIGHTS)).astype(np.int64)
    return sums.unexpected_range(graph, node, rows)


class FullyConnected(Op):
    """Every output is a weighted sum of one row of the input.

    The result is rounded twice, as TensorFlow Lite Micro does; releases of LiteRT after 1.2
    round once and differ in the last bit of some outputs. With int16 activations sums have 64 bits
    and are rounded once; unless the bias is int32, or there is none and the model asks for such
    (quantized_bias_type), which makes them as for int8. Weights of 4 bits stay packed in flash with
    int8 activations, with int16 they take 8.
    """

    name = "FULLY_CONNECTED"
    structure = (
        *weights.STRUCTURE,
        two_dimensions,
    )
    constraints = (
        plain_weights,
        whole_rows,
        weight_scales,
        bias_size,
        bias_scale,
        rules.fused_activation(tuple(ACTIVATION_BOUNDS)),
        large_factor,
        accumulator,
    )

    def macs(self, graph: Graph, node: Node) -> int:
        _, depth = graph.activation(node, weights.WEIGHTS).shape
        return graph.output(node).elements * depth

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        units, depth = graph.activation(node, weights.WEIGHTS).shape
        sizes = (
            ("rows", graph.activation(node, 0).elements // depth),
            ("input_depth", depth),
            ("output_depth", units),
        )
        factors = real_factors(graph, node)
        return (sums.kernel_call(graph, node, "fully_connected", sizes, factors),)


OPS = (FullyConnected,)
