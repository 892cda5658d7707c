"""A graph while a pass rewrites it, and what a pass says it did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tinyflow.compiler.graph import ABSENT, Graph, Node, Tensor


@dataclass(frozen=True)
class Change:
    """What a pass did to the whole graph, as a person reads it."""

    name: str
    text: str


class Draft:
    """Tensors and nodes of a graph, to be changed in place. Indices of tensors stay."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.tensors: list[Tensor] = list(graph.tensors)
        self.nodes: list[Node] = list(graph.nodes)

    def add(self, tensor: Tensor) -> int:
        """The index of a new tensor."""
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def graph(self) -> Graph:
        """The graph as it is now."""
        return self._graph.replace(tensors=tuple(self.tensors), nodes=tuple(self.nodes))


def readers(graph: Graph) -> Counter[int]:
    """How often each tensor is read, by nodes and as an output of the model."""
    found: Counter[int] = Counter(graph.outputs)
    for node in graph.nodes:
        found.update(index for index in node.inputs if index != ABSENT)
    return found


def producers(graph: Graph) -> dict[int, int]:
    """The position of the node that writes each tensor.

    Nodes that read a state are left out: later it may have another value, so no later node may read
    it in their place.
    """
    states = state_tensors(graph)
    return {
        index: position
        for position, node in enumerate(graph.nodes)
        if states.isdisjoint(node.inputs)
        for index in node.outputs
    }


def state_tensors(graph: Graph) -> frozenset[int]:
    """The tensors that keep their values between inferences: a pass leaves them alone."""
    return frozenset(state.tensor for state in graph.states)
