"""Networks whose tensors are cut, joined, turned and padded."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from network import Network

from tinyflow.compiler.graph import Graph, Node, Tensor

MAX_RANK = 4
MAX_SIZE = 20


class Parts(Network):
    """A network in which a node may have several outputs, and all tensors share one scale."""

    def cut(
        self, op: str, inputs: tuple[int, ...], shapes: list[tuple[int, ...]], **options: Any
    ) -> list[int]:
        """A node with an output of each shape."""
        source = next(i for i in inputs if self.tensors[i].data is None)
        first = len(self.tensors)
        for shape in shapes:
            name, kept = f"{op} {len(self.tensors)}", self.tensors[source].quantization
            self.tensors.append(Tensor(name, shape, self.dtype, kept))
        outputs = tuple(range(first, len(self.tensors)))
        self.nodes.append(Node(op, inputs, outputs, options, len(self.nodes)))
        return list(outputs)

    def integers(self, values: Any) -> int:
        return self.constant(np.array(values, np.int32))

    def values(self, shape: tuple[int, ...], like: int) -> int:
        kind = self.tensors[like]
        drawn = self.rng.integers(-99, 99, shape).astype(kind.dtype)
        return self.constant(drawn, kind.quantization)

    def shape(self, tensor: int) -> tuple[int, ...]:
        return self.tensors[tensor].shape


class RandomParts(Parts):
    """A network that grows by one random node at a time."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        shape = self.chance.choice([(1, 6, 4, 3), (2, 4, 6, 2), (1, 8, 5, 1)])
        super().__init__(shape, self.chance.choice(["int8", "int16"]))
        self.made = [0]

    def grow(self) -> None:
        """One more node, on one of the last tensors."""
        source = self.chance.choice(self.made[-4:])
        shape = self.shape(source)
        axis = self.chance.randrange(len(shape))
        grow = self.chance.choice(
            [self.join, self.split, self.slice, self.turn, self.pad, self.reshape, self.work,
             self.stack]
        )  # fmt: skip
        self.made += grow(source, shape, axis)

    def join(self, source: int, shape: tuple[int, ...], axis: int) -> list[int]:
        def rest(found: tuple[int, ...]) -> tuple[int, ...]:
            return (*found[:axis], *found[axis + 1 :])

        fitting = [
            tensor
            for tensor in self.made
            if len(self.shape(tensor)) == len(shape) and rest(self.shape(tensor)) == rest(shape)
        ]
        joined = [source, *self.chance.sample(fitting, min(len(fitting), 2))]
        if self.chance.random() < 0.3:
            joined.insert(self.chance.randrange(len(joined)), self.values(shape, source))
        total = sum(self.shape(tensor)[axis] for tensor in joined)
        if total > MAX_SIZE:
            return []
        made = (*shape[:axis], total, *shape[axis + 1 :])
        return [self.node("CONCATENATION", tuple(joined), made, axis=axis)]

    def split(self, source: int, shape: tuple[int, ...], axis: int) -> list[int]:
        size = shape[axis]
        count = self.chance.choice([n for n in range(1, min(size, 4) + 1) if size % n == 0])
        part = (*shape[:axis], size // count, *shape[axis + 1 :])
        return self.cut("SPLIT", (self.integers(axis), source), [part] * count, num_splits=count)

    def slice(self, source: int, shape: tuple[int, ...], axis: int) -> list[int]:
        begins, sizes = [0] * len(shape), list(shape)
        for place in {axis, self.chance.randrange(len(shape))}:
            begins[place] = self.chance.randrange(shape[place])
            sizes[place] = self.chance.randint(1, shape[place] - begins[place])
        operands = (source, self.integers(begins), self.integers(sizes))
        return [self.node("SLICE", operands, tuple(sizes))]

    def turn(self, source: int, shape: tuple[int, ...], axis: int) -> list[int]:
        order = self.chance.sample(range(len(shape)), len(shape))
        made = tuple(shape[place] for place in order)
        return [self.node("TRANSPOSE", (source, self.integers(order)), made)]

    def pad(self, source: int, shape: tuple[int, ...], axis: int) -> list[int]:
        pairs = [[self.chance.choice((0, 0, 1)), self.chance.choice((0, 0, 2))] for _ in shape]
        made = tuple(size + sum(pair) for size, pair in zip(shape, pairs, strict=True))
        return [self.node("PAD", (source, self.integers(pairs)), made)]

    def reshape(self, source: int, shape: tuple[int, ...], axis: int) -> list[int]:
        made = tuple(self.chance.sample(shape, len(shape)))
        return [self.node("RESHAPE", (source, self.integers(made)), made, new_shape=made)]

    def work(self, source: int, shape: tuple[int, ...], axis: int) -> list[int]:
        """Something that is computed, in place where it may be."""
        other = self.chance.choice([t for t in self.made if self.shape(t) == shape])
        if self.chance.random() < 0.5:
            other = self.values((1,) * (len(shape) - 1) + shape[-1:], source)
        return [self.node(self.chance.choice(["MAXIMUM", "MINIMUM"]), (source, other), shape)]

    def stack(self, source: int, shape: tuple[int, ...], axis: int) -> list[int]:
        alike = [tensor for tensor in self.made if self.shape(tensor) == shape]
        stacked = tuple(self.chance.choice(alike) for _ in range(self.chance.randint(1, 3)))
        if len(shape) >= MAX_RANK:
            return []
        made = (*shape[:axis], len(stacked), *shape[axis:])
        return [self.node("PACK", stacked, made, axis=axis, values_count=len(stacked))]

    def graph(self) -> Graph:
        """The graph, with what nothing reads and some other tensors as outputs."""
        read = {index for node in self.nodes for index in node.inputs}
        outputs = [
            tensor for tensor in self.made[1:] if tensor not in read or self.chance.random() < 0.2
        ]
        return Graph(tuple(self.tensors), tuple(self.nodes), (0,), tuple(outputs))


def random_parts(seed: int) -> Graph:
    """A network of 4 to 10 nodes, or a few less."""
    net = RandomParts(seed)
    for _ in range(net.chance.randint(4, 10)):
        net.grow()
    if not net.nodes:
        net.made += net.turn(0, net.shape(0), 0)
    return net.graph()
