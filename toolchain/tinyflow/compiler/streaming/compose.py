"""Steps that are computed by rows: a layer over its own input, or a chain of layers.

An input of which rows are overwritten too early is copied row by row into a ring first. These rings
are kernel scratch; those of a chain's intermediate tensors are activations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory import ALIGNMENT, reach
from tinyflow.compiler.ops.op import Overlap
from tinyflow.compiler.steps import Step
from tinyflow.compiler.streaming.schedule import Stream, schedule, trace
from tinyflow.compiler.streaming.stage import stage_of

MAX_SCRATCH_BYTES = 4096
MAX_STAGES = 8
"""As many layers as a device's session keeps checksums of at a time: TNF_OPEN_LAYERS."""


def copy_offsets(stream: Stream) -> tuple[int, ...]:
    """Where in the scratch each copy's ring begins."""
    offsets = [0]
    for tensor, rows in zip(stream.copies, stream.copy_rows, strict=True):
        offsets.append(offsets[-1] + _aligned(rows * stream.copy_row_bytes(tensor)))
    return tuple(offsets[:-1])


def copy_bytes(stream: Stream) -> int:
    """The scratch that the copies of inputs take."""
    sizes = zip(stream.copies, stream.copy_rows, strict=True)
    return sum(_aligned(rows * stream.copy_row_bytes(tensor)) for tensor, rows in sizes)


def kernel_scratch_bytes(stream: Stream) -> int:
    """The scratch that its kernels take, one after the other; it lies behind the copies."""
    return max(_aligned(stage.call.scratch_bytes) for stage in stream.stages)


def over_input(graph: Graph, step: Step) -> Step:
    """The step with its output over its input by rows, where its operator is not in place anyway.

    What is copied of the input is at most MAX_SCRATCH_BYTES, or it stays as it is.
    """
    stage = stage_of(graph, step)
    if stage is None or step.overlaps:
        return step
    stream = schedule([stage], stage.call.inputs[:1])
    if stream is None or copy_bytes(stream) > MAX_SCRATCH_BYTES:
        stream = schedule([stage])
    return step if stream is None else _streamed(step, stream)


def without_copies(stream: Stream) -> Stream:
    """The same layers reading their inputs where they lie."""
    found = schedule(stream.stages)
    if found is None:
        raise ValueError("a stream without copies has a schedule where one with copies has")
    return found


def chain(graph: Graph, steps: Sequence[Step], *, copied: bool = False) -> Step | None:
    """`steps`, which follow one another, as one step by rows; None where that cannot be.

    Only the last one's output may be read by others. `copied` reads inputs from a copy, so that the
    output may lie further over them.
    """
    stages = [stage_of(graph, step) for step in steps]
    known = [stage for stage in stages if stage is not None]
    if len(known) < len(steps) or not 2 <= len(steps) <= MAX_STAGES:
        return None
    inner = {stage.output for stage in known[:-1]}
    inside = {step.node.outputs for step in steps}
    readers = [node for node in graph.nodes if node.outputs not in inside]
    if inner & {tensor for node in readers for tensor in node.inputs}:
        return None
    if inner & {*graph.outputs, *(state.tensor for state in graph.states)}:
        return None
    stream = schedule(known)
    if stream is not None and copied:
        once = [w.tensor for stage in known for w in stage.windows if w.stride > 0]
        inputs = tuple(tensor for tensor in stream.inputs if tensor in once)
        stream = schedule(known, inputs)
        if stream is None or not inputs or copy_bytes(stream) > MAX_SCRATCH_BYTES:
            return None
    if stream is None:
        return None
    whole = Step(
        steps[-1].node,
        reads=stream.inputs,
        writes=(stream.output,),
        calls=tuple(stage.call for stage in known),
        macs=sum(step.macs for step in steps),
        parts=tuple(steps),
    )
    return _streamed(whole, stream)


def _streamed(step: Step, stream: Stream) -> Step:
    """The step with what its stream needs and allows."""
    rings = [
        rows * stage.row_bytes
        for stage, rows in zip(stream.stages[:-1], stream.rings, strict=False)
    ]
    overlaps = []
    for tensor in stream.inputs:
        rows = trace(stream, tensor)
        overlaps.append(Overlap(tensor, stream.output, reach(rows), rows))
    return dataclasses.replace(
        step,
        scratch_bytes=copy_bytes(stream) + kernel_scratch_bytes(stream),
        overlaps=tuple(overlaps),
        rings=tuple(rings),
        stream=stream,
    )


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
