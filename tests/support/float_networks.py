"""Small networks from floats to floats, with the operators at a quantised model's edges."""

from __future__ import annotations

from collections.abc import Callable

from operator_cases.functions import of_scale

from tinyflow.compiler.graph import Graph, Node, Tensor

SHAPE = (1, 6, 5, 2)


def int8_network() -> Graph:
    """Functions that are tables."""
    tensors = (
        Tensor("input", SHAPE, "float32"),
        Tensor("quantised", SHAPE, "int8", of_scale(0.05, -3)),
        Tensor("leaky", SHAPE, "int8", of_scale(0.04, -100)),
        Tensor("bent", SHAPE, "int8", of_scale(1 / 128)),
        Tensor("output", SHAPE, "float32"),
    )
    nodes = (
        Node("QUANTIZE", (0,), (1,)),
        Node("LEAKY_RELU", (1,), (2,), {"alpha": 0.25}),
        Node("TANH", (2,), (3,)),
        Node("DEQUANTIZE", (3,), (4,)),
    )
    return Graph(tensors, nodes, (0,), (4,))


def int16_network() -> Graph:
    """Functions in fixed point and interpolated, SOFTMAX, and a change to int8."""
    tensors = (
        Tensor("input", SHAPE, "float32"),
        Tensor("quantised", SHAPE, "int16", of_scale(2e-3)),
        Tensor("leaky", SHAPE, "int16", of_scale(1.5e-3)),
        Tensor("bent", SHAPE, "int16", of_scale(2.0**-15)),
        Tensor("raised", SHAPE, "int16", of_scale(1e-4)),
        Tensor("shares", SHAPE, "int16", of_scale(2.0**-15)),
        Tensor("narrow", SHAPE, "int8", of_scale(1 / 200, -128)),
        Tensor("output", SHAPE, "float32"),
    )
    nodes = (
        Node("QUANTIZE", (0,), (1,)),
        Node("LEAKY_RELU", (1,), (2,), {"alpha": 0.25}),
        Node("TANH", (2,), (3,)),
        Node("EXP", (3,), (4,)),
        Node("SOFTMAX", (4,), (5,), {"beta": 1.5}),
        Node("QUANTIZE", (5,), (6,)),
        Node("DEQUANTIZE", (6,), (7,)),
    )
    return Graph(tensors, nodes, (0,), (7,))


def casts() -> Graph:
    """Floats as other types, and those as floats again."""
    types = ("int32", "int16", "bool", "float32", "float32")
    tensors = (
        Tensor("input", SHAPE, "float32"),
        *(Tensor(f"as {dtype} {i}", SHAPE, dtype) for i, dtype in enumerate(types)),
    )
    pairs = ((0, 1), (0, 2), (0, 3), (1, 4), (2, 5))
    return Graph(
        tensors,
        tuple(
            Node(
                "CAST",
                (source,),
                (output,),
                {
                    "in_data_type": tensors[source].dtype.upper(),
                    "out_data_type": tensors[output].dtype.upper(),
                },
            )
            for source, output in pairs
        ),
        (0,),
        (3, 4, 5),
    )


NETWORKS: dict[str, Callable[[], Graph]] = {
    "int8": int8_network,
    "int16": int16_network,
    "casts": casts,
}
