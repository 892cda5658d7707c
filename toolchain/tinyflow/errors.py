"""The errors tinyflow raises on purpose, and how a person reads them.

There is one base and four kinds, told apart by what the reader can do. Anything else that
reaches the command line is a bug in tinyflow and shows a traceback with exit status 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

MAX_HINTS = 3
LOG_TAIL_LINES = 20


class TinyflowError(Exception):
    """A fact that stops the work, with what the reader can do about it.

    `what` is the first line: the thing, then the fact, without a full stop. `detail` are
    further lines (values found, limits, all findings of the kind). `hints` are commands or
    edits that can be pasted; at most three are shown.
    """

    exit_code = 1
    kind = "error"

    def __init__(self, what: str, detail: Iterable[str] = (), hints: Iterable[str] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.detail = tuple(detail)
        self.hints = tuple(hints)[:MAX_HINTS]

    def __str__(self) -> str:
        lines = [self.what]
        lines += [f"  {line}" for line in self.detail]
        lines += [f"  hint: {hint}" for hint in self.hints]
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The error as one JSON object, for `--json`."""
        return {
            "error": self.kind,
            "exit_code": self.exit_code,
            "what": self.what,
            "detail": list(self.detail),
            "hints": list(self.hints),
        }


class ProjectError(TinyflowError):
    """Fix the project: a bad key, an unknown board, a missing file."""

    exit_code = 2
    kind = "project"


class ModelError(TinyflowError):
    """Change the model: an unsupported operator, a broken file, too large for the board."""

    exit_code = 3
    kind = "model"


class ToolError(TinyflowError):
    """Install or repair a tool: a compiler, an emulator, PlatformIO, esptool."""

    exit_code = 4
    kind = "tool"

    @classmethod
    def from_command(
        cls,
        what: str,
        command: Sequence[str],
        status: int | None,
        output: str,
        log: Path | None = None,
        hints: Iterable[str] = (),
    ) -> ToolError:
        """A tool that ran and did not succeed: the command, its exit status, its last lines."""
        ended = "no exit status" if status is None else f"exit status {status}"
        detail = [f"command: {' '.join(command)}", f"ended with {ended}"]
        detail += [f"| {line}" for line in output.splitlines()[-LOG_TAIL_LINES:]]
        if log is not None:
            detail.append(f"log: {log}")
        return cls(what, detail, hints)


class DeviceError(TinyflowError):
    """Look at the board: no port, no answer, another model, an answer that is wrong."""

    exit_code = 5
    kind = "device"


def near_miss(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to a mistyped one, or None when nothing is close."""
    import difflib

    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
