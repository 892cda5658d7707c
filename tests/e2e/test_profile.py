"""`tinyflow profile`: counts that add up, the same each time, and estimates that say they are."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from row_networks import row_network
from tflite_writer import write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.host import HostModel
from tinyflow.pipeline.inputs import seeded_inputs

pytestmark = pytest.mark.timeout(300)
DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


def profiled(folder: Path, run_tinyflow: Any, model: Path, board: str, *options: str) -> Any:
    command = ("profile", str(model), "--board", board, "--json", *options)
    outcome = run_tinyflow(folder, *command)
    assert outcome.status == 0, outcome.stderr
    return outcome.json


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A network of which seven layers are computed by rows together."""
    model = tmp_path / "rows.tflite"
    model.write_bytes(write_tflite(row_network(11)))
    return model


def adds_up(result: Any) -> None:
    assert sum(layer["count"] for layer in result["layers"]) + result["outside"] == result["count"]
    assert sum(layer["share"] for layer in result["layers"]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("board", ["qemu-m4", "qemu-riscv32", "qemu-lx6"])
def test_counts_are_exact_and_the_same_each_time(
    tmp_path: Path, run_tinyflow: Any, rows: Path, board: str
) -> None:
    """The board's counter, read at each part of a layer, and the emulator's plugin agree."""
    found = profiled(tmp_path, run_tinyflow, rows, board, "--least-ram")
    adds_up(found)
    assert (found["counter"], found["estimate"], found["latency_us"]) == (
        "instructions",
        None,
        None,
    )
    again = profiled(tmp_path, run_tinyflow, rows, board, "--least-ram")
    assert again == found
    estimated = profiled(tmp_path, run_tinyflow, rows, board, "--least-ram", "--estimate")
    adds_up(estimated)
    assert estimated["count"] == found["count"]
    assert 0 <= estimated["outside"] < 60  # the model is entered and left
    for counted, executed in zip(found["layers"], estimated["layers"], strict=True):
        # What telling a part takes is known but for what leaving the model takes, divided by them.
        assert abs(counted["count"] - executed["count"]) <= 2 * 43


@pytest.mark.parametrize(
    ("board", "options"), [("qemu-m4", ()), ("pico", ("--estimate", "--builder", "cmake"))]
)
def test_checksums_are_those_of_the_reference_kernels(
    tmp_path: Path, run_tinyflow: Any, board: str, options: tuple[str, ...]
) -> None:
    found = profiled(tmp_path, run_tinyflow, DIGITS, board, "--seed", "7", *options)
    compiled = compile_model(DIGITS, folder=tmp_path / "c", backend="ref")
    row = seeded_inputs(compiled.inputs, 5, 7)[-1]
    with HostModel(compiled) as host:
        expected = [f"{zlib.crc32(data.tobytes()):08x}" for data in host.layers(row)]
    assert [layer["crc32"] for layer in found["layers"]] == expected


def test_a_board_is_estimated_without_it(tmp_path: Path, run_tinyflow: Any) -> None:
    found = profiled(tmp_path, run_tinyflow, DIGITS, "nucleo-f446re", "--estimate")
    adds_up(found)
    # The image is the emulated board's, only the library is as it is on the board.
    assert (found["flash_bytes"], found["ram_bytes"]) == (None, None)
    assert found["library_flash_bytes"] > found["weights_bytes"] + found["library_code_bytes"]
    estimate = found["estimate"]
    assert (estimate["core"], estimate["counted_by"]) == ("cortex-m4", "qemu-m4")
    assert found["count"] < estimate["cycles_min"] < estimate["cycles_max"] < 5 * found["count"]
    assert estimate["latency_us"][0] == pytest.approx(estimate["cycles_min"] / 180)
    assert estimate["basis"][0].startswith("not measured")
    assert sum(layer["cycles_min"] for layer in found["layers"]) == estimate["cycles_min"]


@pytest.mark.parametrize(
    ("board", "options"),
    [
        ("pico", ("--builder", "cmake")),
        ("pico2", ("--builder", "cmake")),
        ("esp32", ("--builder", "cmake")),
        ("esp32c3", ("--builder", "cmake")),
        ("qemu-m55", ()),
    ],
)
def test_cores_of_all_kinds_are_estimated(
    tmp_path: Path, run_tinyflow: Any, board: str, options: tuple[str, ...]
) -> None:
    found = profiled(tmp_path, run_tinyflow, DIGITS, board, "--estimate", *options)
    adds_up(found)
    assert 0 <= found["outside"] < 60
    estimate = found["estimate"]
    assert found["count"] < estimate["cycles_max"]
    assert estimate["cycles_min"] <= estimate["cycles_max"] < 6 * found["count"]


def test_an_emulator_without_plugins_is_told(
    tmp_path: Path, run_tinyflow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "bin" / "qemu-system-arm"
    stub.parent.mkdir()
    stub.write_text(
        "#!/bin/sh\n"
        'case "$*" in *--version*) echo QEMU emulator version 7.2.0;;\n'
        "*) echo '-plugin: invalid option' >&2; exit 1;; esac\n"
    )
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
    outcome = run_tinyflow(
        tmp_path, "profile", str(DIGITS), "--board", "qemu-m4", "--estimate", "--json"
    )
    assert outcome.status == 4, outcome.stderr
    assert "QEMU must be built with --enable-plugins" in outcome.stderr
    assert "-plugin: invalid option" in outcome.stderr


def test_what_people_see(tmp_path: Path, run_tinyflow: Any) -> None:
    page = tmp_path / "page.html"
    command = ("profile", str(DIGITS), "--board", "nucleo-f446re", "--builder", "cmake")
    outcome = run_tinyflow(tmp_path, *command, "--estimate", "--html", str(page))
    assert outcome.status == 0, outcome.stderr
    lines = outcome.stdout.splitlines()
    assert lines[0].split()[:4] == ["#", "operator", "output", "variant"]
    assert any(line.startswith("ESTIMATE") and line.endswith("cycles") for line in lines)
    assert any(line.endswith("ms at 180 MHz") for line in lines)
    assert "<svg" in page.read_text()
    missing = run_tinyflow(tmp_path, *command)
    assert missing.status == 5
    assert "without a board: tinyflow profile --board nucleo-f446re --estimate" in missing.stderr


def test_the_host_counts_nanoseconds(tmp_path: Path, run_tinyflow: Any) -> None:
    found = profiled(tmp_path, run_tinyflow, DIGITS, "native")
    assert found["counter"] == "nanoseconds"
    assert found["latency_us"] == pytest.approx(found["count"] / 1000)


@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        (("--board", "arduino-mega", "--estimate"), 2, "has no [timing] in its profile"),
        (("--board", "qemu-m4", "--html", "missing/page.html"), 2, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told(
    tmp_path: Path, run_tinyflow: Any, options: tuple[str, ...], status: int, text: str
) -> None:
    outcome = run_tinyflow(tmp_path, "profile", str(DIGITS), *options, "--json")
    assert outcome.status == status, outcome.stderr
    assert text in json.loads(outcome.stdout)["what"]
