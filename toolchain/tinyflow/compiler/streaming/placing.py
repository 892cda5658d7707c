"""A planned stream at its place: where every ring, copy and tensor of it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory import Place, Plan, located, reach
from tinyflow.compiler.streaming.compose import copy_bytes, copy_offsets, without_copies
from tinyflow.compiler.streaming.schedule import Stream, trace

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step


@dataclass(frozen=True)
class PlacedStream:
    """A stream with the offsets of all its tensors, and of the copies' rings.

    They are the plan's: the slow memory begins at `slow_start`. `scratch` is the kernels'.
    """

    stream: Stream
    offsets: Mapping[int, int]
    copies: tuple[int, ...]
    slow_start: int | None = None
    scratch: int = 0

    def place(self, offset: int) -> Place:
        """In which memory an offset is, and where in it."""
        return located(offset, self.slow_start)


def placed_stream(graph: Graph, step: Step, position: int, plan: Plan) -> PlacedStream | None:
    """The stream of `step`, which is the plan's at `position`; None where it is not needed.

    A single layer is computed as a whole where its output does not lie over its input. Inputs are
    copied only where the output would else come too early.
    """
    stream = step.stream
    if stream is None:
        return None
    output = plan.offsets[stream.output]
    end = output + graph.tensors[stream.output].size_bytes
    apart = all(
        plan.offsets[tensor] + graph.tensors[tensor].size_bytes <= output
        or end <= plan.offsets[tensor]
        for tensor in stream.inputs
    )
    if apart and len(stream.stages) == 1:
        return None
    direct = without_copies(stream)
    if apart or all(
        output <= plan.offsets[tensor] + reach(trace(direct, tensor)) for tensor in stream.inputs
    ):
        stream = direct
    made = [stage.output for stage in stream.stages[:-1]]
    rings = dict(zip(made, plan.ring_offsets.get(position, ()), strict=True))
    outside = {tensor: plan.offsets[tensor] for tensor in (*stream.inputs, stream.output)}
    scratch = plan.scratch_offsets.get(position, 0)
    copies = tuple(scratch + offset for offset in copy_offsets(stream))
    return PlacedStream(
        stream, {**outside, **rings}, copies, plan.slow_start, scratch + copy_bytes(stream)
    )
