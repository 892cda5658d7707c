"""Sparse 1x1 of backend `armv7em`: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from kernel_server import KernelServer
from operator_cases import SEEDS, one_node
from operator_cases.drawing import ACTIVATIONS, Draw, quantized, sizes
from operator_cases.weighted import shaped, weighted
from variant_checks import check_drawn, check_emulated, drawn_models, offers, rectified, share

from tinyflow.compiler.graph import Graph, Tensor

BACKEND = "armv7em"
NAME = "sparse"
EMULATED_MODELS = 30


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
        [source, *operands, shaped(rectified(last, draw), (*source.shape[:3], outputs))],
        {**options, "fused_activation_function": draw(ACTIVATIONS)},
        left_out=() if len(operands) == 2 else (2,),
    )


# Others have clamps, factors or weights of 4 bits that the kernel has not.
LAYERS = pointwise().filter(offers(BACKEND, NAME))


def test_layers_equal_the_reference_kernels(tested: KernelServer, ref: KernelServer) -> None:
    assert share(check_drawn(LAYERS, tested, ref, examples=60), NAME) == 1


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    models = drawn_models(LAYERS, tmp_path, EMULATED_MODELS, {0: NAME})
    assert set(check_emulated("qemu-m4", BACKEND, models)) == {NAME}
