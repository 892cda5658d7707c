"""Convolutions of backend `armv7em`: its twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st
from kernel_server import KernelServer
from operator_cases import CASES, one_node
from operator_cases.drawing import Draw, moving, quantized, sizes
from operator_cases.weighted import shaped, weighted
from variant_checks import check_drawn, check_emulated, drawn_models, rectified, share

from tinyflow.compiler.graph import Graph, Tensor

BACKEND = "armv7em"
EMULATED_MODELS = 30
LEAST_OFFERED = 0.2
"""Of drawn layers; half of them have weights of 4 bits or of -128."""


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
        [source, *operands, shaped(rectified(last, draw), (batch, *output, outputs))],
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
        [source, *operands, shaped(rectified(last, draw), (rows, outputs))],
        {},
        left_out=() if len(operands) == 2 else (2,),
    )


WIDE = {"conv": convolution(), "fully connected": fully_connected()}


@pytest.mark.parametrize("op", ["CONV_2D", "FULLY_CONNECTED"])
def test_drawn_cases_equal_the_reference_kernels(
    op: str, tested: KernelServer, ref: KernelServer
) -> None:
    check_drawn(CASES[op], tested, ref)


@pytest.mark.parametrize("name", WIDE)
def test_wide_layers_equal_the_reference_kernels(
    name: str, tested: KernelServer, ref: KernelServer
) -> None:
    assert share(check_drawn(WIDE[name], tested, ref)) >= LEAST_OFFERED


@pytest.mark.parametrize("name", WIDE)
def test_the_emulated_core_computes_the_same(name: str, tmp_path: Path) -> None:
    check_emulated("qemu-m4", BACKEND, drawn_models(WIDE[name], tmp_path, EMULATED_MODELS))
