"""A board that is a program on this machine: its log, and what to say when it ends early."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tinyflow import process
from tinyflow.errors import LOG_TAIL_LINES, DeviceError

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
def explained(child: process.Child, what: str, log: Path) -> Iterator[None]:
    """Add to a DeviceError raised in the block that the board's program had ended, and how."""
    try:
        yield
    except DeviceError as error:
        # The console closes just before a program ends.
        status = process.wait(child, END_SECONDS)
        if status is None:
            raise
        how = f"exit status {status}" if status >= 0 else f"signal {-status}"
        detail = [*error.detail, f"{what} had ended with {how}", *(f"| {x}" for x in tail(log))]
        raise DeviceError(error.what, detail, error.hints) from error
