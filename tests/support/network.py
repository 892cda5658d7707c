"""Networks put together node by node, as a converter writes them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor


class Network:
    """Collects nodes; every call adds one and gives its output's tensor index.

    `dtype` is that of all activations; int16 has zero point 0 and biases of 64 bits. `weight_type`
    is that of the weights.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: str = "int8", weight_type: str = "int8"
    ) -> None:
        self.rng = np.random.default_rng(7)
        self.dtype, self.weight_type = dtype, weight_type
        first = Quantization((0.05,), (-3,)) if dtype == "int8" else Quantization((0.001,), (0,))
        self.tensors = [Tensor("input", shape, dtype, first)]
        self.nodes: list[Node] = []

    def constant(self, values: Any, quantization: Quantization | None = None) -> int:
        values = np.asarray(values)
        name = f"constant {len(self.tensors)}"
        self.tensors.append(Tensor(name, values.shape, values.dtype.name, quantization, values))
        return len(self.tensors) - 1

    def weights(self, shape: tuple[int, ...], axis: int, source: int) -> tuple[int, int]:
        count = shape[axis]
        packed = self.weight_type == "int4"
        spread = self.rng.uniform(0.002, 0.01, count) * (16 if packed else 1)
        scales = tuple(float(np.float32(s)) for s in spread)
        low, high = (-8, 8) if packed else (-127, 128)
        values = self.rng.integers(low, high, shape).astype(np.int8)
        bias_type = np.int32 if self.dtype == "int8" else np.int64
        bias = self.rng.integers(-900, 900, count).astype(bias_type)
        quantization = self.tensors[source].quantization
        assert quantization is not None
        products = tuple(float(np.float32(quantization.scale * s)) for s in scales)
        matrix = self.constant(values, Quantization(scales, (0,) * count, axis))
        self.tensors[matrix] = dataclasses.replace(self.tensors[matrix], dtype=self.weight_type)
        return (
            matrix,
            self.constant(bias, Quantization(products, (0,) * count)),
        )

    def node(
        self,
        op: str,
        inputs: tuple[int, ...],
        shape: tuple[int, ...],
        quantization: Quantization | None = None,
        **options: Any,
    ) -> int:
        kept = quantization or self.tensors[inputs[0]].quantization
        self.tensors.append(Tensor(f"{op} {len(self.nodes)}", shape, self.dtype, kept))
        output = len(self.tensors) - 1
        self.nodes.append(Node(op, inputs, (output,), options, len(self.nodes)))
        return output

    def graph(self) -> Graph:
        output = self.nodes[-1].outputs
        return Graph(tuple(self.tensors), tuple(self.nodes), (0,), output)
