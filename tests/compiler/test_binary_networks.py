"""Networks of operators of two tensors and of reductions, in all types."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
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


def scale(net: Network, int8: float, zero_point: int = 0) -> Quantization:
    """A scale for int8 values; int16 has a finer one for the same range."""
    if net.dtype == "int8":
        return Quantization((float(np.float32(int8)),), (zero_point,))
    return Quantization((float(np.float32(int8 / 256)),), (0,))


def values(net: Network, shape: tuple[int, ...], kind: Quantization) -> int:
    ends = np.iinfo(net.dtype)
    drawn = net.rng.integers(ends.min, ends.max, shape, endpoint=True)
    return net.constant(drawn.astype(net.dtype), kind)


def normalised(dtype: str) -> Graph:
    """Every row is centred, scaled and moved by constants, and clamped."""
    net = Network((1, 6, 8), dtype)
    last = net.constant(np.array([2], np.int32))
    mean = net.node("MEAN", (0, last), (1, 6, 1), scale(net, 0.03, 5), keep_dims=True)
    centred = net.node("SUB", (0, mean), (1, 6, 8), scale(net, 0.06, 3))
    if dtype == "int8":  # the reference has no squares of int16
        squares = net.node("SQUARED_DIFFERENCE", (0, mean), (1, 6, 8), scale(net, 0.3, -128))
        spread = net.node("MEAN", (squares, last), (1, 6, 1), scale(net, 0.2, -128), keep_dims=True)
        centred = net.node("MUL", (centred, spread), (1, 6, 8), scale(net, 0.5, 3))
    steeper = net.node(
        "MUL", (values(net, (8,), scale(net, 0.01, 9)), centred), (1, 6, 8), scale(net, 0.05, -7)
    )
    total = net.node(
        "ADD",
        (steeper, values(net, (6, 1), scale(net, 0.02))),
        (1, 6, 8),
        scale(net, 0.08, 11),
        fused_activation_function="RELU6",
        pot_scale_int16=False,
    )
    one = scale(net, 0.08, 11)
    reverse = net.node("SUB", (values(net, (1,), scale(net, 0.02)), total), (1, 6, 8), one)
    least = net.node("MAXIMUM", (reverse, values(net, (8,), one)), (1, 6, 8))
    net.node("MINIMUM", (total, least), (1, 6, 8))
    return net.graph()


def gated(dtype: str) -> Graph:
    """A map times what its channels are on average, pooled, and reduced to one value a channel."""
    net = Network((1, 6, 6, 4), dtype)
    area = net.constant(np.array([1, 2], np.int32))
    gate = net.node("MEAN", (0, area), (1, 1, 1, 4), scale(net, 0.02, -3), keep_dims=True)
    product = net.node("MUL", (gate, 0), (1, 6, 6, 4), scale(net, 0.09, 4))
    total = net.node("ADD", (product, 0), (1, 6, 6, 4), scale(net, 0.1, 1), pot_scale_int16=False)
    if dtype == "int8":
        alpha = values(net, (1, 1, 4), scale(net, 0.01, -30))
        total = net.node("PRELU", (total, alpha), (1, 6, 6, 4), scale(net, 0.05, -20))
    window = {"stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
    pooled = net.node("AVERAGE_POOL_2D", (total,), (1, 3, 3, 4), padding="VALID", **window)
    window |= {"stride_h": 1, "stride_w": 1}
    largest = net.node("MAX_POOL_2D", (pooled,), (1, 3, 3, 4), padding="SAME", **window)
    low = net.node("REDUCE_MIN", (pooled, area), (1, 4), keep_dims=False)
    high = net.node("REDUCE_MAX", (largest, area), (1, 4), keep_dims=False)
    ends = net.node("SUB", (high, low), (1, 4), scale(net, 0.08), pot_scale_int16=False)
    if dtype == "int8":
        axis = net.constant(np.array(1, np.int32))
        place = net.node("ARG_MAX", (ends, axis), (1,), output_type="INT32")
        net.tensors[place] = dataclasses.replace(
            net.tensors[place], dtype="int32", quantization=None
        )
    return net.graph()


def whole(dtype: str) -> Graph:
    """Integers without a scale: (3 - input) * input, not under a row's numbers."""
    net = Network((4, 5), dtype)
    three, row = (net.constant(np.array(v, np.int32)) for v in ([3], [-9, 0, 70000, 1, -(2**31)]))
    first = net.node("SUB", (three, 0), (4, 5))
    product = net.node("MUL", (first, 0), (4, 5))
    net.node("MAXIMUM", (product, row), (4, 5))
    net.tensors[:] = [dataclasses.replace(tensor, quantization=None) for tensor in net.tensors]
    return net.graph()


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize(
    ("network", "dtype"),
    [
        *((network, dtype) for network in (normalised, gated) for dtype in ("int8", "int16")),
        (whole, "int32"),
    ],
)
def test_every_layer_equals_the_reference(
    network: Callable[[str], Graph], dtype: str, tmp_path: Path
) -> None:
    graph = network(dtype)
    model = tmp_path / "network.tflite"
    model.write_bytes(write_tflite(graph))
    compiled = compile_model(model, folder=tmp_path / "c")
    ends = np.iinfo(dtype)
    rng = np.random.default_rng(1)
    shape = (6, compiled.inputs[0].size_bytes // ends.dtype.itemsize)
    rows = rng.integers(ends.min, ends.max, shape, endpoint=True).astype(dtype)
    rows[0], rows[1] = ends.min, ends.max
    with HostModel(compiled) as host, ReferenceInterpreter(model) as reference:
        np.testing.assert_array_equal(
            host.invoke(rows.view(np.int8)), reference.invoke(rows.view(np.int8))
        )
        for row in rows.view(np.int8):
            assert equal_layers(compiled, host, reference, row)
