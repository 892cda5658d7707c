"""Changes to a graph of one node: by hand, and by chance as a strange or hostile model has them."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph, Quantization


def change(graph: Graph, index: int, **fields: Any) -> Graph:
    tensor = dataclasses.replace(graph.tensors[index], **fields)
    return graph.replace(tensors=(*graph.tensors[:index], tensor, *graph.tensors[index + 1 :]))


def rewire(graph: Graph, **fields: Any) -> Graph:
    return graph.replace(nodes=(dataclasses.replace(graph.nodes[0], **fields),))


NUMBERS = (-(2**31), -129, -128, -1, 0, 1, 2, 3, 4, 5, 255, 65535, 2**31 - 1)
FLOATS = (math.nan, math.inf, -1.0, 0.0, 1e-45, 1e-30, 1 / 256, 0.5, 1.0, 3e38)
WORDS = ("SAME", "VALID", "NONE", "RELU", "RELU6", "TANH", "DEFAULT", "UNKNOWN 9")


def other_dtype(graph: Graph, chance: random.Random) -> Graph:
    index = chance.randrange(len(graph.tensors))
    dtype = chance.choice(("int8", "uint8", "int16", "int32", "int64", "float32"))
    data = graph.tensors[index].data
    return change(graph, index, dtype=dtype, data=None if data is None else data.astype(dtype))


def other_shape(graph: Graph, chance: random.Random) -> Graph:
    index = chance.randrange(len(graph.tensors))
    shape = list(graph.tensors[index].shape)
    if shape and chance.random() < 0.6:
        place = chance.randrange(len(shape))
        shape[place] = max(0, shape[place] + chance.choice((-1, 1, 2, 40)))
    else:
        shape = [chance.randrange(1, 6) for _ in range(chance.randrange(6))]
    data = graph.tensors[index].data
    if data is not None:
        data = np.resize(data, shape)
    return change(graph, index, shape=tuple(shape), data=data)


def other_values(graph: Graph, chance: random.Random) -> Graph:
    constants = [i for i, tensor in enumerate(graph.tensors) if tensor.data is not None]
    if not constants:
        return graph
    index = chance.choice(constants)
    data = np.array(graph.tensors[index].data)
    if data.size:
        kind = np.iinfo(data.dtype) if data.dtype.kind in "iu" else None
        value = min(max(chance.choice(NUMBERS), kind.min), kind.max) if kind else 1
        data.reshape(-1)[chance.randrange(data.size)] = value
    return change(graph, index, data=data)


def other_quantization(graph: Graph, chance: random.Random) -> Graph:
    index = chance.randrange(len(graph.tensors))
    if chance.random() < 0.2:
        return change(graph, index, quantization=None)
    count = chance.choice((1, 1, 1, 2, 3, 0))
    scales = tuple(float(np.float32(chance.choice(FLOATS))) for _ in range(count))
    zeros = tuple(chance.choice((-128, 0, 127, 0, 300)) for _ in range(count))
    return change(graph, index, quantization=Quantization(scales, zeros, chance.randrange(5)))


def other_option(graph: Graph, chance: random.Random) -> Graph:
    node = graph.nodes[0]
    if not node.options:
        return graph
    options = dict(node.options)
    name = chance.choice(sorted(options))
    if isinstance(options[name], str):
        options[name] = chance.choice(WORDS)
    elif isinstance(options[name], bool):
        options[name] = not options[name]
    elif isinstance(options[name], float):
        options[name] = chance.choice(FLOATS)
    elif isinstance(options[name], int):
        options[name] = chance.choice(NUMBERS)
    if chance.random() < 0.1:
        del options[name]
    return rewire(graph, options=options)


def other_operands(graph: Graph, chance: random.Random) -> Graph:
    inputs = list(graph.nodes[0].inputs)
    place = chance.randrange(len(inputs)) if inputs else 0
    kind = chance.randrange(4)
    if kind == 0:
        inputs[place : place + 1] = []
    elif kind == 1:
        inputs[place : place + 1] = [ABSENT]
    elif kind == 2:
        inputs.insert(place, chance.randrange(len(graph.tensors)))
    else:
        chance.shuffle(inputs)
    return rewire(graph, inputs=tuple(inputs))


def other_kind(graph: Graph, chance: random.Random) -> Graph:
    index = chance.randrange(len(graph.tensors))
    tensor = graph.tensors[index]
    data = np.zeros(tensor.shape, tensor.dtype) if tensor.data is None else None
    return change(graph, index, data=data)


CHANGES: tuple[Callable[[Graph, random.Random], Graph], ...] = (
    *(other_dtype, other_shape, other_values, other_quantization),
    *(other_option, other_operands, other_kind),
)


def mangled(graph: Graph, chance: random.Random) -> Graph:
    """The graph after one to three changes."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        graph = chance.choice(CHANGES)(graph, chance)
    return graph
