"""Sparse 1x1 of backend `armv7em`: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case
from kernel_server import KernelServer
from operator_cases import SEEDS, input_rows, one_node
from operator_cases.drawing import ACTIVATIONS, Draw, quantized, sizes
from operator_cases.weighted import shaped, weighted
from pairs_layers import EXAMPLES, check, check_emulated, relu
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.packing import load_backend
from tinyflow.compiler.steps import lower

NAME = "sparse"
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
def pointwise(draw: Draw) -> Graph:
    """Channels in parts of groups, pixels in a part of eight, any number of zeros."""
    sides, depth, outputs = [draw(sizes(6)), draw(sizes(7))], draw(sizes(70)), draw(sizes(13))
    source = Tensor("input", (draw(sizes(2)), *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, 1, 1, depth), 0, source))
    data = operands[0].data
    assert data is not None
    rng = np.random.default_rng(draw(SEEDS))
    kept = np.where(rng.random(data.shape) < draw(st.floats(0.0, 0.6)), data, 0)
    operands[0] = dataclasses.replace(operands[0], data=kept.astype(np.int8))
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(relu(last, draw), (*source.shape[:3], outputs))],
        {**options, "fused_activation_function": draw(ACTIVATIONS)},
        left_out=() if len(operands) == 2 else (2,),
    )


def is_offered(graph: Graph) -> bool:
    """Whether the backend has it; it has not all clamps and factors, nor weights of 4 bits."""
    (step,) = lower(graph)
    return NAME in [variant.name for variant in load_backend("armv7em").variants(graph, step)]


def test_layers_equal_the_reference_kernels(armv7em: KernelServer, ref: KernelServer) -> None:
    @settings(EXAMPLES, max_examples=60)
    @given(pointwise().filter(is_offered), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        assert NAME in check(graph, seed, armv7em, ref)

    run()


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    drawn: list[Case] = []

    @settings(EXAMPLES, max_examples=EMULATED_MODELS, phases=[Phase.generate])
    @given(pointwise().filter(is_offered), SEEDS)
    def draw(graph: Graph, seed: int) -> None:
        file = tmp_path / f"{len(drawn)}.tflite"
        file.write_bytes(write_tflite(graph))
        drawn.append(Case(file, input_rows(graph, seed), {0: NAME}))

    draw()
    assert check_emulated("qemu-m4", "armv7em", drawn) == {NAME}
