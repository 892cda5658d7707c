"""Backend `lx6` against the reference kernels: twins under sanitizers, itself in the emulator."""

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
from operator_cases.drawing import Draw, moving, quantized, sizes
from operator_cases.weighted import shaped, weighted
from tflite_writer import write_tflite

from tinyflow.compiler import Goal
from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.packing import PLAIN
from tinyflow.compiler.quantmath import float32

OPERATORS = ("ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
EXAMPLES = settings(
    derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck)
)
EMULATED_MODELS = 20
"""Models of each kind in the emulated image."""


@pytest.fixture(scope="module")
def lx6() -> Iterator[KernelServer]:
    with KernelServer("lx6") as server:
        yield server


@pytest.fixture(scope="module")
def ref() -> Iterator[KernelServer]:
    with KernelServer("ref") as server:
        yield server


def check(graph: Graph, seed: int, lx6: KernelServer, ref: KernelServer) -> set[str]:
    """Compares all variants, apart and over their inputs, whose names it gives."""
    (node,) = graph.nodes
    assert check_node(graph, node) == []
    names: set[str] = set()
    for row in input_rows(graph, seed):
        values, start = {}, 0
        for index in graph.inputs:
            tensor = graph.tensors[index]
            part = row[start : start + tensor.size_bytes]
            values[index] = np.frombuffer(part.tobytes(), tensor.dtype).reshape(tensor.shape)
            start += tensor.size_bytes
        (wanted,) = ref.run_node(graph, node, values).values()
        for name, outputs in lx6.run_variants(graph, node, values).items():
            names.add(name.split()[0])
            for found in outputs.values():
                np.testing.assert_array_equal(found, wanted, err_msg=name)
    return names - {PLAIN}


def rectified(output: Tensor, draw: Draw) -> Tensor:
    """The output, often with the zero point that one behind a ReLU has."""
    if draw(st.booleans()):
        return output
    assert output.quantization is not None
    scale = output.quantization.scale
    return Tensor(output.name, (), output.dtype, Quantization((scale,), (-128,)))


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
    op: str, lx6: KernelServer, ref: KernelServer
) -> None:
    @EXAMPLES
    @given(CASES[op], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        check(graph, seed, lx6, ref)

    run()


@pytest.mark.parametrize("name", WIDE)
def test_wide_layers_equal_the_reference_kernels(
    name: str, lx6: KernelServer, ref: KernelServer
) -> None:
    offered: list[set[str]] = []

    @EXAMPLES
    @given(WIDE[name], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        offered.append(check(graph, seed, lx6, ref))

    run()
    share = LEAST_OFFERED / 2 if name == "windows" else LEAST_OFFERED
    assert sum(name in names for names in offered) >= share * len(offered)


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
    found = run_models("qemu-lx6", drawn, goal=Goal("speed"))
    assert [ran.differs for ran in found] == [[-1] * len(case.rows) for case in drawn]
    used = Counter(layer.variant for ran in found for layer in ran.compiled.layers)
    assert used[name] >= 1
