"""The reader on damaged files: a Graph or a ModelError, within the file's own bounds."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from damage import STRANGE_NUMBERS, damaged
from hypothesis import given, settings
from hypothesis import strategies as st
from tflite_writer import write_tflite

from tinyflow.compiler.flatbuffer import Flatbuffer, FlatbufferError
from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, Tensor
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.errors import ModelError

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"
COPIES = 500
MOST_MEMORY_BYTES = 8 << 20


def tiny() -> bytes:
    """A file of one node, small enough to damage at every byte."""
    unit = Quantization((1.0,), (0,))
    graph = Graph(
        (
            Tensor("in", (1, 2), "int8", unit),
            Tensor("w", (2, 2), "int8", unit, np.int8([[1, 2], [3, 4]])),
            Tensor("out", (1, 2), "int8", unit),
        ),
        (Node("FULLY_CONNECTED", (0, 1, ABSENT), (2,), {"keep_num_dims": True}),),
        (0,),
        (2,),
    )
    return write_tflite(graph)


def read(content: bytes) -> Graph | None:
    """The Graph, checked for what the reader promises, or None where the file was refused."""
    try:
        graph = read_tflite(content)
    except ModelError as error:
        assert error.detail, "an error must tell what was found"
        return None
    written = {index for index, tensor in enumerate(graph.tensors) if tensor.data is not None}
    written |= set(graph.inputs)
    for tensor in graph.tensors:
        assert all(size > 0 for size in tensor.shape)
        if tensor.data is not None and tensor.size_bytes:
            assert tensor.data.shape == tensor.shape and tensor.data.dtype.name == tensor.dtype
        if tensor.quantization is not None:
            scales = np.array(tensor.quantization.scales)
            assert np.isfinite(scales).all() and (scales > 0).all()
            assert len(tensor.quantization.zero_points) == len(scales)
            assert len(scales) in (1, *tensor.shape)
    for node in graph.nodes:
        assert all(index == ABSENT or index in written for index in node.inputs)
        assert node.outputs and not written & set(node.outputs)
        written |= set(node.outputs)
    assert graph.inputs and graph.outputs and set(graph.outputs) <= written
    return graph


def test_damaged_copies_of_a_real_model_are_read_or_refused() -> None:
    content = DIGITS.read_bytes()
    outcomes = {True: 0, False: 0}
    tracemalloc.start()
    try:
        for what, copy in damaged(content, COPIES, seed=1):
            tracemalloc.reset_peak()
            outcomes[read(copy) is not None] += 1
            assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY_BYTES, what
    finally:
        tracemalloc.stop()
    # Damage to weights alone is no damage to the reader; both outcomes must be common.
    assert min(outcomes.values()) > COPIES // 10, outcomes


def test_every_truncation_is_refused() -> None:
    content = tiny()
    assert read(content) is not None
    for size in range(len(content)):
        assert read(content[:size]) is None or size > len(content) - 4


@pytest.mark.parametrize("value", STRANGE_NUMBERS)
def test_every_place_survives_a_strange_number(value: int) -> None:
    content = tiny()
    for place in range(len(content) - 3):
        read(content[:place] + value.to_bytes(4, "little") + content[place + 4 :])


def test_every_byte_survives_every_flip() -> None:
    content = tiny()
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            read(bytes(changed))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_random_bytes_are_refused(content: bytes) -> None:
    assert read(content) is None
    assert read(content[:4] + b"TFL3" + content[4:]) is None


def test_parts_that_are_referred_to_over_and_over_are_refused() -> None:
    """A vector whose every element is the same table, which again has a vector of all of them."""
    count = 4000
    vtable = (6).to_bytes(2, "little") + (8).to_bytes(2, "little") + (4).to_bytes(2, "little")
    table_at, vtable_at = 16, 8
    table = (table_at - vtable_at).to_bytes(4, "little") + (4).to_bytes(4, "little")
    vector_at = table_at + 8
    offsets = b"".join(
        (2**32 - (vector_at + 4 + 4 * i) + table_at & 0xFFFFFFFF).to_bytes(4, "little")
        for i in range(count)
    )
    head = table_at.to_bytes(4, "little") + b"TFL3" + vtable + b"\0\0" + table
    root = Flatbuffer(head + count.to_bytes(4, "little") + offsets).root()
    # Offsets are unsigned, so none can point back: the loop cannot even be written down.
    with pytest.raises(FlatbufferError, match="lies outside"):
        root.tables(0, count)
    shared = table_at.to_bytes(4, "little") + b"TFL3" + vtable + b"\0\0" + table
    shared += count.to_bytes(4, "little")
    end = len(shared) + 4 * count
    shared += b"".join(
        (end + 8 - (len(shared) + 4 * i)).to_bytes(4, "little") for i in range(count)
    )
    shared += b"\4\0\4\0\0\0\0\0" + (8).to_bytes(4, "little")
    root = Flatbuffer(shared).root()
    assert len(root.tables(0, count)) == count
    with pytest.raises(FlatbufferError, match="over and over"):
        for _ in range(100):
            root.tables(0, count)
