"""Backend `mve` against the reference kernels: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case, run_models
from kernel_server import KernelServer
from operator_cases import CASES, SEEDS, input_rows, one_node
from operator_cases.drawing import ACTIVATIONS, Draw, moving, quantized, scales, sizes
from operator_cases.weighted import shaped, weighted
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.packing import PLAIN, load_backend
from tinyflow.compiler.quantmath import float32
from tinyflow.compiler.steps import lower

OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "AVERAGE_POOL_2D", "MEAN")
EXAMPLES = settings(
    derandomize=True, deadline=None, max_examples=50, suppress_health_check=list(HealthCheck)
)
MODELS_OF_A_KIND = 5
"""In the emulated image."""
KINDS = ("windows", "columns", "planes", "stream")
"""The variants of weighted operators, each with short and with exact requantisation."""


@pytest.fixture(scope="module")
def mve() -> Iterator[KernelServer]:
    with KernelServer("mve") as server:
        yield server


@pytest.fixture(scope="module")
def ref() -> Iterator[KernelServer]:
    with KernelServer("ref") as server:
        yield server


def check(graph: Graph, seed: int, mve: KernelServer, ref: KernelServer) -> set[str]:
    """Compares the plain call, in place where it may be, and all variants, whose names it gives."""
    (node,) = graph.nodes
    op = OPS[node.op]
    assert check_node(graph, node) == []
    names: set[str] = set()
    for row in input_rows(graph, seed):
        values, start = {}, 0
        for index in graph.inputs:
            tensor = graph.tensors[index]
            part = row[start : start + tensor.size_bytes]
            values[index] = np.frombuffer(part.tobytes(), tensor.dtype).reshape(tensor.shape)
            start += tensor.size_bytes
        wanted = ref.run_node(graph, node, values)
        for lap in (None, *op.overlaps(graph, node)):
            found = mve.run_node(graph, node, values, in_place=lap)
            for tensor in node.outputs:
                np.testing.assert_array_equal(found[tensor], wanted[tensor], err_msg=str(lap))
        for name, outputs in mve.run_variants(graph, node, values).items():
            names.add(name)
            for tensor in node.outputs:
                np.testing.assert_array_equal(outputs[tensor], wanted[tensor], err_msg=name)
    return names


@pytest.mark.parametrize("op", OPERATORS)
def test_drawn_cases_equal_the_reference_kernels(
    op: str, mve: KernelServer, ref: KernelServer
) -> None:
    @EXAMPLES
    @given(CASES[op], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        check(graph, seed, mve, ref)

    run()


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
    name: str, mve: KernelServer, ref: KernelServer
) -> None:
    offered: list[set[str]] = []

    @EXAMPLES
    @given(WIDE[name], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        offered.append(check(graph, seed, mve, ref))

    run()
    assert sum(bool(names) for names in offered) >= 0.4 * len(offered)


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    backend = load_backend("mve")
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
        settings(EXAMPLES, phases=[Phase.generate])(given(cases, SEEDS)(add))()
    found = run_models("qemu-m55", drawn, "mve")
    assert {(name, exact) for name in KINDS for exact in (0, 1)} | {("linear", None)} <= set(kinds)
    assert [ran.differs for ran in found] == [[-1] * len(case.rows) for case in drawn]
