"""What people read of a planned model: its tensors, its layers, where its arena is fullest."""

from __future__ import annotations

from tinyflow.artifacts import ArenaBlock, LayerInfo, LayerOutput, TensorSpec
from tinyflow.artifacts.model import QUANTIZED
from tinyflow.compiler.graph import Tensor
from tinyflow.compiler.memory import busiest_step
from tinyflow.compiler.memory.liveness import liveness
from tinyflow.compiler.naming import comment_text, shape_text
from tinyflow.compiler.program import Layer, Program
from tinyflow.compiler.streaming.schedule import events


def spec(tensor: Tensor) -> TensorSpec:
    """A model input or output as a caller sees it."""
    found = tensor.quantization
    scale, zero_point = (found.scale, found.zero_point) if found is not None else (0.0, 0)
    if tensor.dtype not in QUANTIZED:
        scale, zero_point = 0.0, 0
    return TensorSpec(tensor.name, tensor.shape, scale, zero_point, tensor.dtype)


def layer_infos(program: Program) -> tuple[LayerInfo, ...]:
    """The layers, in the order in which they are computed."""
    seen: set[tuple[str, bytes]] = set()
    return tuple(
        LayerInfo(
            index=layer.index,
            node=layer.node.index,
            name=comment_text(layer.outputs[0].tensor.name),
            op=layer.node.op,
            macs=layer.macs,
            outputs=tuple(
                LayerOutput(
                    name=comment_text(placed.tensor.name),
                    shape=placed.tensor.shape,
                    dtype=placed.tensor.dtype,
                    arena_offset=placed.offset,
                    origin=placed.tensor.origin,
                    channels=placed.tensor.channels,
                    slow=placed.slow,
                )
                for placed in layer.outputs
            ),
            scratch_bytes=layer.scratch_bytes,
            variant=layer.variant,
            weights_bytes=_new_constants(layer, seen),
        )
        for layer in program.layers
    )


def _new_constants(layer: Layer, seen: set[tuple[str, bytes]]) -> int:
    """Bytes of the constants of a layer that no layer before it has."""
    found = {
        (constant.ctype, constant.data.tobytes()): constant.size_bytes
        for placed in layer.calls
        for constant in placed.call.constants
    }
    new = sum(size for constant, size in found.items() if constant not in seen)
    seen.update(found)
    return new


def told_layers(program: Program) -> tuple[int, ...]:
    """The layers in the order in which an observer is told of their parts."""
    told: list[int] = []
    index = 0
    while index < len(program.layers):
        placed = program.streams.get(index)
        if placed is None:
            told += [index] * len(program.layers[index].outputs)
            index += 1
            continue
        stages = len(placed.stream.stages)
        if stages == 1:
            told.append(index)
        else:
            happened = (event.stage for event in events(placed.stream))
            told += [index + stage for stage in happened if stage >= 0]
        index += stages
    return tuple(told)


def arena_blocks(program: Program) -> tuple[ArenaBlock, ...]:
    """What lies in the arena and in the slow memory, and during which layers."""
    graph, plan = program.graph, program.plan
    if not program.layers:
        return ()
    firsts, lasts = _layers_of_steps(program)
    blocks: list[ArenaBlock] = []

    def add(name: str, offset: int, size: int, born: int, dies: int) -> None:
        # Moments before the first step and after the last are the model's inputs and outputs.
        first = firsts[min(max(born, 0), len(firsts) - 1)]
        last = max(first, lasts[min(max(dies, 0), len(lasts) - 1)])
        at = plan.place(offset)
        blocks.append(ArenaBlock(comment_text(name), at.offset, size, first, last, not at.fast))

    live = liveness(graph, program.steps)
    for key, lives in live.lives.items():
        if isinstance(key, int):
            for life in lives:
                tensor = graph.tensors[key]
                add(tensor.name, plan.offsets[key], tensor.size_bytes, life.first, life.last)
    for position, step in enumerate(program.steps):
        inner = step.stream.stages if step.stream is not None else ()
        rings = plan.ring_offsets.get(position, ())
        for stage, offset, size in zip(inner, rings, step.rings, strict=False):
            name = f"rows of {graph.tensors[stage.output].name}"
            add(name, offset, size, position, position)
        if step.scratch_bytes:
            offset = plan.scratch_offsets[position]
            add(f"scratch of {step.node.op}", offset, step.scratch_bytes, position, position)
    return tuple(sorted(blocks, key=lambda block: (block.slow, block.offset, block.first)))


def _layers_of_steps(program: Program) -> tuple[list[int], list[int]]:
    """The first and the last layer of each step; one of which nothing is left has its neighbour's.

    A step that is computed by rows has several.
    """
    firsts, lasts = [], []
    done = -1
    for layer in program.layer_of:
        firsts.append(min(done + 1, len(program.layers) - 1))
        done = done if layer is None else layer
        lasts.append(max(done, 0))
    return firsts, lasts


def busiest(program: Program) -> str:
    """Where the arena is fullest, and what is in it there."""
    graph, steps, plan = program.graph, program.steps, program.plan
    position, _ = busiest_step(graph, steps, plan)
    step = steps[position]
    parts = [
        f"{comment_text(graph.tensors[t].name)} {graph.tensors[t].size_bytes:,} B"
        for t in dict.fromkeys((*step.reads, *step.writes))
        if plan.place(plan.offsets[t]).fast
    ]
    rings = plan.fast_ring_bytes(position, step)
    if rings:
        parts.append(f"rows between layers {rings:,} B")
    if step.scratch_bytes:
        parts.append(f"scratch {step.scratch_bytes:,} B")
    written = (*step.writes, *step.updates)[0]
    shape = shape_text(graph.tensors[written].shape)
    first = f"nodes {step.parts[0].node.index} to" if step.parts else "node"
    return f"{first} {step.node.index} {step.node.op} {shape}: {' + '.join(parts)}"
