"""Products of matrices."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import SEEDS, Draw, one_node, quantized, scales, sizes
from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.quantmath import float32

TYPICAL = {"int8": (100, 127), "int16": (25000, 32767)}
FACTORS = {"int8": scales(1e-12, 1e6), "int16": scales(1e-12, 100.0)}


@st.composite
def batch_matmul(draw: Draw) -> Graph:
    dtype = draw(st.sampled_from(["int8", "int16"]))
    rows, depth, columns = draw(sizes(6)), draw(sizes(40)), draw(sizes(6))
    batches = draw(st.lists(sizes(3), max_size=3))
    leading = []
    for _ in range(2):
        own = [1 if draw(st.booleans()) else size for size in batches]
        leading.append(own[draw(st.integers(0, len(own))) :])
    mixed = all(leading) and leading[1][-1] == 1 < leading[0][-1]  # refused with adj_x
    adjoint = {"adj_x": not mixed and draw(st.booleans()), "adj_y": draw(st.booleans())}
    constant = draw(st.sampled_from([None, None, 0, 1]))
    tensors = []
    for position, (name, flag, matrix) in enumerate(
        (("first", "adj_x", (rows, depth)), ("second", "adj_y", (depth, columns)))
    ):
        shape = (*leading[position], *(reversed(matrix) if adjoint[flag] else matrix))
        values = None
        if position == constant:
            rng, ends = np.random.default_rng(draw(SEEDS)), np.iinfo(dtype)
            values = rng.integers(ends.min, ends.max, shape, endpoint=True).astype(dtype)
        tensors.append(Tensor(name, shape, dtype, quantized(draw, dtype), values))
    made = np.broadcast_shapes(*(tuple(own) for own in leading))
    typical, greatest = TYPICAL[dtype]
    usual = greatest / (typical * typical * float(np.sqrt(depth)))
    factor = draw(st.one_of(st.just(usual), FACTORS[dtype]))
    product = float(np.prod([t.quantization.scale for t in tensors if t.quantization]))
    output = Quantization((float32(product / factor),), quantized(draw, dtype).zero_points)
    return one_node(
        "BATCH_MATMUL",
        [*tensors, Tensor("output", (*made, rows, columns), dtype, output)],
        adjoint,
    )


CASES = {"BATCH_MATMUL": batch_matmul()}
