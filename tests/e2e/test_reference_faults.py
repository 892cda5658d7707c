"""A difference that is the reference's own fault is told as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from network import Network
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Quantization


@pytest.mark.usefixtures("reference_interpreter")
def test_a_sum_of_int8(tmp_path: Path, run_tinyflow: Any) -> None:
    net = Network((1, 4, 8))
    axes = net.constant(np.array([1], np.int32))
    net.node("SUM", (0, axes), (1, 8), Quantization((0.2,), (4,)), keep_dims=False)
    model = tmp_path / "sum.tflite"
    model.write_bytes(write_tflite(net.graph()))
    command = ("verify", str(model), "--board", "native", "--inputs", "5")
    outcome = run_tinyflow(tmp_path, *command, "--json")
    assert outcome.status == 1
    assert "reads int8 as uint8" in outcome.json["first_mismatch"]["reference_fault"]
    assert "note: LiteRT 1.2" in run_tinyflow(tmp_path, *command).stdout
