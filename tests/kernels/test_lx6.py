"""Backend `lx6` against the reference kernels: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st
from kernel_server import KernelServer
from operator_cases import CASES, one_node
from operator_cases.drawing import Draw, moving, quantized, sizes
from operator_cases.weighted import shaped, weighted
from variant_checks import check_drawn, check_emulated, drawn_models, offers, rectified, share

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.quantmath import float32

OPERATORS = ("ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
BACKEND = "lx6"
EXAMPLES, EMULATED_MODELS = 60, 15
"""Of each kind, on this machine and in the emulated image."""


def depths(draw: Draw, most: int) -> int:
    """Channels: often whole quads."""
    depth: int = draw(sizes(most))
    return depth if draw(st.booleans()) else -(-depth // 4) * 4


@st.composite
def pixels(draw: Draw) -> Graph:
    """1x1, of as many channels as each of the kernel's ways to sum up takes."""
    height, width, batch = draw(sizes(7)), draw(sizes(7)), draw(sizes(2))
    depth, outputs = depths(draw, draw(st.sampled_from([16, 80]))), draw(sizes(9))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    output = [-(-side // step) for side, step in zip((height, width), stride, strict=True)]
    source = Tensor("input", (batch, height, width, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, 1, 1, depth), 0, source))
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(rectified(last, draw), (batch, *output, outputs))],
        {"stride_h": stride[0], "stride_w": stride[1], "padding": "SAME"},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def windows(draw: Draw) -> Graph:
    """Filters of all sizes, strides and paddings."""
    sides, filters, output, options = draw(moving(dilated=False))
    batch, depth, outputs = draw(sizes(2)), depths(draw, 12), draw(sizes(9))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, *filters, depth), 0, source))
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(rectified(last, draw), (batch, *output, outputs))],
        options,
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def depthwise(draw: Draw) -> Graph:
    """3x3, on maps as high as they are wide, higher and wider."""
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    same = height < 3 or width < 3 or draw(st.booleans())
    sides = (height, width) if same else (height - 2, width - 2)
    output = [-(-side // step) for side, step in zip(sides, stride, strict=True)]
    batch, depth = draw(sizes(2)), depths(draw, 14)
    source = Tensor("input", (batch, height, width, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((1, 3, 3, depth), 3, source))
    return one_node(
        "DEPTHWISE_CONV_2D",
        [source, *operands, shaped(rectified(last, draw), (batch, *output, depth))],
        {
            "stride_h": stride[0],
            "stride_w": stride[1],
            "padding": "SAME" if same else "VALID",
            "depth_multiplier": 1,
        },
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def fully_connected(draw: Draw) -> Graph:
    """Rows of all depths: those after the first begin anywhere in a word."""
    depth = draw(st.one_of(sizes(9), sizes(300), st.integers(1000, 1100)))
    rows, outputs = draw(sizes(3)), draw(sizes(12))
    source = Tensor("input", (rows, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, depth), 0, source))
    return one_node(
        "FULLY_CONNECTED",
        [source, *operands, shaped(rectified(last, draw), (rows, outputs))],
        {},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def sum_of_two(draw: Draw) -> Graph:
    """Tensors of one shape, of scales that have a linear form more often than not."""
    shape = (draw(sizes(3)), draw(sizes(30)))
    scale = draw(st.floats(0.01, 1.0))
    zero_points = (draw(st.integers(-128, 127)), draw(st.integers(-128, 127)), -128)
    factors = (1.0, draw(st.floats(0.5, 2.0)), draw(st.floats(1.0, 2.0)))
    kinds = zip(("one", "two", "sum"), factors, zero_points, strict=True)
    tensors = [
        Tensor(name, shape, "int8", Quantization((float32(scale * factor),), (zero_point,)))
        for name, factor, zero_point in kinds
    ]
    activation = draw(st.sampled_from(["NONE", "RELU"]))
    return one_node("ADD", tensors, {"fused_activation_function": activation})


WIDE = {
    "linear": sum_of_two(),
    "pixels": pixels(),
    "windows": windows(),
    "lines": depthwise(),
    "units": fully_connected(),
}
"""Layers by the variant that many of them should have."""
LEAST_OFFERED = 0.3
"""Of drawn layers. Some have weights of 4 bits, or a factor that no layer has."""


@pytest.mark.parametrize("op", OPERATORS)
def test_drawn_cases_equal_the_reference_kernels(
    op: str, tested: KernelServer, ref: KernelServer
) -> None:
    check_drawn(CASES[op], tested, ref, examples=EXAMPLES)


@pytest.mark.parametrize("name", WIDE)
def test_wide_layers_equal_the_reference_kernels(
    name: str, tested: KernelServer, ref: KernelServer
) -> None:
    least = LEAST_OFFERED / 2 if name == "windows" else LEAST_OFFERED
    assert share(check_drawn(WIDE[name], tested, ref, examples=EXAMPLES), name) >= least


@pytest.mark.parametrize("name", WIDE)
def test_the_emulated_core_computes_the_same(name: str, tmp_path: Path) -> None:
    layers = WIDE[name].filter(offers(BACKEND, name))
    models = drawn_models(layers, tmp_path, EMULATED_MODELS, {0: name})
    assert set(check_emulated("qemu-lx6", BACKEND, models, shrinking=False)) == {name}
