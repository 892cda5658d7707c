"""CAST."""

from __future__ import annotations

from tinyflow.compiler.graph import ITEM_BYTES, Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.copies import copy
from tinyflow.compiler.ops.op import KernelCall, Op, Overlap
from tinyflow.compiler.ops.quantize import forward

TYPES = ("bool", "int8", "int16", "int32", "float32")


def cast_types(graph: Graph, node: Node) -> str | None:
    """Both types are of bool, int8, int16, int32 and float32."""
    source, output = graph.activation(node, 0), graph.output(node)
    if source.dtype in TYPES and output.dtype in TYPES:
        return None
    return f"{source.dtype} to {output.dtype}"


def _is_copy(source: str, output: str) -> bool:
    return source == output or (source, output) == ("bool", "int8")


class Cast(Op):
    """The same numbers in another type; scales and zero points do not count.

    Integers keep their lower bits. Floats are cut towards zero and limited to the output's range;
    what is no number becomes 0, in int32 the greatest value. LiteRT 1.2 limits them alike for int16
    and int32, but for int8, as C leaves it undefined, not in every tensor. To bool is whether a
    value differs from 0.
    """

    name = "CAST"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        cast_types,
        rules.computed_input,
    )
    constraints = (rules.same_shape,)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        return () if _is_copy(source.dtype, output.dtype) else forward(graph, node)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0).dtype, graph.output(node).dtype
        if _is_copy(source, output):
            return (copy(graph, node.inputs[0], node.outputs[0]),)
        kernel = "cast"
        if source == "float32":
            kernel = "cast_from_f32"
        elif output == "float32":
            kernel = "cast_to_f32"
        return (
            KernelCall(
                function=f"tnf_{kernel}",
                header="tnf_quantize.h",
                kernels=(kernel,),
                params_type="tnf_cast_t",
                params=(
                    ("elements", graph.output(node).elements),
                    ("input_bytes", ITEM_BYTES[source]),
                    ("output_bytes", ITEM_BYTES[output]),
                    ("to_bool", int(output == "bool")),
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
                bytewise=True,
            ),
        )


OPS = (Cast,)
