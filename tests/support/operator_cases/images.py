"""Operators that move pixels."""

from __future__ import annotations

from hypothesis import strategies as st

from operator_cases.drawing import Draw, sizes
from operator_cases.values import integers, kind, node_of, tensor
from tinyflow.compiler.graph import Graph


@st.composite
def resize(draw: Draw, op: str) -> Graph:
    floats = ("float32",) if op == "RESIZE_NEAREST_NEIGHBOR" else ()
    like = kind(draw, ("int8", "int8", "int16", *floats))
    batch, height, width, channels = (draw(sizes(most)) for most in (2, 9, 9, 4))
    made = (draw(sizes(20)), draw(sizes(20)))
    which = draw(st.integers(0, 5))
    if which == 0:
        made = (height * draw(sizes(3)), width * draw(sizes(3)))
    elif which == 1:
        # High images, where roundings add up; lower ones would lead out of the input.
        batch, height, width, made = 1, draw(st.integers(80, 200)), 1, (draw(sizes(400)), 1)
    centers = draw(st.sampled_from(["", "align_corners", "half_pixel_centers"]))
    return node_of(
        op,
        [tensor("input", (batch, height, width, channels), like), integers("size", made)],
        [tensor("output", (batch, *made, channels), like)],
        {name: name == centers for name in ("align_corners", "half_pixel_centers")},
    )


@st.composite
def depth(draw: Draw, op: str) -> Graph:
    like, block = kind(draw, ("int8", "int32", "float32")), draw(sizes(3))
    batch, height, width, channels = (draw(sizes(most)) for most in (2, 3, 3, 4))
    wide = tensor("wide", (batch, height * block, width * block, channels), like)
    deep = tensor("deep", (batch, height, width, channels * block * block), like)
    source, output = (wide, deep) if op == "SPACE_TO_DEPTH" else (deep, wide)
    return node_of(op, [source], [output], {"block_size": block})


@st.composite
def batches(draw: Draw, op: str) -> Graph:
    like, batch, channels = kind(draw), draw(sizes(2)), draw(sizes(4))
    rank = draw(st.sampled_from([1, 2]))
    blocks, wide, many, borders = [], [], [], []
    for _ in range(rank):
        block, count = draw(sizes(3)), draw(sizes(4))
        before = draw(st.integers(0, min(3, count * block - 1)))
        after = draw(st.integers(0, min(3, count * block - 1 - before)))
        blocks.append(block)
        many.append(count)
        borders.append([before, after])
        wide.append(count * block - before - after)
    turns = 1
    for block in blocks:
        turns *= block
    spatial = tensor("spatial", (batch, *wide, channels), like)
    batched = tensor("batched", (batch * turns, *many, channels), like)
    source, output = (spatial, batched) if op == "SPACE_TO_BATCH_ND" else (batched, spatial)
    return node_of(
        op,
        [source, integers("blocks", blocks), integers("borders", borders)],
        [output],
    )


CASES = {
    "BATCH_TO_SPACE_ND": batches("BATCH_TO_SPACE_ND"),
    "DEPTH_TO_SPACE": depth("DEPTH_TO_SPACE"),
    "RESIZE_BILINEAR": resize("RESIZE_BILINEAR"),
    "RESIZE_NEAREST_NEIGHBOR": resize("RESIZE_NEAREST_NEIGHBOR"),
    "SPACE_TO_BATCH_ND": batches("SPACE_TO_BATCH_ND"),
    "SPACE_TO_DEPTH": depth("SPACE_TO_DEPTH"),
}
