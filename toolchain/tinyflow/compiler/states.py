"""What a model keeps between inferences, before the first of them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.compiler.graph import Graph, State
from tinyflow.compiler.ops import copies
from tinyflow.compiler.ops.op import KernelCall

if TYPE_CHECKING:
    from numpy.typing import NDArray


def initial_values(graph: Graph, state: State) -> NDArray[Any]:
    """The state's values after a reset, of its type and shape: given ones, or all zero points."""
    tensor = graph.tensors[state.tensor]
    if state.initial is not None:
        return state.initial
    zero_point = tensor.quantization.zero_point if tensor.quantization is not None else 0
    return np.full(tensor.shape, zero_point, tensor.dtype)


def reset_calls(graph: Graph) -> tuple[KernelCall, ...]:
    """The kernel calls that give every state its first values, in the order of the states.

    One value for all of a state takes no flash; other values are a constant.
    """
    return tuple(_call(graph, state) for state in graph.states)


def _call(graph: Graph, state: State) -> KernelCall:
    values = initial_values(graph, state)
    first = values.reshape(-1)[:1]
    if values.tobytes() == first.tobytes() * values.size:
        return copies.fill(graph, state.tensor, first)
    constant = dataclasses.replace(graph.tensors[state.tensor], data=values)
    return copies.copy_constant(constant, state.tensor)
