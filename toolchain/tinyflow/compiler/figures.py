"""What people read of a planned model: its tensors, its layers, where its arena is fullest."""

from __future__ import annotations

from tinyflow.artifacts import LayerInfo, LayerOutput, TensorSpec
from tinyflow.artifacts.model import QUANTIZED
from tinyflow.compiler.graph import Tensor
from tinyflow.compiler.memory import busiest_step
from tinyflow.compiler.naming import comment_text, shape_text
from tinyflow.compiler.program import Program


def spec(tensor: Tensor) -> TensorSpec:
    """A model input or output as a caller sees it."""
    found = tensor.quantization
    scale, zero_point = (found.scale, found.zero_point) if found is not None else (0.0, 0)
    if tensor.dtype not in QUANTIZED:
        scale, zero_point = 0.0, 0
    return TensorSpec(tensor.name, tensor.shape, scale, zero_point, tensor.dtype)


def layer_infos(program: Program) -> tuple[LayerInfo, ...]:
    """The layers, in the order in which they are computed."""
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
        )
        for layer in program.layers
    )


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
