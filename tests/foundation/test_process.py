"""Child processes: output, failures in words, time limits, nothing left behind."""

import sys
import threading
import time
from pathlib import Path

import pytest

from tinyflow import process
from tinyflow.errors import ToolError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_and_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "run.log"
    done = process.run(python("print('out')"), timeout=30, log=log)
    assert done.stdout == "out\n"
    assert "out" in log.read_text()


def test_failure_shows_command_status_tail_and_log(tmp_path: Path) -> None:
    code = "import sys\nfor i in range(50): print('line', i)\nsys.exit(3)"
    with pytest.raises(ToolError) as caught:
        process.run(python(code), what="the tool", timeout=30, log=tmp_path / "log")
    text = str(caught.value)
    assert text.startswith("the tool ended with exit status 3")
    assert "| line 49" in text
    assert "| line 29" not in text
    assert str(tmp_path / "log") in text


def test_missing_program() -> None:
    with pytest.raises(ToolError, match="no-such-program is not installed"):
        process.run(["no-such-program"], timeout=5)


def test_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(marker)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)"
    )
    with pytest.raises(ToolError, match=r"did not end within 1\.5 s"):
        process.run(python(code), timeout=1.5)
    grandchild = int(marker.read_text())
    for _ in range(100):
        if not _alive(grandchild):
            break
        time.sleep(0.05)
    assert not _alive(grandchild)


def _alive(pid: int) -> bool:
    """Running, that is: a zombie that init has not collected yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_stop_ends_a_program_that_ignores_being_asked() -> None:
    child = process.start(
        python(
            "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint(1, flush=True)\n"
            "time.sleep(60)"
        )
    )
    assert child.stdout is not None
    child.stdout.readline()
    assert process.stop(child, grace_seconds=0.3) == -9
    assert not process.is_running(child.pid)


def test_running_programs_do_not_share_a_fate() -> None:
    results: list[str] = []
    threads = [
        threading.Thread(
            target=lambda n=n: results.append(
                process.run(python(f"print({n})"), timeout=30).stdout.strip()
            )
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["0", "1", "2", "3"]
