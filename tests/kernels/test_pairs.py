"""Backends `armv6m` and `armv7m`: their twins under sanitizers, themselves in the emulator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from kernel_server import KernelServer
from operator_cases import CASES, one_node
from operator_cases.drawing import Draw, moving, quantized, sizes
from operator_cases.weighted import shaped, weighted
from variant_checks import check_drawn, check_emulated, drawn_models, rectified, share

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.packing import PLAIN

BOARDS = {"armv6m": "qemu-m0", "armv7m": "qemu-m3"}
OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
EXAMPLES, EMULATED_MODELS = 120, 20
LEAST_OFFERED = 0.4
"""Of drawn layers that have a variant."""


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
        [source, *operands, shaped(rectified(last, draw), (batch, *output, outputs))],
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
        [source, *operands, shaped(rectified(last, draw), (batch, *output, depth))],
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
        [source, *operands, shaped(rectified(last, draw), (rows, outputs))],
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


@pytest.mark.parametrize("tested", BOARDS, indirect=True)
@pytest.mark.parametrize("op", OPERATORS)
def test_drawn_cases_equal_the_reference_kernels(
    op: str, tested: KernelServer, ref: KernelServer
) -> None:
    check_drawn(CASES[op], tested, ref, examples=EXAMPLES)


@pytest.mark.parametrize("tested", BOARDS, indirect=True)
@pytest.mark.parametrize("name", WIDE)
def test_wide_layers_equal_the_reference_kernels(
    name: str, tested: KernelServer, ref: KernelServer
) -> None:
    assert share(check_drawn(WIDE[name], tested, ref, examples=EXAMPLES)) >= LEAST_OFFERED


@pytest.mark.parametrize("backend", BOARDS)
@pytest.mark.parametrize("name", WIDE)
def test_the_emulated_core_computes_the_same(backend: str, name: str, tmp_path: Path) -> None:
    models = drawn_models(WIDE[name], tmp_path, EMULATED_MODELS)
    assert set(check_emulated(BOARDS[backend], backend, models)) - {PLAIN}
