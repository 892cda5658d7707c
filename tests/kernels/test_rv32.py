"""Backend `rv32` against the reference kernels: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
import variant_checks
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case
from kernel_server import KernelServer
from operator_cases import CASES, SEEDS, input_rows, one_node
from operator_cases.drawing import Draw, moving, quantized, sizes
from operator_cases.weighted import shaped, weighted
from tflite_writer import write_tflite
from variant_checks import check_drawn, check_emulated, rectified, share

from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.packing import load_backend
from tinyflow.compiler.steps import lower

OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
BACKEND = "rv32"
EXAMPLES = 120
EMULATED_MODELS = 6
"""Models of each kind in the emulated image, of those that have a variant."""


@st.composite
def convolution(draw: Draw) -> Graph:
    """Windows of many sizes, channels in several groups of taps, and odd numbers of both."""
    sides, filters, output, options = draw(moving(dilated=False))
    if draw(st.integers(0, 2)) == 0:
        sides = [side + 3 for side in sides]
        filters, output = [1, 1], sides
        options = {**options, "stride_h": 1, "stride_w": 1}
    batch, depth, outputs = draw(sizes(2)), draw(sizes(40)), draw(sizes(19))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, *filters, depth), 0, source))
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(rectified(last, draw), (batch, *output, outputs))],
        options,
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def three_by_three(draw: Draw) -> Graph:
    """What Winograd's convolution is for, with all sorts of edges."""
    height, width = draw(st.integers(3, 12)), draw(st.integers(3, 12))
    same = draw(st.booleans())
    output = (height, width) if same else (height - 2, width - 2)
    depth, outputs = draw(sizes(11)), draw(st.integers(8, 19))
    batch = draw(sizes(2))
    source = Tensor("input", (batch, height, width, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, 3, 3, depth), 0, source))
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(rectified(last, draw), (batch, *output, outputs))],
        {"stride_h": 1, "stride_w": 1, "padding": "SAME" if same else "VALID"},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def depthwise(draw: Draw) -> Graph:
    """3x3, where sums are rounded in the short form."""
    height, width = draw(st.integers(3, 12)), draw(st.integers(3, 12))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 2)))
    same = draw(st.booleans())
    sides = (height, width) if same else (height - 2, width - 2)
    output = [-(-side // step) for side, step in zip(sides, stride, strict=True)]
    batch, depth = draw(sizes(2)), draw(sizes(17))
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
def strips(draw: Draw) -> Graph:
    """Rows that need more than the scratch there is."""
    is_depthwise = draw(st.booleans())
    height, depth = draw(st.integers(3, 4)), draw(st.integers(50, 90))
    width = draw(st.integers(24, 34)) if is_depthwise else draw(st.integers(7, 14))
    outputs = depth if is_depthwise else draw(st.integers(2, 5))
    filters = (1, 3, 3, depth) if is_depthwise else (outputs, 3, 3, depth)
    stride = draw(st.integers(1, 2))
    output = (1, -(-height // stride), -(-width // stride), outputs)
    source = Tensor("input", (1, height, width, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted(filters, 3 if is_depthwise else 0, source))
    own = {"depth_multiplier": 1} if is_depthwise else {}
    return one_node(
        "DEPTHWISE_CONV_2D" if is_depthwise else "CONV_2D",
        [source, *operands, shaped(rectified(last, draw), output)],
        {"stride_h": stride, "stride_w": stride, "padding": "SAME", **own},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def fully_connected(draw: Draw) -> Graph:
    rows, depth, outputs = draw(sizes(3)), draw(sizes(300)), draw(st.integers(1, 40))
    source = Tensor("input", (rows, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, depth), 0, source))
    return one_node(
        "FULLY_CONNECTED",
        [source, *operands, shaped(rectified(last, draw), (rows, outputs))],
        {},
        left_out=() if len(operands) == 2 else (2,),
    )


WIDE = {
    "conv": convolution(),
    "3x3": three_by_three(),
    "depthwise": depthwise(),
    "strips": strips(),
    "fully connected": fully_connected(),
}
LEAST_OFFERED = 0.15
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
    offered = check_drawn(WIDE[name], tested, ref, examples=EXAMPLES)
    assert share(offered) >= LEAST_OFFERED
    assert name != "3x3" or share(offered, "winograd") > 0


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    drawn: list[Case] = []
    backend = load_backend(BACKEND)

    def draw(cases: st.SearchStrategy[Graph]) -> None:
        wanted = len(drawn) + EMULATED_MODELS

        @settings(variant_checks.EXAMPLES, phases=[Phase.generate])
        @given(cases, SEEDS)
        def one(graph: Graph, seed: int) -> None:
            (step,) = lower(graph)
            offered = [variant.name for variant in backend.variants(graph, step)]
            if len(drawn) == wanted or not offered:
                return
            file = tmp_path / f"{len(drawn)}.tflite"
            file.write_bytes(write_tflite(graph))
            drawn.append(Case(file, input_rows(graph, seed), {step.node.index: offered[-1]}))

        one()

    for cases in WIDE.values():
        draw(cases)
    assert len(drawn) == EMULATED_MODELS * len(WIDE)
    used = check_emulated("qemu-riscv32", BACKEND, drawn, shrinking=False)
    assert used["direct"] >= 2 * EMULATED_MODELS and used["winograd"] >= 1
