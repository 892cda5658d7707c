"""Backend `portable` against the reference kernels, byte for byte, under sanitizers."""

from __future__ import annotations

import numpy as np
import pytest
import variant_checks
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_server import KernelServer
from operator_cases import ACTIVATIONS, CASES, one_node
from operator_cases.drawing import Draw, constant, moving, quantized, scales, sizes
from operator_cases.weighted import shaped, weighted
from variant_checks import check_drawn, share

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.packing.linear import INT8, linear_sum, sums
from tinyflow.compiler.quantmath import float32
from tinyflow.compiler.steps import lower

OPERATORS = (
    *("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "PRELU", "RELU", "RELU6", "QUANTIZE", "TANH"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "SUM", "SOFTMAX", "CONV_2D", "DEPTHWISE_CONV_2D"),
    *("FULLY_CONNECTED", "LEAKY_RELU"),
)
BACKEND = "portable"
EXAMPLES = 120


@pytest.mark.parametrize("op", OPERATORS)
def test_drawn_cases_equal_the_reference_kernels(
    op: str, tested: KernelServer, ref: KernelServer
) -> None:
    check_drawn(CASES[op], tested, ref, examples=EXAMPLES, plain=True)


@st.composite
def wide_convolution(draw: Draw, op: str) -> Graph:
    """Channels in several blocks, and a few more."""
    sides, filters, output, options = draw(moving(dilated=True))
    batch, depth = draw(sizes(2)), draw(sizes(40))
    outputs = draw(sizes(13)) if op == "CONV_2D" else depth
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    depthwise = op == "DEPTHWISE_CONV_2D"
    shape = (1, *filters, depth) if depthwise else (outputs, *filters, depth)
    (*operands, last), _ = draw(weighted(shape, 3 if depthwise else 0, source))
    return one_node(
        op,
        [source, *operands, shaped(last, (batch, *output, outputs))],
        {**options, **({"depth_multiplier": 1} if depthwise else {})},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def wide_pool(draw: Draw, op: str) -> Graph:
    """Many channels, and windows of more values than have a reciprocal."""
    depth, quantization = draw(sizes(40)), quantized(draw)
    if draw(st.booleans()):
        source, filters, output, options = draw(moving(dilated=False))
    else:
        source = filters = [draw(sizes(20)), draw(sizes(20))]
        output, options = [1, 1], {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    return one_node(
        op,
        [
            Tensor("input", (1, *source, depth), "int8", quantization),
            Tensor("output", (1, *output, depth), "int8", quantization),
        ],
        {**options, "filter_height": filters[0], "filter_width": filters[1]},
    )


@st.composite
def wide_mean(draw: Draw) -> Graph:
    shape = (draw(sizes(2)), draw(sizes(9)), draw(sizes(9)), draw(sizes(40)))
    axes = draw(st.sampled_from([[1, 2], [1], [2], [0, 2], [3]]))
    left = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return one_node(
        "MEAN",
        [
            Tensor("input", shape, "int8", quantized(draw)),
            constant("axes", np.array(axes, np.int32)),
            Tensor("output", left, "int8", quantized(draw)),
        ],
        {"keep_dims": True},
    )


@st.composite
def sum_of_equals(draw: Draw, op: str) -> Graph:
    """Two tensors of one shape, with an output that holds most of their sum.

    Scales are any, or powers of two, with which many sums are halves.
    """
    shape = (1, draw(sizes(9)), draw(sizes(9)), draw(sizes(9)))
    if draw(st.booleans()):
        first, second = (Quantization((draw(scales(0.01, 1.0)),), (draw(INT8S),)) for _ in range(2))
        scale = float32((first.scale + second.scale) * draw(st.floats(0.1, 2.0)))
    else:
        exponents = [draw(st.integers(-5, -1)) for _ in range(3)]
        first, second = (Quantization((2.0 ** exponents[i],), (draw(INT8S),)) for i in (0, 1))
        scale = 2.0 ** (exponents[2] + 1)
    return one_node(
        op,
        [
            Tensor("first", shape, "int8", first),
            Tensor("second", shape, "int8", second),
            Tensor("output", shape, "int8", Quantization((scale,), (draw(INT8S),))),
        ],
        {"fused_activation_function": draw(ACTIVATIONS)},
    )


@st.composite
def function(draw: Draw, op: str) -> Graph:
    """Values enough for a table."""
    shape = (1, draw(sizes(3)) + 7, 8, draw(sizes(9)) + 8)
    output = Quantization((1 / 256,), (-128,)) if op == "SOFTMAX" else quantized(draw)
    tensors = [
        Tensor("input", shape, "int8", quantized(draw)),
        Tensor("output", shape, "int8", output),
    ]
    return one_node(op, tensors, {"beta": 1.0} if op == "SOFTMAX" else {})


INT8S = st.integers(-128, 127)
WIDE = {
    "conv": wide_convolution("CONV_2D"),
    "depthwise": wide_convolution("DEPTHWISE_CONV_2D"),
    "average": wide_pool("AVERAGE_POOL_2D"),
    "max": wide_pool("MAX_POOL_2D"),
    "mean": wide_mean(),
    "add": sum_of_equals("ADD"),
    "sub": sum_of_equals("SUB"),
    "rescale": function("QUANTIZE"),
    "softmax": function("SOFTMAX"),
}
VARIANTS = {"add": "linear", "sub": "linear", "rescale": "table", "softmax": "table"}
LEAST_OFFERED = 0.9
"""Of drawn layers that should have a variant."""


@pytest.mark.parametrize("name", WIDE)
def test_wide_tensors_equal_the_reference_kernels(
    name: str, tested: KernelServer, ref: KernelServer
) -> None:
    offered = check_drawn(WIDE[name], tested, ref, examples=EXAMPLES, plain=True)
    if name in VARIANTS:
        assert share(offered, VARIANTS[name]) >= LEAST_OFFERED


def test_a_linear_form_is_right_for_all_pairs() -> None:
    """Not by the search's own judgement: each pair is computed again."""

    @settings(variant_checks.EXAMPLES, max_examples=EXAMPLES)
    @given(sum_of_equals("ADD"))
    def run(graph: Graph) -> None:
        (step,) = lower(graph)
        params = {name: int(value) for name, value in step.calls[0].params}
        form = linear_sum(params)
        if form is None:
            return
        values = INT8[:, np.newaxis] * form.multiplier1 + INT8 * form.multiplier2 + form.constant
        assert np.abs(values).max() + abs(form.halves) < 2**31
        shifted = values + (values < 0) * form.away + form.halves >> form.shift
        found = np.clip(shifted, params["activation_min"], params["activation_max"])
        np.testing.assert_array_equal(found, sums(params))

    run()
