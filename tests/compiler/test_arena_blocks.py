"""The map of the arena that a compiled model carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyflow.artifacts import CompiledModel
from tinyflow.compiler import compile_model

MODELS = Path(__file__).parents[1] / "models"
NAMES = ["digits", "layers/temporal_int8", "layers/grouped_int8"]


def check(compiled: CompiledModel) -> None:
    layers = range(len(compiled.layers))
    for block in compiled.arena:
        assert block.first in layers
        assert block.last in layers
        assert block.first <= block.last
        assert block.bytes > 0
        assert block.name
        assert block.offset + block.bytes <= (
            compiled.slow_bytes if block.slow else compiled.arena_bytes
        )
    # Up to where something reaches is how large the arena is; a place is a multiple of 16 B.
    end = max(block.offset + block.bytes for block in compiled.arena if not block.slow)
    assert compiled.arena_bytes - 16 < end <= compiled.arena_bytes
    for layer in compiled.layers:
        for output in layer.outputs:
            assert [
                block
                for block in compiled.arena
                if block.offset <= output.arena_offset
                and output.arena_offset + output.size_bytes <= block.offset + block.bytes
                and block.first <= layer.index <= block.last
            ], f"{layer.name} lies in no block"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("least_ram", [False, True])
def test_the_map_holds_what_the_layers_write(tmp_path: Path, name: str, least_ram: bool) -> None:
    check(compile_model(MODELS / f"{name}.tflite", folder=tmp_path / "c", least_ram=least_ram))


def test_inputs_are_there_at_the_first_layer_and_outputs_at_the_last(tmp_path: Path) -> None:
    compiled = compile_model(MODELS / "digits.tflite", folder=tmp_path / "c")
    named = {block.name: block for block in compiled.arena}
    (given,) = [block for name, block in named.items() if name in compiled.input.name]
    assert given.first == 0
    assert given.bytes == compiled.input.size_bytes
    last = named[compiled.layers[-1].outputs[0].name]
    assert last.last == len(compiled.layers) - 1
