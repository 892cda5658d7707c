"""Counts of layers are parts of the whole inference, without what telling them took."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from row_networks import row_network
from tflite_writer import write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.host import HostModel
from tinyflow.profiling import of_boards


@given(
    st.lists(st.integers(300, 100_000), min_size=1, max_size=12),
    st.integers(0, 40),
    st.integers(0, 30),
    st.data(),
)
def test_what_telling_takes_is_left_out(
    layers: list[int], each: int, leaving: int, data: st.DataObject
) -> None:
    told = [*range(len(layers)), *data.draw(st.lists(st.integers(0, len(layers) - 1), max_size=7))]
    observed = [count + each * told.count(index) for index, count in enumerate(layers)]
    counts = of_boards(sum(layers) + leaving, observed, told)
    assert sum(counts.layers) + counts.outside == counts.whole
    # Leaving the model is in no layer: so much of it may have been left out too little.
    over = -(-leaving // len(told))
    for index, count in enumerate(layers):
        assert 0 <= counts.layers[index] - count <= over * told.count(index)


def test_a_board_that_counts_less_when_watched_is_taken_at_its_word() -> None:
    counts = of_boards(1000, [400, 500], [0, 1])
    assert (counts.layers, counts.outside) == ((400, 500), 100)


def test_nothing_is_told_of_a_model_without_layers() -> None:
    counts = of_boards(12, [], [])
    assert (counts.layers, counts.outside) == ((), 12)


@pytest.mark.parametrize("seed", [10, 11, 34, 58])
def test_the_compiler_knows_the_order_of_the_parts(tmp_path: Path, seed: int) -> None:
    model = tmp_path / "rows.tflite"
    model.write_bytes(write_tflite(row_network(seed)))
    compiled = compile_model(model, folder=tmp_path / "c", least_ram=True)
    assert len(compiled.told) > len(compiled.layers) + 8
    told: list[int] = []
    with HostModel(compiled) as host:
        ffi = host._ffi
        part = ffi.callback(
            "void(void *, const tnf_part_t *)", lambda context, part: told.append(part.layer)
        )
        host._model.invoke(host._pointer(host._arena), ffi.new("tnf_observer_t *", {"part": part}))
    assert tuple(told) == compiled.told
