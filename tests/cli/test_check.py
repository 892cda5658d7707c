"""`tinyflow check`, as a person and as a program sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from network import Network
from tflite_writer import write_tflite

from tinyflow import cli
from tinyflow.boards import board_names
from tinyflow.compiler.graph import Graph, Quantization, Tensor

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A model with three findings of different kinds."""
    net = Network((1, 8, 8, 4))
    half = net.node("GELU", (0,), (1, 8, 8, 4))
    matrix, bias = net.weights((4, 3, 3, 4), 0, half)
    odd = {"padding": "SAME", "stride_h": 0, "stride_w": 1}
    conv = net.node("CONV_2D", (half, matrix, bias), (1, 8, 8, 4), **odd)
    net.node("SOFTMAX", (conv,), (1, 8, 8, 4), Quantization((0.5,), (0,)), beta=1.0)
    file = tmp_path / "broken.tflite"
    file.write_bytes(write_tflite(net.graph()))
    return file


def test_a_model_that_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(DIGITS)]) == 0
    text = capsys.readouterr().out
    assert "digits.tflite, every operator can be compiled" in text
    assert "int8 [1, 8, 8, 1]" in text
    for name in board_names():
        assert f"\n{name} " in text
    assert cli.main(["check", str(DIGITS), "--board", "qemu-m4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = told["boards"]
    assert row["fits"] and row["lacks"] == ""
    assert row["arena_bytes"] == told["arena_bytes"] >= told["activation_bytes"]
    assert row["flash_bytes"] > told["weights_bytes"] + row["code_bytes"]
    assert "gcc" in row["compiler"]


def test_all_findings_at_once_with_what_to_change(
    broken: Path, capsys: pytest.CaptureFixture[str], golden: Callable[[str, str], None]
) -> None:
    assert cli.main(["check", str(broken)]) == 3
    golden("check/broken.txt", capsys.readouterr().out)
    assert cli.main(["check", str(broken), "--json"]) == 3
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [found["node"] for found in findings] == [0, 1, 2]
    assert all(found["advice"] and found["layer"] for found in findings)


def floating(weights: str) -> Graph:
    """Two convolutions of float32, as a converter writes them without a representative dataset."""
    net = Network((1, 4, 4, 2), "float32")
    net.tensors[0] = Tensor("input", (1, 4, 4, 2), "float32")
    scales = Quantization((0.1, 0.1), (0, 0)) if weights == "int8" else None
    same = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    source = 0
    for _ in range(2):
        matrix = net.constant(np.ones((2, 1, 1, 2), weights), scales)
        bias = net.constant(np.zeros(2, np.float32))
        source = net.node("CONV_2D", (source, matrix, bias), (1, 4, 4, 2), **same)
    return net.graph()


@pytest.mark.parametrize(
    ("weights", "why"),
    [("float32", "the model is not quantised"), ("int8", "only its weights are quantised")],
)
def test_a_model_of_floats_is_one_finding(
    weights: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "floating.tflite"
    file.write_bytes(write_tflite(floating(weights)))
    assert cli.main(["check", str(file), "--json"]) == 3
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["text"] == f"{why}: 2 of 2 operators compute in float32"
    assert "TFLITE_BUILTINS_INT8" in found["advice"]


def test_a_model_of_unsigned_numbers_tells_how_to_convert_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = Network((1, 4))
    net.tensors[0] = Tensor("input", (1, 4), "uint8", Quantization((0.1,), (128,)))
    net.node("QUANTIZE", (0,), (1, 4), Quantization((0.1,), (0,)))
    file = tmp_path / "unsigned.tflite"
    file.write_bytes(write_tflite(net.graph()))
    assert cli.main(["check", str(file), "--json"]) == 3
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert findings and all("inference_input_type" in found["advice"] for found in findings)


def test_what_a_board_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = Network((1, 64, 64, 16))
    matrix, bias = net.weights((200, 1, 1, 16), 0, 0)
    same = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    net.node("CONV_2D", (0, matrix, bias), (1, 64, 64, 200), **same)
    model = tmp_path / "wide.tflite"
    model.write_bytes(write_tflite(net.graph()))
    assert cli.main(["check", str(model), "--board", "microbit"]) == 3
    assert "B of RAM" in capsys.readouterr().out
    assert cli.main(["check", str(model), "--board", "microbit", "--json"]) == 3
    (row,) = json.loads(capsys.readouterr().out)["boards"]
    assert not row["fits"]
    assert row["ram_bytes"] > row["ram_limit_bytes"]


def test_neither_tensorflow_nor_a_compiler_is_asked_for() -> None:
    program = (
        "import sys\nfrom tinyflow import process\n"
        "def forbidden(*a, **k): raise AssertionError('a program was started')\n"
        "process.run = process.start = forbidden\n"
        "from tinyflow.cli import main\n"
        f"status = main(['check', {str(DIGITS)!r}])\n"
        "heavy = [m for m in ('tensorflow', 'keras', 'sklearn', 'ai_edge_litert') "
        "if m in sys.modules]\n"
        "print(heavy, file=sys.stderr)\nsys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"


def test_a_file_that_is_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "noise.tflite"
    file.write_bytes(np.random.default_rng(0).bytes(300))
    assert cli.main(["check", str(file)]) == 3
    told = capsys.readouterr().err
    assert "is not a .tflite file" in told and "TFLiteConverter" in told
    assert cli.main(["check", str(tmp_path / "none.tflite")]) == 2
