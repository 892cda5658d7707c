"""Files with an open batch, as converters write them: -1 in the signatures, 1 in the shapes."""

from __future__ import annotations

import numpy as np
from network import Network
from tflite_writer import pack, unpack, write_tflite

from tinyflow.compiler.fit import find
from tinyflow.compiler.graph import Graph
from tinyflow.compiler.tflite_reader import MAX_TENSOR_BYTES, read_tflite


def dilated(block: int) -> Graph:
    """A dilated convolution of a sequence, as the converter spells it."""
    net = Network((1, 8 * block, 4))
    borders = net.constant(np.zeros((1, 2), np.int32))
    blocks = net.constant(np.array([block], np.int32))
    split = net.node("SPACE_TO_BATCH_ND", (0, blocks, borders), (block, 8, 4))
    half = net.node("ABS", (split,), (block, 8, 4))
    net.node("BATCH_TO_SPACE_ND", (half, blocks, borders), (1, 8 * block, 4))
    return net.graph()


def opened(graph: Graph) -> bytes:
    model = unpack(write_tflite(graph))
    for tensor, known in zip(model.subgraphs[0].tensors, graph.tensors, strict=True):
        if known.data is None:
            tensor.shape = np.array([1, *known.shape[1:]], np.int32)
            tensor.shapeSignature = np.array([-1, *known.shape[1:]], np.int32)
    return pack(model)


def test_blocks_of_an_open_batch_become_batches() -> None:
    graph = dilated(4)
    found = read_tflite(opened(graph))
    assert [t.shape for t in found.tensors] == [t.shape for t in graph.tensors]
    assert find(found) == []


def test_a_batch_without_a_signature_stays_and_is_refused() -> None:
    model = unpack(opened(dilated(4)))
    for tensor in model.subgraphs[0].tensors:
        tensor.shapeSignature = None
    assert any(
        "what input, block sizes" in finding.text for finding in find(read_tflite(pack(model)))
    )


def test_a_batch_is_bounded_as_any_tensor_is() -> None:
    model = unpack(opened(dilated(4)))
    blocks = next(t for t in model.subgraphs[0].tensors if list(t.shape) == [1] and t.buffer)
    huge = np.array([MAX_TENSOR_BYTES], np.int32)
    model.buffers[blocks.buffer].data = np.frombuffer(huge.tobytes(), np.uint8)
    graph = read_tflite(pack(model))
    assert all(tensor.size_bytes <= MAX_TENSOR_BYTES for tensor in graph.tensors)
    assert find(graph)
