"""Functions of one value that are tables: exact, and faster than computing them on the device.

An int8 function is 256 bytes in flash and a handful of instructions a value; all of them share one
kernel. For int16 there are interpolated tables, or the fixed-point arithmetic of the runtime.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from tinyflow.compiler.graph import Graph, Node, Quantization
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constant, Constraint, KernelCall, Op, Overlap, in_place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_SCALE = 2.0**-127

Outputs: TypeAlias = "Sequence[int] | NDArray[np.int8]"
"""What a function makes of -128 to 127."""


class Lookup(Op):
    """A function of one value with a table for int8."""

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return in_place(node, node.inputs[0])

    @abstractmethod
    def table(self, node: Node, source: Quantization, output: Quantization) -> Outputs:
        """The outputs for the inputs -128 to 127."""

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        import numpy as np

        source, output = graph.activation(node, 0), graph.output(node)
        quantized = rules.quantization(source), rules.quantization(output)
        if output.dtype == "int16":
            return (self.lower_int16(node, output.elements, *quantized),)
        table = np.array(self.table(node, *quantized), np.int8)
        return (table_call("lookup_s8", "int8_t", node, output.elements, table),)

    def lower_int16(
        self, node: Node, elements: int, source: Quantization, output: Quantization
    ) -> KernelCall:
        """The kernel call for int16, where the structure allows it."""
        raise NotImplementedError


def table_call(
    kernel: str, ctype: str, node: Node, elements: int, table: NDArray[np.integer[Any]]
) -> KernelCall:
    """A call of the kernels that look values up."""
    return KernelCall(
        function=f"tnf_{kernel}",
        header="tnf_activation.h",
        kernels=(kernel,),
        params_type=f"tnf_{kernel}_t",
        params=(("elements", elements),),
        constants=(Constant("table", ctype, table),),
        inputs=(node.inputs[0],),
        outputs=node.outputs,
    )


def unary(*types: str) -> tuple[Constraint, ...]:
    """The structure of an operator of one input of `types`."""
    return (
        rules.operands(1),
        rules.bounded_sizes,
        rules.activations(0, types=types),
        rules.computed_input,
    )


def invertible_scale(graph: Graph, node: Node) -> str | None:
    """The output's scale is at least 2^-127."""
    scale = rules.quantization(graph.output(node)).scale
    return None if scale >= LEAST_SCALE else f"{scale:g}"


class Interpolated(Lookup):
    """A function of one value with a table for int8 and an interpolated one for int16."""

    structure = unary("int8", "int16")

    def lower_int16(
        self, node: Node, elements: int, source: Quantization, output: Quantization
    ) -> KernelCall:
        points = self.points(source, output)
        if points is None:
            raise ValueError(f"{self.name} is not finite")
        return table_call("lookup_s16", "int16_t", node, elements, points)

    @abstractmethod
    def points(self, source: Quantization, output: Quantization) -> NDArray[np.int16] | None:
        """The points of the int16 table; None where the function is not finite."""


def finite_points(op: type[Interpolated]) -> Constraint:
    """The rule that the int16 table of `op` can be made."""

    def rule(graph: Graph, node: Node) -> str | None:
        source, output = graph.activation(node, 0), graph.output(node)
        if output.dtype == "int8":
            return None
        quantized = rules.quantization(source), rules.quantization(output)
        if op().points(*quantized) is not None:
            return None
        return f"input scale {quantized[0].scale:g}, output scale {quantized[1].scale:g}"

    rule.__doc__ = "The function is finite in float32 for all int16 inputs, in the output's scale."
    return rule
