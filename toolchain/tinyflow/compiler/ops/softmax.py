"""SOFTMAX."""

from __future__ import annotations

import math

from tinyflow.compiler import tables
from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constant, KernelCall, Op, Overlap
from tinyflow.compiler.ops.quantize import forward
from tinyflow.compiler.quantmath import (
    INT8_MIN,
    INT16_MIN,
    SOFTMAX_INTEGER_BITS,
    float32,
    quantize_multiplier,
    softmax_constants,
    softmax_scale,
)

MAX_RANK = 4
MAX_DEPTH = 4095
MAX_INT16_DEPTH = 65535
SCALE_TOLERANCE = 1e-3
INT16_STEP = 10.0 / 65535.0
"""What a difference of 1 is to be in the int16 table of exponentials."""
INT16_STEEPEST = 2.0**15

OUTPUTS = {
    ("int8", "int8"): (2.0**-8, INT8_MIN),
    ("int8", "int16"): (2.0**-16, INT16_MIN),
    ("int16", "int16"): (2.0**-15, 0),
}
"""The output's scale and zero point, by the types of input and output."""


def softmax_types(graph: Graph, node: Node) -> str | None:
    """The types are int8 to int8 or int16, or int16 to int16; the input has one positive scale, and
    zero point 0 unless it is int8.
    """
    source, output = graph.activation(node, 0), graph.output(node)
    if (source.dtype, output.dtype) not in OUTPUTS:
        return f"{source.dtype} to {output.dtype}"
    return None if rules.one_scale(source) else f"{source.name} has {rules.scales(source)}"


def few_dimensions(graph: Graph, node: Node) -> str | None:
    """The input has 1 to 4 dimensions, the last of at most 4095 values, 65535 for int16."""
    source = graph.activation(node, 0)
    most = MAX_DEPTH if source.dtype == "int8" else MAX_INT16_DEPTH
    if 1 <= len(source.shape) <= MAX_RANK and source.shape[-1] <= most:
        return None
    return rules.shape(source)


def output_scale(graph: Graph, node: Node) -> str | None:
    """The output's scale is 1/256 and its zero point -128; for int16, to one part in 1,000, it is
    1/32768 and 0, from an int8 input 1/65536 and -32768.
    """
    output = graph.output(node)
    found = output.quantization
    scale, zero_point = OUTPUTS[(graph.activation(node, 0).dtype, output.dtype)]
    tolerance = 0.0 if output.dtype == "int8" else SCALE_TOLERANCE
    if found is None or len(found.scales) != 1 or len(found.zero_points) != 1:
        return rules.scales(output)
    near = math.isclose(found.scale, scale, rel_tol=tolerance, abs_tol=0.0)
    if near and found.zero_point == zero_point:
        return None
    return f"{found.scale:g} and {found.zero_point}"


def usable_beta(graph: Graph, node: Node) -> str | None:
    """Beta times input scale is over 2^-26 for int8, and from 0 to 5 for int16."""
    scale = rules.quantization(graph.activation(node, 0)).scale
    if graph.activation(node, 0).dtype == "int16":
        factor = _int16_factor(_beta(node), scale)
        return None if 0 <= factor < INT16_STEEPEST else f"{factor * INT16_STEP:g}"
    found = softmax_scale(_beta(node), scale)
    if found > 1.0:  # false for nan as well
        return None
    return f"{found / 2 ** (31 - SOFTMAX_INTEGER_BITS):g}"


def _beta(node: Node) -> float:
    return float(node.options.get("beta", 0.0))


def _int16_factor(beta: float, scale: float) -> float:
    """A difference of 1 in the table's steps; the product is rounded to float32."""
    return float32(scale * beta) / INT16_STEP


class Softmax(Op):
    """Exponentials over their sum, along the last dimension, in fixed-point arithmetic.

    A row of int8 whose exponentials add up to 512 or more, which takes over 511 classes, gives zero
    probabilities in int8; the runtime stops there. For int16 exponential and reciprocal are
    interpolated tables that LiteRT makes with double precision; TensorFlow Lite Micro makes them
    with single precision, and has 2 of 513 reciprocals one off.
    """

    name = "SOFTMAX"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        softmax_types,
        rules.computed_input,
        few_dimensions,
    )
    constraints = (rules.same_shape, output_scale, usable_beta)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return forward(graph, node)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = graph.activation(node, 0)
        scale = rules.quantization(source).scale
        is_wide = source.dtype == "int16"
        if is_wide:
            kernel = "softmax_s16"
            multiplier = quantize_multiplier(_int16_factor(_beta(node), scale))
        else:
            kernel = "softmax_s8" if graph.output(node).dtype == "int8" else "softmax_s8_s16"
            constants = softmax_constants(_beta(node), scale)
            multiplier = constants.multiplier
        return (
            KernelCall(
                function=f"tnf_{kernel}",
                header="tnf_softmax.h",
                kernels=(kernel,),
                params_type="tnf_softmax_s16_t" if is_wide else "tnf_softmax_t",
                params=(
                    ("rows", source.elements // source.shape[-1]),
                    ("depth", source.shape[-1]),
                    ("multiplier", multiplier.value),
                    ("shift", multiplier.shift),
                    *(() if is_wide else (("diff_min", constants.diff_min),)),
                ),
                constants=_tables() if is_wide else (),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


def _tables() -> tuple[Constant, ...]:
    return (
        Constant("exponential", "int16_t", tables.exp_table()),
        Constant("reciprocal", "int16_t", tables.reciprocal_table()),
    )


OPS = (Softmax,)
