"""Operators that join tensors, cut them, or take a part of one."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import Draw, shapes, sizes
from operator_cases.values import integers, kind, known, node_of, tensor
from tinyflow.compiler.graph import Graph


def told(draw: Draw, axis: int, rank: int) -> int:
    """An axis, counted from the front or from the end."""
    return axis - draw(st.sampled_from([0, rank]))


@st.composite
def concatenation(draw: Draw) -> Graph:
    shape, like = draw(shapes(4)), kind(draw)
    axis = draw(st.integers(0, len(shape) - 1))
    parts = [draw(sizes(4)) for _ in range(draw(sizes(4)))]
    constant = draw(st.integers(0, 2 * len(parts)))
    inputs = []
    for place, part in enumerate(parts):
        own = (*shape[:axis], part, *shape[axis + 1 :])
        if place == constant and len(parts) > 1:
            inputs.append(known(draw, f"input {place}", own, like))
        else:
            inputs.append(tensor(f"input {place}", own, like))
    made = (*shape[:axis], sum(parts), *shape[axis + 1 :])
    return node_of(
        "CONCATENATION",
        inputs,
        [tensor("output", made, like)],
        {"axis": told(draw, axis, len(shape)), "fused_activation_function": "NONE"},
    )


@st.composite
def pack(draw: Draw) -> Graph:
    shape, like = draw(st.one_of(st.just(()), shapes(4, rank=3))), kind(draw)
    axis, count = draw(st.integers(0, len(shape))), draw(sizes(4))
    constant = draw(st.integers(0, 2 * count))
    inputs = [
        known(draw, f"input {place}", shape, like)
        if place == constant and count > 1
        else tensor(f"input {place}", shape, like)
        for place in range(count)
    ]
    made = (*shape[:axis], count, *shape[axis:])
    return node_of(
        "PACK",
        inputs,
        [tensor("output", made, like)],
        {"axis": told(draw, axis, len(made)), "values_count": count},
    )


@st.composite
def unpack(draw: Draw) -> Graph:
    shape, like = draw(shapes(4)), kind(draw)
    axis = draw(st.integers(0, len(shape) - 1))
    made = (*shape[:axis], *shape[axis + 1 :])
    return node_of(
        "UNPACK",
        [tensor("input", shape, like)],
        [tensor(f"output {place}", made, like) for place in range(shape[axis])],
        {"axis": told(draw, axis, len(shape)), "num": shape[axis]},
    )


@st.composite
def split(draw: Draw) -> Graph:
    shape, like = draw(shapes(4)), kind(draw)
    axis, count = draw(st.integers(0, len(shape) - 1)), draw(sizes(4))
    whole = (*shape[:axis], shape[axis] * count, *shape[axis + 1 :])
    return node_of(
        "SPLIT",
        [integers("axis", told(draw, axis, len(shape))), tensor("input", whole, like)],
        [tensor(f"output {place}", shape, like) for place in range(count)],
        {"num_splits": count},
    )


@st.composite
def split_v(draw: Draw) -> Graph:
    shape, like = draw(shapes(4)), kind(draw)
    axis = draw(st.integers(0, len(shape) - 1))
    parts = draw(st.lists(sizes(4), min_size=1, max_size=4))
    whole = (*shape[:axis], sum(parts), *shape[axis + 1 :])
    named = list(parts)
    if draw(st.booleans()):
        named[draw(st.integers(0, len(named) - 1))] = -1
    return node_of(
        "SPLIT_V",
        [
            tensor("input", whole, like),
            integers("sizes", named),
            integers("axis", told(draw, axis, len(shape))),
        ],
        [
            tensor(f"output {place}", (*shape[:axis], part, *shape[axis + 1 :]), like)
            for place, part in enumerate(parts)
        ],
        {"num_splits": len(parts)},
    )


@st.composite
def slice_of(draw: Draw) -> Graph:
    shape, like = draw(shapes(6, rank=5)), kind(draw)
    begins = [draw(st.integers(0, size - 1)) for size in shape]
    made = [draw(sizes(size - begin)) for size, begin in zip(shape, begins, strict=True)]
    named = [
        -1 if begin + part == size and draw(st.booleans()) else part
        for size, begin, part in zip(shape, begins, made, strict=True)
    ]
    dtype = draw(st.sampled_from(["int32", "int64"]))
    return node_of(
        "SLICE",
        [
            tensor("input", shape, like),
            integers("begins", begins, dtype),
            integers("sizes", named, dtype),
        ],
        [tensor("output", made, like)],
    )


@st.composite
def strided_slice(draw: Draw) -> Graph:
    """The slice is written for numpy as well, which tells the output's shape."""
    shape, like = draw(shapes(6)), kind(draw)
    masks = dict.fromkeys(("begin", "end", "ellipsis", "new_axis", "shrink_axis"), 0)
    begins, ends, strides = [], [], []
    asked: list[Any] = []
    axis = 0
    covered = draw(st.integers(0, len(shape)))
    ellipsis = draw(st.integers(0, covered)) if covered < len(shape) else None
    while axis < covered or not asked:
        place = len(asked)
        begin, end, stride = (draw(st.integers(-7, 7)) for _ in range(3))
        if ellipsis is not None and axis >= ellipsis:
            masks["ellipsis"] |= 1 << place
            asked.append(...)
            axis, ellipsis = axis + len(shape) - covered, None
            covered = len(shape)
        elif axis < covered and draw(st.integers(0, 5)):
            begin, end, stride, item = _slice(draw, masks, place, shape[axis])
            asked.append(item)
            axis += 1
        elif masks["new_axis"] == 0 and len(shape) < 5:
            masks["new_axis"] |= 1 << place
            asked.append(None)
        else:
            continue
        begins.append(begin)
        ends.append(end)
        strides.append(stride if stride else 1)
    made = np.empty(shape)[tuple(asked)].shape
    return node_of(
        "STRIDED_SLICE",
        [
            tensor("input", shape, like),
            *(integers("begins", begins), integers("ends", ends), integers("strides", strides)),
        ],
        [tensor("output", made, like)],
        {f"{name}_mask": value for name, value in masks.items()},
    )


def _slice(
    draw: Draw, masks: dict[str, int], place: int, size: int
) -> tuple[int, int, int, int | slice]:
    """A slice of an axis that takes something, for the operator and for numpy."""
    if draw(st.integers(0, 4)) == 0:
        masks["shrink_axis"] |= 1 << place
        index = draw(st.integers(-size, size - 1))
        masked = draw(st.sampled_from([0, 0, 0, 1]))
        masks["begin"] |= masked << place
        masks["end"] |= draw(st.integers(0, 1)) << place
        return index, draw(st.integers(-7, 7)), draw(sizes(3)), 0 if masked else index
    stride = draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
    begin, end = draw(st.integers(-size - 2, size + 2)), draw(st.integers(-size - 2, size + 2))
    first = None if draw(st.booleans()) else begin
    last = None if draw(st.booleans()) else end
    if not range(*slice(first, last, stride).indices(size)):
        first = last = None
    masks["begin"] |= (first is None) << place
    masks["end"] |= (last is None) << place
    return begin, end, stride, slice(first, last, stride)


@st.composite
def gather(draw: Draw) -> Graph:
    shape, like = draw(shapes(5)), kind(draw)
    axis = draw(st.integers(0, len(shape) - 1))
    batch = draw(st.integers(0, axis))
    own = draw(st.one_of(st.just(()), shapes(4, rank=2)))
    indices = draw(
        st.lists(
            st.integers(0, shape[axis] - 1),
            min_size=int(np.prod((*shape[:batch], *own))),
            max_size=int(np.prod((*shape[:batch], *own))),
        )
    )
    named = np.array(indices).reshape((*shape[:batch], *own))
    made = (*shape[:axis], *own, *shape[axis + 1 :])
    return node_of(
        "GATHER",
        [tensor("input", shape, like), integers("indices", named)],
        [tensor("output", made, like)],
        {"axis": told(draw, axis, len(shape)), "batch_dims": batch},
    )


CASES = {
    "CONCATENATION": concatenation(),
    "GATHER": gather(),
    "PACK": pack(),
    "SLICE": slice_of(),
    "SPLIT": split(),
    "SPLIT_V": split_v(),
    "STRIDED_SLICE": strided_slice(),
    "UNPACK": unpack(),
}
