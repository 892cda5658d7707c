"""Networks of convolutions over time, of transposed ones and of matrix products, in all types."""

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

TYPES = [("int8", "int8"), ("int8", "int4"), ("int16", "int8")]
ONCE = {"stride_h": 1, "stride_w": 1}


def scale(net: Network, int8: float, zero_point: int = -128) -> Quantization:
    """A scale for int8 values; int16 has a finer one for the same range."""
    if net.dtype == "int8":
        return Quantization((int8,), (zero_point,))
    return Quantization((float(np.float32(int8 / 256)),), (0,))


def causal(dtype: str, weight_type: str) -> Graph:
    """Two causal convolutions of growing dilation with a residual, as a temporal network has."""
    net = Network((1, 24, 3), dtype, weight_type)
    axis = net.constant(np.array(1, np.int32))
    flat = net.node("EXPAND_DIMS", (0, axis), (1, 1, 24, 3))
    blocks = []
    for dilation in (2, 4):
        source = blocks[-1] if blocks else flat
        depth = net.tensors[source].shape[3]
        before = 2 * dilation
        pairs = net.constant(np.array([[0, 0], [0, 0], [before, 0], [0, 0]], np.int32))
        padded = net.node("PAD", (source, pairs), (1, 1, 24 + before, depth))
        blocks.append(
            net.node(
                "CONV_2D",
                (padded, *net.weights((6, 1, 3, depth), 0, padded)),
                (1, 1, 24, 6),
                scale(net, 0.04),
                padding="VALID",
                fused_activation_function="RELU",
                dilation_w_factor=dilation,
                **ONCE,
            )
        )
    total = net.node("ADD", tuple(blocks), (1, 1, 24, 6), scale(net, 0.06))
    line = net.node("SQUEEZE", (total,), (1, 24, 6), squeeze_dims=(1,))
    shape = net.constant(np.array([1, -1], np.int32))
    row = net.node("RESHAPE", (line, shape), (1, 144), new_shape=(1, -1))
    net.node("FULLY_CONNECTED", (row, *net.weights((4, 144), 0, row)), (1, 4), scale(net, 0.2, 3))
    return net.graph()


def separable(dtype: str, weight_type: str) -> Graph:
    """Depthwise convolutions over time with a multiplier and strides, pointwise ones between."""
    net = Network((1, 40, 4), dtype, weight_type)
    shape = net.constant(np.array([1, 1, 40, 4], np.int32))
    source = net.node("RESHAPE", (0, shape), (1, 1, 40, 4), new_shape=(1, 1, 40, 4))
    for multiplier, stride, outputs in ((2, 2, 6), (1, 1, 5)):
        _, _, length, depth = net.tensors[source].shape
        deep = net.node(
            "DEPTHWISE_CONV_2D",
            (source, *net.weights((1, 1, 5, depth * multiplier), 3, source)),
            (1, 1, length // stride, depth * multiplier),
            scale(net, 0.05),
            padding="SAME",
            stride_h=1,
            stride_w=stride,
            depth_multiplier=multiplier,
            fused_activation_function="RELU6",
        )
        source = net.node(
            "CONV_2D",
            (deep, *net.weights((outputs, 1, 1, depth * multiplier), 0, deep)),
            (1, 1, length // stride, outputs),
            scale(net, 0.03, 7),
            padding="VALID",
            **ONCE,
        )
    net.node(
        "FULLY_CONNECTED",
        (source, *net.weights((3, 5), 0, source)),
        (1, 1, 20, 3),
        scale(net, 0.1, -5),
        keep_num_dims=True,
    )
    return net.graph()


def decoder(dtype: str, weight_type: str) -> Graph:
    """A code that becomes a picture by transposed convolutions."""
    net = Network((1, 12), dtype, weight_type)
    dense = net.node(
        "FULLY_CONNECTED", (0, *net.weights((36, 12), 0, 0)), (1, 36), scale(net, 0.02, 1)
    )
    shape = net.constant(np.array([1, 3, 3, 4], np.int32))
    source = net.node("RESHAPE", (dense, shape), (1, 3, 3, 4), new_shape=(1, 3, 3, 4))
    for outputs, size, side, padding in ((6, 3, 6, "SAME"), (3, 4, 14, "VALID")):
        made = (1, side, side, outputs)
        filters, bias = net.weights((outputs, size, size, net.tensors[source].shape[3]), 0, source)
        source = net.node(
            "TRANSPOSE_CONV",
            (net.constant(np.array(made, np.int32)), filters, source, bias),
            made,
            scale(net, 0.03),
            padding=padding,
            stride_h=2,
            stride_w=2,
            fused_activation_function="RELU",
        )
    return net.graph()


def attention(dtype: str, weight_type: str) -> Graph:
    """Every step of a sequence looks at all steps: products of what the steps are made into."""
    net = Network((1, 10, 6), dtype, weight_type)
    queries, keys, values = (
        net.node(
            "FULLY_CONNECTED",
            (0, *net.weights((8, 6), 0, 0)),
            (1, 10, 8),
            scale(net, 0.02, offset),
            keep_num_dims=True,
        )
        for offset in (4, -9, 0)
    )
    scores = net.node(
        "BATCH_MATMUL", (queries, keys), (1, 10, 10), scale(net, 0.05, 2), adj_x=False, adj_y=True
    )
    mixed = net.node(
        "BATCH_MATMUL", (scores, values), (1, 10, 8), scale(net, 1.0, -1), adj_x=False, adj_y=False
    )
    low, high = (-128, 128) if dtype == "int8" else (-32768, 32768)
    matrix = net.constant(net.rng.integers(low, high, (8, 5)).astype(dtype), scale(net, 0.01, 6))
    net.node(
        "BATCH_MATMUL", (mixed, matrix), (1, 10, 5), scale(net, 4.0, 0), adj_x=False, adj_y=False
    )
    return net.graph()


def for_reference(graph: Graph) -> Graph:
    """The same network with int8 weights where the reference does not unpack those of 4 bits."""
    read = {node.inputs[1] for node in graph.nodes if node.op == "TRANSPOSE_CONV"}
    return graph.replace(
        tensors=tuple(
            dataclasses.replace(tensor, dtype="int8") if index in read else tensor
            for index, tensor in enumerate(graph.tensors)
        )
    )


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("types", TYPES, ids=lambda types: f"{types[0]} by {types[1]}")
@pytest.mark.parametrize("network", [causal, separable, decoder, attention])
def test_every_layer_equals_the_reference(
    network: Callable[[str, str], Graph], types: tuple[str, str], tmp_path: Path
) -> None:
    dtype, weight_type = types
    graph = network(dtype, weight_type)
    model = tmp_path / "network.tflite"
    model.write_bytes(write_tflite(graph))
    compiled = compile_model(model, folder=tmp_path / "c")
    ends = np.iinfo(dtype)
    rng = np.random.default_rng(1)
    shape = (6, compiled.inputs[0].size_bytes // ends.dtype.itemsize)
    rows = rng.integers(ends.min, ends.max, shape, endpoint=True).astype(dtype)
    rows[0], rows[1] = ends.min, ends.max
    told: list[set[int]] = [set() for _ in compiled.layers]
    with HostModel(compiled) as host, ReferenceInterpreter() as reference:
        reference.load(write_tflite(for_reference(graph)))
        for row in rows.view(np.int8):
            for seen, values in zip(
                told, equal_layers(compiled, host, reference, row), strict=True
            ):
                seen.update(np.unique(values).tolist())
    assert min(map(len, told)) > 10, "a layer hardly says anything"


@pytest.mark.usefixtures("reference_interpreter")
def test_convolutions_of_int16_are_computed_by_rows(tmp_path: Path) -> None:
    """Three of them, the middle one with stride 2: none has its input and its output at once."""
    net = Network((1, 10, 8, 4), "int16")
    same = {"padding": "SAME", **ONCE}
    deep = net.node(
        "DEPTHWISE_CONV_2D",
        (0, *net.weights((1, 3, 3, 4), 3, 0)),
        (1, 10, 8, 4),
        depth_multiplier=1,
        **same,
    )
    half = net.node(
        "CONV_2D",
        (deep, *net.weights((8, 3, 3, 4), 0, deep)),
        (1, 5, 4, 8),
        padding="SAME",
        stride_h=2,
        stride_w=2,
    )
    net.node("CONV_2D", (half, *net.weights((8, 1, 1, 8), 0, half)), (1, 5, 4, 8), **same)
    model = tmp_path / "network.tflite"
    model.write_bytes(write_tflite(net.graph()))
    compiled = compile_model(model, folder=tmp_path / "c")
    tensor = 2 * 320
    assert compiled.activation_bytes < tensor + tensor // 2
    rows = np.random.default_rng(1).integers(-32768, 32768, (8, 320)).astype(np.int16)
    with HostModel(compiled) as host, ReferenceInterpreter(model) as reference:
        data = rows.view(np.int8)
        np.testing.assert_array_equal(host.invoke(data), reference.invoke(data))
