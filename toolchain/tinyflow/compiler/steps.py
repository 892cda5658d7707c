"""From nodes to steps: what the memory planner and the printer see of an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import OPS
from tinyflow.compiler.ops.op import KernelCall, Overlap, View
from tinyflow.compiler.packing.backend import PLAIN

if TYPE_CHECKING:  # whose stages are made of steps
    from tinyflow.compiler.streaming.schedule import Stream


@dataclass(frozen=True)
class Step:
    """One node, lowered: its kernel calls, and the tensors of the arena it touches.

    `reads` are activations and states it reads, `writes` its outputs, `updates` states that it
    changes. A call with a view in `views` only copies: it is left out where the plan has the one
    tensor inside the other. `overlaps` are inputs that an output may overwrite. `rings` are the
    bytes of buffers that the step needs beside its tensors and that count as activations; its
    calls get them in that order. A step with a `stream` is computed by rows; if it is a chain of
    layers, `parts` are their steps, and `node` is the last one's. `variant` is the backend's way in
    which it is computed.
    """

    node: Node
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    calls: tuple[KernelCall, ...] = ()
    macs: int = 0
    scratch_bytes: int = 0
    overlaps: tuple[Overlap, ...] = ()
    views: tuple[View, ...] = ()
    updates: tuple[int, ...] = ()
    rings: tuple[int, ...] = ()
    stream: Stream | None = None
    parts: tuple[Step, ...] = ()
    variant: str = PLAIN


def lower(graph: Graph) -> tuple[Step, ...]:
    """The steps of a graph whose nodes keep the rules of their operators, in order."""
    return tuple(_step(graph, node) for node in graph.nodes)


def _step(graph: Graph, node: Node) -> Step:
    op = OPS[node.op]
    calls = op.lower(graph, node)
    read = (tensor for call in calls for tensor in call.inputs)
    return Step(
        node,
        reads=tuple(dict.fromkeys(read)),
        writes=node.outputs,
        calls=calls,
        macs=op.macs(graph, node),
        scratch_bytes=max((call.scratch_bytes for call in calls), default=0),
        overlaps=op.overlaps(graph, node),
        views=tuple(call.view for call in calls if call.view is not None),
        updates=op.updates(graph, node),
    )
