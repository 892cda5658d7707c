"""Whatever the operators accept is lowered, and its kernel stays within its buffers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from graph_changes import change, mangled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases import CASES, activation, one_node

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import OPS, check_node

MAX_BYTES = 1 << 20
MAX_MACS = 1 << 24


def run_if_accepted(graph: Graph, kernels: KernelServer, chance: random.Random) -> bool:
    """Run the node where its operator takes it: nothing may be raised, and no sanitizer speak."""
    (node,) = graph.nodes
    if check_node(graph, node):
        return False
    op = OPS[node.op]
    calls = op.lower(graph, node)
    tensors = [graph.tensors[i] for call in calls for i in (*call.inputs, *call.outputs)]
    if any(tensor.size_bytes > MAX_BYTES for tensor in tensors):
        return True
    if op.macs(graph, node) > MAX_MACS:
        return True
    rng = np.random.default_rng(chance.getrandbits(32))
    filling = chance.choice(("lowest", "highest", "random"))
    inputs = {i for call in calls for i in call.inputs} - set(node.outputs)
    inputs |= set(op.updates(graph, node))
    values = {index: filled(graph.tensors[index], filling, rng) for index in sorted(inputs)}
    alone = kernels.run_node(graph, node, values)
    for lap in op.overlaps(graph, node):
        shared = kernels.run_node(graph, node, values, in_place=lap)
        np.testing.assert_array_equal(alone[lap.output], shared[lap.output])
    return True


def filled(tensor: Tensor, filling: str, rng: np.random.Generator) -> NDArray[Any]:
    if tensor.dtype in ("float32", "bool"):
        return rng.integers(0, 2, tensor.shape).astype(tensor.dtype)
    ends = np.iinfo(tensor.dtype)
    if filling == "random":
        return rng.integers(ends.min, ends.max, tensor.shape, endpoint=True).astype(tensor.dtype)
    return np.full(tensor.shape, ends.min if filling == "lowest" else ends.max, tensor.dtype)


@pytest.mark.parametrize("op", sorted(OPS))
def test_whatever_is_accepted_is_lowered_and_runs_within_its_buffers(
    op: str, kernels: KernelServer
) -> None:
    accepted = [0, 0]

    @settings(
        derandomize=True,
        deadline=None,
        max_examples=200,
        suppress_health_check=list(HealthCheck),
    )
    @given(CASES[op], st.integers(0, 2**32))
    def run(graph: Graph, seed: int) -> None:
        chance = random.Random(seed)
        accepted[run_if_accepted(mangled(graph, chance), kernels, chance)] += 1

    run()
    assert min(accepted) >= 10, accepted


def test_a_kernel_that_leaves_its_buffers_is_found(kernels: KernelServer) -> None:
    halves = Quantization((0.5,), (3,))
    window = {"padding": "VALID", "stride_h": 2, "stride_w": 2}
    graph = one_node(
        "AVERAGE_POOL_2D",
        [activation("input", (1, 6, 6, 2), halves), activation("output", (1, 3, 3, 2), halves)],
        {**window, "filter_height": 2, "filter_width": 2},
    )
    assert check_node(graph, graph.nodes[0]) == []
    node = graph.nodes[0]
    image = {0: np.zeros((1, 6, 6, 2), np.int8)}
    assert kernels.run_node(graph, node, image)[1].tolist() == np.zeros((1, 3, 3, 2)).tolist()
    with pytest.raises(AssertionError, match="heap-buffer-overflow"):
        kernels.run_node(change(graph, 1, shape=(1, 3, 3, 1)), node, image)
    with pytest.raises(AssertionError, match="heap-buffer-overflow"):
        kernels.run_node(graph, node, {0: image[0].reshape(-1)[:71]})
    assert kernels.run_node(graph, node, image)[1].tolist() == np.zeros((1, 3, 3, 2)).tolist()
