"""The worker process: results, errors, progress, death, time limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinyflow import paths, process, progress, worker
from tinyflow.errors import ModelError

JOBS = """
import os, signal, sys, time
from tinyflow import progress
from tinyflow.errors import ModelError

def add(a, b):
    print("noise on stdout")
    sys.stderr.write("noise on stderr\\n")
    progress.report("adding", "half way", 1, 2)
    return {"sum": a + b, "stage": "x" * 200_000}

def refuse():
    raise ModelError("the model is too large", ["5 B"], ["a hint"])

def bug():
    return 1 / 0

def die():
    sys.stderr.write("last words\\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGSEGV)

def leave():
    os._exit(3)

def sleep(file):
    open(file, "w").write(str(os.getpid()))
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "worker_jobs.py").write_text(JOBS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_a_result_and_progress(capfd: pytest.CaptureFixture[str]) -> None:
    steps: list[progress.Step] = []
    with progress.listening(steps.append):
        result = worker.call("it", "worker_jobs:add", {"a": 2, "b": 3}, 30)
    assert result["sum"] == 5
    assert len(result["stage"]) == 200_000
    assert steps == [progress.Step("adding", "half way", 1, 2)]
    assert capfd.readouterr() == ("", "")


def test_an_error_keeps_its_kind() -> None:
    with pytest.raises(ModelError) as caught:
        worker.call("it", "worker_jobs:refuse", {}, 30)
    assert caught.value.what == "the model is too large"
    assert (caught.value.detail, caught.value.hints) == (("5 B",), ("a hint",))


def test_a_bug_shows_its_traceback() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        worker.call("it", "worker_jobs:bug", {}, 30)


@pytest.mark.parametrize(
    ("job", "how", "detail"),
    [("die", "died by SIGSEGV", "| last words"), ("leave", "ended with exit status 3", "")],
)
def test_death(job: str, how: str, detail: str) -> None:
    with pytest.raises(worker.WorkerLostError) as caught:
        worker.call("it", f"worker_jobs:{job}", {}, 30)
    assert caught.value.what == f"it {how}"
    assert detail in "\n".join(caught.value.detail)


def wait_for_pid(file: Path) -> int:
    for _ in range(300):
        if file.is_file() and file.read_text():
            return int(file.read_text())
        time.sleep(0.05)
    raise AssertionError("the job did not begin")


def wait_for_end(pid: int) -> None:
    status = Path(f"/proc/{pid}/stat")
    for _ in range(200):
        # In some containers nobody collects an orphan: a zombie has ended too.
        if not process.is_running(pid) or ") Z " in status.read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")


def test_a_time_limit_ends_the_child(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with pytest.raises(worker.WorkerLostError, match="did not end within 2 s"):
        worker.call("it", "worker_jobs:sleep", {"file": file}, 2)
    wait_for_end(int(file.read_text()))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_the_child_ends_with_its_parent(tmp_path: Path, sign: signal.Signals) -> None:
    file = tmp_path / "pid"
    program = (
        "from tinyflow import worker\n"
        f"worker.call('it', 'worker_jobs:sleep', {{'file': {str(file)!r}}}, 60)"
    )
    search = os.pathsep.join([str(paths.PACKAGE.parent), str(tmp_path)])
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": search},
        stderr=subprocess.DEVNULL,
    )
    try:
        child = wait_for_pid(file)
        parent.send_signal(sign)
        parent.wait(10)
        wait_for_end(child)
    finally:
        parent.kill()
        parent.wait()
