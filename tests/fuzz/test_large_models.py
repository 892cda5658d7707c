"""Models of thousands of nodes, or of huge tensors, are planned or refused within seconds."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from model_outcome import planned
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor

FINE, COARSE = Quantization((0.25,), (3,)), Quantization((0.5,), (0,))
MOST_MEMORY_BYTES = 256 << 20


class Large:
    """A graph of many small tensors."""

    def __init__(self, size: int = 4) -> None:
        self.tensors = [Tensor("input", (1, size), "int8", COARSE)]
        self.nodes: list[Node] = []

    def node(self, op: str, *inputs: int, size: int = 4, scale: Quantization = FINE) -> int:
        options = {"axis": 1} if op == "CONCATENATION" else {}
        self.tensors.append(Tensor("", (1, size), "int8", scale))
        self.nodes.append(Node(op, inputs, (len(self.tensors) - 1,), options, len(self.nodes)))
        return len(self.tensors) - 1

    def constant(self, values: list[int]) -> int:
        self.tensors.append(Tensor("", (len(values),), "int32", None, np.array(values, np.int32)))
        return len(self.tensors) - 1

    def graph(self, *outputs: int) -> Graph:
        return Graph(tuple(self.tensors), tuple(self.nodes), (0,), outputs)


def chain() -> Graph:
    net, last = Large(), 0
    for position in range(5000):
        last = net.node("RELU", last, scale=(FINE, COARSE)[position % 2])
    return net.graph(last)


def wide_concatenation(count: int = 2000) -> Graph:
    net = Large()
    parts = [net.node("RELU", 0) for _ in range(count)]
    return net.graph(net.node("CONCATENATION", *parts, size=4 * count))


def ladder() -> Graph:
    """Every ADD of the last two, so that there are very many ways from the input."""
    net, last, before = Large(), 0, 0
    for _ in range(3000):
        last, before = net.node("ADD", last, before), last
    return net.graph(last)


def crowd(count: int = 800) -> Graph:
    """Many tensors alive at once, added up in a random order."""
    net = Large()
    parts = [net.node("RELU", 0) for _ in range(count)]
    random.Random(1).shuffle(parts)
    total = parts[0]
    for part in parts[1:]:
        total = net.node("ADD", total, part)
    return net.graph(total)


def many_outputs() -> Graph:
    net = Large()
    return net.graph(*(net.node("RELU", 0) for _ in range(3000)))


def odd_sizes() -> Graph:
    """Slices and joins of all sizes: hard to place, hard to order."""
    chance, net = random.Random(3), Large(60)
    net.tensors[0] = Tensor("input", (1, 60), "int8", FINE)
    made = [0]
    for _ in range(300):
        source = chance.choice(made[-10:])
        size = net.tensors[source].shape[1]
        part = chance.choice((4, 8, 12, 20, 28, 36, 44, 52))
        if part < size and chance.random() < 0.6:
            begin = net.constant([0, chance.randrange(size - part + 1)])
            made.append(net.node("SLICE", source, begin, net.constant([1, part]), size=part))
        else:
            other = chance.choice(made[-10:])
            both = size + net.tensors[other].shape[1]
            if both <= 200:
                made.append(net.node("CONCATENATION", source, other, size=both))
    read = {index for node in net.nodes for index in node.inputs}
    return net.graph(*(index for index in made[1:] if index not in read))


def huge_tensors() -> Graph:
    net = Large(1 << 26)
    return net.graph(net.node("RELU", net.node("RELU", 0, size=1 << 26), size=1 << 26))


def too_many() -> Graph:
    return wide_concatenation(9000)


LARGE: dict[str, Callable[[], Graph]] = {
    made.__name__: made
    for made in (chain, wide_concatenation, ladder, crowd, many_outputs, odd_sizes, huge_tensors)
}


@pytest.mark.timeout(60)  # a second or so; without its bounds the planner takes minutes
@pytest.mark.parametrize("name", LARGE)
def test_large_models_are_planned(name: str) -> None:
    content = write_tflite(LARGE[name]())
    assert len(content) < 1 << 20
    assert planned(content) is not None


def test_huge_tensors_take_no_memory() -> None:
    content = write_tflite(huge_tensors())
    tracemalloc.start()
    try:
        assert planned(content, least_ram=True) is not None
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.timeout(60)
def test_what_is_larger_than_any_model_is_refused() -> None:
    content = write_tflite(too_many())
    assert planned(content) is None
