"""What a profile takes from a board's answers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_image import small_image

from tinyflow.artifacts import CompiledModel
from tinyflow.compiler import compile_model
from tinyflow.pipeline import profile as profiles
from tinyflow.profiling import Counts, profile

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


@pytest.fixture
def digits(tmp_path: Path) -> CompiledModel:
    return compile_model(DIGITS, folder=tmp_path / "c")


class Board:
    """Counts that differ from run to run, as a real board's do; a layer's telling takes 20."""

    def __init__(self, unit: str, layers: int) -> None:
        self.hello = SimpleNamespace(counter_unit=unit)
        self.layer_count = layers
        self.runs = 0
        self.resets: list[bool] = []

    def infer(self, data: Any, *, reset: bool = False) -> Any:
        self.runs += 1
        self.resets.append(reset)
        return SimpleNamespace(count=1000 * self.layer_count + 7 + abs(self.runs - 5))

    def layers(self, data: Any) -> list[Any]:
        self.runs += 1
        spread = abs(self.runs - 30)
        return [SimpleNamespace(count=1020 + spread, crc32=9) for _ in range(self.layer_count)]


def test_of_cycles_the_least_of_many_runs_is_taken(digits: CompiledModel) -> None:
    board = Board("cycles", len(digits.layers))
    counts, crcs = profiles.counted(board, digits, b"")  # type: ignore[arg-type]
    assert crcs == (9,) * len(digits.layers)
    assert board.runs == 2 * profiles.TIMED_RUNS
    assert counts.whole == 1000 * len(digits.layers) + 7
    assert counts.layers == (1000,) * len(digits.layers)
    assert counts.outside == 7
    assert not any(board.resets)


def test_instructions_are_counted_once(digits: CompiledModel) -> None:
    board = Board("instructions", len(digits.layers))
    profiles.counted(board, digits, b"")  # type: ignore[arg-type]
    assert board.runs == 2


def test_what_a_program_reads(digits: CompiledModel) -> None:
    counts = Counts(1007, tuple(range(100, 100 + len(digits.layers))))
    crcs = range(len(digits.layers))
    image = small_image(digits.path, "a-board", 0, 100)
    made = profile(digits, image, "a-board", "cycles", counts, crcs, latency_us=5.5)
    found = profiles.as_json(made)
    assert [int(layer["crc32"], 16) for layer in found["layers"]] == list(crcs)
    assert (found["flash_bytes"], found["ram_bytes"]) == (image.flash_bytes, image.ram_bytes)
    assert (found["board"], found["counter"], found["count"]) == ("a-board", "cycles", 1007)
    assert (found["latency_us"], found["estimate"]) == (5.5, None)
    assert sum(layer["weights_bytes"] for layer in found["layers"]) == digits.weights_bytes
    assert sum(layer["macs"] for layer in found["layers"]) == digits.macs
    assert all("cycles_min" not in layer for layer in found["layers"])
