"""PAD and PADV2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import Constant, Constraint, KernelCall, Op, Overlap

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_RANK = 5


def two_for_each(graph: Graph, node: Node) -> str | None:
    """The input has 1 to 5 dimensions, and the paddings are two for each."""
    source, paddings = graph.activation(node, 0), graph.activation(node, 1)
    if 1 <= len(source.shape) <= MAX_RANK and paddings.shape == (len(source.shape), 2):
        return None
    return f"{rules.shape(source)} with paddings {rules.shape(paddings)}"


def positive_paddings(graph: Graph, node: Node) -> str | None:
    """No padding is negative."""
    smallest = min(moving.integers(graph, node, 1), default=0)
    return None if smallest >= 0 else f"{smallest}"


def pairs(graph: Graph, node: Node) -> list[tuple[int, int]]:
    """What is put before and after the input, by dimension."""
    values = moving.integers(graph, node, 1)
    return list(zip(values[::2], values[1::2], strict=True))


def padded(graph: Graph, node: Node) -> list[int]:
    """The input's shape with the paddings."""
    shape = graph.activation(node, 0).shape
    return [size + sum(pair) for size, pair in zip(shape, pairs(graph, node), strict=True)]


def constant_value(graph: Graph, node: Node) -> str | None:
    """The padding's value is one constant of the input's type."""
    value, source = graph.activation(node, 2), graph.activation(node, 0)
    if value.data is None:
        return f"{value.name} is computed"
    if value.elements == 1 and value.dtype == source.dtype:
        return None
    return f"{value.name} is {value.dtype} {rules.shape(value)}"


class Pad(Op):
    """The input with zeros around it, which are the zero point.

    The reference has no kernel for bool; it is moved like int8.
    """

    name = "PAD"
    structure: ClassVar[tuple[Constraint, ...]] = (
        rules.operands(2),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
        moving.constant_integers(1, "The paddings"),
        two_for_each,
    )
    constraints = (
        positive_paddings,
        moving.output_shape("input and paddings", padded),
        moving.one_scale(),
    )

    def value(self, graph: Graph, node: Node) -> NDArray[Any]:
        """What is put around the input, of its type."""
        return moving.padding_value(graph.output(node))

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        # Going forward, nothing is written over what is still to be read if the output starts so
        # much earlier as it puts before the last value.
        axes, _ = _axes(graph, node)
        before = graph.output(node).size_bytes - graph.activation(node, 0).size_bytes
        last = sum(after for _, _, after in axes)
        return (Overlap(node.inputs[0], node.outputs[0], last - before),)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        axes, run = _axes(graph, node)
        return (
            KernelCall(
                function="tnf_pad",
                header="tnf_pad.h",
                kernels=("pad",),
                params_type="tnf_pad_t",
                params=(
                    ("run", run),
                    ("count", len(axes)),
                    ("pattern", copies.pattern(self.value(graph, node))),
                ),
                constants=(Constant("axes", "int32_t", np.array(axes, np.int32)),),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
                bytewise=True,
            ),
        )


class PadV2(Pad):
    """The input with a constant around it.

    The reference has no kernel for bool; it is moved like int8.
    """

    name = "PADV2"
    structure = (
        rules.operands(3),
        *Pad.structure[1:],
        constant_value,
    )
    constraints = (
        positive_paddings,
        moving.output_shape("input and paddings", padded),
        moving.one_scale(also=(2,), exact=True),
    )

    def value(self, graph: Graph, node: Node) -> NDArray[Any]:
        return array(graph.activation(node, 2)).reshape(-1)[:1]


def _axes(graph: Graph, node: Node) -> tuple[list[tuple[int, int, int]], int]:
    """Bytes before, extent, bytes after, of each axis that is padded; and the bytes of a run."""
    source = graph.activation(node, 0)
    merged: list[tuple[int, int, int]] = []
    for size, (before, after) in zip(source.shape, pairs(graph, node), strict=True):
        if merged and (before, after) == (0, 0):
            outer = merged[-1]
            merged[-1] = (outer[0] * size, outer[1] * size, outer[2] * size)
        elif merged and merged[-1] == (0, 1, 0):
            merged[-1] = (before, size, after)
        else:
            merged.append((before, size, after))
    axes: list[tuple[int, int, int]] = []
    inner = copies.item_bytes(source)
    for before, size, after in reversed(merged):
        extent = size if axes else 1
        axes.insert(0, (before * inner, extent, after * inner))
        inner *= before + size + after
    run = merged[-1][1] * copies.item_bytes(source)
    return axes, run


OPS = (Pad, PadV2)
