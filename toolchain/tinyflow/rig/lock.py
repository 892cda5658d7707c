"""What is for one process at a time, as a board: a file that is locked while it is in use.

The lock ends with its process, however that ends. The file remembers who has the board, and which
image the tests of one run have put on it, so that a second worker does not flash it again.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import IO, Any

from tinyflow.errors import DeviceError, ToolError

WAIT_SECONDS = 900.0
POLL_SECONDS = 0.1
MAX_NOTE_BYTES = 4096


class FileLock:
    """The lock in `file`, of what is called `name` in errors."""

    def __init__(self, file: Path, name: str, wait_seconds: float = WAIT_SECONDS) -> None:
        self._file = file
        self._name = name
        self._wait = wait_seconds
        self._open: IO[bytes] | None = None

    @property
    def held(self) -> bool:
        """Whether this process has it."""
        return self._open is not None

    def acquire(self) -> None:
        """Wait until it is free. Raises DeviceError that names its holder after 15 min, ToolError
        where the file cannot be made."""
        if self._open is not None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # A descriptor that no child inherits; opened without changing what is there.
            opened = os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        except OSError as error:
            raise ToolError(
                f"{self._file}, the lock of {self._name}, cannot be made: {error.strerror}",
                hints=["TINYFLOW_CACHE_DIR=DIR pytest"],
            ) from None
        end = time.monotonic() + self._wait
        while not _try_lock(opened):
            if time.monotonic() >= end:
                opened.close()
                raise DeviceError(
                    f"{self._name} is in use by process {self._note().get('pid', 'unknown')}",
                    [f"waited {self._wait:g} s for {self._file}"],
                )
            time.sleep(POLL_SECONDS)
        self._open = opened
        self._write({**self._note(), "pid": os.getpid()})

    def release(self) -> None:
        """Give it to whoever waits."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def has(self, run: str, image: str) -> bool:
        """Whether tests of `run` have put the image on the board, and nobody another since."""
        note = self._note()
        return bool(run) and note.get("run") == run and note.get("image") == image

    def put(self, run: str, image: str) -> None:
        """Remember that `run` has put the image there; empty for nobody knows what."""
        self._write({"pid": os.getpid(), "run": run, "image": image})

    def _note(self) -> dict[str, Any]:
        try:
            with self._file.open("rb") as file:
                note = json.loads(file.read(MAX_NOTE_BYTES))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def _write(self, note: dict[str, Any]) -> None:
        assert self._open is not None
        self._open.seek(0)
        self._open.truncate()
        self._open.write(json.dumps(note).encode())
        self._open.flush()


def _try_lock(file: IO[bytes]) -> bool:
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows: its ports open for one program anyway
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
