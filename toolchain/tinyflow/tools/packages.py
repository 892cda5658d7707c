"""Installs tools through the system's package manager and pip."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tinyflow import process, progress
from tinyflow.errors import ToolError
from tinyflow.tools.table import entry

ASK_SECONDS = 20.0
REFRESH_SECONDS = 300.0
INSTALL_SECONDS = 1800.0


@dataclass(frozen=True)
class PackageManager:
    """How a system installs packages. `root` says whether only its administrator may."""

    name: str
    program: str
    install: tuple[str, ...]
    refresh: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    root: bool = True


PACKAGE_MANAGERS: tuple[PackageManager, ...] = (
    PackageManager(
        "apt",
        "apt-get",
        ("apt-get", "install", "--yes", "--no-install-recommends"),
        ("apt-get", "update"),
        ("apt-cache", "show", "--no-all-versions"),
    ),
    PackageManager("dnf", "dnf", ("dnf", "install", "--assumeyes")),
    PackageManager("pacman", "pacman", ("pacman", "-S", "--noconfirm", "--needed")),
    PackageManager("zypper", "zypper", ("zypper", "--non-interactive", "install")),
    PackageManager("brew", "brew", ("brew", "install"), root=False),
)

UNATTENDED = {"DEBIAN_FRONTEND": "noninteractive"}


def package_manager() -> str | None:
    """The system's package manager: apt, dnf, pacman, zypper, brew, or None when unknown."""
    manager = _manager()
    return manager.name if manager else None


def _manager() -> PackageManager | None:
    # On macOS an apt-get is some ported one, without these packages: brew alone counts there.
    for manager in PACKAGE_MANAGERS:
        if (manager.name == "brew" or sys.platform != "darwin") and process.which(manager.program):
            return manager
    return None


def system_packages(names: Iterable[str]) -> list[str]:
    """What the package manager calls the tools, in order, each once; Python packages left out."""
    manager = _manager()
    wanted: dict[str, None] = {}
    for name in names:
        for package in entry(name).packages.get(manager.name, ()) if manager else ():
            wanted[_known_package(package, manager)] = None
    return list(wanted)


def _known_package(package: str, manager: PackageManager | None) -> str:
    *first, last = package.split("|")
    for choice in first:
        if manager and manager.knows and process.which(manager.knows[0]):
            asked = [*manager.knows, choice]
            if process.run(asked, timeout=ASK_SECONDS, check=False).status == 0:
                return choice
    return last


def _as_root(command: Iterable[str], manager: PackageManager) -> list[str]:
    if manager.root and os.geteuid() != 0 and process.which("sudo"):
        return ["sudo", *command]
    return list(command)


def install_command(names: Iterable[str]) -> list[str] | None:
    """The argument list that installs the tools' system packages; None when there is none.

    There is none when the package manager is not known, or has no package of that kind. It
    begins with sudo when that is needed and there. Python packages: see `python_command`.
    """
    manager = _manager()
    packages = system_packages(names)
    return _as_root([*manager.install, *packages], manager) if manager and packages else None


def python_command(names: Iterable[str]) -> list[str] | None:
    """The argument list that installs the tools' Python packages; None when there are none."""
    requirements = [entry(name).requirement for name in names if entry(name).requirement]
    return [sys.executable, "-m", "pip", "install", *requirements] if requirements else None


def advice(names: Iterable[str]) -> str:
    """What to paste to get the tools, or, where no command can, what to install."""
    wanted = list(names)
    commands = [install_command(wanted), python_command(wanted)]
    text = [shlex.join(command) for command in commands if command]
    missing = [entry(name) for name in wanted if not installable(name)]
    text += [f"install {tool.elsewhere}" for tool in missing if tool.elsewhere]
    if any(tool.provided for tool in missing):
        text.append("tinyflow doctor --install")
    return " && ".join(text)


def installable(name: str) -> bool:
    """Whether the system's package manager or pip has the tool."""
    return bool(entry(name).requirement or system_packages([name]))


def install(names: Iterable[str], log: Path | None = None) -> None:
    """Install the tools, without questions: refreshes the package lists once, then installs.

    Raises ToolError when a tool cannot be had here (with what to install instead), before
    anything is changed; and when the package manager does not succeed or takes over half an hour.
    """
    wanted = list(names)
    nowhere = [entry(name) for name in wanted if not installable(name)]
    if nowhere:
        manager = package_manager()
        raise ToolError(
            f"{', '.join(tool.name for tool in nowhere)} cannot be installed from here",
            ["package manager: " + (manager or "none that is known")],
            [f"install {tool.elsewhere or tool.purpose}" for tool in nowhere],
        )
    manager_entry = _manager()
    if manager_entry and system_packages(wanted) and manager_entry.refresh:
        # The lists are refreshed as far as they can be: a source that does not answer is no
        # reason to give up when the others carry the package.
        _run(_as_root(manager_entry.refresh, manager_entry), REFRESH_SECONDS, log, check=False)
    for command in (install_command(wanted), python_command(wanted)):
        if command:
            _run(command, INSTALL_SECONDS, log, check=True)


def _run(command: list[str], seconds: float, log: Path | None, *, check: bool) -> None:
    progress.report("install", shlex.join(command))
    pasted = shlex.join(command)
    if command[0] == "sudo":
        # A password cannot be asked for: the child has no terminal.
        settings = [f"{key}={value}" for key, value in UNATTENDED.items()]
        command = ["sudo", "-n", "env", *settings, *command[1:]]
    process.run(
        command,
        timeout=seconds,
        env=UNATTENDED,
        log=log,
        check=check,
        hints=[pasted],
    )
