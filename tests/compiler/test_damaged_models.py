"""The whole compiler on damaged models: C sources or a ModelError, nothing else."""

from __future__ import annotations

import dataclasses
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from damage import damaged
from tflite_writer import write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.graph import ABSENT, ITEM_BYTES, Graph, Node, Quantization, Tensor
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.tflite_schema import BUILTIN_OPERATORS
from tinyflow.errors import ModelError

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"
COPIES = 500


def outcome(content: bytes, folder: Path) -> str:
    """Compile `content` into `folder`: compiled, or refused by a ModelError that says why."""
    model = folder / "model.tflite"
    model.write_bytes(content)
    try:
        compiled = compile_model(model, folder=folder / "c")
    except ModelError as error:
        assert error.what and error.detail
        return "refused"
    assert all(source.is_file() for source in compiled.sources)
    shutil.rmtree(folder / "c")
    return "compiled"


def test_damaged_copies_of_a_real_model_compile_or_are_refused(tmp_path: Path) -> None:
    copies = damaged(DIGITS.read_bytes(), COPIES, seed=2)
    outcomes = Counter(outcome(copy, tmp_path) for _, copy in copies)
    assert min(outcomes["compiled"], outcomes["refused"]) > COPIES // 10, outcomes


Change = Callable[[Graph, random.Random], Graph]
NUMBERS = (-128, -1, 0, 1, 2, 3, 7, 64, 255, 1 << 15, (1 << 31) - 1, -(1 << 31))


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


def every_operator() -> Graph:
    """A model with the operators that the digits model does not have."""
    scale = Quantization((0.5,), (-3,))
    same = {"filter_width": 2, "filter_height": 2, "stride_w": 2, "stride_h": 2}
    paddings = np.int32([[0, 0], [1, 1], [1, 1], [0, 0]])
    shapes = ((1, 4, 4, 2), (1, 6, 6, 2), (1, 3, 3, 2), (1, 3, 3, 2), (1, 3, 3, 2), (1, 18))
    values = tuple(Tensor(f"value{i}", shape, "int8", scale) for i, shape in enumerate(shapes))
    return Graph(
        (*values, Tensor("paddings", (4, 2), "int32", None, paddings),
         Tensor("shape", (2,), "int32", None, np.int32([1, 18]))),
        (
            Node("PAD", (0, 6), (1,)),
            Node("MAX_POOL_2D", (1,), (2,), {"padding": "VALID", **same}, 1),
            Node("RELU", (2,), (3,), {}, 2),
            Node("ADD", (2, 3), (4,), {"fused_activation_function": "RELU6"}, 3),
            Node("RESHAPE", (4, 7), (5,), {"new_shape": (1, 18)}, 4),
        ),
        (0,),
        (5,),
    )  # fmt: skip


def test_sound_files_of_senseless_models_compile_or_are_refused(tmp_path: Path) -> None:
    chance = random.Random(3)
    graphs = (read_tflite(DIGITS), every_operator())
    assert [outcome(write_tflite(graph), tmp_path) for graph in graphs] == ["compiled"] * 2
    outcomes: Counter[str] = Counter()
    for turn in range(COPIES):
        graph = graphs[turn % len(graphs)]
        for _ in range(chance.choice((1, 1, 2))):
            graph = chance.choice(CHANGES)(graph, chance)
        outcomes[outcome(write_tflite(graph), tmp_path)] += 1
    assert min(outcomes["compiled"], outcomes["refused"]) > COPIES // 20, outcomes
