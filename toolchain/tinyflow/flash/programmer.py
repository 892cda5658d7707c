"""What runners share: the port they get, the board they leave, one program and what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import process, progress
from tinyflow.artifacts import FirmwareImage, FlashedBoard, FlashFile
from tinyflow.boards import BoardProfile
from tinyflow.errors import DeviceError, ProjectError, TinyflowError, ToolError

STAGE = "flash"
_PERCENT = re.compile(r"(\d{1,3})(?:\.\d+)?\s?%")


@dataclass(frozen=True)
class Step:
    """What a line that has `said` in it tells a person."""

    said: str
    told: str


@dataclass(frozen=True)
class Rule:
    """What an ending means whose output matches `said`.

    `what`, `detail` and `hints` may have the pattern's named groups and `board` in braces. `kind`
    says who can help.
    """

    said: str
    what: str
    detail: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    kind: type[TinyflowError] = DeviceError


def one_file(image: FirmwareImage) -> FlashFile:
    """The one file of a bare-metal image. Raises ProjectError when it is not there, or not one."""
    wrong = [
        f"{file.path}: {'empty' if file.path.is_file() else 'missing'}"
        for file in image.images
        if not file.path.is_file() or file.path.stat().st_size == 0
    ]
    if len(image.images) != 1:
        wrong.append(f"it has {len(image.images)} files, one is wanted")
    if wrong:
        raise ProjectError(
            f"the image for board {image.board} is not complete",
            wrong,
            [f"tinyflow build --board {image.board}"],
        )
    return image.images[0]


def console(board: BoardProfile, port: str | None) -> str:
    """The port that the board talks through. Raises DeviceError when none is named."""
    if port is None:
        raise DeviceError(
            f"board {board.name} talks through a port, and none is named",
            (),
            ["name it with --port"],
        )
    return port


def flashed(image: FirmwareImage, board: BoardProfile, port: str) -> FlashedBoard:
    """The board with `image` on it and its console on `port`."""
    return FlashedBoard(
        board=board.name,
        port=port,
        baud=board.baud,
        model_sha256=image.model_sha256,
        build_id=image.build_id,
        reset=board.reset,
    )


def run(
    name: str,
    arguments: Sequence[str],
    board: BoardProfile,
    *,
    steps: Sequence[Step],
    rules: Sequence[Rule],
    wanted: str,
    seconds: float,
    cwd: Path | None = None,
    log: Path | None = None,
) -> None:
    """Run the program to its end, telling progress.

    Its exit status must be 0 and it must have said `wanted`. Else raises what the first matching
    rule says, or a ToolError with its words.
    """
    step = ""

    def line(text: str) -> None:
        nonlocal step
        step = next((known.told for known in steps if known.said in text), step)
        share = _PERCENT.search(text)
        if share is not None and step:
            progress.report(STAGE, step, min(100, int(share[1])), 100)
        elif step:
            progress.report(STAGE, step)

    done = process.follow(
        arguments,
        line,
        what=name,
        timeout=seconds,
        cwd=cwd,
        env={"NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        log=log.resolve() if log is not None else None,
    )
    if done.status == 0 and wanted in done.stdout:
        return
    for rule in rules:
        found = re.search(rule.said, done.stdout, re.IGNORECASE)
        if found:
            words = {**found.groupdict(), "board": board.name}
            detail = [text.format(**words) for text in rule.detail]
            detail += [f"log: {log}"] if log is not None else []
            hints = [text.format(**words) for text in rule.hints]
            raise rule.kind(rule.what.format(**words), detail, hints)
    raise ToolError.from_command(
        f"{name} did not write board {board.name}"
        if done.status
        else f"{name} ended without the words that tell that board {board.name} is written",
        done.command,
        done.status,
        done.stdout,
        log,
    )
