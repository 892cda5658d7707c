"""Backend `mve`: pixels with a stride, whose steps are as long as the kernel's slices."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_server import KernelServer

from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor

CHANNELS, STRIDE = 8, 2
"""Together a slice of 16 bytes."""


@pytest.mark.parametrize(("height", "width"), [(6, 1), (3, 5), (1, 7)])
def test_nothing_behind_the_last_pixel_is_read(height: int, width: int) -> None:
    rng = np.random.default_rng(3)
    output = (1, height, -(-width // STRIDE), 3)
    weights = rng.integers(-127, 128, (3, 1, 1, CHANNELS)).astype(np.int8)
    graph = Graph(
        (
            Tensor("input", (1, height, width, CHANNELS), "int8", Quantization((1.0,), (5,))),
            Tensor("weights", weights.shape, "int8", Quantization((1.0,), (0,)), weights),
            Tensor("output", output, "int8", Quantization((300.0,), (-7,))),
        ),
        (Node("CONV_2D", (0, 1, -1), (2,), {"stride_h": 1, "stride_w": STRIDE}),),
        (0,),
        (2,),
    )
    (node,) = graph.nodes
    values = {0: rng.integers(-128, 128, graph.tensors[0].shape).astype(np.int8)}
    with KernelServer("mve") as mve, KernelServer("ref") as ref:
        (wanted,) = ref.run_node(graph, node, values).values()
        found = mve.run_variants(graph, node, values)
        assert "windows" in found
        for name, outputs in found.items():
            np.testing.assert_array_equal(outputs[2], wanted, name)
