"""Operators that move values: types that the reference has no kernel for, and networks."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases import CASES, SEEDS
from parts_network import Parts, random_parts
from tflite_writer import write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.host import HostModel
from tinyflow.compiler.ops import check_node
from tinyflow.reference import ReferenceInterpreter

WITHOUT_KERNEL = {
    "BATCH_TO_SPACE_ND": ("bool",),
    "DEPTH_TO_SPACE": ("int16", "bool"),
    "MIRROR_PAD": ("bool",),
    "PACK": ("bool",),
    "PAD": ("bool",),
    "RESIZE_NEAREST_NEIGHBOR": ("int32", "bool"),
    "SPACE_TO_BATCH_ND": ("bool",),
    "SPACE_TO_DEPTH": ("int16", "bool"),
    "SPLIT": ("bool",),
    "SPLIT_V": ("bool",),
    "TILE": ("int16",),
}


def numbered(graph: Graph) -> dict[int, NDArray[np.float32]]:
    """Every value that is moved, as its number from 1; what is put around them is 0."""
    numbers: dict[int, NDArray[np.float32]] = {}
    count = 1
    for index in graph.nodes[0].inputs:
        tensor = graph.tensors[index]
        if tensor.data is None or tensor.name.startswith("input "):
            values = np.arange(count, count + tensor.elements, dtype=np.float32)
            numbers[index] = values.reshape(tensor.shape)
            count += tensor.elements
    return numbers


def retyped(graph: Graph, dtype: str, values: dict[int, NDArray[Any]]) -> Graph:
    """The graph that moves `values` of another type."""

    def changed(index: int, tensor: Tensor) -> Tensor:
        if index not in values and index not in graph.outputs:
            return tensor
        data = None if tensor.data is None else values[index]
        return dataclasses.replace(tensor, dtype=dtype, quantization=None, data=data)

    return graph.replace(tensors=tuple(changed(i, t) for i, t in enumerate(graph.tensors)))


@pytest.mark.parametrize("op", sorted(WITHOUT_KERNEL))
def test_types_without_a_reference_are_moved_as_its_floats(
    op: str, reference: ReferenceInterpreter, kernels: KernelServer
) -> None:
    """The reference's float kernel tells which value goes where."""

    @settings(
        derandomize=True, deadline=None, max_examples=50, suppress_health_check=list(HealthCheck)
    )
    @given(CASES[op], st.sampled_from(WITHOUT_KERNEL[op]), SEEDS)
    def run(graph: Graph, dtype: str, seed: int) -> None:
        numbers = numbered(graph)
        floats = retyped(graph, "float32", numbers)
        reference.load(write_tflite(floats))
        row = np.concatenate([numbers[index].reshape(-1) for index in graph.inputs])
        (answer,) = reference.invoke(row.view(np.int8)[np.newaxis])
        wanted = np.frombuffer(answer.tobytes(), np.float32).astype(np.int64)

        rng = np.random.default_rng(seed)
        count = sum(values.size for values in numbers.values())
        drawn = rng.integers(-(2**31), 2**31, count + 1)
        kept = (drawn & 1 if dtype == "bool" else drawn).astype(dtype)
        kept[0] = 0
        values = {index: kept[found.astype(np.int64)] for index, found in numbers.items()}
        moved = retyped(graph, dtype, values)
        (node,) = moved.nodes
        assert check_node(moved, node) == []
        given_values = {index: values[index] for index in moved.inputs}
        found = kernels.run_node(moved, node, given_values)
        together = np.concatenate([found[index].reshape(-1) for index in moved.outputs])
        np.testing.assert_array_equal(together, kept[wanted])

    run()


def cut_and_joined(dtype: str) -> Graph:
    """Two halves go through operators of their own, meet beside a constant, and are cut again."""
    net = Parts((1, 8, 8, 4), dtype)
    start = net.node("MAXIMUM", (0, net.values((1, 1, 1, 4), 0)), (1, 8, 8, 4))
    top, bottom = net.cut("SPLIT", (net.integers(1), start), [(1, 4, 8, 4)] * 2, num_splits=2)
    net.node("MINIMUM", (top, bottom), (1, 4, 8, 4))
    low = net.node("MAXIMUM", (top, net.values((4,), 0)), (1, 4, 8, 4))
    rows = net.values((1, 2, 8, 4), low)
    whole = net.node("CONCATENATION", (low, rows, bottom, low), (1, 14, 8, 4), axis=1)
    middle = net.node(
        "SLICE", (whole, net.integers([0, 3, 0, 0]), net.integers([1, 8, -1, -1])), (1, 8, 8, 4)
    )
    turned = net.node("TRANSPOSE", (middle, net.integers([0, 3, 2, 1])), (1, 4, 8, 8))
    back = net.node(
        "STRIDED_SLICE",
        (
            turned,
            *(net.integers(values) for values in ([0, -1, 0, 1], [0, -9, 0, 8], [1, -1, 1, 3])),
        ),
        (4, 8, 3),
        begin_mask=4,
        end_mask=4,
        ellipsis_mask=0,
        new_axis_mask=0,
        shrink_axis_mask=1,
    )
    slices = net.cut("UNPACK", (back,), [(8, 3)] * 4, axis=0, num=4)
    stack = net.node("PACK", (slices[2], slices[0], slices[2]), (8, 3, 3), axis=1, values_count=3)
    image = net.node("EXPAND_DIMS", (stack, net.integers(0)), (1, 8, 3, 3))
    wide = net.node("PAD", (image, net.integers([[0, 0], [0, 1], [1, 0], [0, 0]])), (1, 9, 4, 3))
    mirror = net.node(
        "MIRROR_PAD",
        (wide, net.integers([[0, 0], [2, 1], [0, 2], [0, 0]])),
        (1, 12, 6, 3),
        mode="REFLECT",
    )
    # The reference has no int16 kernels for some.
    if dtype == "int8":
        deep = net.node("SPACE_TO_DEPTH", (mirror,), (1, 6, 3, 12), block_size=2)
    else:
        deep = net.node("RESHAPE", (mirror, net.integers([1, 6, 3, 12])), (1, 6, 3, 12))
    many = net.node(
        "SPACE_TO_BATCH_ND",
        (deep, net.integers([2, 2]), net.integers([[1, 1], [0, 1]])),
        (4, 4, 2, 12),
    )
    large = net.node(
        "RESIZE_BILINEAR",
        (many, net.integers([7, 5])),
        (4, 7, 5, 12),
        align_corners=False,
        half_pixel_centers=True,
    )
    few = net.node("GATHER", (large, net.integers([3, 0, 3])), (3, 7, 5, 12), axis=0, batch_dims=0)
    if dtype == "int8":
        twice = net.node("TILE", (few, net.integers([1, 1, 2, 1])), (3, 7, 10, 12))
    else:
        twice = net.node("CONCATENATION", (few, few), (3, 7, 10, 12), axis=2)
    near = net.node(
        "RESIZE_NEAREST_NEIGHBOR",
        (twice, net.integers([5, 3])),
        (3, 5, 3, 12),
        align_corners=True,
        half_pixel_centers=False,
    )
    net.node("RESHAPE", (near, net.integers([1, -1])), (1, 540), new_shape=(1, -1))
    graph = net.graph()
    return graph.replace(outputs=(*graph.outputs, whole, slices[1]))


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize(
    "graph",
    [
        *(pytest.param(cut_and_joined(dtype), id=dtype) for dtype in ("int8", "int16")),
        *(pytest.param(random_parts(seed), id=f"random {seed}") for seed in range(8)),
    ],
)
def test_a_network_of_parts_equals_the_reference(graph: Graph, tmp_path: Path) -> None:
    model = tmp_path / "network.tflite"
    model.write_bytes(write_tflite(graph))
    compiled = compile_model(model, folder=tmp_path / "c")
    rng = np.random.default_rng(1)
    with HostModel(compiled) as host, ReferenceInterpreter(model) as reference:
        rows = rng.integers(-128, 128, (4, reference.input_bytes)).astype(np.int8)
        np.testing.assert_array_equal(host.invoke(rows), reference.invoke(rows))


def test_parts_lie_in_their_whole(tmp_path: Path) -> None:
    """The halves are never copied: not out of the start, and not into the whole."""
    model = tmp_path / "network.tflite"
    model.write_bytes(write_tflite(halves()))
    compiled = compile_model(model, folder=tmp_path / "c")
    (source,) = [path for path in compiled.sources if path.name == "network.c"]
    assert "tnf_max_pool" in source.read_text()
    assert "tnf_copy" not in source.read_text()


def halves() -> Graph:
    net = Parts((1, 8, 8, 4))
    top, bottom = net.cut("SPLIT", (net.integers(1), 0), [(1, 4, 8, 4)] * 2, num_splits=2)
    pool = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "filter_height": 3, "filter_width": 3}
    first = net.node("MAX_POOL_2D", (top,), (1, 4, 8, 4), **pool)
    second = net.node("AVERAGE_POOL_2D", (bottom,), (1, 4, 8, 4), **pool)
    net.node("CONCATENATION", (second, first), (1, 8, 8, 4), axis=1)
    return net.graph()
