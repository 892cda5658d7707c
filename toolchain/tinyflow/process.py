"""The one place that starts programs.

Commands are argument lists, never shell strings. Every run has a time limit, and a program
never outlives an interrupted tinyflow: it runs in its own process group, which is ended as a
whole.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tinyflow.errors import LOG_TAIL_LINES, ToolError

Child = subprocess.Popen[bytes]
"""A started program."""

GRACE_SECONDS = 3.0

# Asks to be ended with its parent, which lasts through exec, then becomes the program.
_BIND = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""


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
    bound: bool = False,
) -> Child:
    """Start a program in a process group of its own.

    With `bound` the system ends the program when the thread that started it ends, even by a
    signal (on Linux; elsewhere it makes no difference). Raises ToolError when the program cannot
    be started. End it with `stop`.
    """
    bind = [sys.executable, "-I", "-S", "-c", _BIND, str(os.getpid())]
    try:
        return subprocess.Popen(
            [*bind, *command] if bound and sys.platform == "linux" else list(command),
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


def wait(child: Child, seconds: float) -> int | None:
    """The program's exit status, or None when it still runs after `seconds`."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def stop(child: Child, grace_seconds: float = GRACE_SECONDS) -> int:
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


def follow(
    command: Sequence[str],
    on_line: Callable[[str], None],
    *,
    what: str | None = None,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    hints: Sequence[str] = (),
) -> Completed:
    """Run a program to its end and hand over each line of its output as it comes.

    Standard error is merged into `stdout`; a carriage return ends a line as well, as progress
    bars use it. An exception from `on_line` ends the program and goes on to the caller. The exit
    status is not judged. `log` is written as the program goes on. A program over `timeout` seconds
    is ended and raises ToolError.
    """
    name = what or Path(command[0]).name
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(log.open("wb")) if log is not None else None
        if sink is not None:
            sink.write(f"$ {' '.join(command)}\n".encode())
        child = start(command, cwd=cwd, env=env, stderr=subprocess.STDOUT)
        stack.callback(stop, child)
        output, rest = bytearray(), b""
        deadline = time.monotonic() + timeout
        try:
            for data in _read(child, deadline):
                output += data
                if sink is not None:
                    sink.write(data)
                    sink.flush()
                *lines, rest = re.split(rb"\r\n|\n|\r", rest + data)
                for line in lines:
                    on_line(line.decode("utf-8", "replace"))
            if rest:
                on_line(rest.decode("utf-8", "replace"))
            status = child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            tail = output.decode("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:]
            raise ToolError(
                f"{name} did not end within {timeout:g} s",
                [f"command: {' '.join(command)}", *(f"| {line}" for line in tail)],
                hints,
            ) from None
    return Completed(tuple(command), status, output.decode("utf-8", "replace"), "")


def _read(child: Child, deadline: float) -> Iterator[bytes]:
    """What a program writes, as it comes, until it closes its output."""
    if child.stdout is None:
        return
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise subprocess.TimeoutExpired(child.args, 0)
            data = os.read(child.stdout.fileno(), 65536)
            if not data:
                return
            yield data


def is_running(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
