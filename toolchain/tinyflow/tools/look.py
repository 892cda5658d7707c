"""Looks for tools: on PATH, beside this Python, among its packages, or where a caller says."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tinyflow import process
from tinyflow.errors import ToolError
from tinyflow.tools.packages import advice
from tinyflow.tools.table import Tool, entry

VERSION_SECONDS = 20.0

Provider = Callable[[], Path | None]


@dataclass(frozen=True)
class Found:
    """What was seen of a tool: `path` is None when it is missing.

    `lacks` names what a tool that is there needs to be of use ("no C library: libc.a").
    """

    name: str
    version: str | None
    path: Path | None
    lacks: str = ""

    @property
    def usable(self) -> bool:
        return self.path is not None and not self.lacks


def find(name: str, provider: Provider | None = None) -> Found:
    """Look for a tool: on PATH, beside this Python, in its packages, or where `provider` says."""
    tool = entry(name)
    if tool.provided:
        try:
            place = provider() if provider is not None else None
        except ToolError as error:
            return Found(name, None, None, error.what)
        return Found(name, _release_of(place) if place else None, place)
    if not tool.version:
        return _find_package(tool)
    path = process.find_program(tool.version[0])
    if path is None:
        return Found(name, None, None)
    try:
        shown = process.run([str(path), *tool.version[1:]], timeout=VERSION_SECONDS, check=False)
    except ToolError as error:
        return Found(name, None, path, error.what)
    if shown.status != tool.status:
        return Found(name, None, path, f"{shlex.join(shown.command)} ends with {shown.status}")
    return Found(name, _version_in(shown.stdout or shown.stderr), path, _lacks(tool, path))


def _find_package(tool: Tool) -> Found:
    try:
        metadata = importlib.metadata.distribution(tool.distribution)
    except importlib.metadata.PackageNotFoundError:
        return Found(tool.name, None, None)
    place = Path(str(metadata.locate_file("")))
    return Found(tool.name, metadata.version, place, _outside(tool, metadata.version))


def _outside(tool: Tool, version: str | None) -> str:
    """Which limit of its requirement a version is outside of, as text; empty when none."""
    for bound, limit in re.findall(r"(>=|<)([\d.]+)", tool.requirement):
        # Half-removed packages leave metadata without a version.
        older = _numbers(version or "0") < _numbers(limit)
        if older == (bound == ">="):
            return f"version {version or 'unknown'}, wanted {bound}{limit}"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    """A version's numbers for comparing, without trailing zeros: 6.0 is 6."""
    numbers = [int(number) for number in re.findall(r"\d+", version.split("+")[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _release_of(place: Path) -> str | None:
    """The release of a folder: in PlatformIO's manifest, else in its name, without a tag."""
    manifest = place / "platform.json"
    if manifest.is_file():
        return str(json.loads(manifest.read_bytes())["version"])
    match = re.search(r"\d+(?:\.\d+)+", place.name)
    return match.group() if match else None


def _version_in(text: str) -> str | None:
    """The first dotted number in a tool's answer, without what stands in parentheses."""
    first = re.sub(r"\([^)]*\)", "", text.strip().partition("\n")[0])
    match = re.search(r"\d+(?:\.\d+)+[\w.+-]*", first)
    return match.group().rstrip(".,") if match else None


def _lacks(tool: Tool, path: Path) -> str:
    """What a compiler cannot find of its C library. It echoes the name of a file it has not."""
    for library in tool.libraries:
        shown = process.run(
            [str(path), f"-print-file-name={library}"], timeout=VERSION_SECONDS, check=False
        )
        if Path(shown.stdout.strip()).is_absolute():
            return ""
    return f"no C library: {' or '.join(tool.libraries)}" if tool.libraries else ""


def require(name: str, provider: Provider | None = None) -> Path:
    """The path of a tool that is there and of use; raises ToolError with what installs it."""
    found = find(name, provider)
    if found.path is None:
        detail = [found.lacks] if found.lacks else []
        detail.append(f"what it is for: {entry(name).purpose}")
        raise ToolError(f"{name} is not installed, or not on PATH", detail, [advice([name])])
    if found.lacks:
        raise ToolError(f"{found.path} is of no use: {found.lacks}", (), [advice([name])])
    return found.path
