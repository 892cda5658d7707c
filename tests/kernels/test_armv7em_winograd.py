"""Winograd of backend `armv7em`: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case
from kernel_server import KernelServer
from operator_cases import SEEDS, input_rows, one_node
from operator_cases.drawing import ACTIVATIONS, Draw, extent, quantized, sizes
from operator_cases.weighted import shaped, weighted
from pairs_layers import EXAMPLES, check, check_emulated, relu
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.packing import load_backend
from tinyflow.compiler.steps import lower

NAME = "winograd"
EMULATED_MODELS = 30


@pytest.fixture(scope="module")
def armv7em() -> Iterator[KernelServer]:
    with KernelServer("armv7em") as server:
        yield server


@pytest.fixture(scope="module")
def ref() -> Iterator[KernelServer]:
    with KernelServer("ref") as server:
        yield server


@st.composite
def three_by_three(draw: Draw) -> Graph:
    """Tiles that hang over any end, channels in parts of groups and of chunks."""
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    least = 1 if padding == "SAME" else 3
    sides = [draw(st.integers(least, 11)) for _ in range(2)]
    output = [extent(side, 3, 1, 1, padding) for side in sides]
    batch, depth, outputs = draw(sizes(2)), draw(st.integers(2, 40)), draw(st.integers(2, 13))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, 3, 3, depth), 0, source))
    options = {"padding": padding, "stride_h": 1, "stride_w": 1}
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(relu(last, draw), (batch, *output, outputs))],
        {**options, "fused_activation_function": draw(ACTIVATIONS)},
        left_out=() if len(operands) == 2 else (2,),
    )


def is_offered(graph: Graph) -> bool:
    """Whether the backend has it; it has not all clamps and factors, nor weights of 4 bits."""
    (step,) = lower(graph)
    return NAME in [variant.name for variant in load_backend("armv7em").variants(graph, step)]


def test_layers_equal_the_reference_kernels(armv7em: KernelServer, ref: KernelServer) -> None:
    @settings(EXAMPLES, max_examples=60)
    @given(three_by_three().filter(is_offered), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        assert NAME in check(graph, seed, armv7em, ref)

    run()


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    drawn: list[Case] = []

    @settings(EXAMPLES, max_examples=EMULATED_MODELS, phases=[Phase.generate])
    @given(three_by_three().filter(is_offered), SEEDS)
    def draw(graph: Graph, seed: int) -> None:
        file = tmp_path / f"{len(drawn)}.tflite"
        file.write_bytes(write_tflite(graph))
        drawn.append(Case(file, input_rows(graph, seed), {0: NAME}))

    draw()
    assert check_emulated("qemu-m4", "armv7em", drawn) == {NAME}
