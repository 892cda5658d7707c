"""Steps whose overlaps say how far kernels with a ring of rows let the output lie over the input.

Traces are computed from shapes and options alone: what the planner can reach where every kernel
copies the rows it reads before it writes.
"""

import dataclasses
from collections.abc import Sequence

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory import RowTrace, elementwise, reach, windowed
from tinyflow.compiler.ops import windows
from tinyflow.compiler.ops.op import Overlap
from tinyflow.compiler.steps import Step


def with_row_overlaps(graph: Graph, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The same steps, each with an overlap for every input that is read by rows."""
    return tuple(dataclasses.replace(step, overlaps=_overlaps(graph, step)) for step in steps)


def _overlaps(graph: Graph, step: Step) -> tuple[Overlap, ...]:
    found = []
    for tensor in step.reads:
        trace = _trace(graph, step, tensor)
        if trace is not None:
            found.append(Overlap(tensor, step.writes[0], reach(trace), trace))
    return tuple(found)


def _trace(graph: Graph, step: Step, tensor: int) -> RowTrace | None:
    node, source, output = step.node, graph.tensors[tensor], graph.output(step.node)
    if node.op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        filters = graph.activation(node, 1).shape
        axis = windows.axes(graph, node, filters[1], filters[2])[0]
    elif node.op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        options = node.options
        axis = windows.axes(graph, node, options["filter_height"], options["filter_width"])[0]
    elif node.op in ("FULLY_CONNECTED", "SOFTMAX"):
        rows = output.elements // output.shape[-1]
        if source.elements % rows:
            return None
        return RowTrace(rows, source.elements // rows, output.shape[-1], range(1, rows + 1))
    elif node.op == "ADD" and source.shape == output.shape:
        return elementwise(output.elements)
    else:
        return None
    return windowed(
        output.shape[1],
        source.shape[1],
        axis.span,
        axis.stride,
        axis.before,
        input_row_bytes=source.size_bytes // (source.shape[0] * source.shape[1]),
        output_row_bytes=output.size_bytes // (output.shape[0] * output.shape[1]),
        batches=output.shape[0],
    )
