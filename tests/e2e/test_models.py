"""The field's reference models compile, run and verify: every byte of every layer."""

from pathlib import Path
from typing import Any

import pytest

MODELS = Path(__file__).parents[2].parent / "shared" / "models" / "mlperf_tiny"
NAMES = ["kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8"]
MACS = {
    "kws_ref_model": 2_656_768,
    "vww_96_int8": 3_727_313,  # 7,489,664 with the channels that nothing needs
    "pretrainedResnet_quant": 12_501_632,
    "ad01_int8": 264_192,
}

needs_models = pytest.mark.skipif(
    not MODELS.is_dir(), reason="../shared/models/mlperf_tiny is not beside this checkout"
)
pytestmark = pytest.mark.timeout(900)
DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


# All four on the cores whose compilers differ most; one on every other.
INPUTS = {"native": "12", "qemu-m4": "5", "qemu-lx6": "3"}
OTHERS = ["qemu-m3", "qemu-m7", "qemu-m33", "qemu-m55", "qemu-riscv32", "stm32f405"]
PAIRS = [(name, board) for board in INPUTS for name in NAMES]
PAIRS += [("kws_ref_model", board) for board in OTHERS]


@pytest.mark.usefixtures("reference_interpreter")
@needs_models
@pytest.mark.parametrize(("name", "board"), PAIRS)
def test_verify(tmp_path: Path, run_tinyflow: Any, name: str, board: str) -> None:
    inputs = INPUTS.get(board, "2")
    runner = "native" if board == "native" else "qemu"
    command = ("verify", str(MODELS / f"{name}.tflite"), "--board", board, "--runner", runner)
    outcome = run_tinyflow(tmp_path, *command, "--inputs", inputs, "--json")
    assert outcome.status == 0, outcome.stderr
    result = outcome.json
    assert result["inputs"] == int(inputs)
    assert result["mismatched_bytes"] == 0
    assert result["first_mismatch"] is None


@pytest.mark.usefixtures("reference_interpreter")
@needs_models
@pytest.mark.parametrize("board", ["qemu-m4", "qemu-lx6"])
@pytest.mark.parametrize("name", ["vww_96_int8", "pretrainedResnet_quant"])
def test_verify_by_rows(tmp_path: Path, run_tinyflow: Any, name: str, board: str) -> None:
    """Chains of layers by rows: every byte of every layer, told by the device in parts."""
    command = (str(MODELS / f"{name}.tflite"), "--board", board, "--least-ram", "--json")
    compiled = run_tinyflow(tmp_path, "compile", *command).json
    assert any("by rows" in text for text in compiled["changes"])
    outcome = run_tinyflow(tmp_path, "verify", *command, "--inputs", "3")
    assert outcome.status == 0, outcome.stderr
    assert outcome.json["mismatched_bytes"] == 0


@needs_models
@pytest.mark.parametrize("name", NAMES)
def test_profiles_are_repeatable(tmp_path: Path, run_tinyflow: Any, name: str) -> None:
    command = ("profile", str(MODELS / f"{name}.tflite"), "--board", "qemu-m4", "--json")
    first, second = (run_tinyflow(tmp_path, *command) for _ in range(2))
    assert first.status == 0, first.stderr
    assert first.json == second.json
    result = first.json
    assert result["counter"] == "instructions"
    assert result["macs"] == MACS[name] == sum(layer["macs"] for layer in result["layers"])
    layers = sum(layer["count"] for layer in result["layers"])
    assert layers + result["outside"] == result["count"]
    assert result["outside"] < 60
    library = result["library_flash_bytes"]
    assert result["weights_bytes"] + result["library_code_bytes"] <= library
    assert library < result["flash_bytes"]
    assert result["arena_bytes"] <= result["library_ram_bytes"] < result["ram_bytes"]


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("board", ["native", "qemu-m4"])
def test_a_board_that_computes_otherwise_is_caught(
    tmp_path: Path, run_tinyflow: Any, board: str
) -> None:
    """One bias of the third layer is changed in the C: verify names that layer and its channel."""
    # The smallest kernels take their biases as they are in the file.
    command = (str(DIGITS), "--board", board, "--optimize", "size", "--json")
    outcome = run_tinyflow(tmp_path, "compile", *command)
    weights = Path(outcome.json["folder"]) / "src" / "digits_weights.c"
    text = weights.read_text()
    head, declaration, rest = text.partition(
        "const TNF_FLASH int32_t digits_2_bias[24] TNF_CONSTANT = {\n"
    )
    assert declaration
    first, comma, values = rest.partition(",")
    weights.write_text(f"{head}{declaration}    {int(first) + 40_000}{comma}{values}")
    outcome = run_tinyflow(tmp_path, "verify", *command, "--inputs", "6")
    assert outcome.status == 1, outcome.stderr
    result = outcome.json
    assert result["mismatched_bytes"] > 0
    mismatch = result["first_mismatch"]
    assert (mismatch["layer"], mismatch["op"], mismatch["channel"]) == (2, "CONV_2D", 0)
    assert mismatch["position"][0] == 0
    assert len(mismatch["position"]) == 4
    assert mismatch["expected"] != mismatch["found"]
