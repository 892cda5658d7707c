"""A board that is a program on this machine: its log, and what to say when it ends early."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tinyflow.errors import LOG_TAIL_LINES, DeviceError

if TYPE_CHECKING:
    import subprocess

END_SECONDS = 0.5


@contextlib.contextmanager
def log_file(log: Path | None) -> Iterator[Path]:
    """The file for what the program writes to stderr: `log`, else one that is removed."""
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        yield log
        return
    with tempfile.TemporaryDirectory(prefix="tinyflow-") as folder:
        yield Path(folder) / "board.log"


def tail(log: Path) -> list[str]:
    """The last lines of the log."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    return text.splitlines()[-LOG_TAIL_LINES:]


@contextlib.contextmanager
def explained(child: subprocess.Popen[bytes], what: str, log: Path) -> Iterator[None]:
    """Add to a DeviceError raised in the block that the board's program had ended, and how."""
    try:
        yield
    except DeviceError as error:
        status = _ended(child)
        if status is None:
            raise
        how = f"exit status {status}" if status >= 0 else f"signal {-status}"
        detail = [*error.detail, f"{what} had ended with {how}", *(f"| {x}" for x in tail(log))]
        raise DeviceError(error.what, detail, error.hints) from error


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    """Its exit status, or None while it runs; the console closes just before a program ends."""
    import subprocess

    with contextlib.suppress(subprocess.TimeoutExpired):
        return child.wait(END_SECONDS)
    return None
