"""READ_VARIABLE and ASSIGN_VARIABLE: what a model keeps from one inference to the next."""

from __future__ import annotations

from typing import ClassVar

from tinyflow.compiler.graph import ABSENT, Graph, Node
from tinyflow.compiler.ops import copies, rules
from tinyflow.compiler.ops.op import Constraint, KernelCall, Op

TYPES = ("int8", "int16", "int32", "float32")


def variable(graph: Graph, node: Node) -> str | None:
    """Input 0 is a variable of the model."""
    tensor = node.inputs[0]
    if any(state.tensor == tensor for state in graph.states):
        return None
    return f"{graph.tensors[tensor].name} is none"


def _pair(graph: Graph, node: Node) -> tuple[int, int]:
    """The variable, and what it is read into or assigned from."""
    return node.inputs[0], (node.outputs or node.inputs[1:])[0]


def same_type(graph: Graph, node: Node) -> str | None:
    """Variable and value have one type: int8, int16, int32 or float32."""
    kept, value = (graph.tensors[tensor] for tensor in _pair(graph, node))
    if kept.dtype == value.dtype and kept.dtype in TYPES:
        return None
    return f"{kept.name} is {kept.dtype}, {value.name} {value.dtype}"


def same_shape(graph: Graph, node: Node) -> str | None:
    """Variable and value have one shape."""
    kept, value = (graph.tensors[tensor] for tensor in _pair(graph, node))
    if kept.shape == value.shape:
        return None
    return f"{rules.shape(kept)} and {rules.shape(value)}"


class ReadVariable(Op):
    """The variable's value at this moment, as it was assigned last."""

    name = "READ_VARIABLE"
    structure = (rules.operands(1), rules.bounded_sizes, variable)
    constraints: ClassVar[tuple[Constraint, ...]] = (same_type, same_shape)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        return (copies.copy(graph, node.inputs[0], node.outputs[0]),)


def value_for_a_variable(graph: Graph, node: Node) -> str | None:
    """There are 2 inputs and no output."""
    if node.outputs:
        return f"{len(node.outputs)} outputs"
    if len(node.inputs) != 2:
        return f"{len(node.inputs)} inputs"
    for position, tensor in enumerate(node.inputs):
        if tensor == ABSENT:
            return f"input {position} left out"
    return None


def another(graph: Graph, node: Node) -> str | None:
    """The value is not the variable itself."""
    kept, value = node.inputs
    return None if kept != value else graph.tensors[kept].name


class AssignVariable(Op):
    """Another value for a variable, for what reads it afterwards and in the next inference.

    What the model's initialization assigns, constants alone, is the value before the first
    inference and after a reset.
    """

    name = "ASSIGN_VARIABLE"
    structure = (value_for_a_variable, rules.bounded_sizes, variable, another)
    constraints: ClassVar[tuple[Constraint, ...]] = (same_type, same_shape)

    def updates(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (node.inputs[0],)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        kept, value = node.inputs
        if graph.tensors[value].data is not None:
            return (copies.copy_constant(graph.tensors[value], kept),)
        return (copies.copy(graph, value, kept),)


OPS = (AssignVariable, ReadVariable)
