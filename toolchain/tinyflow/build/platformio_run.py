"""Runs `pio run` as a child process: its workspace, its time limit, its log, its progress."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tinyflow import process, progress
from tinyflow.boards import OWN_PLATFORM
from tinyflow.build import platformio_packages

BUILD_SECONDS = 600.0
# An SDK of a thousand files, on a small machine.
UPSTREAM_SECONDS = 3600.0
# And before that a gigabyte of packages.
DOWNLOAD_SECONDS = 7200.0

_STEP = re.compile(r"^(Compiling|Archiving|Indexing|Linking|Building|Generating|Creating)\s+(.+)$")
_MANAGER = re.compile(r"^(?:Platform|Tool|Library) Manager: (.+)$")


def workspace(platform: str, folder: Path) -> dict[str, str]:
    """Environment variables that keep all that PlatformIO writes for one build in `folder`."""
    places = {
        "PLATFORMIO_WORKSPACE_DIR": str(folder),
        "PLATFORMIO_BUILD_DIR": str(folder / "build"),
        "PLATFORMIO_LIBDEPS_DIR": str(folder / "libdeps"),
        # A user's own settings would make another image of the same project.
        "PLATFORMIO_BUILD_FLAGS": "",
        "PLATFORMIO_BUILD_SRC_FLAGS": "",
        "PLATFORMIO_BUILD_UNFLAGS": "",
        "PLATFORMIO_EXTRA_SCRIPTS": "",
    }
    if platform == OWN_PLATFORM:
        # PlatformIO remembers linked platforms by their folder's name; here it is this build's.
        places["PLATFORMIO_PLATFORMS_DIR"] = str(folder / "platforms")
        places["PLATFORMIO_PACKAGES_DIR"] = str(platformio_packages.own_core_dir() / "packages")
    return {**platformio_packages.environment(platform), **places}


def run(
    project: Path, name: str, environment: dict[str, str], log: Path, seconds: float = BUILD_SECONDS
) -> process.Completed:
    """Build environment `name` of `project`, reporting each step; all output goes to `log`.

    The exit status is the caller's to judge. Raises ToolError when it takes over `seconds`.
    """
    return process.follow(
        [sys.executable, "-m", "platformio", "run", "-d", str(project), "-e", name],
        _report,
        what="pio run",
        timeout=seconds,
        env=environment,
        log=log,
    )


def _report(line: str) -> None:
    step = _STEP.match(line)
    manager = _MANAGER.match(line)
    if step:
        progress.report("build", f"{step[1].lower()} {Path(step[2]).name}")
    elif manager:
        progress.report("build", manager[1])
