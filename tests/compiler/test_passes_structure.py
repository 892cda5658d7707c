"""Pads, activations, chains, copies and constants: what becomes of each, by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from kernel_server import KernelServer
from layered_graph import HALF, LayeredGraph, assert_same, run
from operator_cases import input_rows

from tinyflow.compiler.graph import Graph, Node, Quantization, State
from tinyflow.compiler.passes import shrink

OTHER = Quantization((0.25,), (7,))
STRIDES = {"stride_h": 1, "stride_w": 1}


def proved(kernels: KernelServer, graph: Graph) -> tuple[Graph, list[str]]:
    """The shrunk graph, which computes the same, and the names of the passes that changed it."""
    after, changes = shrink(graph)
    for row in input_rows(graph, 3):
        assert_same(graph, run(kernels, graph, row), after, run(kernels, after, row))
    return after, [change.name for change in changes]


def operators(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def conv(net: LayeredGraph, height: int, width: int, padding: str = "VALID", **options: Any) -> int:
    """A 3x3 convolution of the last tensor to 2 channels and height x width."""
    rng = np.random.default_rng(1)
    values = rng.integers(-127, 128, (2, 3, 3, net.shape(net.last)[3]))
    shape = (1, height, width, 2)
    named = {**STRIDES, "padding": padding, **options}
    return net.weighted("CONV_2D", values, [300, -200], shape, **named)


def pad(net: LayeredGraph, *pairs: tuple[int, int], found: Quantization | None = None) -> int:
    shape = [size + sum(p) for size, p in zip(net.shape(net.last), pairs, strict=True)]
    paddings = net.constant(np.array(pairs, np.int32))
    return net.add("PAD", (net.last, paddings), shape, found)


NONE = (0, 0)


@pytest.mark.parametrize(("padding", "size"), [("VALID", (7, 6)), ("SAME", (9, 8))])
def test_a_pad_is_taken_into_the_convolution(
    kernels: KernelServer, padding: str, size: tuple[int, int]
) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    pad(net, NONE, (3, 1), (1, 2), NONE)
    conv(net, *size, padding)
    after, did = proved(kernels, net.graph())
    assert operators(after) == ["CONV_2D"] and did[-1] == "absorb_padding"
    assert after.nodes[0].options["padding"] == "EXPLICIT"
    extra = padding == "SAME"
    assert [
        after.nodes[0].options[f"pad_{side}"] for side in ("top", "left", "bottom", "right")
    ] == [
        3 + extra,
        1 + extra,
        1 + extra,
        2 + extra,
    ]


def test_pads_of_a_pad_are_taken_into_the_convolution(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    pad(net, NONE, (1, 0), (0, 2), NONE)
    pad(net, NONE, (0, 1), (1, 1), NONE)
    conv(net, 5, 7)
    after, _ = proved(kernels, net.graph())
    assert operators(after) == ["CONV_2D"]


def test_a_pad_of_channels_goes_where_it_is_only_zeros_to_a_convolution(
    kernels: KernelServer,
) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    pad(net, NONE, (1, 1), (1, 1), (0, 1))
    conv(net, 5, 5)
    assert operators(proved(kernels, net.graph())[0]) == ["CONV_2D"]


def test_a_pad_of_channels_or_with_other_readers_stays(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    pad(net, NONE, (1, 1), (1, 1), (0, 1))
    last = conv(net, 5, 5)
    padded = net.nodes[0].outputs[0]
    assert operators(proved(kernels, net.graph(last, padded))[0]) == ["PAD", "CONV_2D"]
    net = LayeredGraph((1, 5, 5, 2))
    padded = pad(net, NONE, (1, 1), (1, 1), NONE)
    last = conv(net, 5, 5)
    after, _ = proved(kernels, net.graph(last, padded))
    assert operators(after) == ["PAD", "CONV_2D"]
    assert after.nodes[1].inputs[0] == 0  # which can be computed before the PAD, or without it


def test_a_pad_that_changes_the_scale_a_little_stays(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    pad(net, NONE, (1, 1), (1, 1), NONE, found=Quantization((0.500001,), (-3,)))
    conv(net, 5, 5)
    assert operators(proved(kernels, net.graph())[0]) == ["PAD", "CONV_2D"]


def test_an_activation_becomes_the_clamp_before_it(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    first = conv(net, 3, 3)
    net.add("RELU", (first,), (1, 3, 3, 2))
    last = net.add("RELU6", (net.last,), (1, 3, 3, 2))
    after, did = proved(kernels, net.graph())
    assert operators(after) == ["CONV_2D"] and "fuse_activations" in did
    assert after.nodes[0].options["fused_activation_function"] == "RELU6"
    assert after.tensors[after.outputs[0]].origin == last


def test_an_activation_stays_where_its_input_or_another_scale_is_needed(
    kernels: KernelServer,
) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    first = conv(net, 3, 3)
    last = net.add("RELU", (first,), (1, 3, 3, 2))
    assert operators(proved(kernels, net.graph(last, first))[0]) == ["CONV_2D", "RELU"]
    net = LayeredGraph((1, 5, 5, 2))
    conv(net, 3, 3)
    net.add("RELU", (net.last,), (1, 3, 3, 2), OTHER)
    assert operators(proved(kernels, net.graph())[0]) == ["CONV_2D", "RELU"]


WIDE = Quantization((0.01,), (0,))


def test_int16_pads_and_activations_go_as_well(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 5, 5, 2), WIDE)
    pad(net, NONE, (1, 1), (2, 0), NONE)
    values = np.random.default_rng(1).integers(-9, 10, (2, 3, 3, 2))
    options = {**STRIDES, "padding": "VALID", "fused_activation_function": "RELU"}
    net.weighted("CONV_2D", values, [300, -200], (1, 5, 5, 2), WIDE, **options)
    net.add("RELU6", (net.last,), (1, 5, 5, 2))
    net.wide()
    after, _ = proved(kernels, net.graph())
    assert operators(after) == ["CONV_2D"]
    assert after.nodes[0].options["fused_activation_function"] == "RELU6"


@pytest.mark.parametrize(("value", "left"), [(-3, ["CONV_2D"]), (0, ["PADV2", "CONV_2D"])])
def test_a_pad_of_another_value_stays(kernels: KernelServer, value: int, left: list[str]) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    paddings = net.constant(np.array([NONE, (1, 1), (1, 1), NONE], np.int32))
    inputs = (0, paddings, net.constant(np.array([value], np.int8), HALF))
    net.add("PADV2", inputs, (1, 7, 7, 2))
    conv(net, 5, 5)
    assert operators(proved(kernels, net.graph())[0]) == left


def test_an_activation_that_changes_no_value_goes(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 5, 5, 2), Quantization((0.02,), (-128,)))
    net.add("RELU", (0,), (1, 5, 5, 2))
    conv(net, 3, 3)
    assert operators(proved(kernels, net.graph())[0]) == ["CONV_2D"]


def test_quantize_there_and_back_is_joined_only_where_exact(kernels: KernelServer) -> None:
    def there_and_back(between: Quantization) -> list[str]:
        net = LayeredGraph((1, 16), Quantization((0.5,), (0,)))
        net.add("QUANTIZE", (0,), (1, 16), between)
        net.add("QUANTIZE", (net.last,), (1, 16), net.same(0))
        return operators(proved(kernels, net.graph())[0])

    assert there_and_back(Quantization((0.5,), (0,))) == ["QUANTIZE"]
    assert there_and_back(Quantization((1.0,), (0,))) == ["QUANTIZE", "QUANTIZE"]
    assert there_and_back(Quantization((0.25,), (0,))) == ["QUANTIZE", "QUANTIZE"]


def test_relu_of_a_quantize_becomes_one_node(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 16), Quantization((0.5,), (0,)))
    net.add("QUANTIZE", (0,), (1, 16), Quantization((0.5,), (-100,)))
    net.add("RELU", (net.last,), (1, 16), Quantization((0.5,), (-128,)))
    after, did = proved(kernels, net.graph())
    assert operators(after) == ["RELU"] and did == ["drop_unused", "join_chains"]


def transpose(net: LayeredGraph, *order: int) -> int:
    shape = [net.shape(net.last)[axis] for axis in order]
    return net.add("TRANSPOSE", (net.last, net.integers(*order)), shape)


def pool(net: LayeredGraph, op: str, **options: Any) -> int:
    sizes = {"filter_height": 1, "filter_width": 1, "padding": "VALID"}
    return net.add(op, (net.last,), net.shape(net.last), **{**STRIDES, **sizes, **options})


def sliced(net: LayeredGraph, stride: int = 1) -> int:
    shape = net.shape(net.last)
    begin, end, strides = ((0, 0, 0, 0), shape, (1, 1, 1, 1))
    if stride < 0:
        begin, end, strides = (0, 0, shape[2] - 1, 0), (*shape[:2], -9, shape[3]), (1, 1, -1, 1)
    inputs = (net.last, net.integers(*begin), net.integers(*end), net.integers(*strides))
    return net.add("STRIDED_SLICE", inputs, shape)


COPIES = {
    "PAD by nothing": lambda net: pad(net, NONE, NONE, NONE, NONE),
    "AVERAGE_POOL_2D 1x1": lambda net: pool(net, "AVERAGE_POOL_2D"),
    "MAX_POOL_2D 1x1": lambda net: pool(net, "MAX_POOL_2D"),
    "RESHAPE to the same": lambda net: net.add(
        "RESHAPE", (net.last, net.integers(1, 4, 3, 2)), (1, 4, 3, 2)
    ),
    "TRANSPOSE of nothing": lambda net: transpose(net, 0, 1, 2, 3),
    "STRIDED_SLICE of all": sliced,
    "SLICE of all": lambda net: net.add(
        "SLICE", (net.last, net.integers(0, 0, 0, 0), net.integers(1, -1, 3, 2)), (1, 4, 3, 2)
    ),
    "SPLIT in one": lambda net: net.add(
        "SPLIT", (net.constant(np.int32(2)), net.last), (1, 4, 3, 2), num_splits=1
    ),
    "CONCATENATION of one": lambda net: net.add("CONCATENATION", (net.last,), (1, 4, 3, 2), axis=3),
    "QUANTIZE to the same": lambda net: net.add("QUANTIZE", (net.last,), (1, 4, 3, 2)),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_node_that_only_copies_goes(kernels: KernelServer, name: str) -> None:
    """In the middle, and at the end, where the node before it writes the model's output."""
    net = LayeredGraph((1, 4, 3, 2))
    net.add("QUANTIZE", (0,), (1, 4, 3, 2), OTHER)
    COPIES[name](net)
    net.add("QUANTIZE", (net.last,), (1, 4, 3, 2), HALF)
    last = COPIES[name](net)
    after, did = proved(kernels, net.graph())
    assert operators(after) == ["QUANTIZE", "QUANTIZE"]
    assert after.outputs == (last,) and "remove_copies" in did


def test_what_looks_like_a_copy_stays(kernels: KernelServer) -> None:
    def after(layer: Any) -> list[str]:
        net = LayeredGraph((1, 4, 3, 2))
        net.add("QUANTIZE", (0,), (1, 4, 3, 2), OTHER)
        layer(net)
        first, *others = operators(proved(kernels, net.graph())[0])
        assert first == "QUANTIZE"
        return others

    assert after(lambda net: sliced(net, -1)) == ["STRIDED_SLICE"]
    assert after(lambda net: transpose(net, 0, 2, 1, 3)) == ["TRANSPOSE"]
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        assert after(lambda net, op=op: pool(net, op, fused_activation_function="RELU")) == [op]
        assert after(lambda net, op=op: pool(net, op, filter_width=2, padding="SAME")) == [op]


def test_a_copy_of_the_input_to_the_output_stays(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 4, 3, 2))
    COPIES["QUANTIZE to the same"](net)
    assert operators(proved(kernels, net.graph())[0]) == ["QUANTIZE"]


def test_transposes_are_joined_and_those_of_ones_are_reshapes(kernels: KernelServer) -> None:
    net = LayeredGraph((2, 3, 1, 5))
    transpose(net, 0, 2, 1, 3)
    net.add("QUANTIZE", (net.last,), net.shape(net.last), OTHER)
    for order in ((3, 0, 1, 2), (1, 2, 3, 0), (1, 0, 3, 2), (3, 1, 0, 2)):
        transpose(net, *order)
    after, _ = proved(kernels, net.graph())
    assert operators(after) == ["RESHAPE", "QUANTIZE", "TRANSPOSE"]


def test_reshapes_of_reshapes_are_one(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 4, 3, 2))
    net.add("QUANTIZE", (0,), (1, 4, 3, 2), OTHER)
    net.add("RESHAPE", (net.last, net.integers(1, 24)), (1, 24))
    net.add("EXPAND_DIMS", (net.last, net.constant(np.int32(0))), (1, 1, 24))
    net.add("SQUEEZE", (net.last,), (1, 24))
    net.add("RESHAPE", (net.last, net.integers(1, 2, 12)), (1, 2, 12))
    after, _ = proved(kernels, net.graph())
    assert operators(after) == ["QUANTIZE", "RESHAPE"]


def test_the_shape_of_a_dynamic_batch_is_a_constant(kernels: KernelServer) -> None:
    """What Keras makes of Flatten: SHAPE, STRIDED_SLICE, PACK, RESHAPE."""
    net = LayeredGraph((1, 4, 3, 2))
    shape = net.add("SHAPE", (0,), (4,))
    inputs = (shape, net.integers(0), net.integers(1), net.integers(1))
    batch = net.add("STRIDED_SLICE", inputs, (), shrink_axis_mask=1)
    new = net.add("PACK", (batch, net.constant(np.int32(24))), (2,), values_count=2, axis=0)
    for index in (shape, batch, new):
        net.tensors[index] = dataclasses.replace(
            net.tensors[index], dtype="int32", quantization=None
        )
    net.add("RESHAPE", (0, new), (1, 24), HALF)
    net.add("RELU", (net.last,), (1, 24))
    graph = net.graph()
    after, changes = shrink(graph)
    assert operators(after) == ["RESHAPE", "RELU"]
    assert changes[0].text == "computed 3 constant nodes"
    assert after.tensors[new].data is not None
    assert after.tensors[new].data.tolist() == [1, 24]
    row = input_rows(graph, 1)[0]
    expected = np.maximum(row, -3)
    np.testing.assert_array_equal(run(kernels, after, row)[net.last].reshape(-1), expected)


def test_a_sum_of_constants_is_a_constant(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 8))
    rng = np.random.default_rng(2)
    first, second = (
        net.constant(rng.integers(-128, 128, (1, 8)).astype(np.int8), q) for q in (HALF, OTHER)
    )
    total = net.add("ADD", (first, second), (1, 8), Quantization((0.4,), (1,)))
    net.add("ADD", (0, total), (1, 8), OTHER)
    graph = net.graph()
    after, changes = shrink(graph)
    assert operators(after) == ["ADD"] and changes[0].text == "computed a constant node"
    sums = graph.tensors[first].data, graph.tensors[second].data
    again = LayeredGraph((1, 8))
    again.add("ADD", (0, again.constant(sums[1], OTHER)), (1, 8), Quantization((0.4,), (1,)))
    assert sums[0] is not None and after.tensors[total].data is not None
    found = run(kernels, again.graph(), sums[0].reshape(-1))
    np.testing.assert_array_equal(after.tensors[total].data, found[again.last])


def test_what_nothing_reads_goes(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    used = conv(net, 3, 3)
    conv(net, 1, 1)
    net.last = used
    after, did = proved(kernels, net.graph(used))
    assert operators(after) == ["CONV_2D"] and did == ["drop_unused"]


@pytest.mark.parametrize("first", [(1, 4, 3, 2), (1, 24)])
def test_a_state_is_read_where_it_was_read_before(
    kernels: KernelServer, first: tuple[int, ...]
) -> None:
    """A copy of a state's value from before an assignment stays a copy."""
    net = LayeredGraph((1, 4, 3, 2))
    state = net.activation("state", (1, 4, 3, 2), HALF)
    before = net.add("RESHAPE", (state, net.integers(*first)), first)
    net.add("READ_VARIABLE", (state,), (1, 4, 3, 2))  # which nothing reads
    net.nodes.append(Node("ASSIGN_VARIABLE", (state, 0), (), {}, len(net.nodes)))
    whole = net.add("RESHAPE", (before, net.integers(1, 4, 3, 2)), (1, 4, 3, 2), HALF)
    net.add("ADD", (whole, 0), (1, 4, 3, 2), OTHER)
    graph = Graph(tuple(net.tensors), tuple(net.nodes), (0,), (net.last,), (State(state),))
    after, _ = shrink(graph)
    assert operators(after)[:2] == ["RESHAPE", "ASSIGN_VARIABLE"]
    row = input_rows(graph, 4)[0]
    given = {0: row.reshape(1, 4, 3, 2), state: np.full((1, 4, 3, 2), 9, np.int8)}
    found = []
    for made in (graph, after):
        values = dict(given)
        for node in made.nodes:
            values |= kernels.run_node(made, node, values)
        found.append((values[made.outputs[0]], values[state]))
    for old, new in zip(*found, strict=True):
        np.testing.assert_array_equal(old, new)
