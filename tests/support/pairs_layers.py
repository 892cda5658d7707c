"""Layers for the kernels of two values a word, and their comparison with the reference kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case, run_models
from kernel_server import KernelServer
from operator_cases import SEEDS, input_rows, one_node
from operator_cases.drawing import Draw, moving, quantized, sizes
from operator_cases.weighted import shaped, weighted
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import check_node

EXAMPLES = settings(
    derandomize=True, deadline=None, max_examples=300, suppress_health_check=list(HealthCheck)
)
OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def check(graph: Graph, seed: int, tested: KernelServer, ref: KernelServer) -> set[str]:
    """Compares all variants, apart and over their inputs, whose names it gives."""
    (node,) = graph.nodes
    assert check_node(graph, node) == []
    (source,) = graph.inputs
    names: set[str] = set()
    for row in input_rows(graph, seed):
        tensor = graph.tensors[source]
        values = {source: np.frombuffer(row.tobytes(), tensor.dtype).reshape(tensor.shape)}
        (wanted,) = ref.run_node(graph, node, values).values()
        for name, outputs in tested.run_variants(graph, node, values).items():
            names.add(name)
            for found in outputs.values():
                np.testing.assert_array_equal(found, wanted, err_msg=name)
    return names


def relu(output: Tensor, draw: Draw) -> Tensor:
    """The output, mostly with the zero point that one behind a ReLU has."""
    if draw(st.integers(0, 2)) == 0:
        return output
    assert output.quantization is not None
    return Tensor(output.name, (), "int8", Quantization((output.quantization.scale,), (-128,)))


@st.composite
def convolution(draw: Draw) -> Graph:
    """Blocks of all sizes: few values and many, pixels in one block and in several."""
    sides, filters, output, options = draw(moving(dilated=True))
    if draw(st.integers(0, 2)) == 0:
        sides = [side + draw(st.integers(0, 4)) for side in sides]
        filters, output = [1, 1], sides
        options = {**options, "stride_h": 1, "stride_w": 1}
    taken = filters[0] * filters[1]
    most = max(1, draw(st.sampled_from([30, 220, 460, 950])) // taken)
    batch, depth, outputs = draw(sizes(2)), draw(sizes(most)), draw(sizes(19))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, *filters, depth), 0, source))
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(relu(last, draw), (batch, *output, outputs))],
        options,
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def depthwise(draw: Draw) -> Graph:
    """Rows of fewer outputs than a block has, and of several blocks."""
    sides, filters, output, options = draw(moving(dilated=False))
    batch, depth = draw(sizes(2)), draw(sizes(40))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((1, *filters, depth), 3, source))
    return one_node(
        "DEPTHWISE_CONV_2D",
        [source, *operands, shaped(relu(last, draw), (batch, *output, depth))],
        {**options, "depth_multiplier": 1},
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


@st.composite
def full_groups(draw: Draw) -> Graph:
    """Weights that fill groups to their bound, of one sign or of both, -128 among them."""
    depth, outputs = draw(st.integers(1, 60)), draw(sizes(10))
    values = st.sampled_from([127, -127, -128, 1, 2, 0, 85, -85])
    taken = st.sampled_from([[127, 127, 1], [-128, -127], [127, -128], [85, 85, 85], [-51] * 5])
    full = [weight for part in draw(st.lists(taken, max_size=40)) for weight in part]
    row = [*full, *draw(st.lists(values, min_size=depth, max_size=depth))][:depth]
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=outputs, max_size=outputs))
    data = np.clip(np.outer(signs, row), -128, 127).astype(np.int8).reshape(outputs, 1, 1, depth)
    width = draw(sizes(20))
    source = Tensor("input", (1, 1, width, depth), "int8", quantized(draw))
    assert source.quantization is not None
    output = Quantization(
        (source.quantization.scale * draw(st.sampled_from([3.0, 120.0])),), (-128,)
    )
    return one_node(
        "CONV_2D",
        [
            source,
            Tensor("weights", data.shape, "int8", Quantization((1.0,), (0,)), data=data),
            Tensor("output", (1, 1, width, outputs), "int8", output),
        ],
        {"padding": "VALID", "stride_h": 1, "stride_w": 1},
        left_out=(2,),
    )


WIDE = {
    "full groups": full_groups(),
    "convolution": convolution(),
    "depthwise": depthwise(),
    "fully connected": fully_connected(),
}


def drawn_cases(name: str, folder: Path, models: int) -> list[Case]:
    """As many models of one layer, with their inputs."""
    drawn: list[Case] = []

    @settings(EXAMPLES, max_examples=models, phases=[Phase.generate])
    @given(WIDE[name], SEEDS)
    def draw(graph: Graph, seed: int) -> None:
        if check_node(graph, graph.nodes[0]):
            return
        file = folder / f"{len(drawn)}.tflite"
        file.write_bytes(write_tflite(graph))
        drawn.append(Case(file, input_rows(graph, seed)))

    draw()
    return drawn


def check_emulated(board: str, backend: str, cases: list[Case]) -> set[str]:
    """Compares what the emulated core makes of them; gives the names of the variants taken."""
    found = run_models(board, cases, backend)
    for case, ran in zip(cases, found, strict=True):
        layers = [
            (layer.variant, layer.op, layer.outputs[0].shape) for layer in ran.compiled.layers
        ]
        assert ran.differs == [-1] * len(case.rows), (case.tflite.name, layers)
    return {layer.variant for ran in found for layer in ran.compiled.layers}
