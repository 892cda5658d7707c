"""Weights of 4 bits: read from the file, kept packed in flash, unpacked where no kernel does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network import Network
from tflite_writer import pack, unpack, write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.graph import Graph, Tensor, array
from tinyflow.compiler.host import HostModel
from tinyflow.compiler.ops import OPS, sums
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.errors import ModelError
from tinyflow.reference import ReferenceInterpreter

SAME = {"padding": "SAME", "stride_h": 1, "stride_w": 1}


def layered(weight_type: str, dtype: str = "int8") -> Graph:
    """A convolution, a depthwise and a transposed one, and a fully connected layer."""
    net = Network((1, 6, 6, 3), dtype, weight_type)
    conv = net.node("CONV_2D", (0, *net.weights((5, 3, 3, 3), 0, 0)), (1, 6, 6, 5), **SAME)
    deep = net.node(
        "DEPTHWISE_CONV_2D",
        (conv, *net.weights((1, 3, 3, 5), 3, conv)),
        (1, 6, 6, 5),
        depth_multiplier=1,
        **SAME,
    )
    filters, bias = net.weights((4, 2, 2, 5), 0, deep)
    shape = net.constant(np.array([1, 6, 6, 4], np.int32))
    spread = net.node(
        "TRANSPOSE_CONV",
        (shape, filters, deep, bias),
        (1, 6, 6, 4),
        net.tensors[deep].quantization,
        **SAME,
    )
    net.node("FULLY_CONNECTED", (spread, *net.weights((3, 4), 0, spread)), (36, 3))
    return net.graph()


def weights_of(graph: Graph) -> list[Tensor]:
    return [graph.tensors[node.inputs[1]] for node in graph.nodes]


def test_values_are_read_as_they_were_written() -> None:
    graph = layered("int4")
    found = read_tflite(write_tflite(graph))
    for expected, tensor in zip(weights_of(graph), weights_of(found), strict=True):
        assert tensor.dtype == "int4" and array(tensor).dtype == np.int8
        np.testing.assert_array_equal(array(tensor), array(expected))
        assert tensor.quantization == expected.quantization
        assert not array(tensor).flags.writeable


def test_a_constant_of_another_length_is_refused() -> None:
    graph = layered("int4")
    model = unpack(write_tflite(graph))
    index = model.subgraphs[0].tensors[graph.nodes[-1].inputs[1]].buffer
    model.buffers[index].data = np.append(model.buffers[index].data, 0).astype(np.uint8)
    with pytest.raises(ModelError) as caught:
        read_tflite(pack(model))
    assert "has 7 B of data, int4 (3, 4) takes 6 B" in str(caught.value)


@settings(derandomize=True, max_examples=100)
@given(st.lists(st.integers(-8, 7), min_size=1, max_size=9))
def test_the_first_of_two_values_is_in_the_lower_half(values: list[int]) -> None:
    found = sums.packed(np.array(values)).view(np.uint8)
    assert len(found) == (len(values) + 1) // 2
    halves = [half for byte in found.tolist() for half in (byte & 15, byte >> 4)]
    assert [half - 16 * (half > 7) for half in halves][: len(values)] == values


def test_flash_holds_half_the_bytes_where_a_kernel_unpacks() -> None:
    graph = layered("int4")
    sizes = {}
    for node in graph.nodes:
        (call,) = OPS[node.op].lower(graph, node)
        (constant,) = [c for c in call.constants if c.field == "weights"]
        sizes[call.function] = constant.size_bytes
    assert sizes == {
        "tnf_conv_2d_s4": 68,
        "tnf_depthwise_conv_2d_s4": 23,
        "tnf_transpose_conv_s8": 80,
        "tnf_fully_connected_s4": 6,
    }


def test_int16_activations_take_them_as_int8() -> None:
    graph = layered("int4", "int16")
    calls = [call for node in graph.nodes for call in OPS[node.op].lower(graph, node)]
    assert all(call.function.endswith("_s16") for call in calls)
    for call, tensor in zip(calls, weights_of(graph), strict=True):
        np.testing.assert_array_equal(call.constants[0].data, array(tensor))


def test_a_compiled_model_is_smaller(tmp_path: Path) -> None:
    found = {}
    for kind in ("int4", "int8"):
        model = tmp_path / f"{kind}.tflite"
        model.write_bytes(write_tflite(layered(kind)))
        found[kind] = compile_model(model, folder=tmp_path / kind).weights_bytes
    assert found["int8"] - found["int4"] == (135 - 68) + (45 - 23) + (12 - 6)


@pytest.mark.usefixtures("reference_interpreter")
def test_layers_are_computed_by_rows_as_with_int8(tmp_path: Path) -> None:
    """Two convolutions of 8x8: neither needs input and output at once."""
    made = {}
    for kind in ("int4", "int8"):
        net = Network((1, 8, 8, 4), "int8", kind)
        deep = net.node(
            "DEPTHWISE_CONV_2D",
            (0, *net.weights((1, 3, 3, 4), 3, 0)),
            (1, 8, 8, 4),
            depth_multiplier=1,
            **SAME,
        )
        net.node("CONV_2D", (deep, *net.weights((4, 3, 3, 4), 0, deep)), (1, 8, 8, 4), **SAME)
        model = tmp_path / f"{kind}.tflite"
        model.write_bytes(write_tflite(net.graph()))
        made[kind] = compile_model(model, folder=tmp_path / kind)
    assert made["int4"].arena_bytes == made["int8"].arena_bytes < 2 * 256
    rows = np.random.default_rng(1).integers(-128, 128, (8, 256)).astype(np.int8)
    with HostModel(made["int4"]) as host, ReferenceInterpreter(tmp_path / "int4.tflite") as judge:
        np.testing.assert_array_equal(host.invoke(rows), judge.invoke(rows))
