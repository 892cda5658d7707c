"""Models that remember, proved on boards: layer by layer from their beginning, and as a stream."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from streaming_networks import NETWORKS
from tflite_writer import write_tflite

pytestmark = pytest.mark.timeout(300)
PAIRS = [(name, "native") for name in sorted(NETWORKS)]
PAIRS += [("lstm", "qemu-m4"), ("ring", "qemu-lx6"), ("svdf", "qemu-riscv32")]


def verify(folder: Path, run_tinyflow: Any, name: str, board: str) -> Any:
    model = folder / f"{name}.tflite"
    model.write_bytes(write_tflite(NETWORKS[name]))
    runner = "native" if board == "native" else "qemu"
    command = ("verify", str(model), "--board", board, "--runner", runner)
    return run_tinyflow(folder, *command, "--inputs", "8", "--json")


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize(("name", "board"), PAIRS)
def test_a_stream_is_the_references(
    tmp_path: Path, run_tinyflow: Any, name: str, board: str
) -> None:
    outcome = verify(tmp_path, run_tinyflow, name, board)
    assert outcome.status == 0, outcome.stderr
    result = outcome.json
    assert (result["inputs"], result["stream_inputs"]) == (8, 8)
    assert result["mismatched_bytes"] == 0
    assert result["first_mismatch"] is None and result["first_stream_mismatch"] is None
    assert result["layers"] >= 3


@pytest.mark.usefixtures("reference_interpreter")
def test_a_state_that_begins_otherwise_is_caught(tmp_path: Path, run_tinyflow: Any) -> None:
    """The ring's first values are changed in the C: layers and stream differ."""
    model = tmp_path / "ring.tflite"
    model.write_bytes(write_tflite(NETWORKS["ring"]))
    command = (str(model), "--board", "native", "--json")
    outcome = run_tinyflow(tmp_path, "compile", *command)
    weights = Path(outcome.json["folder"]) / "src" / "ring_weights.c"
    head, declaration, rest = weights.read_text().partition(
        "const TNF_FLASH int8_t ring_state_0_constant[28] TNF_CONSTANT = {\n"
    )
    assert declaration
    values, end, rest = rest.partition("};")
    weights.write_text(f"{head}{declaration}{re.sub(r'-?[0-9]+', '100', values)}{end}{rest}")
    outcome = run_tinyflow(tmp_path, "verify", *command, "--inputs", "6")
    assert outcome.status == 1, outcome.stderr
    result = outcome.json
    assert result["first_mismatch"]["op"] in ("READ_VARIABLE", "CONCATENATION", "CONV_2D")
    assert result["first_mismatch"]["input"] == 0
    assert result["first_stream_mismatch"]["input"] == 0


@pytest.mark.usefixtures("reference_interpreter")
def test_a_hand_off_of_a_model_that_remembers_passes_its_check(
    tmp_path: Path, run_tinyflow: Any
) -> None:
    """Its vectors begin anew: in the interpreter, in the emulator and in its own test program."""
    model = tmp_path / "ring.tflite"
    model.write_bytes(write_tflite(NETWORKS["ring"]))
    target = tmp_path / "ring"
    options = (str(model), "--board", "qemu-m4", "-o", str(target), "--json")
    outcome = run_tinyflow(tmp_path, "handoff", *options)
    assert outcome.status == 0, outcome.stderr
    checked = run_tinyflow(
        tmp_path, "handoff", "--check", str(target.with_suffix(".zip")), "--json"
    )
    assert checked.status == 0, checked.stdout
    assert {item["state"] for item in checked.json["checks"]} == {"passed"}
