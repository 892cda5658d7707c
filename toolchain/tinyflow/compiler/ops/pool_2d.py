"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules, windows
from tinyflow.compiler.ops.broadcast import SUFFIXES
from tinyflow.compiler.ops.op import KernelCall, Op, Overlap, in_place
from tinyflow.compiler.quantmath import ACTIVATION_BOUNDS

MAX_AVERAGED = {"int8": 1 << 23, "int16": 1 << 15}


def _axes(graph: Graph, node: Node) -> tuple[windows.Axis, windows.Axis]:
    height, width = (int(node.options.get(f"filter_{name}", 0)) for name in ("height", "width"))
    return windows.axes(graph, node, height, width)


def four_dimensions(graph: Graph, node: Node) -> str | None:
    """Input and output have four dimensions."""
    for tensor in (graph.activation(node, 0), graph.output(node)):
        if len(tensor.shape) != 4:
            return f"{tensor.name} is {rules.shape(tensor)}"
    return None


def steps(graph: Graph, node: Node) -> str | None:
    """Strides and the window's sizes are from 1 to 65535."""
    return windows.unsafe_steps(*_axes(graph, node))


def output_shape(graph: Graph, node: Node) -> str | None:
    """The output's shape is what input, window, stride and padding make."""
    channels = graph.activation(node, 0).shape[3]
    return windows.unexpected_output(graph, node, *_axes(graph, node), channels)


def small_window(graph: Graph, node: Node) -> str | None:
    """A window has at most 2^23 values of the input (int16: 2^15)."""
    vertical, horizontal = _axes(graph, node)
    values = min(vertical.filter, vertical.size) * min(horizontal.filter, horizontal.size)
    return None if values <= MAX_AVERAGED[graph.activation(node, 0).dtype] else f"{values}"


class _Pool2D(Op):
    kernel: ClassVar[str]
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        rules.activations(0, types=("int8", "int16")),
        rules.computed_input,
        four_dimensions,
    )
    constraints = (
        windows.known_padding,
        steps,
        output_shape,
        small_window,
        rules.same_scale,
        rules.fused_activation(tuple(ACTIVATION_BOUNDS)),
    )

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        disjoint = all(axis.is_disjoint for axis in _axes(graph, node))
        return in_place(node, node.inputs[0]) if disjoint else ()

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        vertical, horizontal = _axes(graph, node)
        low, high = rules.output_bounds(graph, node)
        stem = f"{self.kernel}_{SUFFIXES[output.dtype]}"
        by_rows = (f"{self.kernel}_rows_s8",) if output.dtype == "int8" else ()
        return (
            KernelCall(
                function=f"tnf_{stem}",
                header="tnf_pool.h",
                kernels=(stem, *by_rows),
                params_type="tnf_pool_2d_t",
                params=(
                    ("batches", source.shape[0]),
                    ("input_height", source.shape[1]),
                    ("input_width", source.shape[2]),
                    ("channels", source.shape[3]),
                    ("output_height", output.shape[1]),
                    ("output_width", output.shape[2]),
                    ("filter_height", vertical.filter),
                    ("filter_width", horizontal.filter),
                    ("stride_height", vertical.stride),
                    ("stride_width", horizontal.stride),
                    ("pad_top", vertical.before),
                    ("pad_left", horizontal.before),
                    ("activation_min", low),
                    ("activation_max", high),
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
                by_rows=f"tnf_{self.kernel}_rows_s8" if output.dtype == "int8" else "",
            ),
        )


class AveragePool2D(_Pool2D):
    """The mean of each window, over its values inside the input; halves round away from zero."""

    name = "AVERAGE_POOL_2D"
    kernel = "average_pool_2d"


class MaxPool2D(_Pool2D):
    """The largest value of each window."""

    name = "MAX_POOL_2D"
    kernel = "max_pool_2d"


OPS = (AveragePool2D, MaxPool2D)
