"""A project's hand-off: what training and the board have shown is in its card."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.xdist_group("e2e"), pytest.mark.timeout(900)]


def test_a_hand_off_knows_data_training_and_board(
    digits: Path, run_tinyflow: Any, tmp_path: Path
) -> None:
    deployed = run_tinyflow(digits, "deploy", "--board", "qemu-m4", "--json").json
    first, second = tmp_path / "first", tmp_path / "second"
    for target in (first, second):
        options = ("--board", "qemu-m4", "-o", str(target), "--json")
        outcome = run_tinyflow(digits, "handoff", *options)
        assert outcome.status == 0, outcome.stderr
    assert outcome.json["model_sha256"] == deployed["model_sha256"]
    assert outcome.json["build_id"] == deployed["build_id"]
    assert first.with_suffix(".zip").read_bytes() == second.with_suffix(".zip").read_bytes()
    card = (first / "MODEL_CARD.md").read_text(encoding="utf-8")
    device = deployed["device"]
    assert f"| generated C, on the board | 359 | {device['accuracy']:.4f} |" in card
    assert f"{device['count_per_inference']:,} instructions for one inference" in card
    assert "the same bytes as on a computer" in card
    assert "| seed | 1 |" in card
    assert "compares inputs with 1,169 and outputs with 269 known inferences" in card
    row = " | ".join(str(count) for count in deployed["host"]["confusion"][3])
    assert f"| **3** | {row} |" in card
    checked = run_tinyflow(digits, "handoff", "--check", str(second.with_suffix(".zip")), "--json")
    assert checked.status == 0, checked.stdout
    assert {item["state"] for item in checked.json["checks"]} == {"passed"}
