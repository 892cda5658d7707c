"""The field's reference models compile, run and verify: every byte of every layer."""

from pathlib import Path
from typing import Any

import pytest

MODELS = Path(__file__).parents[2].parent / "shared" / "models" / "mlperf_tiny"
NAMES = ["kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8"]
MACS = {
    "kws_ref_model": 2_656_768,
    "vww_96_int8": 7_489_664,
    "pretrainedResnet_quant": 12_501_632,
    "ad01_int8": 264_192,
}

needs_models = pytest.mark.skipif(
    not MODELS.is_dir(), reason="../shared/models/mlperf_tiny is not beside this checkout"
)
pytestmark = [needs_models, pytest.mark.timeout(900)]


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("board", ["native", "qemu-m4"])
@pytest.mark.parametrize("name", NAMES)
def test_verify(tmp_path: Path, run_tinyflow: Any, name: str, board: str) -> None:
    inputs = "12" if board == "native" else "5"
    outcome = run_tinyflow(
        tmp_path,
        "verify",
        str(MODELS / f"{name}.tflite"),
        "--board",
        board,
        "--inputs",
        inputs,
        "--json",
    )
    assert outcome.status == 0, outcome.stderr
    result = outcome.json
    assert result["inputs"] == int(inputs)
    assert result["mismatched_bytes"] == 0
    assert result["first_mismatch"] is None


@pytest.mark.parametrize("name", NAMES)
def test_bench_counts_are_repeatable(tmp_path: Path, run_tinyflow: Any, name: str) -> None:
    command = ("bench", str(MODELS / f"{name}.tflite"), "--board", "qemu-m4", "--json")
    first, second = (run_tinyflow(tmp_path, *command) for _ in range(2))
    assert first.status == 0, first.stderr
    assert first.json == second.json
    result = first.json
    assert result["counter"] == "instructions"
    assert result["macs"] == MACS[name] == sum(layer["macs"] for layer in result["layers"])
    layers = sum(layer["count"] for layer in result["layers"])
    assert 0.99 * result["count"] < layers <= result["count"] * 1.01
    assert result["flash_bytes"] >= result["weights_bytes"] + result["code_bytes"]
