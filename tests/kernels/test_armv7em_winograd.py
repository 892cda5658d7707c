"""Winograd of backend `armv7em`: twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st
from kernel_server import KernelServer
from operator_cases import one_node
from operator_cases.drawing import ACTIVATIONS, Draw, extent, quantized, sizes
from operator_cases.weighted import shaped, weighted
from variant_checks import check_drawn, check_emulated, drawn_models, offers, rectified, share

from tinyflow.compiler.graph import Graph, Tensor

BACKEND = "armv7em"
NAME = "winograd"
EMULATED_MODELS = 30


@st.composite
def three_by_three(draw: Draw) -> Graph:
    """Tiles that hang over any end, channels in parts of groups and of chunks."""
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    least = 1 if padding == "SAME" else 3
    sides = [draw(st.integers(least, 11)) for _ in range(2)]
    output = [extent(side, 3, 1, 1, padding) for side in sides]
    batch, depth, outputs = draw(sizes(2)), draw(st.integers(2, 40)), draw(st.integers(2, 13))
    source = Tensor("input", (batch, *sides, depth), "int8", quantized(draw))
    (*operands, last), _ = draw(weighted((outputs, 3, 3, depth), 0, source))
    options = {"padding": padding, "stride_h": 1, "stride_w": 1}
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(rectified(last, draw), (batch, *output, outputs))],
        {**options, "fused_activation_function": draw(ACTIVATIONS)},
        left_out=() if len(operands) == 2 else (2,),
    )


# Others have clamps, factors or weights of 4 bits that the kernel has not.
LAYERS = three_by_three().filter(offers(BACKEND, NAME))


def test_layers_equal_the_reference_kernels(tested: KernelServer, ref: KernelServer) -> None:
    assert share(check_drawn(LAYERS, tested, ref, examples=60), NAME) == 1


def test_the_emulated_core_computes_the_same(tmp_path: Path) -> None:
    models = drawn_models(LAYERS, tmp_path, EMULATED_MODELS, {0: NAME})
    assert set(check_emulated("qemu-m4", BACKEND, models)) == {NAME}
