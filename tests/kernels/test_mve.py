"""Backend `mve` against the reference kernels: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case, run_models
from kernel_server import KernelServer
from operator_cases import CASES, SEEDS, input_rows, one_node
from operator_cases.drawing import Draw, moving, quantized, sizes
from operator_cases.weighted import shaped, weighted
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.packing import load_backend
from tinyflow.compiler.steps import lower

OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "AVERAGE_POOL_2D", "MEAN")
EXAMPLES = settings(
    derandomize=True, deadline=None, max_examples=50, suppress_health_check=list(HealthCheck)
)
EMULATED_MODELS = 60
"""Models drawn for the emulated image."""


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


WIDE = {
    "conv": convolution("CONV_2D"),
    "columns": convolution("CONV_2D", (3,)),
    "depthwise": convolution("DEPTHWISE_CONV_2D"),
    "fully connected": fully_connected(),
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
    drawn: list[Case] = []
    kinds: set[str] = set()

    @settings(EXAMPLES, max_examples=EMULATED_MODELS, phases=[Phase.generate])
    @given(st.one_of(*WIDE.values()), SEEDS)
    def draw(graph: Graph, seed: int) -> None:
        file = tmp_path / f"{len(drawn)}.tflite"
        file.write_bytes(write_tflite(graph))
        (step,) = lower(graph)
        names = [variant.name for variant in load_backend("mve").variants(graph, step)]
        kinds.update(names)
        rows = input_rows(graph, seed)[:2]
        drawn.extend(Case(file, rows, {0: name}) for name in names)

    draw()
    found = run_models("qemu-m55", drawn, "mve")
    assert kinds >= {"windows", "columns", "planes", "stream"}
    assert [ran.differs for ran in found] == [[-1] * len(case.rows) for case in drawn]
