"""What the operators that move values refuse, and what they say of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph_changes import change, rewire
from operator_cases.values import integers, node_of

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import check_node

HALF = Quantization((0.5,), (3,))
# The next float32 after it.
MORE = Quantization((0.50000006,), (3,))
CENTERS = {"align_corners": True, "half_pixel_centers": True}


def image(*shape: int, dtype: str = "int8", scale: Quantization | None = HALF) -> Tensor:
    return Tensor("image", shape, dtype, scale if dtype == "int8" else None)


def known(values: Any, scale: Quantization | None = HALF) -> Tensor:
    return Tensor("known", np.shape(values), "int8", scale, np.array(values, np.int8))


def joined(second: Tensor, made: tuple[int, ...], **options: Any) -> Graph:
    return node_of("CONCATENATION", [image(2, 3), second], [image(*made)], {"axis": 1, **options})


def cut(parts: list[tuple[int, ...]], axis: int = 1, count: int = 2) -> Graph:
    outputs = [image(*part) for part in parts]
    return node_of("SPLIT", [integers("axis", axis), image(2, 6)], outputs, {"num_splits": count})


def cut_by(sizes: list[int]) -> Graph:
    outputs = [image(2, 2), image(2, 4)]
    operands = [image(2, 6), integers("sizes", sizes), integers("axis", -1)]
    return node_of("SPLIT_V", operands, outputs, {"num_splits": 2})


def part(begins: list[int], sizes: list[int], *made: int) -> Graph:
    operands = [image(4, 6), integers("begins", begins), integers("sizes", sizes)]
    return node_of("SLICE", operands, [image(*made)])


def strided(begin: int, end: int, stride: int, *made: int, **options: Any) -> Graph:
    operands = [image(6), *(integers("spec", [value]) for value in (begin, end, stride))]
    return node_of("STRIDED_SLICE", operands, [image(*made)], options)


def gathered(indices: Any, *made: int, **options: Any) -> Graph:
    operands = [image(2, 6), integers("indices", indices)]
    return node_of("GATHER", operands, [image(*made)], {"axis": 1, "batch_dims": 0, **options})


def turned(order: list[int], *made: int) -> Graph:
    return node_of("TRANSPOSE", [image(2, 3), integers("order", order)], [image(*made)])


def mirrored(mode: str, width: int) -> Graph:
    operands = [image(4), integers("paddings", [[width, 0]])]
    return node_of("MIRROR_PAD", operands, [image(4 + width)], {"mode": mode})


def around(value: Tensor) -> Graph:
    operands = [image(4), integers("paddings", [[1, 1]]), value]
    return node_of("PADV2", operands, [image(6)])


def resized(op: str, height: int, made: int, **options: Any) -> Graph:
    operands = [image(1, height, 1, 1), integers("size", [made, 1])]
    return node_of(op, operands, [image(1, made, 1, 1)], options)


def batched(blocks: list[int], paddings: list[list[int]], *made: int) -> Graph:
    operands = [image(1, 4, 6, 2), integers("blocks", blocks), integers("paddings", paddings)]
    return node_of("SPACE_TO_BATCH_ND", operands, [image(*made)])


NONE = [[0, 0], [0, 0]]
REFUSED: list[tuple[str, Graph, str]] = [
    ("another type", joined(image(2, 1, dtype="int16"), (2, 4)), "int8, image is int16)"),
    ("uint8", change(part([0, 0], [4, 6], 4, 6), 0, dtype="uint8"), "(found: image is uint8)"),
    ("another scale", joined(image(2, 1, scale=MORE), (2, 4)), "image has scale 0.5"),
    ("no scale", joined(image(2, 1, scale=None), (2, 4)), "image has no scale)"),
    ("other rows", joined(image(3, 1), (2, 4)), "(found: 2x3 beside 3x1)"),
    ("another sum", joined(image(2, 1), (2, 5)), "(found: 2x5 where 2x4 follows)"),
    ("no such axis", joined(image(2, 1), (2, 4), axis=2), "(found: axis 2 of 2)"),
    (
        "a fused activation",
        joined(image(2, 1), (2, 4), fused_activation_function="RELU"),
        "(found: RELU)",
    ),
    (
        "constants only",
        node_of("CONCATENATION", [known([1]), known([2])], [image(2)], {"axis": 0}),
        "(found: 2 constants)",
    ),
    (
        "an int16 zero point",
        node_of(
            "CONCATENATION",
            [Tensor("deep", (2,), "int16", HALF)],
            [Tensor("made", (2,), "int16", HALF)],
            {"axis": 0},
        ),
        "(found: deep has scale 0.5 and zero point 3)",
    ),
    (
        "a miscounted pack",
        node_of("PACK", [image(2), image(2)], [image(2, 2)], {"axis": 0, "values_count": 3}),
        "(found: 3 for 2 inputs)",
    ),
    ("uneven parts", cut([(2, 1)] * 4, count=4), "(found: 6 into 4)"),
    ("other parts", cut([(2, 3), (2, 2)]), "(found: image is 2x2 where 2x3 follows)"),
    ("a miscounted split", cut([(2, 3)] * 2, count=3), "(found: 3 for 2 outputs)"),
    ("an axis too many", cut([(2, 3)] * 2, axis=2), "(found: axis 2 of 2)"),
    ("a computed axis", change(cut([(2, 3)] * 2), 0, data=None), "(found: axis is computed)"),
    ("sizes too small", cut_by([2, 3]), "(found: [2, 3] of 6 for 2 outputs)"),
    ("two rests", cut_by([-1, -1]), "(found: [-1, -1] of 6 for 2 outputs)"),
    (
        "too few slices",
        node_of("UNPACK", [image(3, 2)], [image(2), image(2)], {"axis": 0, "num": 2}),
        "(found: 2 outputs for 3)",
    ),
    ("a slice too long", part([1, 0], [4, 6], 4, 6), "(found: 4 from 1 of 4)"),
    ("a slice before the start", part([-1, 0], [2, 6], 2, 6), "(found: 2 from -1 of 4)"),
    ("a flat slice", part([0], [4], 4, 6), "(found: begins is 1 for 2 dimensions)"),
    ("an empty slice", strided(3, 3, 1, 1), "(found: 3 to 3 by 1 of 6)"),
    ("stride 0", strided(0, 6, 0, 6), "(found: 0 to 6 by 0 of 6)"),
    ("an index outside", strided(6, 7, 1, shrink_axis_mask=1), "(found: index 6 of 6"),
    ("an index backwards", strided(1, 0, -1, shrink_axis_mask=1), "with stride -1)"),
    ("relative ends", strided(1, 2, 1, 2, offset=True), "(found: offset)"),
    ("another shape", strided(0, 6, 1, 1, 1, 1, 1, 1, 6, new_axis_mask=1), "follows)"),
    ("an index too large", gathered([0, 6], 2, 2), "(found: 6 of 6)"),
    ("a negative index", gathered([-1], 2, 1), "(found: -1 of 6)"),
    (
        "computed indices",
        change(gathered([0], 2, 1), 1, data=None),
        "(found: indices is computed)",
    ),
    ("batches that differ", gathered([[0]] * 3, 3, 1, batch_dims=1), "(found: axis 1 after 1"),
    ("an axis twice", turned([0, 0], 2, 2), "(found: [0, 0] of 2)"),
    ("a third axis", turned([0, 2], 2, 3), "(found: [0, 2] of 2)"),
    ("a mirror too narrow", mirrored("REFLECT", 4), "(found: 4 beside 4)"),
    ("an unknown mirror", mirrored("WRAP", 2), "(found: WRAP)"),
    ("a pad of another scale", around(known([7], MORE)), "known has scale 0.5"),
    ("two pads", around(known([7, 8])), "(found: known is int8 2)"),
    ("a computed pad", change(around(known([7])), 2, data=None), "(found: known is computed)"),
    ("steps too small", resized("RESIZE_BILINEAR", 3, 2000), "(found: 3 to 2000)"),
    ("both centers", resized("RESIZE_BILINEAR", 3, 6, **CENTERS), "(found: both)"),
    ("a high image", resized("RESIZE_NEAREST_NEIGHBOR", 3, 40000), "image is 1x40000x1x1)"),
    ("a block that is left over", batched([3, 2], NONE, 6, 1, 3, 2), "(found: 0 + 4 + 0 by 3)"),
    ("no block", batched([0, 2], NONE, 2, 4, 3, 2), "(found: [0, 2] for 1x4x6x2)"),
    (
        "a negative pad",
        batched([1, 1], [[-1, 1], [0, 0]], 1, 4, 6, 2),
        "(found: 2x2 [-1, 1, 0, 0])",
    ),
    (
        "a shape of 64 bits",
        node_of("SHAPE", [image(2, 3)], [Tensor("made", (2,), "int64")]),
        "(found: made is int64)",
    ),
    (
        "a block too deep",
        node_of("DEPTH_TO_SPACE", [image(1, 2, 2, 6)], [image(1, 4, 4, 1)], {"block_size": 2}),
        "(found: 2 for 6)",
    ),
]


@pytest.mark.parametrize(("graph", "found"), [pytest.param(g, f, id=i) for i, g, f in REFUSED])
def test_what_is_refused_is_told_with_what_was_found(graph: Graph, found: str) -> None:
    findings = check_node(graph, graph.nodes[0])
    assert any(found in finding for finding in findings), findings


@pytest.mark.parametrize(
    "graph",
    [
        *(joined(image(2, 1), (2, 4)), cut([(2, 3)] * 2), cut_by([2, -1]), around(known([7]))),
        *(part([1, 0], [-1, 2], 3, 2), strided(-1, 0, -2, 3), gathered([[0, 5]], 2, 1, 2)),
        *(turned([1, 0], 3, 2), mirrored("SYMMETRIC", 4), batched([2, 3], NONE, 6, 2, 2, 2)),
        *(resized("RESIZE_BILINEAR", 3, 6), resized("RESIZE_NEAREST_NEIGHBOR", 3, 30000)),
        rewire(strided(0, 6, 1, 1, 6, new_axis_mask=1), options={"new_axis_mask": 1}),
    ],
)
def test_the_models_these_were_made_from_are_accepted(graph: Graph) -> None:
    assert check_node(graph, graph.nodes[0]) == []
