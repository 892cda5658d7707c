"""Variables of a .tflite file: what keeps its value from one inference to the next.

There are two kinds. A variable tensor (is_variable) belongs to the operator that reads and changes
it, and starts at its zero point. A resource has a name; VAR_HANDLE makes a handle of it, by which
READ_VARIABLE and ASSIGN_VARIABLE get at its value, and CALL_ONCE runs a subgraph that assigns the
first one. Here handles and CALL_ONCE go away, and every resource becomes a State.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeAlias

from tinyflow.compiler.graph import Graph, Node, State, Tensor

Name: TypeAlias = "tuple[str, str]"
"""The container and the name that it shares in there."""

WITHOUT_OUTPUT = frozenset({"ASSIGN_VARIABLE", "CALL_ONCE"})
_ACCESS = frozenset({"ASSIGN_VARIABLE", "READ_VARIABLE"})
_VARIABLE, _VALUE = 0, 1


def initializers(main: Graph) -> set[int]:
    """The numbers of the subgraphs that the first one calls once."""
    return {_called(node) for node in main.nodes if node.op == "CALL_ONCE"}


def resolve(subgraphs: Sequence[Graph]) -> tuple[Graph, list[str]]:
    """The first subgraph with its resources as states, and what is wrong with them.

    In every subgraph all indices are in range, and what a node reads was written before. A subgraph
    that cannot be read at all is empty.
    """
    return _Resolution(subgraphs).run()


class _Resolution:
    """The first subgraph's nodes in order, and what is known of its resources meanwhile."""

    def __init__(self, subgraphs: Sequence[Graph]) -> None:
        self.main = subgraphs[0]
        self.subgraphs = subgraphs
        self.findings: list[str] = []
        self.handles: dict[int, Name] = {}
        self.homes: dict[Name, int] = {}  # the first handle, whose tensor becomes the state's
        self.first: dict[Name, Tensor] = {}  # what was assigned first, here or by CALL_ONCE
        self.initial: dict[Name, Tensor] = {}

    def run(self) -> tuple[Graph, list[str]]:
        kept = [node for node in self.main.nodes if self._keep(node)]
        for output in self.main.outputs:
            if output in self.handles:
                self.findings.append(f"output {output} is the handle of a variable")
        nodes = tuple(self._at_home(node) for node in kept)
        tensors = list(self.main.tensors)
        states = []
        for name, value in self.first.items():
            if name not in self.homes:
                continue  # set, and never used
            home = self.homes[name]
            called = name[1] or tensors[home].name
            tensors[home] = Tensor(called, value.shape, value.dtype, value.quantization)
            states.append(State(home, self.initial[name].data if name in self.initial else None))
        graph = self.main.replace(
            tensors=tuple(tensors), nodes=nodes, states=(*self.main.states, *states)
        )
        return graph, self.findings

    def _keep(self, node: Node) -> bool:
        """Take note of a node; whether something is left of it."""
        if node.op == "CALL_ONCE":
            self._call(node)
            return False
        if node.op == "VAR_HANDLE" and not node.inputs and len(node.outputs) == 1:
            name = _name(node)
            self.handles[node.outputs[0]] = name
            self.homes.setdefault(name, node.outputs[0])
            return False
        if node.op in _ACCESS and node.inputs and node.inputs[_VARIABLE] in self.handles:
            self._access(node)
        others = node.inputs[1:] if node.op in _ACCESS else node.inputs
        if any(tensor in self.handles for tensor in others):
            self.findings.append(f"node {node.index} {node.op} reads the handle of a variable")
        return True

    def _access(self, node: Node) -> None:
        name = self.handles[node.inputs[_VARIABLE]]
        if node.op == "READ_VARIABLE" and name not in self.first:
            self.findings.append(
                f"node {node.index} READ_VARIABLE reads variable {name[1]!r},"
                f" to which nothing was assigned before"
            )
        elif node.op == "ASSIGN_VARIABLE" and len(node.inputs) > _VALUE:
            self.first.setdefault(name, self.main.tensors[node.inputs[_VALUE]])

    def _call(self, node: Node) -> None:
        """The values that a subgraph of constants assigns."""
        where, number = f"node {node.index} CALL_ONCE", _called(node)
        if not 0 < number < len(self.subgraphs):
            count = len(self.subgraphs)
            self.findings.append(f"{where} calls subgraph {number} of {count}")
            return
        called = self.subgraphs[number]
        handles: dict[int, Name] = {}
        for inner in called.nodes:
            handle = inner.inputs[_VARIABLE] if len(inner.inputs) == 2 else None
            if inner.op == "VAR_HANDLE" and not inner.inputs and len(inner.outputs) == 1:
                handles[inner.outputs[0]] = _name(inner)
            elif inner.op != "ASSIGN_VARIABLE" or inner.outputs or handle not in handles:
                self.findings.append(
                    f"subgraph {number}, which {where} calls, has node {inner.index} {inner.op}:"
                    f" there tinyflow reads VAR_HANDLE, and ASSIGN_VARIABLE of constants"
                )
            else:
                self._initialize(where, handles[handle], called.tensors[inner.inputs[_VALUE]])

    def _initialize(self, where: str, name: Name, value: Tensor) -> None:
        if value.data is None:
            self.findings.append(
                f"{where} assigns {value.name!r} to {name[1]!r}, it is no constant"
            )
        elif name in self.first and name not in self.initial:
            self.findings.append(f"{where} sets variable {name[1]!r} after it was assigned")
        else:
            self.first[name] = self.initial[name] = value

    def _at_home(self, node: Node) -> Node:
        """The node with the one tensor of its variable."""
        if node.op not in _ACCESS or not node.inputs or node.inputs[_VARIABLE] not in self.handles:
            return node
        home = self.homes[self.handles[node.inputs[_VARIABLE]]]
        return dataclasses.replace(node, inputs=(home, *node.inputs[1:]))


def _called(node: Node) -> int:
    return int(node.options.get("init_subgraph_index", 0))


def _name(node: Node) -> Name:
    return str(node.options.get("container", "")), str(node.options.get("shared_name", ""))
