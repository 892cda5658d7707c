"""The compiler's intermediate representation: a frozen graph of nodes over tensors.

Passes are functions from Graph to Graph. Tensors are named by their index; nodes stand in
execution order.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ABSENT = -1
ITEM_BYTES = {
    "int8": 1,
    "uint8": 1,
    "bool": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}


@dataclass(frozen=True)
class Quantization:
    """real = (q - zero_point) * scale. More than one scale means per-channel along `axis`.

    Scales hold float32 values exactly; zero points are in the tensor type's range.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def scale(self) -> float:
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        return self.zero_points[0]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor: activation where `data` is None, else a constant of that shape.

    `dtype` is numpy's name: int8, int16, int32, int64, uint8, bool, float32. `shape` is fixed.
    Constants of "int4" hold int8 values from -8 to 7. Other types outside ITEM_BYTES ("string",
    "int8 (sparse)") have no size here and their constants are raw bytes; no operator accepts them.

    `origin` is the tensor's index in the file, -1 for one that a pass made. Where a pass removed
    channels, `channels` are those of the file's last axis that are left; None is all of them.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    quantization: Quantization | None = None
    data: NDArray[Any] | None = None
    origin: int = -1
    channels: tuple[int, ...] | None = None

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        return self.elements * ITEM_BYTES.get(self.dtype, 0)


@dataclass(frozen=True)
class Node:
    """One operator. `op` is the .tflite schema's name (CONV_2D).

    `inputs` may hold ABSENT for an optional input left out. `options` are the schema's fields by
    their schema names, enums by name (padding: "SAME" | "VALID", fused_activation_function:
    "NONE" | "RELU" | "RELU_N1_TO_1" | "RELU6" ...); passes give padding "EXPLICIT" with pad_top,
    pad_left, pad_bottom and pad_right. `index` is the node's number in the file.
    """

    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    index: int = 0


@dataclass(frozen=True, eq=False)
class State:
    """A tensor that keeps its value from one inference to the next.

    `initial` is its value before the first, of the tensor's shape; None is all zero points.
    """

    tensor: int
    initial: NDArray[Any] | None = None


@dataclass(frozen=True)
class Graph:
    """A model. `inputs` and `outputs` are tensor indices; `states` are written before the first
    inference, read by nodes, and changed only by nodes made for that.
    """

    tensors: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    states: tuple[State, ...] = ()

    def input(self, node: Node, position: int) -> Tensor | None:
        """The node's input tensor at `position`, or None where it has none."""
        if position >= len(node.inputs) or node.inputs[position] == ABSENT:
            return None
        return self.tensors[node.inputs[position]]

    def activation(self, node: Node, position: int) -> Tensor:
        """The node's input tensor at `position`; the constraints proved that it is there."""
        return self.tensors[node.inputs[position]]

    def output(self, node: Node) -> Tensor:
        """The node's first output tensor."""
        return self.tensors[node.outputs[0]]

    def consumers(self, tensor: int) -> list[Node]:
        """The nodes that read `tensor`."""
        return [node for node in self.nodes if tensor in node.inputs]

    def replace(self, **changes: Any) -> Graph:
        """A copy with some fields replaced."""
        return dataclasses.replace(self, **changes)


def array(tensor: Tensor) -> NDArray[np.generic]:
    """A constant's values; the constraints proved that it is one."""
    if tensor.data is None:
        raise ValueError(f"tensor {tensor.name} is not a constant")
    return tensor.data
