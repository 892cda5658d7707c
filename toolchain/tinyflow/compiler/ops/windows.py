"""Filters that move over height and width: geometry, and the rules that make it safe."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops.rules import sizes

MAX_FILTER = 65535


@dataclass(frozen=True)
class Axis:
    """A filter along one dimension. `before` is the padding before the first value."""

    size: int
    filter: int
    stride: int
    dilation: int
    same: bool

    @property
    def span(self) -> int:
        """Values from the filter's first to its last, both included."""
        return (self.filter - 1) * self.dilation + 1

    @property
    def output(self) -> int:
        """How many positions the filter takes; not positive where it does not fit."""
        covered = self.size if self.same else self.size - self.span + 1
        return -(-covered // self.stride)

    @property
    def before(self) -> int:
        return max(0, (self.output - 1) * self.stride + self.span - self.size) // 2

    @property
    def is_safe(self) -> bool:
        steps = (self.stride, self.dilation, self.filter)
        return min(steps) >= 1 and max(*steps, self.span) <= MAX_FILTER

    @property
    def is_disjoint(self) -> bool:
        """Whether no value is in two windows and none is padding."""
        return self.before == 0 and self.stride >= self.filter


def axes(graph: Graph, node: Node, height: int, width: int) -> tuple[Axis, Axis]:
    """The filter along height and width of the first input, [N, H, W, C]."""
    source = graph.activation(node, 0).shape
    same = node.options.get("padding") == "SAME"
    return (
        Axis(source[1], height, _option(node, "stride_h"), _dilation(node, "h"), same),
        Axis(source[2], width, _option(node, "stride_w"), _dilation(node, "w"), same),
    )


def known_padding(graph: Graph, node: Node) -> str | None:
    """Padding is SAME or VALID."""
    padding = node.options.get("padding")
    return None if padding in ("SAME", "VALID") else f"{padding}"


def unsafe_steps(vertical: Axis, horizontal: Axis) -> str | None:
    """What is found where a stride, a dilation or a filter is out of range."""
    if vertical.is_safe and horizontal.is_safe:
        return None
    parts = [
        f"{name} {getattr(vertical, name)}x{getattr(horizontal, name)}"
        for name in ("filter", "stride", "dilation")
    ]
    return ", ".join(parts)


def unexpected_output(
    graph: Graph, node: Node, vertical: Axis, horizontal: Axis, channels: int
) -> str | None:
    """What is found where the output's shape does not follow from the input's and the filter."""
    if unsafe_steps(vertical, horizontal) or known_padding(graph, node):
        return None  # told by their own rules
    expected = (
        graph.activation(node, 0).shape[0],
        vertical.output,
        horizontal.output,
        channels,
    )
    found = graph.output(node).shape
    if min(expected) < 1:
        return f"a filter of {vertical.span}x{horizontal.span} over {vertical.size}x" + (
            f"{horizontal.size} without padding"
        )
    return None if found == expected else f"{sizes(found)} where {sizes(expected)} follows"


def _dilation(node: Node, name: str) -> int:
    return int(node.options.get(f"dilation_{name}_factor", 1))


def _option(node: Node, name: str) -> int:
    return int(node.options.get(name, 0))
