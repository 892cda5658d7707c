"""Convolutions of backend `armv7em`: its twins under sanitizers, itself in the emulator."""

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

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import check_node

EXAMPLES = settings(
    derandomize=True, deadline=None, max_examples=100, suppress_health_check=list(HealthCheck)
)
EMULATED_MODELS = 30
LEAST_OFFERED = 0.35
"""Of drawn layers; half of them have weights of 4 bits or of -128."""


@pytest.fixture(scope="module")
def armv7em() -> Iterator[KernelServer]:
    with KernelServer("armv7em") as server:
        yield server


@pytest.fixture(scope="module")
def ref() -> Iterator[KernelServer]:
    with KernelServer("ref") as server:
        yield server


def check(graph: Graph, seed: int, armv7em: KernelServer, ref: KernelServer) -> set[str]:
    """Compares all variants, apart and over their inputs, whose names it gives."""
    (node,) = graph.nodes
    assert check_node(graph, node) == []
    (source,) = graph.inputs
    names: set[str] = set()
    for row in input_rows(graph, seed):
        tensor = graph.tensors[source]
        values = {source: np.frombuffer(row.tobytes(), tensor.dtype).reshape(tensor.shape)}
        (wanted,) = ref.run_node(graph, node, values).values()
        for name, outputs in armv7em.run_variants(graph, node, values).items():
            names.add(name)
            for found in outputs.values():
                np.testing.assert_array_equal(found, wanted, err_msg=name)
    return names


def relu(graph_output: Tensor, draw: Draw) -> Tensor:
    """The output, mostly with the zero point that one behind a ReLU has."""
    if draw(st.integers(0, 3)) == 0:
        return graph_output
    assert graph_output.quantization is not None
    scale = graph_output.quantization.scale
    return Tensor(graph_output.name, (), "int8", Quantization((scale,), (-128,)))


@st.composite
def convolution(draw: Draw) -> Graph:
    """Windows of many sizes, channels in several groups and a few more."""
    sides, filters, output, options = draw(moving(dilated=True))
    if draw(st.integers(0, 2)) == 0:
        sides = [side + 3 for side in sides]
        filters, output = [1, 1], sides
        options = {**options, "stride_h": 1, "stride_w": 1}
    batch, depth, outputs = draw(sizes(2)), draw(sizes(50)), draw(sizes(18))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, *filters, depth), 0, source))
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(relu(last, draw), (batch, *output, outputs))],
        options,
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def fully_connected(draw: Draw) -> Graph:
    rows, depth, outputs = draw(sizes(3)), draw(sizes(300)), draw(sizes(40))
    source = Tensor("input", (rows, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, depth), 0, source))
    return one_node(
        "FULLY_CONNECTED",
        [source, *operands, shaped(relu(last, draw), (rows, outputs))],
        {},
        left_out=() if len(operands) == 2 else (2,),
    )


WIDE = {"conv": convolution(), "fully connected": fully_connected()}


@pytest.mark.parametrize("op", ["CONV_2D", "FULLY_CONNECTED"])
def test_drawn_cases_equal_the_reference_kernels(
    op: str, armv7em: KernelServer, ref: KernelServer
) -> None:
    @EXAMPLES
    @given(CASES[op], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        check(graph, seed, armv7em, ref)

    run()


@pytest.mark.parametrize("name", WIDE)
def test_wide_layers_equal_the_reference_kernels(
    name: str, armv7em: KernelServer, ref: KernelServer
) -> None:
    offered: list[set[str]] = []

    @EXAMPLES
    @given(WIDE[name], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        offered.append(check(graph, seed, armv7em, ref))

    run()
    assert sum(bool(names) for names in offered) >= LEAST_OFFERED * len(offered)


@pytest.mark.parametrize("name", WIDE)
def test_the_emulated_core_computes_the_same(name: str, tmp_path: Path) -> None:
    drawn: list[Case] = []

    @settings(EXAMPLES, max_examples=EMULATED_MODELS, phases=[Phase.generate])
    @given(WIDE[name], SEEDS)
    def draw(graph: Graph, seed: int) -> None:
        file = tmp_path / f"{len(drawn)}.tflite"
        file.write_bytes(write_tflite(graph))
        drawn.append(Case(file, input_rows(graph, seed)))

    draw()
    found = run_models("qemu-m4", drawn, "armv7em")
    assert [ran.differs for ran in found] == [[-1] * len(case.rows) for case in drawn]
