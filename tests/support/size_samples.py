"""Small models whose generated C has much of one piece of code each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from network import Network
from tflite_writer import write_tflite

from tinyflow.artifacts import CompiledModel, Survey
from tinyflow.compiler import Surveyor, compile_model
from tinyflow.compiler.graph import Graph, Quantization

SAME = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
WIDE = (1, 16, 16, 40)


@dataclass(frozen=True)
class Sample:
    """A sample compiled, and its figures."""

    compiled: CompiledModel
    survey: Survey


def plain(count: int) -> Graph:
    """One input and one output a layer."""
    net = Network((1, 700))
    last = 0
    for i in range(count):
        kind = ("SOFTMAX", "LOGISTIC")[i % 2]
        quantization = Quantization((1 / 256,), (-128,))
        options = {"beta": 1.0} if kind == "SOFTMAX" else {}
        last = net.node(kind, (last,), (1, 700), quantization, **options)
    return net.graph()


def joined(count: int) -> Graph:
    """Two inputs and one output a layer."""
    net = Network((1, 12, 12, 5))
    before = last = 0
    for i in range(count):
        quantization = Quantization((0.05 + i / 100,), (i,))
        options = {"fused_activation_function": "NONE"}
        made = net.node("MUL", (last, before), (1, 12, 12, 5), quantization, **options)
        before, last = last, made
    return net.graph()


def dense(count: int) -> Graph:
    """Fully connected layers of several sizes."""
    net = Network((1, 90))
    last, depth = 0, 90
    for i in range(count):
        units = 40 + 50 * (i % 3)
        matrix, bias = net.weights((units, depth), 0, last)
        last = net.node("FULLY_CONNECTED", (last, matrix, bias), (1, units))
        depth = units
    return net.graph()


def convolved(count: int) -> Graph:
    """Convolutions over their inputs by rows."""
    net = Network(WIDE)
    last = 0
    for i in range(count):
        size = 1 + 2 * (i % 2)
        matrix, bias = net.weights((40, size, size, 40), 0, last)
        last = net.node("CONV_2D", (last, matrix, bias), WIDE, **SAME)
    return net.graph()


def deep(count: int) -> Graph:
    """Wide layers between narrow ones, that streams of several stages save."""
    net = Network((1, 24, 24, 4))
    last = 0
    for _ in range(count):
        for channels, depth in ((32, 4), (32, 32), (4, 32)):
            matrix, bias = net.weights((channels, 3, 3, depth), 0, last)
            shape = (1, 24, 24, channels)
            last = net.node("CONV_2D", (last, matrix, bias), shape, **SAME)
    return net.graph()


def split(count: int) -> Graph:
    """Layers of several calls and several outputs."""
    net = Network((1, 6, 8))
    last = 0
    for i in range(count):
        axis = net.constant(np.array([0, 2, 1], np.int32))
        turned = net.node("TRANSPOSE", (last, axis), (1, 8, 6))
        scaled = net.node("LOGISTIC", (turned,), (1, 8, 6), Quantization((1 / 256,), (-128,)))
        last = net.node("CONCATENATION", (scaled, scaled), (1, 8, 12), axis=2)
        axis = net.constant(np.array([0, 0, i % 6], np.int32))
        size = net.constant(np.array([1, 8, 6], np.int32))
        last = net.node("SLICE", (last, axis, size), (1, 8, 6))
        axis = net.constant(np.array([0, 2, 1], np.int32))
        last = net.node("TRANSPOSE", (last, axis), (1, 6, 8))
    return net.graph()


SAMPLES: tuple[tuple[Callable[[int], Graph], int, bool], ...] = (
    (plain, 1, False),
    (plain, 12, False),
    (joined, 2, False),
    (joined, 12, False),
    (dense, 10, False),
    (convolved, 2, False),
    (convolved, 10, False),
    (split, 1, False),
    (split, 4, False),
    (deep, 1, True),
    (deep, 3, True),
    (deep, 4, False),
)


def samples(folder: Path, backend: str = "ref") -> Iterator[Sample]:
    """The samples, compiled into folders below `folder`."""
    for make, count, least in SAMPLES:
        place = folder / f"{make.__name__}_{count}"
        place.mkdir(parents=True)
        model = place / f"{make.__name__}.tflite"
        model.write_bytes(write_tflite(make(count)))
        compiled = compile_model(model, folder=place / "c", backend=backend, least_ram=least)
        figures = Surveyor(model).survey(backend=backend, least_ram=least)
        yield Sample(compiled, figures)
