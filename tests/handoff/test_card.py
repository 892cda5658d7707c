"""The model card and the README: what is known, on what basis, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinyflow.artifacts import CompiledModel
from tinyflow.handoff import Trial, card
from tinyflow.handoff.toolchain import Compiler

GCC = Compiler("xtensa-gcc", "12.2.0", "xtensa-gcc (GCC) 12.2.0", "9" * 64)


def written(folder: Path, digits: CompiledModel, invented: Any, **changes: Any) -> str:
    facts: dict[str, Any] = {
        "compiler": GCC,
        "training": invented.training,
        "measured": invented.measured,
        "trial": Trial(16, reference=True),
        **changes,
    }
    card.write(folder, digits, invented.board, invented.image, **facts)
    return (folder / card.NAME).read_text(encoding="utf-8")


def test_a_card_with_all_there_is(
    digits: CompiledModel, invented: Any, golden: Callable[[str, str], None], tmp_path: Path
) -> None:
    golden("handoff/MODEL_CARD.md", written(tmp_path, digits, invented))


def test_what_is_not_known_is_said(digits: CompiledModel, invented: Any, tmp_path: Path) -> None:
    text = written(
        tmp_path,
        digits,
        invented,
        training=None,
        measured=None,
        compiler=None,
        trial=Trial(6, reference=False),
    )
    for fact in (
        "Not known: the model came as a .tflite file.",
        "Not known, as no labelled data came with the model.",
        "| compiler | not known: the SDK's own |",
        "- Reference interpreter: not compared, as it was not there.",
        "- This image on the board: not run.",
        "## Latency\n\nNot measured.\n",
    ):
        assert fact in text


def test_instructions_are_never_called_cycles(
    digits: CompiledModel, invented: Any, tmp_path: Path
) -> None:
    measured = replace(invented.measured, unit="instructions", latency_us=None)
    text = written(tmp_path, digits, invented, measured=measured)
    assert "2,400,000 instructions for one inference" in text
    assert "They are not cycles, and nothing follows from them" in text
    assert " us" not in text.partition("## Latency")[2].partition("##")[0]


def test_a_board_that_computed_otherwise_is_told(
    digits: CompiledModel, invented: Any, tmp_path: Path
) -> None:
    measured = replace(invented.measured, mismatched_bytes=3)
    assert "3 bytes other than on a computer" in written(
        tmp_path, digits, invented, measured=measured
    )


def test_memory_adds_up(digits: CompiledModel, invented: Any, tmp_path: Path) -> None:
    text = written(tmp_path, digits, invented)
    for title, whole in (("flash", 20_000), ("RAM", 13_000)):
        rows = text.partition(f"| {title} | bytes |")[2].partition("\n\n")[0].splitlines()[2:]
        sizes = [int(row.split("|")[2].replace(",", "").replace("*", "")) for row in rows]
        assert sum(sizes[:-1]) == sizes[-1] == whole


def test_names_from_outside_stay_in_their_cell(
    digits: CompiledModel, invented: Any, tmp_path: Path
) -> None:
    layer = replace(digits.layers[0], name="a|b")
    dataset = replace(invented.training.dataset, labels=("p|q", "two\nlines"))
    training = replace(invented.training, dataset=dataset)
    model = replace(digits, layers=(layer,), busiest="x|y")
    text = written(tmp_path, model, invented, training=training)
    assert all(there in text for there in ("| a/b |", "x/y", "| true | p/q | two lines |"))
    assert not any(word in text for word in ("a|b", "x|y", "p|q", "two\n"))
