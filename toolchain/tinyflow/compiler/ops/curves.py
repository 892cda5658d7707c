"""ELU, EXP, HARD_SWISH, LOG and RSQRT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyflow.compiler import fixedpoint, tables
from tinyflow.compiler.graph import Graph, Node, Quantization
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.lookup import (
    Interpolated,
    Lookup,
    Outputs,
    finite_points,
    invertible_scale,
    unary,
)
from tinyflow.compiler.quantmath import INT16_MAX, INT16_MIN, float32, quantize_multiplier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Elu(Lookup):
    """exp(x) - 1 where x is negative, else x.

    LiteRT's reference kernels have none; this is the table that TensorFlow Lite Micro and LiteRT's
    other kernels make.
    """

    name = "ELU"
    structure = unary("int8")
    constraints = (rules.same_shape, invertible_scale)

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return tables.int8_table(tables.elu, source, output)


class Exp(Interpolated):
    """e to the power of x, limited to the output's range.

    LiteRT converts what is too large for 32 bits by an undefined conversion.
    """

    name = "EXP"

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return tables.int8_table(tables.exp, source, output)

    def points(self, source: Quantization, output: Quantization) -> NDArray[np.int16] | None:
        return tables.int16_table(tables.exp, source.scale, output.scale)


Exp.constraints = (rules.same_shape, invertible_scale, finite_points(Exp))


class Log(Interpolated):
    """The natural logarithm. Where there is none the output is the least value."""

    name = "LOG"

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        least = float32((-128 - output.zero_point) * output.scale)
        return tables.int8_table(tables.log_or(least), source, output)

    def points(self, source: Quantization, output: Quantization) -> NDArray[np.int16] | None:
        least = float32(INT16_MIN * output.scale)
        return tables.int16_table(tables.log_or(least), source.scale, output.scale)


Log.constraints = (rules.same_shape, invertible_scale, finite_points(Log))


def rsqrt_factor(graph: Graph, node: Node) -> str | None:
    """For int8, 1 over the output's scale and the root of the input's is from 2^-12 to 2^30."""
    if graph.output(node).dtype == "int16":
        return None
    source, output = (
        rules.quantization(graph.activation(node, 0)),
        rules.quantization(graph.output(node)),
    )
    factor = fixedpoint.rsqrt_scale(source.scale, output.scale)
    return None if 2.0**-12 <= factor < 2.0**30 else f"{factor:g}"


class Rsqrt(Interpolated):
    """1 over the square root.

    The output is the greatest value for 0, or for int16 what its table has there. Negative inputs,
    at which the runtime stops, give what 0 gives.
    """

    name = "RSQRT"

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return fixedpoint.rsqrt_table(source, output)

    def points(self, source: Quantization, output: Quantization) -> NDArray[np.int16] | None:
        greatest = float32(INT16_MAX * output.scale)
        points = tables.int16_table(tables.rsqrt_or(greatest), source.scale, output.scale)
        if points is not None:
            points[: tables.INT16_STEPS // 2] = points[tables.INT16_STEPS // 2]
        return points


Rsqrt.constraints = (rules.same_shape, rsqrt_factor, finite_points(Rsqrt))


def small_hard_swish_factor(graph: Graph, node: Node) -> str | None:
    """Input scale is under 128 times output scale, and under 2^23."""
    source = rules.quantization(graph.activation(node, 0)).scale
    to_output, _ = fixedpoint.hard_swish_scales(
        source, rules.quantization(graph.output(node)).scale
    )
    if source < 2.0**23 and to_output < 1.0 and quantize_multiplier(to_output).shift <= 0:
        return None
    return f"{to_output * 128:g} times, {source:g}"


class HardSwish(Lookup):
    """x * min(max(x + 3, 0), 6) / 6."""

    name = "HARD_SWISH"
    structure = unary("int8")
    constraints = (rules.same_shape, small_hard_swish_factor)

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return fixedpoint.hard_swish_table(source, output)


OPS = (Elu, Exp, HardSwish, Log, Rsqrt)
