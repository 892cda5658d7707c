"""STRIDED_SLICE: slices as Python writes them, input[begin:end:stride, ..., None, index]."""

from __future__ import annotations

from typing import NamedTuple

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import moving, rules
from tinyflow.compiler.ops.slice import MAX_RANK, Part, Slicing


class Spec(NamedTuple):
    """What is asked of the input's axes, and the shape that follows."""

    parts: list[Part]
    shape: list[int]


def lists_of_one_length(graph: Graph, node: Node) -> str | None:
    """Begins, ends and strides are lists of one length."""
    shapes = [graph.activation(node, position).shape for position in (1, 2, 3)]
    if len(shapes[0]) == 1 and shapes[0] == shapes[1] == shapes[2]:
        return None
    return ", ".join(rules.sizes(shape) for shape in shapes)


def absolute_ends(graph: Graph, node: Node) -> str | None:
    """The ends are indices, not counted from the begins (offset)."""
    return "offset" if node.options.get("offset", False) else None


def sound_spec(graph: Graph, node: Node) -> str | None:
    """Every stride leads from begin to end and is not 0; single indices are inside the input.

    There is at most one ellipsis, for at least one dimension; input and new axes are at most five
    dimensions.
    """
    found = _spec(graph, node)
    return found if isinstance(found, str) else None


def _masked(node: Node, mask: str, place: int) -> bool:
    return bool(int(node.options.get(mask, 0)) >> place & 1)


def _spec(graph: Graph, node: Node) -> Spec | str:
    """What the node asks for, or what is wrong with it."""
    shape = graph.activation(node, 0).shape
    begins, ends, strides = (moving.integers(graph, node, position) for position in (1, 2, 3))
    kinds = [_kind(node, place) for place in range(len(begins))]
    rest = len(shape) - kinds.count("slice")
    if kinds.count("ellipsis") > 1:
        return f"{kinds.count('ellipsis')} ellipses"
    if rest < kinds.count("ellipsis") or len(shape) + kinds.count("new axis") > MAX_RANK:
        return f"{len(begins)} slices of {rules.sizes(shape)}"
    parts: list[Part] = []
    made: list[int] = []
    for place, kind in enumerate(kinds):
        if kind == "new axis":
            made.append(1)
            continue
        if kind == "ellipsis":
            whole = [Part(0, 1, size) for size in shape[len(parts) : len(parts) + rest]]
            parts += whole
            made += [part.size for part in whole]
            continue
        part = _part(node, place, shape[len(parts)], begins[place], ends[place], strides[place])
        if isinstance(part, str):
            return part
        parts.append(part)
        if not _masked(node, "shrink_axis_mask", place):
            made.append(part.size)
    for size in shape[len(parts) :]:
        parts.append(Part(0, 1, size))
        made.append(size)
    return Spec(parts, made)


def _kind(node: Node, place: int) -> str:
    if _masked(node, "ellipsis_mask", place):
        return "ellipsis"
    return "new axis" if _masked(node, "new_axis_mask", place) else "slice"


def _part(node: Node, place: int, size: int, begin: int, end: int, stride: int) -> Part | str:
    """What is taken of an axis of `size`, or what is wrong."""
    if _masked(node, "shrink_axis_mask", place):
        index = 0 if _masked(node, "begin_mask", place) else begin
        if stride > 0 and -size <= index < size:
            return Part(index % size, 1, 1)
        return f"index {index} of {size} with stride {stride}"
    first = None if _masked(node, "begin_mask", place) else begin
    last = None if _masked(node, "end_mask", place) else end
    taken = range(*slice(first, last, stride).indices(size)) if stride else range(0)
    if not taken:
        return f"{begin} to {end} by {stride} of {size}"
    return Part(taken[0], stride, len(taken))


def _sliced(graph: Graph, node: Node) -> list[int] | None:
    found = _spec(graph, node)
    return None if isinstance(found, str) else found.shape


class StridedSlice(Slicing):
    """A part of the input, with strides, from either end; all masks are known.

    Nothing is copied where it is a single block that can stay in place.
    """

    name = "STRIDED_SLICE"
    structure = (
        rules.operands(4),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
        moving.ranks(1, MAX_RANK),
        moving.constant_integers(1, "The begins", wide=False),
        moving.constant_integers(2, "The ends", wide=False),
        moving.constant_integers(3, "The strides", wide=False),
        lists_of_one_length,
    )
    constraints = (
        absolute_ends,
        sound_spec,
        moving.output_shape("begins, ends, strides and masks", _sliced),
        moving.one_scale(),
    )

    @classmethod
    def parts(cls, graph: Graph, node: Node) -> list[Part]:
        found = _spec(graph, node)
        if isinstance(found, str):
            raise ValueError(found)
        return found.parts


OPS = (StridedSlice,)
