"""Changes to a graph of any number of nodes, as a strange or hostile model has them."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import graph_changes
import numpy as np

from tinyflow.compiler.graph import ABSENT, ITEM_BYTES, Graph, Node, Quantization
from tinyflow.compiler.tflite_schema import BUILTIN_OPERATORS

Change = Callable[[Graph, random.Random], Graph]
NUMBERS = (-128, -1, 0, 1, 2, 3, 7, 64, 255, 1 << 15, (1 << 31) - 1, -(1 << 31))
FUNCTIONS = ("ABS", "RELU", "RELU6", "RELU_N1_TO_1", "NEG", "QUANTIZE", "RESHAPE", "TANH")


def with_node(graph: Graph, position: int, **changes: Any) -> Graph:
    node = dataclasses.replace(graph.nodes[position], **changes)
    return graph.replace(nodes=(*graph.nodes[:position], node, *graph.nodes[position + 1 :]))


def with_tensor(graph: Graph, index: int, **changes: Any) -> Graph:
    tensor = dataclasses.replace(graph.tensors[index], **changes)
    return graph.replace(tensors=(*graph.tensors[:index], tensor, *graph.tensors[index + 1 :]))


def other_option(graph: Graph, chance: random.Random) -> Graph:
    position = chance.choice([i for i, node in enumerate(graph.nodes) if node.options])
    node = graph.nodes[position]
    name = chance.choice(sorted(node.options))
    value: Any = node.options[name]
    if isinstance(value, str):
        value = chance.choice(("SAME", "VALID") if name == "padding" else ("NONE", "RELU", "TANH"))
        value = "FLOAT32" if name == "quantized_bias_type" else value
        value = "SHUFFLED4x16INT8" if name == "weights_format" else value
    elif isinstance(value, bool):
        value = not value
    elif isinstance(value, tuple):
        value = tuple(chance.choice(NUMBERS) for _ in range(chance.randrange(5)))
    else:
        value = chance.choice(NUMBERS)
    return with_node(graph, position, options={**node.options, name: value})


def other_operator(graph: Graph, chance: random.Random) -> Graph:
    position = chance.randrange(len(graph.nodes))
    op = chance.choice((*{node.op for node in graph.nodes}, *BUILTIN_OPERATORS, "CUSTOM:x"))
    return with_node(graph, position, op=op, options={})


def other_inputs(graph: Graph, chance: random.Random) -> Graph:
    position = chance.randrange(len(graph.nodes))
    inputs = list(graph.nodes[position].inputs)
    turn = chance.randrange(3)
    if turn == 0 and inputs:
        inputs.pop(chance.randrange(len(inputs)))
    elif turn == 1:
        inputs.insert(chance.randrange(len(inputs) + 1), chance.randrange(len(graph.tensors)))
    elif inputs:
        other = chance.choice((ABSENT, *range(len(graph.tensors))))
        inputs[chance.randrange(len(inputs))] = other
    return with_node(graph, position, inputs=tuple(inputs))


def other_shape(graph: Graph, chance: random.Random) -> Graph:
    """Another shape; data is made to fit it, or the reader would never let it through."""
    index = chance.randrange(len(graph.tensors))
    tensor = graph.tensors[index]
    shape = list(tensor.shape)
    turn = chance.randrange(4)
    if turn == 0 and shape:
        shape[chance.randrange(len(shape))] = chance.choice((1, 2, 3, 5, 64, 4096))
    elif turn == 1:
        shape.insert(chance.randrange(len(shape) + 1), chance.choice((1, 2)))
    elif turn == 2 and shape:
        shape.pop(chance.randrange(len(shape)))
    else:
        chance.shuffle(shape)
    data = tensor.data if tensor.data is None else np.resize(tensor.data, shape)
    quantization = tensor.quantization
    if quantization is not None and len(quantization.scales) > 1:
        axis = min(quantization.axis, max(0, len(shape) - 1))
        count = shape[axis] if shape else 1
        scales = tuple(quantization.scales[i % len(quantization.scales)] for i in range(count))
        quantization = Quantization(scales, (0,) * count, axis)
    return with_tensor(graph, index, shape=tuple(shape), data=data, quantization=quantization)


def other_type(graph: Graph, chance: random.Random) -> Graph:
    index = chance.randrange(len(graph.tensors))
    dtype = chance.choice(("int8", "uint8", "int16", "int32", "int64", "float32", "bool", "string"))
    data = graph.tensors[index].data
    if data is not None:
        dtype = "float16" if dtype == "string" else dtype
        with np.errstate(all="ignore"):
            data = data.astype(dtype)
    return with_tensor(graph, index, dtype=dtype, data=data)


def other_scale(graph: Graph, chance: random.Random) -> Graph:
    index = chance.choice([i for i, t in enumerate(graph.tensors) if t.quantization is not None])
    quantization = graph.tensors[index].quantization
    assert quantization is not None
    scale = chance.choice((1e-45, 1e-38, 1e-10, 0.5, 1.0, 1e10, 3.4e38))
    zero = chance.choice((-128, -1, 0, 1, 127))
    turn = chance.randrange(3)
    if turn == 0:
        return with_tensor(graph, index, quantization=None)
    if turn == 1:
        return with_tensor(graph, index, quantization=Quantization((scale,), (zero,)))
    scales = (scale, *quantization.scales[1:])
    zeros = (zero, *quantization.zero_points[1:])
    return with_tensor(graph, index, quantization=Quantization(scales, zeros, quantization.axis))


def other_data(graph: Graph, chance: random.Random) -> Graph:
    """Constants that are activations, activations that are constants, and extreme values."""
    index = chance.randrange(len(graph.tensors))
    tensor = graph.tensors[index]
    if tensor.data is not None:
        value = chance.choice((-128, -1, 0, 1, 127))
        if tensor.dtype == "int32":
            value = chance.choice((value, -(1 << 31), (1 << 31) - 1))
        values = np.full(tensor.shape, value).astype(tensor.dtype)
        return with_tensor(graph, index, data=chance.choice((None, values)))
    if tensor.dtype not in ITEM_BYTES:
        return graph
    return with_tensor(graph, index, data=np.zeros(tensor.shape, tensor.dtype))


def reorder(graph: Graph, chance: random.Random) -> Graph:
    """Nodes left out, and other inputs and outputs of the model."""
    turn = chance.randrange(3)
    if turn == 0:
        position = chance.randrange(len(graph.nodes))
        return graph.replace(nodes=graph.nodes[:position] + graph.nodes[position + 1 :])
    ends = tuple(chance.randrange(len(graph.tensors)) for _ in range(chance.choice((1, 1, 2))))
    if turn == 1:
        return graph.replace(outputs=(*ends, *graph.outputs)[: len(ends)])
    return graph.replace(inputs=(*graph.inputs, *ends)[-len(ends) :])


def other_node(graph: Graph, chance: random.Random) -> Graph:
    """One node changed as if it were alone."""
    position = chance.randrange(len(graph.nodes))
    alone = graph_changes.mangled(graph.replace(nodes=(graph.nodes[position],)), chance)
    nodes = (*graph.nodes[:position], *alone.nodes, *graph.nodes[position + 1 :])
    return graph.replace(tensors=alone.tensors, nodes=nodes)


def another_node(graph: Graph, chance: random.Random) -> Graph:
    """A node once more, on other tensors of the same kind where there are some."""
    node = chance.choice(graph.nodes)
    tensors = list(graph.tensors)
    outputs = tuple(range(len(tensors), len(tensors) + len(node.outputs)))
    tensors += [dataclasses.replace(tensors[index], name="more") for index in node.outputs]

    def alike(index: int) -> int:
        if index == ABSENT:
            return index
        wanted = (tensors[index].shape, tensors[index].dtype)
        return chance.choice(
            [i for i, t in enumerate(graph.tensors) if (t.shape, t.dtype) == wanted]
        )

    inputs = tuple(alike(index) for index in node.inputs)
    more = dataclasses.replace(node, inputs=inputs, outputs=outputs)
    ends = graph.outputs + chance.choice(((), outputs))
    return graph.replace(tensors=tuple(tensors), nodes=(*graph.nodes, more), outputs=ends)


def longer(graph: Graph, chance: random.Random) -> Graph:
    """A function between a node and one that reads it."""
    places = [
        (position, place)
        for position, node in enumerate(graph.nodes)
        for place, index in enumerate(node.inputs)
        if index != ABSENT and graph.tensors[index].data is None
    ]
    if not places:
        return graph
    position, place = chance.choice(places)
    node = graph.nodes[position]
    source = node.inputs[place]
    made = len(graph.tensors)
    tensors = (*graph.tensors, dataclasses.replace(graph.tensors[source], name="between"))
    function = Node(chance.choice(FUNCTIONS), (source,), (made,), {}, position)
    inputs = (*node.inputs[:place], made, *node.inputs[place + 1 :])
    nodes = (
        *graph.nodes[:position],
        function,
        dataclasses.replace(node, inputs=inputs),
        *graph.nodes[position + 1 :],
    )
    return graph.replace(tensors=tensors, nodes=nodes)


CHANGES: tuple[Change, ...] = (
    other_option,
    other_operator,
    other_inputs,
    other_shape,
    other_type,
    other_scale,
    other_data,
    reorder,
)
# Some of these make graphs that cannot be written as a file.
HOSTILE = (*CHANGES, other_node, other_node, another_node, longer, longer)
