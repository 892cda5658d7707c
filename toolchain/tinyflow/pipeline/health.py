"""`doctor`: what the boards need and this machine lacks, with what tinyflow makes itself."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tinyflow import boards, doctor, paths, progress, tools
from tinyflow.errors import ToolError

INSTALL_LOG = "install.log"


def provisions(profiles: Sequence[boards.BoardProfile] = ()) -> dict[str, doctor.Provision]:
    """What is installed neither by the system's package manager nor by pip, by name.

    That is what tinyflow makes itself, and the PlatformIO platforms of the boards in `profiles`.
    """
    from tinyflow import reference
    from tinyflow.build import platformio_packages

    upstream = dict.fromkeys(
        sdk for board in profiles for name in board.builders if (sdk := board.for_builder(name).sdk)
    )
    platforms = {
        boards.platform_name(spec): doctor.Provision(
            functools.partial(platformio_packages.platform_folder, spec),
            functools.partial(platformio_packages.install_platform, spec),
        )
        for spec in upstream
    }
    return {
        **platforms,
        "reference-interpreter": doctor.Provision(
            reference.reference_folder,
            reference.install_reference if reference.released() else None,
        ),
        "tool-scons": doctor.Provision(
            platformio_packages.scons_folder, platformio_packages.install_scons
        ),
    }


def choose_builder(
    board: boards.BoardProfile, registry_answers: Callable[[], bool] | None = None
) -> str:
    """The board's first builder whose SDK is installed, or that needs none.

    An SDK that PlatformIO can download counts as installed. Without any it is the first builder.
    """
    from tinyflow.build import platformio_packages

    answers = registry_answers or functools.cache(platformio_packages.registry_answers)
    lacking = ""
    for builder in board.builders:
        sdk = board.for_builder(builder).sdk
        if not sdk or platformio_packages.platform_folder(sdk) is not None or answers():
            if lacking:
                progress.report("builder", f"{builder}: no PlatformIO platform {lacking}", 1, 1)
            return builder
        lacking = lacking or boards.platform_name(sdk)
    return board.builder


def require(board: boards.BoardProfile) -> None:
    """Raise ToolError, before any work, when tools of the board are missing: all at once.

    What PlatformIO can download when it builds is not missing.
    """
    from tinyflow.build import platformio_packages

    known = provisions([board])
    wanted = dict.fromkeys(doctor.tools_of(board))
    # Only these are looked at: a doctor's whole round would start every deploy with its time.
    found = (
        tools.find(name, known[name].find if name in known else None)
        for name in wanted
        if name != "tool-scons"
    )
    lacking = [item for item in found if not item.usable]
    downloads = [item for item in lacking if item.name in known]
    hints = [f"tinyflow doctor --board {board.name} --install"]
    detail = []
    if downloads and board.sdk:
        if platformio_packages.registry_answers():
            lacking = [item for item in lacking if item not in downloads]
        else:
            detail = ["PlatformIO would download it, but its registry does not answer"]
            hints.insert(0, f'pio pkg install -g -p "{board.sdk}"    # with internet')
    if lacking:
        count = "a tool is" if len(lacking) == 1 else f"{len(lacking)} tools are"
        raise ToolError(
            f"board {board.name}: {count} missing",
            [
                f"{item.name}: {item.lacks or 'not found'} ({tools.entry(item.name).purpose})"
                for item in lacking
            ]
            + detail,
            hints,
        )


def _chosen_first(
    board: boards.BoardProfile, registry_answers: Callable[[], bool]
) -> boards.BoardProfile:
    """The board with the builder first that would be taken on this machine."""
    chosen = board.for_builder(choose_builder(board, registry_answers)).builders
    others = tuple(name for name in board.builders if name not in chosen)
    return dataclasses.replace(board, builders=(*chosen, *others))


def _install(
    lacking: Sequence[str], required: Sequence[str], known: Mapping[str, doctor.Provision]
) -> None:
    """Install what is `required`; of the rest, what can be had without a fuss."""
    log = paths.user_cache() / INSTALL_LOG
    wanted = [name for name in lacking if name in required]
    if wanted:
        doctor.install(wanted, known, log)
    others = [
        name
        for name in lacking
        if name not in required and (name in known or tools.installable(name))
    ]
    try:
        doctor.install(others, known, log)
    except ToolError as error:
        progress.report("install", f"{error.what}: not needed for now")


def examine(names: Sequence[str], install: bool) -> dict[str, Any]:
    """Look at what the boards named (default: all) need; `install` what is missing first."""
    from tinyflow.build import platformio_packages

    project = paths.find_project(Path.cwd())
    wanted = list(names) or boards.board_names(boards.board_folders(project))
    answers = functools.cache(platformio_packages.registry_answers)
    profiles = [_chosen_first(boards.load_board(name, project), answers) for name in wanted]
    known = provisions(profiles)
    findings = doctor.diagnose(profiles, known)
    nowhere = {name for name, provision in known.items() if provision.install is None}
    lacking = [name for name in doctor.missing(findings) if name not in nowhere]
    if install and lacking:
        _install(lacking, doctor.missing(findings, optional=False), known)
        findings = doctor.diagnose(profiles, known)
        left = doctor.missing(findings, optional=False)
        if left:
            raise ToolError(
                f"still missing after the installation: {', '.join(left)}",
                [item.lacks for item in findings if item.tool in left and item.lacks],
                [item.install for item in findings if item.tool in left],
            )
    missing = doctor.missing(findings, optional=False)
    return {
        "boards": wanted,
        "missing": missing,
        "tools": [
            {
                "board": item.board,
                "tool": item.tool,
                "purpose": item.purpose,
                "usable": item.usable,
                "version": item.version,
                "path": str(item.path) if item.path is not None else None,
                "lacks": item.lacks,
                "optional": item.optional,
                "install": item.install,
            }
            for item in findings
        ],
        "exit_code": ToolError.exit_code if missing else 0,
    }
