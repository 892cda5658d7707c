"""Filters that move over height and width: geometry, and the rules that make it safe."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops.rules import sizes

MAX_FILTER = 65535
EXPLICIT = "EXPLICIT"
"""A padding given by the options pad_top, pad_bottom, pad_left and pad_right. Only passes make it,
and only for operators to which padding is zeros.
"""


@dataclass(frozen=True)
class Axis:
    """A filter along one dimension. `before` is the padding before the first value.

    `explicit` is the padding before and after where it is given in numbers; else it is as much as
    `same` says.
    """

    size: int
    filter: int
    stride: int
    dilation: int
    same: bool
    explicit: tuple[int, int] | None = None

    @property
    def span(self) -> int:
        """Values from the filter's first to its last, both included."""
        return (self.filter - 1) * self.dilation + 1

    @property
    def output(self) -> int:
        """How many positions the filter takes; not positive where it does not fit."""
        padded = self.size + sum(self.explicit or ())
        covered = self.size if self.same else padded - self.span + 1
        return -(-covered // self.stride)

    @property
    def before(self) -> int:
        return self.explicit[0] if self.explicit else self._missing // 2

    @property
    def after(self) -> int:
        """The padding after the last value, as far as the filter reaches into it."""
        return max(0, self._missing - self.before)

    @property
    def _missing(self) -> int:
        """How much more the filter covers than there is."""
        return max(0, (self.output - 1) * self.stride + self.span - self.size)

    @property
    def is_padded(self) -> bool:
        """Whether the filter reaches over an end."""
        return self.before > 0 or self.after > 0

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
    padding = node.options.get("padding")
    same, explicit = padding == "SAME", padding == EXPLICIT
    rows = (_option(node, "pad_top"), _option(node, "pad_bottom")) if explicit else None
    columns = (_option(node, "pad_left"), _option(node, "pad_right")) if explicit else None
    return (
        Axis(source[1], height, _option(node, "stride_h"), _dilation(node, "h"), same, rows),
        Axis(source[2], width, _option(node, "stride_w"), _dilation(node, "w"), same, columns),
    )


def known_padding(graph: Graph, node: Node) -> str | None:
    """Padding is SAME or VALID."""
    padding = node.options.get("padding")
    if padding == EXPLICIT:  # no file has it: a pass made it of a PAD
        return None
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
