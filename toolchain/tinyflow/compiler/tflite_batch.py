"""Gives tensors of an open batch the size that a batch of 1 makes.

A file with an open batch has -1 for it in the shape signatures and 1 in the shapes. For most
tensors 1 is right. A converter spells a dilated convolution as SPACE_TO_BATCH_ND, convolution and
BATCH_TO_SPACE_ND: in between the batch is as many as the blocks, which the file does not say.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from tinyflow.compiler.graph import ABSENT, ITEM_BYTES, Graph, Node, Tensor

OPEN = -1


def fill_batch(graph: Graph, signatures: Sequence[tuple[int, ...]], max_bytes: int) -> Graph:
    """The graph with the sizes of all open batches, for a batch of 1.

    `signatures` has the shape signature of each of the first tensors, empty where it has none. A
    batch that does not follow, or with which a tensor had more than `max_bytes`, stays: the rules
    of the operator refuse it.
    """
    tensors = list(graph.tensors)
    batches: dict[int, int] = {}
    for index in graph.inputs:
        if _is_open(index, signatures, tensors):
            batches[index] = 1
    for node in graph.nodes:
        given = [batches[i] for i in node.inputs if i in batches]
        if not given:
            continue
        batch = _batch(node, given[0], tensors)
        for index in node.outputs:
            if not _is_open(index, signatures, tensors):
                continue
            whole = (batch, *tensors[index].shape[1:])
            if math.prod(whole) * ITEM_BYTES.get(tensors[index].dtype, 1) <= max_bytes:
                batches[index] = batch
                tensors[index] = dataclasses.replace(tensors[index], shape=whole)
    return graph.replace(tensors=tuple(tensors))


def open_sizes(graph: Graph, signatures: Sequence[tuple[int, ...]]) -> list[str]:
    """What inputs leave open beside the batch: any size for it would be a guess."""
    return [
        f"input {graph.tensors[index].name!r} has shape {signatures[index]}:"
        f" only the first dimension may be left open (-1), fix the others before converting"
        for index in graph.inputs
        if any(size < 0 for size in signatures[index][1:])
    ]


def _is_open(index: int, signatures: Sequence[tuple[int, ...]], tensors: list[Tensor]) -> bool:
    """Whether the batch of a tensor is open, and is 1 because of that."""
    if not 0 <= index < len(signatures) or tensors[index].data is not None:
        return False
    return signatures[index][:1] == (OPEN,) and tensors[index].shape[:1] == (1,)


def _batch(node: Node, batch: int, tensors: list[Tensor]) -> int:
    """The batch of a node's outputs where that of its input is `batch`."""
    if node.op not in ("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND") or len(node.inputs) < 2:
        return batch
    sizes = tensors[node.inputs[1]].data if node.inputs[1] != ABSENT else None
    if sizes is None or sizes.dtype.kind != "i" or (sizes < 1).any():
        return batch
    blocks = math.prod(int(size) for size in sizes.reshape(-1))
    if node.op == "SPACE_TO_BATCH_ND":
        return batch * blocks
    return batch // blocks if batch % blocks == 0 else batch
