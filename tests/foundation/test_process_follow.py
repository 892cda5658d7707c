"""A followed program's lines come as they are written, and it never outlives its time."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tinyflow import process
from tinyflow.errors import ToolError


def python(script: str) -> list[str]:
    return [sys.executable, "-u", "-c", script]


def test_lines_come_while_the_program_runs(tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    script = (
        "import sys, time\n"
        "print('one'); time.sleep(0.5); sys.stderr.write('10 %\\r20 %\\r\\n'); print('end', end='')"
    )
    log = tmp_path / "logs" / "run.log"
    done = process.follow(
        python(script),
        lambda line: seen.append((line, time.monotonic())),
        timeout=20,
        log=log,
    )
    assert [line for line, _ in seen] == ["one", "10 %", "20 %", "end"]
    assert seen[-1][1] - seen[0][1] > 0.3
    assert done.status == 0
    assert done.stdout == "one\n10 %\r20 %\r\nend"
    assert log.read_text().endswith("\none\n10 %\n20 %\nend")


def test_the_exit_status_is_not_judged() -> None:
    assert process.follow(python("raise SystemExit(3)"), print, timeout=20).status == 3


@pytest.mark.parametrize("script", ["import time; print('begun'); time.sleep(60)", "while 1: pass"])
def test_a_program_over_its_time_is_ended(script: str) -> None:
    with pytest.raises(ToolError, match=r"the program did not end within 0\.7 s"):
        process.follow(python(script), lambda _: None, what="the program", timeout=0.7)


def test_a_program_that_closed_its_output_is_ended_as_well() -> None:
    script = "import os, time; os.close(1); os.close(2); time.sleep(60)"
    with pytest.raises(ToolError, match="did not end within"):
        process.follow(python(script), lambda _: None, timeout=0.7)


def test_an_exception_of_the_listener_ends_the_program(tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def listener(line: str) -> None:
        raise StopError(line)

    script = "import os, time; print(os.getpid()); time.sleep(60)"
    with pytest.raises(StopError) as caught:
        process.follow(python(script), listener, timeout=20)
    assert not process.is_running(int(str(caught.value)))
