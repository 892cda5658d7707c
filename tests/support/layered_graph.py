"""Builds a graph node by node, and runs one kernel by kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from kernel_server import KernelServer
from numpy.typing import NDArray
from tflite_writer import write_tflite

from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, Tensor
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.quantmath import float32
from tinyflow.compiler.tflite_reader import read_tflite

Values = dict[int, NDArray[Any]]
HALF = Quantization((0.5,), (-3,))


class LayeredGraph:
    """A graph of one input that grows by a node at a time. `last` is what the next one reads."""

    def __init__(self, shape: Sequence[int], quantization: Quantization = HALF) -> None:
        self.tensors: list[Tensor] = []
        self.nodes: list[Node] = []
        self.last = self.activation("input", shape, quantization)

    def activation(self, name: str, shape: Sequence[int], found: Quantization | None) -> int:
        self.tensors.append(Tensor(f"{name} {len(self.tensors)}", tuple(shape), "int8", found))
        return len(self.tensors) - 1

    def constant(self, values: Any, found: Quantization | None = None) -> int:
        array = np.asarray(values)
        name = f"constant {len(self.tensors)}"
        self.tensors.append(Tensor(name, array.shape, array.dtype.name, found, array))
        return len(self.tensors) - 1

    def integers(self, *values: int) -> int:
        return self.constant(np.array(values, np.int32))

    def shape(self, index: int) -> tuple[int, ...]:
        return self.tensors[index].shape

    def same(self, index: int) -> Quantization:
        found = self.tensors[index].quantization
        assert found is not None
        return found

    def add(
        self,
        op: str,
        inputs: Sequence[int],
        shape: Sequence[int],
        found: Quantization | None = None,
        **options: Any,
    ) -> int:
        """The output of a new node; its scale is the last tensor's unless another is given."""
        output = self.activation(op, shape, found or self.same(self.last))
        self.nodes.append(Node(op, tuple(inputs), (output,), options, len(self.nodes)))
        self.last = output
        return output

    def weighted(
        self,
        op: str,
        values: Any,
        bias: Any,
        shape: Sequence[int],
        found: Quantization = HALF,
        **options: Any,
    ) -> int:
        """A layer on the last tensor with weights of one scale, 1/64 times the output's."""
        source = self.same(self.last).scale
        scale = float32(found.scale / source / 64)
        product = Quantization((float32(source * scale),), (0,))
        inputs = [
            self.last,
            self.constant(np.asarray(values, np.int8), Quantization((scale,), (0,))),
        ]
        inputs.append(ABSENT if bias is None else self.constant(np.int32(bias), product))
        return self.add(op, inputs, shape, found, **options)

    def wide(self) -> None:
        """Make all activations int16."""
        for index, tensor in enumerate(self.tensors):
            if tensor.data is None:
                self.tensors[index] = dataclasses.replace(tensor, dtype="int16")

    def graph(self, *outputs: int) -> Graph:
        """The graph as a file of it is read; its output is the last tensor unless others are."""
        made = Graph(tuple(self.tensors), tuple(self.nodes), (0,), outputs or (self.last,))
        return read_tflite(write_tflite(made))


def is_supported(graph: Graph, node: Node) -> bool:
    return node.op in OPS and not check_node(graph, node)


def run(kernels: KernelServer, graph: Graph, row: NDArray[np.int8]) -> Values:
    """Every tensor that is computed, from one row of input bytes."""
    (source,) = graph.inputs
    tensor = graph.tensors[source]
    values: Values = {source: row.view(tensor.dtype).reshape(tensor.shape)}
    for node in graph.nodes:
        read = {index: values[index] for index in node.inputs if index in values}
        values |= kernels.run_node(graph, node, read)
    return values


def assert_same(before: Graph, wanted: Values, after: Graph, found: Values) -> None:
    """The outputs are the same; and so is every tensor left, but for the channels removed."""
    for old, new in zip(before.outputs, after.outputs, strict=True):
        np.testing.assert_array_equal(found[new], wanted[old])
    for index, values in found.items():
        tensor = after.tensors[index]
        if tensor.origin >= 0:
            kept = wanted[tensor.origin]
            if tensor.channels is not None:
                kept = kept[..., tensor.channels]
            np.testing.assert_array_equal(values, kept, err_msg=tensor.name)


def for_reference(graph: Graph) -> bytes:
    """The file as the reference interpreter takes it: every convolution has a bias."""
    tensors, nodes = list(graph.tensors), []
    for node in graph.nodes:
        if "CONV_2D" in node.op and node.inputs[2] == ABSENT:
            bias = np.zeros(graph.output(node).shape[-1], np.int32)
            tensors.append(Tensor("bias", bias.shape, "int32", Quantization((1.0,), (0,)), bias))
            node = dataclasses.replace(node, inputs=(*node.inputs[:2], len(tensors) - 1))
        nodes.append(node)
    return write_tflite(graph.replace(tensors=tuple(tensors), nodes=tuple(nodes)))
