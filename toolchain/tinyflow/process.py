"""The one place that starts programs.

Commands are argument lists, never shell strings. Every run has a time limit, and a program
never outlives an interrupted tinyflow: it runs in its own process group, which is ended as a
whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tinyflow.errors import ToolError

GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Completed:
    """What a program left: its exit status and its output as text."""

    command: tuple[str, ...]
    status: int
    stdout: str
    stderr: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, with `extra` on top."""
    return {**os.environ, **(extra or {})}


def which(program: str) -> Path | None:
    """The program's path, or None when it is not on PATH."""
    found = shutil.which(program)
    return Path(found) if found else None


def scripts_folder() -> Path:
    """The folder of console scripts installed beside this Python (cmake, ninja, esptool)."""
    return Path(sys.executable).parent


def find_program(program: str) -> Path | None:
    """A program installed beside this Python, else the one on PATH."""
    beside = scripts_folder() / program
    return beside if os.access(beside, os.X_OK) and beside.is_file() else which(program)


def start(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | IO[Any] | None = subprocess.DEVNULL,
    stdout: int | IO[Any] | None = subprocess.PIPE,
    stderr: int | IO[Any] | None = subprocess.PIPE,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own.

    Raises ToolError when the program cannot be started. End it with `stop`.
    """
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=environment(env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    except FileNotFoundError:
        raise ToolError(f"{command[0]} is not installed, or not on PATH") from None
    except OSError as error:
        raise ToolError(f"{command[0]} cannot be started: {error.strerror}") from None


def stop(child: subprocess.Popen[bytes], grace_seconds: float = GRACE_SECONDS) -> int:
    """End a started program and all it started; returns its exit status."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace_seconds)
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    return child.wait()


def run(
    command: Sequence[str],
    *,
    what: str | None = None,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    log: Path | None = None,
    check: bool = True,
    hints: Sequence[str] = (),
) -> Completed:
    """Run a program to its end and return what it left.

    `what` begins the error ("the compiler"), `log` is written with all output, `check` turns a
    non-zero exit status into a ToolError that shows the command, the status, the last 20 lines
    and the log's path. A program over `timeout` seconds is ended and raises ToolError.
    """
    name = what or Path(command[0]).name
    child = start(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
    )
    try:
        stdout, stderr = child.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        stop(child)
        raise ToolError(
            f"{name} did not end within {timeout:g} s",
            [f"command: {' '.join(command)}"],
            hints,
        ) from None
    except BaseException:
        stop(child)
        raise
    done = Completed(
        tuple(command),
        child.returncode,
        stdout.decode("utf-8", "replace"),
        stderr.decode("utf-8", "replace"),
    )
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}", encoding="utf-8")
    if check and done.status != 0:
        raise ToolError.from_command(
            f"{name} ended with exit status {done.status}",
            command,
            done.status,
            done.stdout + done.stderr,
            log,
            hints,
        )
    return done


def is_running(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
