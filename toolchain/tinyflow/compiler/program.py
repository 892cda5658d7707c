"""A planned model as a program: the layers that are left, with every operand at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.memory import Place, Plan
from tinyflow.compiler.ops.op import KernelCall
from tinyflow.compiler.packing import PLAIN
from tinyflow.compiler.states import reset_calls
from tinyflow.compiler.steps import Step
from tinyflow.compiler.streaming.placing import PlacedStream, placed_stream


@dataclass(frozen=True)
class Placed:
    """A tensor and its offset in the arena, or in the model's slow memory."""

    tensor: Tensor
    offset: int
    slow: bool = False


@dataclass(frozen=True)
class PlacedCall:
    """A kernel call with its operands' places. `scratch` is an offset in the arena; it is fast."""

    call: KernelCall
    inputs: tuple[Placed, ...]
    outputs: tuple[Placed, ...]
    scratch: int = 0


@dataclass(frozen=True)
class Layer:
    """A node of which something is left to do. `index` counts these alone.

    What an observer is told are its outputs, or the states that it changes. The calls of a layer
    in a stream are of one row. `variant` is the backend's way in which it is computed.
    """

    index: int
    node: Node
    macs: int
    scratch_bytes: int
    calls: tuple[PlacedCall, ...]
    outputs: tuple[Placed, ...]
    variant: str = PLAIN


@dataclass(frozen=True)
class Program:
    """A model named `name`, ready to be printed. `layer_of` is None where nothing is left of a
    step, the last layer where it has several. `streams` are the layers that are computed by rows,
    by the first one's index. `resets` give the states their first values.
    """

    name: str
    graph: Graph
    steps: tuple[Step, ...]
    plan: Plan
    layers: tuple[Layer, ...]
    layer_of: tuple[int | None, ...]
    streams: Mapping[int, PlacedStream]
    resets: tuple[PlacedCall, ...]

    @property
    def calls(self) -> tuple[KernelCall, ...]:
        """All kernel calls, those of the reset included."""
        layers = (placed.call for layer in self.layers for placed in layer.calls)
        return (*layers, *(placed.call for placed in self.resets))

    @property
    def array_bytes(self) -> tuple[int, ...]:
        """Bytes of each constant array, in the order of first use; equal ones are stored once."""
        constants = (constant for call in self.calls for constant in call.constants)
        return tuple({(c.ctype, c.data.tobytes()): c.size_bytes for c in constants}.values())

    @property
    def weights_bytes(self) -> int:
        """Bytes of all constants."""
        return sum(self.array_bytes)

    @property
    def macs(self) -> int:
        return sum(step.macs for step in self.steps)

    @property
    def scratch_bytes(self) -> int:
        """The most that a layer's kernels take for themselves."""
        return max((step.scratch_bytes for step in self.steps), default=0)

    @property
    def state_bytes(self) -> int:
        """What is kept between inferences."""
        return sum(self.graph.tensors[state.tensor].size_bytes for state in self.graph.states)


def link(graph: Graph, steps: Sequence[Step], plan: Plan, name: str) -> Program:
    """Put every call of `steps` at its place, without those that the plan has made needless."""

    def placed(tensors: Sequence[int]) -> tuple[Placed, ...]:
        return tuple(_placed(graph.tensors[t], plan.place(plan.offsets[t])) for t in tensors)

    layers: list[Layer] = []
    layer_of: list[int | None] = []
    streams: dict[int, PlacedStream] = {}
    for position, step in enumerate(steps):
        stream = placed_stream(graph, step, position, plan)
        if stream is not None:
            streams[len(layers)] = stream
            layers += _layers(graph, step, stream, len(layers))
            layer_of.append(len(layers) - 1)
            continue
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
            scratch = max(call.call.scratch_bytes for call in calls)
            layers.append(
                Layer(len(layers), step.node, step.macs, scratch, calls, outputs, step.variant)
            )
    resets = tuple(PlacedCall(call, (), placed(call.outputs)) for call in reset_calls(graph))
    return Program(name, graph, tuple(steps), plan, tuple(layers), tuple(layer_of), streams, resets)


def _placed(tensor: Tensor, place: Place) -> Placed:
    return Placed(tensor, place.offset, not place.fast)


def _layers(graph: Graph, step: Step, placed: PlacedStream, first: int) -> Iterator[Layer]:
    """The layers of a stream, of which the first has number `first`."""

    def at(tensor: int) -> Placed:
        return _placed(graph.tensors[tensor], placed.place(placed.offsets[tensor]))

    parts = step.parts or (step,)
    for index, (stage, part) in enumerate(zip(placed.stream.stages, parts, strict=True), first):
        call = PlacedCall(stage.call, tuple(map(at, stage.call.inputs)), (at(stage.output),))
        yield Layer(
            index, stage.node, stage.macs, step.scratch_bytes, (call,), call.outputs, part.variant
        )
