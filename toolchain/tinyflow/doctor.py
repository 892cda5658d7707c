"""Tells which tools and packages are there, for which board, and what installs the others.

What tinyflow makes itself (PlatformIO's SCons, the reference interpreter) belongs to stages; how
to find and install it is passed in as `Provision`s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import tools
from tinyflow.boards import BoardProfile, platform_name
from tinyflow.errors import ToolError

# The generated C is built and judged on this machine first, whatever the board.
EVERY_BOARD = ("cc", "reference-interpreter", *tools.PYTHON_PACKAGES)

# The others need the tool that they are called after.
RUNNERS_WITHOUT_TOOL = ("native", "uf2")


@dataclass(frozen=True)
class Provision:
    """A tool that tinyflow makes itself. Both may raise ToolError; `find` may return None.

    `install` is None where the tool is not to be had: then nothing may depend on it.
    """

    find: Callable[[], Path | None]
    install: Callable[[], Path] | None


@dataclass(frozen=True)
class Finding:
    """What is known of one tool for one board; `board` is empty when every board needs it.

    `lacks` says what is wrong with a tool that is there. `optional` tools belong to a builder
    that is not the board's default, or are not to be had here. `install` is what to paste when
    the tool is not usable.
    """

    board: str
    tool: str
    purpose: str
    usable: bool
    version: str | None
    path: Path | None
    lacks: str
    optional: bool
    install: str


def diagnose(
    boards: Sequence[BoardProfile], provisions: Mapping[str, Provision] | None = None
) -> list[Finding]:
    """Look at everything the boards need: for each board its own tools, then what all share."""
    look = _Look(provisions or {})
    findings = [
        look.at(board.name, name, optional)
        for board in boards
        for name, optional in board_tools(board).items()
    ]
    seen = {finding.tool for finding in findings}
    return findings + [look.at("", name, False) for name in EVERY_BOARD if name not in seen]


def tools_of(board: BoardProfile) -> list[str]:
    """The tools that the board's builder and runner in use need."""
    bare = board.builder == "cmake"
    wanted = ["cmake", "ninja"] if bare else ["platformio", "tool-scons"]
    if board.for_builder(board.builder).sdk:
        wanted.append(platform_name(board.sdk))
    elif board.toolchain is not None:
        wanted.insert(0, board.toolchain.compiler)
    if board.runner == "qemu" and board.qemu is not None:
        wanted.append(board.qemu.program)
    elif board.runner not in RUNNERS_WITHOUT_TOOL:
        wanted.append(board.runner)
    return wanted


def board_tools(board: BoardProfile) -> dict[str, bool]:
    """The tools of a board in order, and whether each is only for a builder or runner that is not
    its default."""
    wanted = dict.fromkeys(tools_of(board), False)
    for builder in board.builders[1:]:
        for name in tools_of(board.for_builder(builder)):
            wanted.setdefault(name, True)
    for runner in board.runners[1:]:
        for name in tools_of(board.for_runner(runner)):
            wanted.setdefault(name, True)
    return wanted


def missing(findings: Iterable[Finding], *, optional: bool = True) -> list[str]:
    """The tools that are not usable, each once; `optional` ones can be left out."""
    names = (
        finding.tool
        for finding in findings
        if not finding.usable and (optional or not finding.optional)
    )
    return list(dict.fromkeys(names))


def install(
    names: Sequence[str],
    provisions: Mapping[str, Provision] | None = None,
    log: Path | None = None,
) -> None:
    """Install tools: first by the package manager and pip, then what tinyflow makes itself.

    Tries each of the latter even when another does not succeed. Raises ToolError: the one error,
    or one that lists them all.
    """
    known = provisions or {}
    jobs: list[Callable[[], object]] = []
    packaged = [name for name in names if name not in known]
    if packaged:
        jobs.append(lambda: tools.install(packaged, log))
    own = [known[name].install for name in names if name in known]
    jobs += [install_one for install_one in own if install_one is not None]
    errors: list[ToolError] = []
    for job in jobs:
        try:
            job()
        except ToolError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ToolError(
            f"{len(errors)} installations did not succeed",
            [line for error in errors for line in (error.what, *(f"  {d}" for d in error.detail))],
            [hint for error in errors for hint in error.hints],
        )


class _Look:
    """Looks at each tool once, whichever boards ask for it."""

    def __init__(self, provisions: Mapping[str, Provision]) -> None:
        self._provisions = provisions
        self._seen: dict[str, tools.Found] = {}

    def at(self, board: str, name: str, optional: bool) -> Finding:
        if name not in self._seen:
            provision = self._provisions.get(name)
            self._seen[name] = tools.find(name, provision.find if provision else None)
        found = self._seen[name]
        provision = self._provisions.get(name)
        nowhere = provision is not None and provision.install is None
        return Finding(
            board=board,
            tool=name,
            purpose=tools.entry(name).purpose,
            usable=found.usable,
            version=found.version,
            path=found.path,
            lacks=found.lacks,
            optional=optional or nowhere,
            install="" if found.usable or nowhere else tools.advice([name]),
        )
