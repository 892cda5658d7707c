"""Whatever the operators accept is lowered, and its kernel stays within its buffers."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from graph_changes import mangled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_server import KernelServer
from operator_cases import CASES, activation, one_node

from tinyflow.compiler.graph import Graph, Quantization
from tinyflow.compiler.ops import OPS, check_node

MAX_BYTES = 1 << 20
MAX_MACS = 1 << 24


@pytest.fixture(scope="module")
def kernels() -> Iterator[KernelServer]:
    with KernelServer() as server:
        yield server


def run_if_accepted(graph: Graph, kernels: KernelServer, chance: random.Random) -> bool:
    """Run the node where its operator takes it: nothing may be raised, and no sanitizer speak."""
    (node,) = graph.nodes
    if check_node(graph, node):
        return False
    op = OPS[node.op]
    call = op.lower(graph, node)
    places = op.in_place(graph, node)
    output = graph.output(node).elements
    if call is None or output > MAX_BYTES or op.macs(graph, node) > MAX_MACS:
        return True
    sizes = [graph.tensors[index].elements for index in call.inputs]
    if max(sizes) > MAX_BYTES:
        return True
    filling = chance.choice((-128, 127, None))
    rng = np.random.default_rng(chance.getrandbits(32))
    inputs = [
        rng.integers(-128, 128, size).astype(np.int8)
        if filling is None
        else np.full(size, filling, np.int8)
        for size in sizes
    ]
    alone = kernels.run(call, inputs, output)
    for index in places:
        shared = kernels.run(call, inputs, output, in_place=call.inputs.index(index))
        np.testing.assert_array_equal(alone, shared)
    return True


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
    call = OPS["AVERAGE_POOL_2D"].lower(graph, graph.nodes[0])
    assert call is not None
    image = np.zeros(72, np.int8)
    assert kernels.run(call, [image], 18).tolist() == [0] * 18
    with pytest.raises(AssertionError, match="heap-buffer-overflow"):
        kernels.run(call, [image], 17)
    with pytest.raises(AssertionError, match="heap-buffer-overflow"):
        kernels.run(call, [image[:71]], 18)
    assert kernels.run(call, [image], 18).tolist() == [0] * 18
