"""Looks for a board's C compiler before a build tool does."""

from __future__ import annotations

from tinyflow import process, tools
from tinyflow.boards import BoardProfile, Toolchain
from tinyflow.errors import ToolError


def require_compiler(board: BoardProfile, toolchain: Toolchain) -> None:
    """Look before a build tool does: it would tell of a missing compiler in thirty lines.

    Raises ToolError when the board's compiler is missing or has no C library.
    """
    name = toolchain.compiler
    hints = [f"tinyflow doctor --board {board.name} --install"]
    if process.find_program(name) is None:
        raise ToolError(
            f"{name} is not installed, or not on PATH",
            [f"it compiles for board {board.name}"],
            hints,
        )
    if name in tools.TOOLS:
        found = tools.find(name)
        if found.lacks:
            raise ToolError(f"{found.path} is of no use: {found.lacks}", (), hints)
