"""Operators of int16 whose sums leave 32 bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from operator_cases.drawing import constant, one_node
from tinyflow.compiler.graph import Graph, Quantization, Tensor

WEIGHT = Quantization((0.01,), (0,))
OPERATORS = ("BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
DEPTHS = (255, 256, 257, 600, 1025)


def filters(shape: Sequence[int], axis: int) -> Tensor:
    """Of one channel all weights are the largest, of the next the smallest, of the last mixed."""
    values = np.random.default_rng(3).integers(-128, 128, shape).astype(np.int8)
    channels = np.moveaxis(values, axis, 0)
    channels[0], channels[1] = 127, -128
    return constant("weights", values, WEIGHT)


def long_sum(op: str, depth: int) -> Graph:
    """`op` over sums of `depth` products, whose largest fill the output's range."""
    source = Quantization((1.0,), (0,))
    output = Quantization((float(np.float32(depth * 128 * 0.01)),), (0,))
    bias = constant("bias", np.array([5, -5, 1 << 33]), WEIGHT)
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    if op == "FULLY_CONNECTED":
        operands = [Tensor("input", (1, depth), "int16", source), filters((3, depth), 0), bias]
        return one_node(op, [*operands, Tensor("output", (1, 3), "int16", output)])
    if op == "BATCH_MATMUL":
        unit = Quantization((0.01 / 256,), (0,))
        first = Tensor("first", (1, depth), "int16", source)
        second = Tensor("second", (depth, 3), "int16", unit)
        return one_node(op, [first, second, Tensor("output", (1, 3), "int16", output)])
    if op == "DEPTHWISE_CONV_2D":
        operands = [
            Tensor("input", (1, 1, depth, 3), "int16", source),
            *(filters((1, 1, depth, 3), 3), bias),
        ]
        options["depth_multiplier"] = 1
    else:
        operands = [
            Tensor("input", (1, 1, 1, depth), "int16", source),
            *(filters((3, 1, 1, depth), 0), bias),
        ]
    made = Tensor("output", (1, 1, 1, 3), "int16", output)
    if op == "TRANSPOSE_CONV":
        given, matrix, *rest = operands
        shape = constant("shape", np.array(made.shape, np.int32))
        operands = [shape, matrix, given, *rest]
    return one_node(op, [*operands, made], options)
