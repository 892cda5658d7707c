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
def depthwise(draw: Draw, *, any_filter: bool) -> Graph:
    """Rows shorter than a block and of several, channels in one group, in several, in a part."""
    filters, strides, multiplier = (3, 3), [draw(sizes(2))] * 2, 1
    if any_filter:
        filters, strides = (draw(sizes(6)), draw(sizes(17))), [draw(sizes(3)), draw(sizes(3))]
        multiplier = draw(sizes(3))
    padding = draw(st.sampled_from(["SAME", "SAME", "VALID"]))
    least = (1, 1) if padding == "SAME" else filters
    sides = [draw(st.integers(low, low + 18)) for low in least]
    output = [extent(*axis, 1, padding) for axis in zip(sides, filters, strides, strict=True)]
    batch, depth = draw(sizes(2)), draw(sizes(13 if any_filter else 40))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    outputs = depth * multiplier
    (*operands, last), _ = draw(weighted((1, *filters, outputs), 3, source))
    options = {"padding": padding, "stride_h": strides[0], "stride_w": strides[1]}
    return one_node(
        "DEPTHWISE_CONV_2D",
        [source, *operands, shaped(relu(last, draw), (batch, *output, outputs))],
        {
            **options,
            "depth_multiplier": multiplier,
            "fused_activation_function": draw(ACTIVATIONS),
        },
        left_out=() if len(operands) == 2 else (2,),
    )


FILTERS = {"3x3": depthwise(any_filter=False), "any": depthwise(any_filter=True)}


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


@pytest.mark.parametrize("filters", FILTERS)
def test_layers_equal_the_reference_kernels(
    filters: str, armv7em: KernelServer, ref: KernelServer
) -> None:
    @settings(EXAMPLES, max_examples=100)
    @given(FILTERS[filters].filter(is_offered), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        assert "direct" in check(graph, seed, armv7em, ref)

    run()


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    drawn: list[Case] = []

    @settings(EXAMPLES, max_examples=EMULATED_MODELS, phases=[Phase.generate])
    @given(st.one_of(*FILTERS.values()).filter(is_offered), SEEDS)
    def draw(graph: Graph, seed: int) -> None:
        file = tmp_path / f"{len(drawn)}.tflite"
        file.write_bytes(write_tflite(graph))
        drawn.append(Case(file, input_rows(graph, seed), {0: "direct"}))

    draw()
    assert check_emulated("qemu-m4", "armv7em", drawn) == {"direct"}
