"""Operators that give the input another shape or put something around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import Draw, shapes, sizes
from operator_cases.values import integers, kind, known, node_of, tensor
from tinyflow.compiler.graph import Graph


def pairs(draw: Draw, shape: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """Paddings, some of them 0, and the shape that they make."""
    width = st.sampled_from([0, 0, 1, 2, 3])
    drawn = [[draw(width), draw(width)] for _ in shape]
    return drawn, [size + sum(pair) for size, pair in zip(shape, drawn, strict=True)]


@st.composite
def pad(draw: Draw, op: str = "PAD") -> Graph:
    shape, like = draw(shapes(4, rank=5)), kind(draw)
    paddings, made = pairs(draw, shape)
    operands = [
        tensor("input", shape, like),
        integers("paddings", paddings, draw(st.sampled_from(["int32", "int64"]))),
    ]
    if op == "PADV2":
        operands.append(known(draw, "value", (1,), like))
    return node_of(op, operands, [tensor("output", made, like)])


@st.composite
def mirror_pad(draw: Draw) -> Graph:
    mode = draw(st.sampled_from(["REFLECT", "SYMMETRIC"]))
    shape, like = draw(shapes(5)), kind(draw)
    most = [size - (mode == "REFLECT") for size in shape]
    paddings = [[draw(st.integers(0, m)), draw(st.integers(0, m))] for m in most]
    made = [size + sum(pair) for size, pair in zip(shape, paddings, strict=True)]
    return node_of(
        "MIRROR_PAD",
        [tensor("input", shape, like), integers("paddings", paddings)],
        [tensor("output", made, like)],
        {} if mode == "REFLECT" and draw(st.booleans()) else {"mode": mode},
    )


@st.composite
def reshape(draw: Draw) -> Graph:
    shape, like = draw(shapes(5)), kind(draw, ("int8", "int16", "int32", "float32", "bool"))
    made = draw(st.permutations(shape))
    wanted = list(made)
    if draw(st.booleans()):
        wanted[draw(st.integers(0, len(wanted) - 1))] = -1
    return node_of(
        "RESHAPE",
        [tensor("input", shape, like), integers("shape", wanted)],
        [tensor("output", made, like)],
        {"new_shape": tuple(wanted)},
    )


@st.composite
def squeeze(draw: Draw) -> Graph:
    shape, like = draw(shapes(5)), kind(draw)
    place = draw(st.integers(0, len(shape)))
    told = place - draw(st.sampled_from([0, len(shape) + 1]))
    return node_of(
        "SQUEEZE",
        [tensor("input", (*shape[:place], 1, *shape[place:]), like)],
        [tensor("output", shape, like)],
        {"squeeze_dims": (told,)},
    )


@st.composite
def expand_dims(draw: Draw) -> Graph:
    shape, like = draw(shapes(5, rank=3)), kind(draw)
    place = draw(st.integers(0, len(shape)))
    told = place - draw(st.sampled_from([0, len(shape) + 1]))
    return node_of(
        "EXPAND_DIMS",
        [tensor("input", shape, like), integers("axis", told)],
        [tensor("output", (*shape[:place], 1, *shape[place:]), like)],
    )


@st.composite
def shape_of(draw: Draw) -> Graph:
    shape, like = draw(shapes(5)), kind(draw)
    made = tensor("output", (len(shape),), integers("", 0))
    return node_of("SHAPE", [tensor("input", shape, like)], [made], {"out_type": "INT32"})


@st.composite
def transpose(draw: Draw) -> Graph:
    shape, like = draw(shapes(4, rank=6)), kind(draw)
    order = draw(st.permutations(range(len(shape))))
    made = [shape[axis] for axis in order]
    return node_of(
        "TRANSPOSE",
        [tensor("input", shape, like), integers("order", order)],
        [tensor("output", made, like)],
    )


@st.composite
def tile(draw: Draw) -> Graph:
    shape, like = draw(shapes(4)), kind(draw, ("int8", "int32", "float32"))
    multiples = [draw(sizes(3)) for _ in shape]
    made = np.multiply(shape, multiples).tolist()
    return node_of(
        "TILE",
        [
            tensor("input", shape, like),
            integers("multiples", multiples, draw(st.sampled_from(["int32", "int64"]))),
        ],
        [tensor("output", made, like)],
    )


CASES = {
    "EXPAND_DIMS": expand_dims(),
    "MIRROR_PAD": mirror_pad(),
    "PAD": pad(),
    "PADV2": pad("PADV2"),
    "RESHAPE": reshape(),
    "SHAPE": shape_of(),
    "SQUEEZE": squeeze(),
    "TILE": tile(),
    "TRANSPOSE": transpose(),
}
