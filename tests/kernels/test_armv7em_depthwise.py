"""Depthwise convolutions of backend `armv7em`: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st
from kernel_server import KernelServer
from operator_cases import CASES, one_node
from operator_cases.drawing import ACTIVATIONS, Draw, extent, quantized, sizes
from operator_cases.weighted import shaped, weighted
from variant_checks import check_drawn, check_emulated, drawn_models, offers, rectified, share

from tinyflow.compiler.graph import Graph, Tensor

BACKEND, NAME = "armv7em", "direct"
EMULATED_MODELS = 30


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
        [source, *operands, shaped(rectified(last, draw), (batch, *output, outputs))],
        {
            **options,
            "depth_multiplier": multiplier,
            "fused_activation_function": draw(ACTIVATIONS),
        },
        left_out=() if len(operands) == 2 else (2,),
    )


# Others have clamps, factors or weights of 4 bits that the kernels have not.
FILTERS = {
    "3x3": depthwise(any_filter=False).filter(offers(BACKEND, NAME)),
    "any": depthwise(any_filter=True).filter(offers(BACKEND, NAME)),
}


def test_drawn_cases_equal_the_reference_kernels(tested: KernelServer, ref: KernelServer) -> None:
    check_drawn(CASES["DEPTHWISE_CONV_2D"], tested, ref, examples=300)


@pytest.mark.parametrize("filters", FILTERS)
def test_layers_equal_the_reference_kernels(
    filters: str, tested: KernelServer, ref: KernelServer
) -> None:
    assert share(check_drawn(FILTERS[filters], tested, ref), NAME) == 1


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    layers = st.one_of(*FILTERS.values())
    models = drawn_models(layers, tmp_path, EMULATED_MODELS, {0: NAME})
    assert set(check_emulated("qemu-m4", BACKEND, models)) == {NAME}
