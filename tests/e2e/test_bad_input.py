"""What a user gets wrong, or what goes wrong around them: one clear error each, and no loss."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tflite_writer import write_tflite

import tinyflow
from tinyflow import progress
from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor
from tinyflow.errors import DeviceError
from tinyflow.monitor.store import Store

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"
BOARDS = Path(__file__).parents[2] / "boards"


def own_board(folder: Path, name: str, **memory: int) -> None:
    """A user's own board beside their project: qemu-m4 with other memory."""
    text = (BOARDS / "qemu-m4.toml").read_text().replace('name = "qemu-m4"', f'name = "{name}"')
    for key, value in memory.items():
        before = next(line for line in text.splitlines() if line.startswith(f"{key} ="))
        text = text.replace(before, f"{key} = {value}")
    (folder / "boards").mkdir(exist_ok=True)
    (folder / "boards" / f"{name}.toml").write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tinyflow.toml").write_text('name = "demo"\n[dataset]\nsource = "digits"\n')
    return tmp_path


def test_unknown_board(tmp_path: Path, run_tinyflow: Any) -> None:
    outcome = run_tinyflow(tmp_path, "build", str(DIGITS), "--board", "qemu-riscv", "--json")
    assert outcome.status == 2
    assert "board qemu-riscv is unknown, did you mean qemu-riscv32?" in outcome.stderr
    assert outcome.json["what"].startswith("board qemu-riscv is unknown")


def test_no_board(tmp_path: Path, run_tinyflow: Any) -> None:
    outcome = run_tinyflow(tmp_path, "build", str(DIGITS))
    assert outcome.status == 2
    assert "no board was named" in outcome.stderr


def test_deploy_without_a_project(tmp_path: Path, run_tinyflow: Any) -> None:
    outcome = run_tinyflow(tmp_path, "deploy", "--board", "native")
    assert outcome.status == 2
    assert "no tinyflow.toml in" in outcome.stderr
    assert "hint: tinyflow init digits && cd digits" in outcome.stderr


def test_places_that_cannot_be_written(tmp_path: Path, run_tinyflow: Any) -> None:
    outcome = run_tinyflow(tmp_path, "compile", str(DIGITS), "--board", "native", "-o", "/proc/x")
    assert outcome.status == 2
    assert outcome.stderr.startswith("error: /proc/x cannot be written")


def test_a_disk_that_is_full(tmp_path: Path, run_tinyflow: Any) -> None:
    outcome = run_tinyflow(
        tmp_path, "monitor", str(DIGITS), "--board", "native", "--seconds", "1",
        "--jsonl", "/dev/full",
    )  # fmt: skip
    assert outcome.status == 2, outcome.stderr
    assert "No space left on device" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_broken_project_file(tmp_path: Path, run_tinyflow: Any) -> None:
    (tmp_path / "tinyflow.toml").write_text('name = "x"\n[dataset]\nsorce = "digits"\n')
    outcome = run_tinyflow(tmp_path, "train")
    assert outcome.status == 2
    assert "dataset.sorce: unknown key, did you mean source?" in outcome.stderr
    assert "dataset.source: missing" in outcome.stderr


def test_truncated_model(tmp_path: Path, run_tinyflow: Any) -> None:
    (tmp_path / "cut.tflite").write_bytes(DIGITS.read_bytes()[:5000])
    outcome = run_tinyflow(tmp_path, "compile", "cut.tflite", "--board", "native")
    assert outcome.status == 3
    assert outcome.stderr.startswith("error: cut.tflite")


def test_missing_model(tmp_path: Path, run_tinyflow: Any) -> None:
    outcome = run_tinyflow(tmp_path, "compile", "none.tflite", "--board", "native")
    assert outcome.status == 2
    assert "none.tflite" in outcome.stderr


def test_unsupported_operators_are_all_listed(tmp_path: Path, run_tinyflow: Any) -> None:
    scale = Quantization((0.5,), (0,))
    tensors = tuple(Tensor(f"net/layer{i}", (1, 8), "int8", scale) for i in range(4))
    nodes = (
        Node("GELU", (0,), (1,), index=0),
        Node("RELU", (1,), (2,), index=1),
        Node("CUMSUM", (2,), (3,), index=2),
    )
    model = tmp_path / "odd.tflite"
    model.write_bytes(write_tflite(Graph(tensors, nodes, (0,), (3,))))
    outcome = run_tinyflow(tmp_path, "compile", "odd.tflite", "--board", "native")
    assert outcome.status == 3
    assert "node 0 GELU (net/layer1): the operator is not supported" in outcome.stderr
    assert "node 2 CUMSUM (net/layer3): the operator is not supported" in outcome.stderr
    assert "node 1" not in outcome.stderr


def test_model_over_the_boards_ram(project: Path, run_tinyflow: Any) -> None:
    own_board(project, "tiny-ram", ram_bytes=10_000)
    outcome = run_tinyflow(project, "build", str(DIGITS), "--board", "tiny-ram")
    assert outcome.status == 3
    assert "B of arena, board tiny-ram has 1,808 B of RAM" in outcome.stderr
    assert "busiest at node" in outcome.stderr
    assert "hint: tinyflow check digits.tflite" in outcome.stderr


@pytest.mark.parametrize("flash_bytes", [4_000, 12_000])
def test_model_over_the_boards_flash(project: Path, run_tinyflow: Any, flash_bytes: int) -> None:
    """4,000 B do not hold the weights; 12,000 B do, but not the image, which the linker tells."""
    own_board(project, "tiny-flash", flash_bytes=flash_bytes)
    outcome = run_tinyflow(project, "build", str(DIGITS), "--board", "tiny-flash")
    assert outcome.status == 3, outcome.stderr
    assert "flash" in outcome.stderr
    assert f"{flash_bytes:,} B" in outcome.stderr


def test_no_compiler(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tinyflow", "build", str(DIGITS), "--board", "qemu-m4"],
        cwd=tmp_path,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "arm-none-eabi-gcc" in done.stderr
    assert "hint: " in done.stderr


def test_no_port(tmp_path: Path, run_tinyflow: Any) -> None:
    outcome = run_tinyflow(tmp_path, "monitor", str(DIGITS), "--board", "esp32", "--seconds", "1")
    assert outcome.status == 5, outcome.stderr
    assert "hint: " in outcome.stderr


def test_a_port_that_says_nothing(tmp_path: Path, run_tinyflow: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        begun = time.monotonic()
        outcome = run_tinyflow(
            tmp_path, "monitor", str(DIGITS), "--board", "esp32", "--port", port, "--seconds", "1"
        )
    assert outcome.status == 5
    assert port in outcome.stderr
    assert "hint: " in outcome.stderr
    assert time.monotonic() - begun < 60


@pytest.mark.xdist_group("e2e")
@pytest.mark.timeout(900)
def test_a_board_that_dies_is_started_again_and_nothing_is_lost(
    digits: Path, tmp_path: Path
) -> None:
    """Kill the emulator in the middle of the test samples: the deploy completes all the same."""
    project = Path(shutil.copytree(digits, tmp_path / "project"))
    steps: list[int] = []
    killed: list[int] = []

    def watch(step: progress.Step) -> None:
        if step.stage != "device" or step.done is None:
            return
        steps.append(step.done)
        if step.done == 100 and not killed:
            killed.extend(_emulators(os.getpid()))
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    with progress.listening(watch):
        result = tinyflow.deploy("qemu-m4", folder=project)
    assert len(killed) == 1
    assert steps == list(range(1, result["device"]["samples"] + 1))
    assert result["mismatched_bytes"] == 0


@pytest.mark.xdist_group("e2e")
@pytest.mark.timeout(900)
def test_a_board_that_dies_at_once_each_time_is_reported(digits: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(digits, tmp_path / "project"))

    def watch(step: progress.Step) -> None:
        if step.stage == "device" and step.done is not None:
            for pid in _emulators(os.getpid()):
                os.kill(pid, signal.SIGKILL)

    with progress.listening(watch), pytest.raises(DeviceError) as caught:
        tinyflow.deploy("qemu-m4", folder=project)
    assert "of 359 samples were answered" in str(caught.value)
    with Store(project / ".tinyflow" / "metrics.sqlite") as store:
        answered = [row for row in store.read(where="device") if row.name == "samples"]
    assert 0 < answered[-1].value < 359


def _emulators(parent: int) -> list[int]:
    """The qemu processes that `parent` started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        name, _, rest = stat.partition("(")[2].rpartition(")")
        if name.startswith("qemu-system") and int(rest.split()[1]) == parent:
            found.append(int(entry.name))
    return found
