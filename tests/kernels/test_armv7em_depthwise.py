"""Depthwise convolutions of backend `armv7em`: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case
from kernel_server import KernelServer
from operator_cases import CASES, SEEDS, input_rows, one_node
from operator_cases.drawing import ACTIVATIONS, Draw, extent, quantized, sizes
from operator_cases.weighted import shaped, weighted
from pairs_layers import EXAMPLES, check, check_emulated, relu
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.packing import load_backend
from tinyflow.compiler.steps import lower

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
    """Rows shorter than a block and of several, channels in one group, in several, in a part."""
    stride, padding = draw(sizes(2)), draw(st.sampled_from(["SAME", "SAME", "VALID"]))
    least = 1 if padding == "SAME" else 3
    sides = [draw(st.integers(least, 19)) for _ in range(2)]
    output = [extent(side, 3, stride, 1, padding) for side in sides]
    batch, depth = draw(sizes(2)), draw(sizes(40))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((1, 3, 3, depth), 3, source))
    options = {"padding": padding, "stride_h": stride, "stride_w": stride, "depth_multiplier": 1}
    return one_node(
        "DEPTHWISE_CONV_2D",
        [source, *operands, shaped(relu(last, draw), (batch, *output, depth))],
        {**options, "fused_activation_function": draw(ACTIVATIONS)},
        left_out=() if len(operands) == 2 else (2,),
    )


def is_offered(graph: Graph) -> bool:
    """Whether the backend has it; it has not all clamps and factors, nor weights of 4 bits."""
    (step,) = lower(graph)
    return "direct" in [variant.name for variant in load_backend("armv7em").variants(graph, step)]


def test_drawn_cases_equal_the_reference_kernels(armv7em: KernelServer, ref: KernelServer) -> None:
    @EXAMPLES
    @given(CASES["DEPTHWISE_CONV_2D"], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        check(graph, seed, armv7em, ref)

    run()


def test_filters_of_three_by_three_equal_the_reference_kernels(
    armv7em: KernelServer, ref: KernelServer
) -> None:
    @settings(EXAMPLES, max_examples=100)
    @given(three_by_three().filter(is_offered), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        assert "direct" in check(graph, seed, armv7em, ref)

    run()


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    drawn: list[Case] = []

    @settings(EXAMPLES, max_examples=EMULATED_MODELS, phases=[Phase.generate])
    @given(three_by_three().filter(is_offered), SEEDS)
    def draw(graph: Graph, seed: int) -> None:
        file = tmp_path / f"{len(drawn)}.tflite"
        file.write_bytes(write_tflite(graph))
        drawn.append(Case(file, input_rows(graph, seed), {0: "direct"}))

    draw()
    assert check_emulated("qemu-m4", "armv7em", drawn) == {"direct"}
