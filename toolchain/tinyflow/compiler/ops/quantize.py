"""QUANTIZE and DEQUANTIZE: changes of scale and type."""

from __future__ import annotations

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import SUFFIXES
from tinyflow.compiler.ops.op import KernelCall, Op, Overlap
from tinyflow.compiler.ops.rescale import large_factor, rescale_call
from tinyflow.compiler.quantmath import INT32_MAX, INT32_MIN, INTEGER_RANGES

QUANTIZED_TO = {
    "float32": ("int8", "int16"),
    "int8": ("int8", "int16", "int32"),
    "int16": ("int8", "int16", "int32"),
    "int32": ("int8", "int16"),
}


def forward(graph: Graph, node: Node) -> tuple[Overlap, ...]:
    """What a kernel allows that reads each value of the input before it writes the output's.

    Where output values are larger the output may end where the input does.
    """
    source, output = graph.activation(node, 0), graph.output(node)
    reach = min(0, source.size_bytes - output.size_bytes)
    return (Overlap(node.inputs[0], node.outputs[0], reach),)


def quantized_types(graph: Graph, node: Node) -> str | None:
    """The types are float32 to int8 or int16, int8 or int16 to int8, int16 or int32, or int32 to
    int8 or int16; integers have one positive scale, and zero point 0 unless they are int8.
    """
    source, output = graph.activation(node, 0), graph.output(node)
    if output.dtype not in QUANTIZED_TO.get(source.dtype, ()):
        return f"{source.dtype} to {output.dtype}"
    return _unscaled(source, output)


def _unscaled(*tensors: Tensor) -> str | None:
    for tensor in tensors:
        if tensor.dtype != "float32" and not rules.one_scale(tensor):
            return f"{tensor.name} has {rules.scales(tensor)}"
    return None


def representable_factor(graph: Graph, node: Node) -> str | None:
    """Input scale over output scale is under 2^30, where the input has a scale."""
    return None if _is_float(graph, node) else large_factor(graph, node)


def _is_float(graph: Graph, node: Node) -> bool:
    return graph.activation(node, 0).dtype == "float32"


class Quantize(Op):
    """Another scale, zero point or type for the same real values.

    Floats are divided by the scale in single precision and rounded, halves away from zero. What
    lies outside the output's range is limited to it, and what is no number becomes the zero point;
    LiteRT 1.2 leaves quotients of 2^31 and more, and what is no number, to an undefined conversion.
    From int8 to int16 and to int32 it has no kernel: there TensorFlow Lite Micro is followed, which
    computes all changes of scale alike.
    """

    name = "QUANTIZE"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        quantized_types,
        rules.computed_input,
    )
    constraints = (rules.same_shape, representable_factor)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return forward(graph, node)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        if _is_float(graph, node):
            return (_affine_call(f"quantize_{SUFFIXES[output.dtype]}", node, output),)
        factor = rules.quantization(source).scale / rules.quantization(output).scale
        bounds = INTEGER_RANGES.get(output.dtype, (INT32_MIN, INT32_MAX))
        return rescale_call(graph, node, factor, bounds)


def dequantized_types(graph: Graph, node: Node) -> str | None:
    """The types are int8, or int16 with zero point 0, with one positive scale, to float32."""
    source, output = graph.activation(node, 0), graph.output(node)
    if source.dtype not in ("int8", "int16") or output.dtype != "float32":
        return f"{source.dtype} to {output.dtype}"
    return _unscaled(source)


class Dequantize(Op):
    """The real values of quantised ones, as floats."""

    name = "DEQUANTIZE"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        dequantized_types,
        rules.computed_input,
    )
    constraints = (rules.same_shape,)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return forward(graph, node)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = graph.activation(node, 0)
        return (_affine_call(f"dequantize_{SUFFIXES[source.dtype]}", node, source),)


def _affine_call(kernel: str, node: Node, quantized: Tensor) -> KernelCall:
    found = rules.quantization(quantized)
    return KernelCall(
        function=f"tnf_{kernel}",
        header="tnf_quantize.h",
        kernels=(kernel,),
        params_type="tnf_affine_t",
        params=(
            ("elements", quantized.elements),
            ("scale", found.scale),
            ("zero_point", found.zero_point),
        ),
        inputs=(node.inputs[0],),
        outputs=node.outputs,
    )


OPS = (Dequantize, Quantize)
