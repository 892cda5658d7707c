"""Backend `mve` against the reference kernels: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import variant_checks
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case
from kernel_server import KernelServer
from operator_cases import CASES, SEEDS, input_rows, one_node
from operator_cases.drawing import ACTIVATIONS, Draw, moving, quantized, scales, sizes
from operator_cases.weighted import shaped, weighted
from tflite_writer import write_tflite
from variant_checks import check_drawn, check_emulated, share

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.packing import PLAIN, load_backend
from tinyflow.compiler.quantmath import float32
from tinyflow.compiler.steps import lower

OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "AVERAGE_POOL_2D", "MEAN")
BACKEND = "mve"
EXAMPLES = 50
MODELS_OF_A_KIND = 5
"""In the emulated image."""
LEAST_OFFERED = 0.25
"""Of drawn layers."""
KINDS = ("windows", "columns", "planes", "stream")
"""The variants of weighted operators, each with short and with exact requantisation."""


@pytest.mark.parametrize("op", OPERATORS)
def test_drawn_cases_equal_the_reference_kernels(
    op: str, tested: KernelServer, ref: KernelServer
) -> None:
    check_drawn(CASES[op], tested, ref, examples=EXAMPLES, plain=True)


@st.composite
def convolution(draw: Draw, op: str, widths: tuple[int, ...] = (0, 1)) -> Graph:
    """Values in several slices, channels in several quads, and a few more."""
    sides, filters, output, options = draw(moving(dilated=False))
    width = draw(st.sampled_from(widths))
    if width:  # a square that moves by one
        sides = [side + 3 for side in sides]
        filters, output = [width, width], sides
        options = {**options, "stride_h": 1, "stride_w": 1, "padding": "SAME"}
    batch, depth = draw(sizes(2)), draw(sizes(50))
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
def fully_connected(draw: Draw) -> Graph:
    rows, depth, outputs = draw(sizes(2)), draw(sizes(300)), draw(sizes(20))
    source = Tensor("input", (rows, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, depth), 0, source))
    return one_node(
        "FULLY_CONNECTED",
        [source, *operands, shaped(last, (rows, outputs))],
        {},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def sum_of_equals(draw: Draw) -> Graph:
    """Two tensors of one shape; scales that are powers of two need halves away from zero."""
    shape = (1, draw(sizes(9)), draw(sizes(9)), draw(sizes(9)))
    if draw(st.booleans()):
        exponents = st.integers(-5, 0)
        first, second, output = (2.0 ** draw(exponents) for _ in range(3))
    else:
        first, second = (draw(scales(0.01, 1.0)) for _ in range(2))
        output = float32((first + second) * draw(st.floats(0.1, 2.0)))
    zero_points = st.integers(-128, 127)
    kinds = [Quantization((scale,), (draw(zero_points),)) for scale in (first, second, output)]
    names = ("first", "second", "output")
    tensors = [Tensor(n, shape, "int8", kind) for n, kind in zip(names, kinds, strict=True)]
    return one_node("ADD", tensors, {"fused_activation_function": draw(ACTIVATIONS)})


@st.composite
def pool(draw: Draw) -> Graph:
    """Many channels."""
    sides, filters, output, options = draw(moving(dilated=False))
    depth, quantization = draw(sizes(40)), quantized(draw)
    return one_node(
        "AVERAGE_POOL_2D",
        [
            Tensor("input", (1, *sides, depth), "int8", quantization),
            Tensor("output", (1, *output, depth), "int8", quantization),
        ],
        {**options, "filter_height": filters[0], "filter_width": filters[1]},
    )


WIDE = {
    "conv": convolution("CONV_2D"),
    "columns": convolution("CONV_2D", (3,)),
    "depthwise": convolution("DEPTHWISE_CONV_2D"),
    "fully connected": fully_connected(),
    "add": sum_of_equals(),
}


@pytest.mark.parametrize("name", WIDE)
def test_wide_tensors_equal_the_reference_kernels(
    name: str, tested: KernelServer, ref: KernelServer
) -> None:
    offered = check_drawn(WIDE[name], tested, ref, examples=EXAMPLES, plain=True)
    assert share(offered) >= LEAST_OFFERED


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    backend = load_backend(BACKEND)
    drawn: list[Case] = []
    kinds: Counter[tuple[str, int | float | None]] = Counter()

    def add(graph: Graph, seed: int) -> None:
        (step,) = lower(graph)
        made = [way for way in backend.variants(graph, step) if way.name != PLAIN]
        ways = {way.name: dict(way.calls[0].params).get("exact") for way in made}
        if graph.nodes[0].op == "AVERAGE_POOL_2D":
            ways[PLAIN] = None
        for kind in ways.items():
            if kinds[kind] < MODELS_OF_A_KIND:
                kinds[kind] += 1
                file = tmp_path / f"{len(drawn)}.tflite"
                file.write_bytes(write_tflite(graph))
                drawn.append(Case(file, input_rows(graph, seed)[:2], {0: kind[0]}))

    for cases in (*WIDE.values(), pool()):
        settings(variant_checks.EXAMPLES, max_examples=EXAMPLES, phases=[Phase.generate])(
            given(cases, SEEDS)(add)
        )()
    assert {(name, exact) for name in KINDS for exact in (0, 1)} | {("linear", None)} <= set(kinds)
    check_emulated("qemu-m55", BACKEND, drawn)
