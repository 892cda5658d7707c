"""Whole networks, compiled and run on this machine: every layer equals the reference's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compared_layers import equal_layers
from network import Network
from tflite_writer import write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.graph import Graph, Quantization
from tinyflow.compiler.host import HostModel
from tinyflow.reference import ReferenceInterpreter

PROBABILITY = Quantization((1 / 256,), (-128,))


def one_dimensional() -> Graph:
    """Conv1D, pooling and a classifier over 32 samples of 3 channels, as Keras emits it."""
    net = Network((1, 32, 3))
    axis = net.constant(np.array(1, np.int32))
    flat = net.node("EXPAND_DIMS", (0, axis), (1, 1, 32, 3))
    same = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    conv = net.node(
        "CONV_2D",
        (flat, *net.weights((8, 1, 5, 3), 0, flat)),
        (1, 1, 32, 8),
        Quantization((0.04,), (-128,)),
        fused_activation_function="RELU",
        **same,
    )
    pooled = net.node(
        "MAX_POOL_2D",
        (conv,),
        (1, 1, 16, 8),
        padding="VALID",
        stride_h=1,
        stride_w=2,
        filter_height=1,
        filter_width=2,
    )
    line = net.node("SQUEEZE", (pooled,), (1, 16, 8), squeeze_dims=(1,))
    axes = net.constant(np.array([1], np.int32))
    mean = net.node("MEAN", (line, axes), (1, 8), Quantization((0.03,), (-128,)), keep_dims=False)
    matrix, bias = net.weights((4, 8), 0, mean)
    scores = net.node("FULLY_CONNECTED", (mean, matrix, bias), (1, 4), Quantization((0.1,), (0,)))
    net.node("SOFTMAX", (scores,), (1, 4), PROBABILITY, beta=1.0)
    return net.graph()


def residual() -> Graph:
    """A residual block whose operators may work in place, and its input used again later."""
    net = Network((1, 8, 8, 4))
    wide = Quantization((0.1,), (5,))
    same = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    start = net.node("QUANTIZE", (0,), (1, 8, 8, 4), wide)
    low = net.node("RELU", (start,), (1, 8, 8, 4), Quantization((0.06,), (-128,)))
    deep = net.node(
        "DEPTHWISE_CONV_2D",
        (low, *net.weights((1, 3, 3, 4), 3, low)),
        (1, 8, 8, 4),
        wide,
        depth_multiplier=1,
        **same,
    )
    total = net.node("ADD", (start, deep), (1, 8, 8, 4), wide, fused_activation_function="RELU6")
    again = net.node("ADD", (total, total), (1, 8, 8, 4), Quantization((0.2,), (-10,)))
    row = net.constant(
        net.rng.integers(-128, 128, (1, 1, 8, 4)).astype(np.int8), Quantization((0.02,), (1,))
    )
    moved = net.node("ADD", (row, again), (1, 8, 8, 4), Quantization((0.2,), (0,)))
    six = net.node("RELU6", (moved,), (1, 8, 8, 4), Quantization((0.03,), (-128,)))
    edges = net.constant(np.array([[0, 0], [1, 0], [0, 1], [0, 0]], np.int32))
    around = net.node("PAD", (six, edges), (1, 9, 9, 4))
    pooled = net.node(
        "AVERAGE_POOL_2D",
        (around,),
        (1, 3, 3, 4),
        padding="VALID",
        stride_h=3,
        stride_w=3,
        filter_height=3,
        filter_width=3,
    )
    joined = net.node("ADD", (pooled, pooled), (1, 3, 3, 4), Quantization((0.05,), (-128,)))
    shape = net.constant(np.array([1, -1], np.int32))
    net.node("RESHAPE", (joined, shape), (1, 36), new_shape=(1, -1))
    return net.graph()


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("graph", [one_dimensional(), residual()], ids=["1d", "residual"])
def test_every_layer_equals_the_reference(graph: Graph, tmp_path: Path) -> None:
    model = tmp_path / "network.tflite"
    model.write_bytes(write_tflite(graph))
    compiled = compile_model(model, folder=tmp_path / "c")
    rng = np.random.default_rng(1)
    rows = rng.integers(-128, 128, (6, compiled.input.size_bytes)).astype(np.int8)
    rows[0], rows[1] = -128, 127
    with HostModel(compiled) as host, ReferenceInterpreter(model) as reference:
        np.testing.assert_array_equal(host.invoke(rows), reference.invoke(rows))
        for row in rows:
            assert equal_layers(compiled, host, reference, row)


def test_operators_in_place_save_their_output(tmp_path: Path) -> None:
    """At most the block's start and the depthwise convolution's two tensors live together."""
    model = tmp_path / "network.tflite"
    model.write_bytes(write_tflite(residual()))
    compiled = compile_model(model, folder=tmp_path / "c")
    assert compiled.activation_bytes <= 3 * 256
