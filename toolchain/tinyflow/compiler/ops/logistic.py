"""LOGISTIC and TANH."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tinyflow.compiler import fixedpoint, tables
from tinyflow.compiler.graph import Graph, Node, Quantization
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.lookup import Lookup, Outputs, invertible_scale, unary
from tinyflow.compiler.ops.op import KernelCall


def output_below_one(graph: Graph, node: Node) -> str | None:
    """The output's scale is 1/256 for int8, 1/32768 for int16."""
    output = graph.output(node)
    scale = rules.quantization(output).scale
    return None if scale == (2.0**-8 if output.dtype == "int8" else 2.0**-15) else f"{scale:g}"


def small_sigmoid_scale(graph: Graph, node: Node) -> str | None:
    """An int16 input's scale is under 8/3."""
    scale = rules.quantization(graph.activation(node, 0)).scale
    largest = (fixedpoint.MAX_SIGMOID_MULTIPLIER + 1) / fixedpoint.SIGMOID_UNITS
    if graph.activation(node, 0).dtype == "int8" or scale < largest:
        return None
    return f"{scale:g}"


class _Sigmoid(Lookup):
    kernel: ClassVar[str]
    exponents: ClassVar[Sequence[int]]
    structure = unary("int8", "int16")

    def lower_int16(
        self, node: Node, elements: int, source: Quantization, output: Quantization
    ) -> KernelCall:
        multiplier, shift = fixedpoint.sigmoid_factor(source.scale, self.exponents)
        return KernelCall(
            function=f"tnf_{self.kernel}",
            header="tnf_activation.h",
            kernels=(self.kernel, "sigmoid_s16"),
            params_type="tnf_sigmoid_t",
            params=(("elements", elements), ("multiplier", multiplier), ("shift", shift)),
            inputs=(node.inputs[0],),
            outputs=node.outputs,
        )


class Logistic(_Sigmoid):
    """1 / (1 + exp(-x)).

    For int8 this is the table that LiteRT makes with floats. TensorFlow Lite Micro computes it in
    fixed point, which rounds about one entry of 60,000 the other way.
    """

    name = "LOGISTIC"
    kernel = "logistic_s16"
    exponents = (0,)
    constraints = (rules.same_shape, output_below_one, small_sigmoid_scale)

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return tables.int8_table(tables.logistic, source, output)


def tanh_output(graph: Graph, node: Node) -> str | None:
    """An int16 output's scale is 1/32768, to 7 parts in 10,000."""
    output = graph.output(node)
    scale = rules.quantization(output).scale
    if output.dtype == "int8" or fixedpoint.power_of_two(scale) == -15:
        return None
    return f"{scale:g}"


class Tanh(_Sigmoid):
    """The hyperbolic tangent.

    For int8 this is the table that LiteRT makes with floats, for any scale of the output.
    TensorFlow Lite Micro computes it in fixed point, for an output of scale 1/128 and zero point 0
    only, and rounds about one entry of 250,000 the other way.
    """

    name = "TANH"
    kernel = "tanh_s16"
    exponents = (0, 1)
    constraints = (rules.same_shape, invertible_scale, tanh_output, small_sigmoid_scale)

    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        return tables.int8_table(tables.tanh, source, output)


OPS = (Logistic, Tanh)
