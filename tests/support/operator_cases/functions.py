"""Functions of single values, changes of scale and type, and SOFTMAX."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import Draw, constant, one_node, quantized, scales, shapes, sizes
from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor
from tinyflow.compiler.ops.cast import TYPES
from tinyflow.compiler.ops.quantize import QUANTIZED_TO
from tinyflow.compiler.quantmath import float32

INT8_OR_INT16 = st.sampled_from(["int8", "int16"])
ONLY_INT8 = st.just("int8")


def unary(
    op: str,
    shape: tuple[int, ...],
    source: tuple[str, Quantization | None],
    output: tuple[str, Quantization | None],
    **options: float | str,
) -> Graph:
    tensors = [
        Tensor(name, shape, dtype, quantization)
        for name, (dtype, quantization) in (("input", source), ("output", output))
    ]
    return one_node(op, tensors, options)


def of_scale(scale: float, zero_point: int = 0) -> Quantization:
    return Quantization((float32(scale),), (zero_point,))


@st.composite
def function(
    draw: Draw, op: str, types: st.SearchStrategy[str] = ONLY_INT8, steepest: float = 2.0**29
) -> Graph:
    """Any scales on both sides, near and far from one another, or one for both."""
    dtype = draw(types)
    zero_points = [quantized(draw, dtype).zero_point for _ in range(2)]
    source = draw(st.one_of(scales(), scales(1e-7, 1e6)))
    factor = draw(st.one_of(st.just(1.0), scales(1e-2, 1e2), scales(1e-12, steepest)))
    output = max(float32(source / factor), 1e-8)
    ends = [of_scale(*end) for end in zip((source, output), zero_points, strict=True)]
    return unary(op, draw(shapes(6)), (dtype, ends[0]), (dtype, ends[1]))


@st.composite
def negated_floats(draw: Draw) -> Graph:
    shape = draw(shapes(6))
    return one_node("NEG", [Tensor("input", shape, "float32"), Tensor("output", shape, "float32")])


@st.composite
def leaky_relu(draw: Draw) -> Graph:
    graph = draw(function("LEAKY_RELU", INT8_OR_INT16))
    alpha = draw(st.one_of(st.sampled_from([0.0, 0.01, 0.3, 1.0]), scales(1e-6, 100.0)))
    node = graph.nodes[0]
    made = Node(node.op, node.inputs, node.outputs, {"alpha": float32(alpha)})
    return graph.replace(nodes=(made,))


@st.composite
def hard_swish(draw: Draw) -> Graph:
    """The output's scale is over 1/128 of the input's, as the runtime wants it."""
    source = of_scale(draw(scales(1e-6, 1e3)), quantized(draw).zero_point)
    output = of_scale(source.scale * draw(scales(1 / 127, 1e3)), quantized(draw).zero_point)
    return unary("HARD_SWISH", draw(shapes(6)), ("int8", source), ("int8", output))


@st.composite
def sigmoid(draw: Draw, op: str) -> Graph:
    """For int16, scales that are powers of two and others."""
    shape, dtype = draw(shapes(6)), draw(INT8_OR_INT16)
    if dtype == "int16":
        power = st.integers(-20, 1).map(lambda e: 2.0**e)
        scale = draw(st.one_of(power, scales(1e-9, 2.6)))
        off = draw(st.sampled_from([1.0, 1.0005, 1.001]))
        return unary(op, shape, (dtype, of_scale(scale * off)), (dtype, of_scale(2.0**-15)))
    source = quantized(draw)
    output = of_scale(1 / 256, -128) if op == "LOGISTIC" else of_scale(1 / 128)
    if op == "TANH" and draw(st.booleans()):
        output = quantized(draw)
    return unary(op, shape, (dtype, source), (dtype, output))


@st.composite
def exponential(draw: Draw) -> Graph:
    """Only outputs that the runtime's integers can hold."""
    shape, dtype = draw(shapes(6)), draw(INT8_OR_INT16)
    if dtype == "int16":
        source = of_scale(draw(scales(1e-7, 2e-3)))
        return unary("EXP", shape, (dtype, source), (dtype, of_scale(draw(scales(1e-6, 10.0)))))
    source = of_scale(draw(scales(1e-4, 0.05)), quantized(draw).zero_point)
    output = of_scale(draw(scales(1e-3, 10.0)), quantized(draw).zero_point)
    return unary("EXP", shape, (dtype, source), (dtype, output))


@st.composite
def rsqrt(draw: Draw) -> Graph:
    shape, dtype = draw(shapes(6)), draw(INT8_OR_INT16)
    if dtype == "int16":
        source, output = of_scale(draw(scales(1e-7, 1.0))), of_scale(draw(scales(1e-6, 10.0)))
        return unary("RSQRT", shape, (dtype, source), (dtype, output))
    source = of_scale(draw(scales(1e-6, 100.0)), quantized(draw).zero_point)
    factor = draw(scales(2.0**-11, 2.0**29))
    output = of_scale(1.0 / (source.scale**0.5 * factor), quantized(draw).zero_point)
    return unary("RSQRT", shape, (dtype, source), (dtype, output))


@st.composite
def quantize(draw: Draw) -> Graph:
    source = draw(st.sampled_from(sorted(QUANTIZED_TO)))
    output = draw(st.sampled_from(QUANTIZED_TO[source]))
    if source == "float32":
        # The runtime's integers hold what 5 million over this gives.
        real = of_scale(draw(scales(1e-2, 1e4)), quantized(draw, output).zero_point)
        return unary("QUANTIZE", draw(shapes(6)), (source, None), (output, real))
    scale = draw(scales(1e-7, 1e6))
    factor = draw(st.one_of(st.just(1.0), scales(1e-2, 1e2), scales(1e-12, 2.0**29)))
    ends = (
        of_scale(scale, quantized(draw, source).zero_point),
        of_scale(max(scale / factor, 1e-37), quantized(draw, output).zero_point),
    )
    return unary("QUANTIZE", draw(shapes(6)), (source, ends[0]), (output, ends[1]))


@st.composite
def dequantize(draw: Draw) -> Graph:
    dtype = draw(INT8_OR_INT16)
    source = Quantization((draw(scales(1e-38, 1e38)),), quantized(draw, dtype).zero_points)
    return unary("DEQUANTIZE", draw(shapes(6)), (dtype, source), ("float32", None))


@st.composite
def cast(draw: Draw) -> Graph:
    types = [draw(st.sampled_from(TYPES)) for _ in range(2)]
    options = {"in_data_type": types[0].upper(), "out_data_type": types[1].upper()}
    return unary("CAST", draw(shapes(6)), (types[0], None), (types[1], None), **options)


@st.composite
def softmax(draw: Draw) -> Graph:
    dtype = draw(INT8_OR_INT16)
    wide = dtype == "int16"
    shape = (*draw(st.lists(sizes(4), max_size=3)), draw(sizes(1000 if wide else 100)))
    beta = draw(st.one_of(st.just(1.0), scales(0.1, 10.0)))
    if wide:
        source, output = draw(scales(1e-8, 0.5)), of_scale(2.0**-15)
        return unary("SOFTMAX", shape, (dtype, of_scale(source)), (dtype, output), beta=beta)
    ends = [of_scale(2.0**-8, -128), of_scale(2.0**-16, -32768)]
    made = draw(INT8_OR_INT16)
    source_8 = of_scale(draw(scales(1e-6, 100.0)), quantized(draw).zero_point)
    output_8 = (made, ends[made == "int16"])
    return unary("SOFTMAX", shape, (dtype, source_8), output_8, beta=beta)


CASES = {
    "ABS": function("ABS", INT8_OR_INT16, steepest=2.0**14),
    "CAST": cast(),
    "DEQUANTIZE": dequantize(),
    "ELU": function("ELU"),
    "EXP": exponential(),
    "HARD_SWISH": hard_swish(),
    "LEAKY_RELU": leaky_relu(),
    "LOG": function("LOG", INT8_OR_INT16),
    "LOGISTIC": sigmoid("LOGISTIC"),
    "NEG": st.one_of(function("NEG"), negated_floats()),
    "QUANTIZE": quantize(),
    "RELU": function("RELU", INT8_OR_INT16),
    "RELU6": function("RELU6", INT8_OR_INT16),
    "RELU_N1_TO_1": function("RELU_N1_TO_1"),
    "RSQRT": rsqrt(),
    "SOFTMAX": softmax(),
    "TANH": sigmoid("TANH"),
}


def for_reference(graph: Graph) -> Graph:
    """The same function of operators and types that the reference interpreter has."""
    (node,) = graph.nodes
    source, output = graph.activation(node, 0), graph.output(node)
    if node.op == "ELU":
        return _by_table(source, output)
    if node.op == "NEG" and output.dtype == "int8":
        return _from_zero(source, output, negated=True)
    if node.op == "QUANTIZE" and source.dtype == "int8" and output.dtype != "int8":
        return _from_zero(source, output, negated=False)
    if node.op == "RSQRT":
        return _not_negative(graph)
    if (source.dtype, output.dtype) == ("float32", "int8") and node.op == "CAST":
        return _limited(graph)
    return graph


def _chain(tensors: list[Tensor], *nodes: Node) -> Graph:
    """Nodes over `tensors`, of which the first is the input and the last the output."""
    return Graph(tuple(tensors), nodes, (0,), (len(tensors) - 1,))


def _by_table(source: Tensor, output: Tensor) -> Graph:
    """ELU in double precision, looked up."""
    assert source.quantization is not None and output.quantization is not None
    real = (np.arange(-128, 128) - source.quantization.zero_point) * source.quantization.scale
    steps = np.where(real < 0, np.expm1(np.minimum(real, 0)), real) / output.quantization.scale
    nearest = np.copysign(np.floor(np.abs(steps) + 0.5), steps) + output.quantization.zero_point
    table = np.clip(nearest, -128, 127).astype(np.int8)
    index = Tensor("index", source.shape, "int32")
    return _chain(
        [
            source,
            Tensor("wide", source.shape, "int32"),
            constant("least", np.array(128, np.int32)),
            index,
            constant("table", table, output.quantization),
            output,
        ],
        Node("CAST", (0,), (1,), {"in_data_type": "INT8", "out_data_type": "INT32"}),
        Node("ADD", (1, 2), (3,)),
        Node("GATHER", (4, 3), (5,)),
    )


def _from_zero(source: Tensor, output: Tensor, *, negated: bool) -> Graph:
    """The distance from the zero point as int16, and that quantised."""
    assert source.quantization is not None
    zero_point = np.array(source.quantization.zero_point, np.int32)
    scale = Quantization(source.quantization.scales, (0,))
    return _chain(
        [
            source,
            Tensor("wide", source.shape, "int32"),
            constant("zero point", zero_point),
            Tensor("distance", source.shape, "int32"),
            Tensor("half as wide", source.shape, "int16", scale),
            output,
        ],
        Node("CAST", (0,), (1,), {"in_data_type": "INT8", "out_data_type": "INT32"}),
        Node("SUB", (2, 1) if negated else (1, 2), (3,)),
        Node("CAST", (3,), (4,), {"in_data_type": "INT32", "out_data_type": "INT16"}),
        Node("QUANTIZE", (4,), (5,)),
    )


def _not_negative(graph: Graph) -> Graph:
    """The input's negative values as 0: at them the runtime stops."""
    source, output = graph.tensors
    assert source.quantization is not None
    zero = np.array(source.quantization.zero_point, source.dtype)
    return _chain(
        [
            source,
            constant("zero", zero, source.quantization),
            Tensor("not negative", source.shape, source.dtype, source.quantization),
            output,
        ],
        Node("MAXIMUM", (0, 1), (2,)),
        Node("RSQRT", (2,), (3,)),
    )


def _limited(graph: Graph) -> Graph:
    """The input limited to int8: what it makes of other floats differs from place to place."""
    source, output = graph.tensors
    return _chain(
        [
            source,
            constant("least", np.array(-128, np.float32)),
            Tensor("not less", source.shape, "float32"),
            constant("most", np.array(127, np.float32)),
            Tensor("not more", source.shape, "float32"),
            output,
        ],
        Node("MAXIMUM", (0, 1), (2,)),
        Node("MINIMUM", (2, 3), (4,)),
        Node("CAST", (4,), (5,), graph.nodes[0].options),
    )
