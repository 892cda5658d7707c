"""A small sound model, and damaged copies of it, for the tests of the reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tflite_writer import pack, unpack, write_tflite

from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, Tensor
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.errors import ModelError

UNIT = Quantization((1.0,), (0,))


def small() -> Graph:
    """CONV_2D, RESHAPE, FULLY_CONNECTED without bias."""
    filters = np.arange(-18, 18, dtype=np.int8).reshape(2, 3, 3, 2)
    matrix = np.arange(24, dtype=np.int8).reshape(3, 8)
    return Graph(
        tensors=(
            Tensor("image", (1, 4, 4, 2), "int8", Quantization((0.5,), (-128,))),
            Tensor("filter", (2, 3, 3, 2), "int8", Quantization((0.1, 0.2), (0, 0)), filters),
            Tensor("bias", (2,), "int32", Quantization((0.05, 0.1), (0, 0)), np.int32([7, -9])),
            Tensor("conv", (1, 2, 2, 2), "int8", Quantization((0.25,), (3,))),
            Tensor("shape", (2,), "int32", None, np.int32([1, -1])),
            Tensor("flat", (1, 8), "int8", Quantization((0.25,), (3,))),
            Tensor("matrix", (3, 8), "int8", UNIT, matrix),
            Tensor("scores", (1, 3), "int8", UNIT),
        ),
        nodes=(
            Node("CONV_2D", (0, 1, 2), (3,), {"padding": "SAME", "stride_w": 2, "stride_h": 2}),
            Node("RESHAPE", (3, 4), (5,), {"new_shape": (1, -1)}, 1),
            Node("FULLY_CONNECTED", (5, 6, ABSENT), (7,), {"keep_num_dims": True}, 2),
        ),
        inputs=(0,),
        outputs=(7,),
    )


def changed(change: Callable[[Any], None], graph: Graph | None = None) -> bytes:
    """The small model's bytes after `change` of the schema's ModelT."""
    model = unpack(write_tflite(graph or small()))
    change(model)
    return pack(model)


def finding(content: bytes) -> str:
    """The text of the ModelError that reading `content` raises."""
    with pytest.raises(ModelError) as caught:
        read_tflite(content)
    return str(caught.value)
