"""A .tflite of one linear layer that tells of two values whether the first is above a threshold."""

from __future__ import annotations

import numpy as np
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor

LABELS = ("low", "high")
SCALE = 0.03125


def linear_model(threshold: float) -> bytes:
    """The model that says high above `threshold`; its input has scale SCALE and zero point 0."""
    matrix = np.array([[-64, 0], [64, 0]], dtype=np.int8)
    bias = np.int32([threshold * 64 / SCALE, -threshold * 64 / SCALE])
    graph = Graph(
        tensors=(
            Tensor("input", (1, 2), "int8", Quantization((SCALE,), (0,))),
            Tensor("matrix", (2, 2), "int8", Quantization((1.0,), (0,)), matrix),
            Tensor("bias", (2,), "int32", Quantization((SCALE,), (0,)), bias),
            Tensor("scores", (1, 2), "int8", Quantization((4.0,), (0,))),
        ),
        nodes=(Node("FULLY_CONNECTED", (0, 1, 2), (3,), {"keep_num_dims": False}),),
        inputs=(0,),
        outputs=(3,),
    )
    return write_tflite(graph)
