"""The pytest plugin, in runs of its own: quick for everyone, and what it promises for rigs."""

import ast
import contextlib
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_model import small
from tflite_writer import write_tflite

from tinyflow import flash, hil, pipeline, process
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile, load_board
from tinyflow.rig import Bench, Firmware, Request, Seat, Terms, Wanted

ROOT = Path(__file__).parents[1]
RUN_SECONDS = 120
# Of this environment's other plugins, some take longer to load than a run takes.
ALONE = ("-pno:hypothesispytest", "-pno:anyio", "-pno:timeout")

pytestmark = pytest.mark.xdist_group("hil")  # they share what is built

Run = Callable[..., str]

INI = """\
[pytest]
addopts = --strict-markers --strict-config -p no:cacheprovider
filterwarnings = error
tf_model = small.tflite
"""

TESTS = """\
import numpy as np
import pytest

DATA = bytes(32)

def test_answers(tf_dut, tf_firmware, tf_host, tf_record):
    assert tf_dut.hello.build_id == tf_firmware.build_id
    found = tf_dut.infer(DATA).output
    assert found == tf_host.invoke(np.zeros((1, 32), np.int8)).tobytes()
    assert tf_dut.predict(np.zeros((2, 4, 4, 2), np.float32)).shape == (2, 3)
    tf_record("weights", np.int64(50), "B")
    tf_record("right", np.float64(0.9), better="more", tolerance=0.1)

@pytest.mark.tf_requires("counter")
def test_counts(tf_dut):
    raise AssertionError("this board has a clock only")

@pytest.mark.tf_board("m4")
def test_elsewhere(tf_dut):
    raise AssertionError("this run has no such board")

@pytest.mark.parametrize("rows", [1, 3])
def test_begins_anew(tf_dut, rows):
    assert tf_dut.counted.inferences == 0
    tf_dut.invoke(np.zeros((rows, 32), np.int8))
    assert tf_dut.counted.inferences == rows
"""

MAP = """\
boards:
  - {name: native, board: native}
  - {name: far, board: esp32, serial: TINYFLOW-NONE}
"""

FAILS = """\
def test_fails(tf_dut):
    tf_dut.configure(heartbeat_ms=1)
    while not tf_dut.take_telemetry():
        tf_dut.infer(bytes(32))
    raise AssertionError("as meant")

def test_refused(tf_dut):
    tf_dut.reset(bootloader=True)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rig whose model is built for this machine already."""
    folder = tmp_path_factory.mktemp("rig")
    (folder / "pytest.ini").write_text(INI)
    (folder / "small.tflite").write_bytes(write_tflite(small()))
    (folder / "test_rig.py").write_text(TESTS)
    return folder


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """What pytest says there, ended with this status."""
    monkeypatch.setenv("TINYFLOW_CACHE_DIR", str(folder / "cache"))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(*arguments: str, status: int = 0, cwd: Path = folder) -> str:
        command = [sys.executable, "-m", "pytest", *ALONE, *arguments]
        done = process.run(command, timeout=RUN_SECONDS, cwd=cwd, check=False)
        text = done.stdout + done.stderr
        assert done.status == status, text
        return text

    return run


def test_it_imports_pytest_and_nothing_else() -> None:
    tree = ast.parse(Path(hil.__file__).read_text(encoding="utf-8"))
    names = [
        name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [node.names[0].name])
    ]
    assert names == ["__future__", "pytest"]


def test_a_run_elsewhere_is_left_alone(run: Run, tmp_path: Path) -> None:
    """With warnings as errors, strict, in workers; and nothing of tinyflow's is loaded for it."""
    (tmp_path / "test_other.py").write_text(
        "import sys\n\ndef test_other():\n"
        "    ours = {name for name in sys.modules if name.startswith('tinyflow.')}\n"
        "    assert ours == {'tinyflow.hil'}\n"
        "    assert not {'numpy', 'serial', 'pydantic', 'yaml'} & sys.modules.keys()\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    text = run("-n1", "-Werror", "--strict-markers", "--strict-config", cwd=tmp_path)
    assert "1 passed" in text


def test_one_test_runs_where_it_can(run: Run, folder: Path) -> None:
    (folder / "map.yaml").write_text(MAP)
    (folder / "test_fails.py").write_text(FAILS)
    arguments = ("-rs", "--tf-baseline=kept.json", "--tf-hardware-map=map.yaml")
    text = run("test_rig.py", *arguments, "--tf-update-baseline", "--junitxml=junit.xml")
    assert "3 passed, 5 skipped" in text
    assert "no port has the USB serial number TINYFLOW-NONE" in text
    assert "for m4, this run has native, far" in text
    assert "2 figures are in" in text
    kept = folder / "kept.json"
    first = kept.read_text()
    figures = json.loads(first)["tests"]
    assert figures == {
        "test_rig.py::test_answers": {
            "native": {
                "right": {"value": 0.9, "unit": ""},
                "weights": {"value": 50, "unit": "B"},
            }
        }
    }
    (answers,) = [
        {item.get("name"): item.get("value") for item in case.iter("property")}
        for case in ET.parse(folder / "junit.xml").iter("testcase")
        if case.get("name") == "test_answers[native]"
    ]
    assert answers["weights"] == "50" and answers["tf_board"] == "native"
    assert answers["tf_inferences"] == "3"
    assert int(answers["tf_flash_bytes"] or 0) > 1000 and "tf_nanoseconds_mean" in answers

    kept.write_text(first.replace("50", "49").replace("0.9", "0.99"))
    text = run("test_rig.py", "test_fails.py", *arguments, "--tf-board=native", status=1)
    assert "weights on native: 50 B, the baseline is 49, the limit 49" in text
    assert "a figure does not hold the baseline" in text, "the other is within its tolerance"
    assert "board native lacks counter" in text
    assert "board native said" in text and "[heartbeat] " in text
    assert "does not restart" in text
    assert "3 failed, 2 passed, 2 skipped" in text
    kept.write_text("{}")
    assert "kept.json is not a baseline of version 1" in run("test_rig.py", *arguments, status=4)
    # A file that is only read at the end, and one that cannot be written then.
    (folder / "test_other.py").write_text("def test_other(): pass\n")
    port = ("--tf-board=native", "--tf-port")
    text = run(*port, "/dev/null", status=4)
    assert "write --tf-port=/dev/null: after a space it moves pytest's root to /dev" in text
    assert "1 passed" in run("test_other.py", *port, "/dev/null"), "its root is that of the tests"
    text = run("test_other.py", "-otf_baseline=kept.json")
    assert "1 passed" in text
    text = run(
        *("test_rig.py", "-k", "answers", "--tf-board=native", "--tf-update-baseline"),
        "--tf-baseline=/proc/none/kept.json",
        status=4,
    )
    assert "kept.json cannot be written: No such file" in text and "1 passed" in text


def test_a_missing_board_is_a_failure_where_that_is_asked_for(run: Run, folder: Path) -> None:
    (folder / "map.yaml").write_text(MAP)
    text = run(
        *("test_rig.py", "-k", "answers or counts", "--tf-strict"),
        *("--tf-hardware-map=map.yaml", "--tf-board=far"),
        status=1,
    )
    assert "2 errors" in text and "no port has the USB serial number TINYFLOW-NONE" in text


@pytest.fixture
def running(run: Run, folder: Path) -> Iterator[str]:
    """The port of a board that runs already, as one on a bench does."""
    walk = pipeline.start(board="native", model=folder / "small.tflite", folder=folder)
    with flash.flash(walk.image(), load_board("native"), None) as flashed:
        yield flashed.port


def test_two_workers_take_turns_at_one_board(run: Run, running: str) -> None:
    """The port opens for one of them only; without a lock the other would fail."""
    text = run(
        *("test_rig.py", "-n2", "--dist=load", "-k", "anew"),
        *("--tf-board=native", f"--tf-port={running}", "--tf-no-flash"),
    )
    assert "2 passed" in text


def test_the_power_of_a_board_is_cut_by_its_command(
    running: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYFLOW_CACHE_DIR", str(folder / "cache"))
    script = "import sys; open('switched', 'a').write(sys.argv[1] + '\\n')"
    off, on = (json.dumps([sys.executable, "-c", script, f"{way} $HOME"]) for way in ("off", "on"))
    (folder / "power.yaml").write_text(
        f"boards: [{{name: bench, board: native, port: {running}, power: "
        f"{{off: {off}, on: {on}, seconds: 0}}}}]"
    )
    monkeypatch.chdir(folder)
    terms = Terms(folder=folder, model=folder / "small.tflite", no_flash=True)
    bench = Bench(Request(Wanted(), terms, folder / "power.yaml"))
    (place,) = bench.places
    assert "power" in place.capabilities and not place.started
    try:
        dut = bench.seat(place).begin()
        dut.power_cycle()
        assert (folder / "switched").read_text() == "off $HOME\non $HOME\n", "no shell has read it"
        assert dut.predict(np.zeros((1, 4, 4, 2), np.float32)).shape == (1, 3)
        with dut.faulty_line(), dut.faulty_line() as line:
            dut.power_cycle()
            dut.infer(bytes(32))
            assert dut._session.link.url == line.url, "it goes on over the same line"
        assert dut.infer(bytes(32)) and dut._session.link.url == running
    finally:
        bench.close()


def test_a_board_is_flashed_once_in_a_run(
    running: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whichever worker comes first; the next run does not trust what is there."""
    monkeypatch.setenv("TINYFLOW_CACHE_DIR", str(folder / "cache"))
    walk = pipeline.start(board="native", model=folder / "small.tflite", folder=folder)
    image, flashed = walk.image(), list[str]()

    @contextlib.contextmanager
    def flashing(image: FirmwareImage, board: BoardProfile, port: str, log: Path) -> Any:
        flashed.append(port)
        yield FlashedBoard(board.name, port, board.baud, image.model_sha256, image.build_id)

    monkeypatch.setattr("tinyflow.pipeline.flashing.flashed", flashing)
    wanted = Wanted(("esp32",), running)

    def worker(run: str) -> tuple[Bench, Seat]:
        terms = Terms(folder=folder, model=folder / "small.tflite", run=run, shared=True)
        bench = Bench(Request(wanted, terms))
        seat = bench.seat(bench.places[0])
        vars(seat)["firmware"] = Firmware("esp32", image, walk.compiled())
        return bench, seat

    benches = []
    for run, times in (("first", 1), ("first", 1), ("second", 2), ("first", 3)):
        bench, seat = worker(run)
        benches.append(bench)
        for _ in range(2):
            assert seat.begin().hello.build_id == image.build_id
            seat.end()  # else the next worker would wait
        assert flashed == [running] * times
    seat.begin().flash()
    assert flashed == [running] * 4
    for bench in benches:
        bench.close()


@pytest.mark.slow
def test_the_example_of_a_rig_runs(tmp_path: Path) -> None:
    """On this machine and two emulated boards, against the baseline that is kept with it."""
    for name in ("qemu-system-arm", "qemu-system-riscv32"):
        if process.find_program(name) is None:
            pytest.skip(f"{name} is not installed")
    rig = tmp_path / "rig"
    command = ["cp", "-r", str(ROOT / "examples" / "rig"), str(rig)]
    subprocess.run(command, check=True, timeout=10)
    done = process.run(
        [sys.executable, "-m", "pytest", *ALONE, "-Werror", "-pno:cacheprovider", "--tf-strict"],
        timeout=RUN_SECONDS,
        cwd=rig,
        env={**os.environ, "TINYFLOW_CACHE_DIR": str(tmp_path / "cache"), "PYTEST_ADDOPTS": ""},
        check=False,
    )
    text = done.stdout + done.stderr
    assert done.status == 0, text
    assert re.search(r"\b35 passed in\b", text), text
