"""Random models of one operator, for every operator the compiler has.

A case is a strategy of graphs with a single node. Shapes and options are drawn by hypothesis,
constants by a generator with a drawn seed. Each module has the cases of a family, in CASES.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from operator_cases import (
    binary,
    functions,
    images,
    matmul,
    moving,
    parts,
    recurrent,
    reductions,
    weighted,
)
from operator_cases.drawing import (
    ACTIVATIONS,
    SEEDS,
    ZERO_POINTS,
    activation,
    constant,
    one_node,
    quantized,
    scales,
    shapes,
    sizes,
)
from tinyflow.compiler.graph import Graph

__all__ = [
    "ACTIVATIONS",
    "CASES",
    "SEEDS",
    "ZERO_POINTS",
    "activation",
    "constant",
    "for_reference",
    "input_rows",
    "one_node",
    "quantized",
    "scales",
    "shapes",
    "sizes",
]

CASES: dict[str, st.SearchStrategy[Graph]] = {
    **binary.CASES,
    **functions.CASES,
    **images.CASES,
    **matmul.CASES,
    **moving.CASES,
    **parts.CASES,
    **recurrent.CASES,
    **reductions.CASES,
    **weighted.CASES,
}


def for_reference(graph: Graph) -> Graph:
    """The same model as the reference interpreter takes it: with a bias of zeros, say."""
    (node,) = graph.nodes
    if node.op in functions.CASES:
        return functions.for_reference(graph)
    if node.op == "SUM":
        return reductions.sum_for_reference(graph)
    if node.op == "SVDF":
        return recurrent.svdf_for_reference(graph)
    if node.op == "ASSIGN_VARIABLE":
        return recurrent.assign_for_reference(graph)
    return weighted.for_reference(graph) if node.op in weighted.CASES else graph


def input_rows(graph: Graph, seed: int) -> NDArray[np.int8]:
    """Inputs int8 [4, bytes of all inputs]: random, smallest, largest, and a mix of those two.

    Floats are drawn around 0, with some large ones, and without those that are no number.
    """
    rng = np.random.default_rng(seed)
    parts = [
        _rows(graph.tensors[index].dtype, graph.tensors[index].elements, rng)
        for index in graph.inputs
    ]
    return np.concatenate([part.view(np.int8) for part in parts], axis=1)


def _rows(dtype: str, size: int, rng: np.random.Generator) -> NDArray[np.generic]:
    if dtype == "bool":
        return rng.integers(0, 2, (4, size)).astype(np.int8)
    if dtype == "float32":
        rows = rng.normal(0, [[1], [100], [1e-3], [1e6]], (4, size))
        return np.ascontiguousarray(rows.astype(np.float32))
    ends = np.iinfo(dtype)
    drawn = rng.integers(ends.min, ends.max, (4, size), endpoint=True).astype(dtype)
    drawn[1], drawn[2] = ends.min, ends.max
    drawn[3] = rng.choice(np.array([ends.min, ends.max], dtype), size)
    return drawn
