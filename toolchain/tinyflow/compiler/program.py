"""A planned model as a program: the layers that are left, with every operand at its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.memory import Plan
from tinyflow.compiler.ops.op import KernelCall
from tinyflow.compiler.steps import Step


@dataclass(frozen=True)
class Placed:
    """A tensor and its offset in the arena."""

    tensor: Tensor
    offset: int


@dataclass(frozen=True)
class PlacedCall:
    """A kernel call with its operands' places. `scratch` is an offset in the arena."""

    call: KernelCall
    inputs: tuple[Placed, ...]
    outputs: tuple[Placed, ...]
    scratch: int = 0


@dataclass(frozen=True)
class Layer:
    """A step of which something is left to do. `index` counts these alone.

    What an observer is told are its outputs, or the states that it changes.
    """

    index: int
    step: Step
    calls: tuple[PlacedCall, ...]
    outputs: tuple[Placed, ...]


@dataclass(frozen=True)
class Program:
    """A model named `name`, ready to be printed. `layer_of` is None where nothing is left of a
    step.
    """

    name: str
    graph: Graph
    steps: tuple[Step, ...]
    plan: Plan
    layers: tuple[Layer, ...]
    layer_of: tuple[int | None, ...]


def link(graph: Graph, steps: Sequence[Step], plan: Plan, name: str) -> Program:
    """Put every call of `steps` at its place, without those that the plan has made needless."""

    def placed(tensors: Sequence[int]) -> tuple[Placed, ...]:
        return tuple(Placed(graph.tensors[t], plan.offsets[t]) for t in tensors)

    layers: list[Layer] = []
    layer_of: list[int | None] = []
    for position, step in enumerate(steps):
        calls = tuple(
            PlacedCall(
                call,
                placed(call.inputs),
                placed(call.outputs),
                plan.scratch_offsets.get(position, 0),
            )
            for call in step.calls
            if call.view is None or not plan.honours(call.view)
        )
        layer_of.append(len(layers) if calls else None)
        if calls:
            outputs = placed((*step.writes, *step.updates))
            layers.append(Layer(len(layers), step, calls, outputs))
    return Program(name, graph, tuple(steps), plan, tuple(layers), tuple(layer_of))
