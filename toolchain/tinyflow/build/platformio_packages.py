"""What PlatformIO needs before it runs, and how it comes to have it.

With its registry out of reach `pio run` spends a minute and ends in an empty message. So tinyflow
asks first, without the network, what is missing (`probe`), and only then tries the registry,
once and briefly.

Two core directories are used. Boards on tinyflow's own development platform need nothing from the
registry but SCons, which the Python package index has too; they use a core directory in tinyflow's
cache, so that a user's own PlatformIO is not touched. Upstream platforms are large and shared
between projects; they use the user's core directory, as `pio` would by itself.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyflow import paths, process, progress
from tinyflow.boards import OWN_PLATFORM
from tinyflow.errors import ToolError

SCONS_PACKAGE = "tool-scons"
REGISTRY_SECONDS = 3.0
PROBE_SECONDS = 60.0
PIP_SECONDS = 300.0
# Toolchains of hundreds of megabytes come with it.
PLATFORM_SECONDS = 3600.0

_PROBE = Path(__file__).with_name("platformio_probe.py")

_SCONS_PROGRAM = """\
from SCons.Script.Main import main

main()
"""


@dataclass(frozen=True)
class Installed:
    """What PlatformIO found of what a project needs.

    `platform_version` is None when the platform is not installed, which leaves its `missing`
    packages unknown. `scons` is the folder of the SCons that matches `scons_requirement`.
    """

    core_version: str
    core_dir: Path
    platform: str
    platform_version: str | None
    missing: tuple[str, ...]
    scons_requirement: str
    scons: Path | None

    @property
    def lacking(self) -> tuple[str, ...]:
        """What is missing, in words."""
        platform = (f"platform {self.platform}",) if self.platform_version is None else ()
        packages = tuple(f"package {name}" for name in self.missing)
        scons = () if self.scons else (f"package {SCONS_PACKAGE} @ {self.scons_requirement}",)
        return platform + packages + scons


def own_core_dir() -> Path:
    """The core directory for boards on tinyflow's own platform."""
    return paths.user_cache() / "platformio"


def environment(platform: str) -> dict[str, str]:
    """The environment variables that PlatformIO runs with for `platform` (a board's key)."""
    settings = {
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_NO_ANSI": "true",
        # Without this an offline command can stall for a minute.
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
        "PYTHONUNBUFFERED": "1",
    }
    if platform == OWN_PLATFORM:
        settings["PLATFORMIO_CORE_DIR"] = str(own_core_dir())
    return settings


def probe(
    project: Path, name: str, platform: str, extra: Mapping[str, str] | None = None
) -> Installed:
    """What environment `name` of a PlatformIO project needs; no network, installs nothing.

    `extra` are environment variables on top of `environment(platform)`. Raises ToolError when
    PlatformIO is not installed or its answer cannot be read.
    """
    answer = _ask({**environment(platform), **(extra or {})}, "project", str(project), name)
    scons = answer["scons"]
    return Installed(
        answer["version"],
        Path(answer["core_dir"]),
        answer["platform"]["spec"],
        answer["platform"]["version"],
        tuple(answer["missing"]),
        scons["requirement"],
        Path(scons["path"]) if scons["path"] else None,
    )


def registry_answers(seconds: float = REGISTRY_SECONDS) -> bool:
    """Whether PlatformIO's registry can be reached; one attempt of at most `seconds`."""
    try:
        # The process is given a little longer, to start and for a resolver that hangs.
        answer = _ask(environment(""), "registry", str(seconds), timeout=seconds + 2)
    except ToolError:
        return False
    return bool(answer["reachable"])


def require(
    installed: Installed, project: Path, board: str, platform: str, framework: str = ""
) -> bool:
    """Make sure that `pio run` can do its work; returns whether it will download something first.

    `platform` and `framework` are the board profile's keys, `project` the folder to name in a hint.
    Raises ToolError, within seconds, when something is missing and cannot be had from here.
    """
    if framework == "espidf" and " " in str(installed.core_dir):
        raise ToolError(
            f"PlatformIO's core directory {installed.core_dir} has a space in its path, "
            "where ESP-IDF does not build",
            (),
            ["PLATFORMIO_CORE_DIR=/opt/platformio    # any folder whose path has no space"],
        )
    if not installed.lacking:
        return False
    if platform == OWN_PLATFORM:
        try:
            install_scons()
        except ToolError:
            if not registry_answers():
                raise
            return True
        return False
    progress.report("build", f"asking PlatformIO's registry for {', '.join(installed.lacking)}")
    if registry_answers():
        return True
    absent = installed.platform_version is None
    everything = f"pio pkg install -d {shlex.quote(str(project))}"
    raise ToolError(
        f"PlatformIO's platform {installed.platform} is not {'installed' if absent else 'complete'}"
        ", and PlatformIO's registry does not answer",
        [
            f"board {board} is built with it; looked in {installed.core_dir}",
            *(f"missing: {name}" for name in installed.lacking),
            "once installed, it builds without a connection",
        ],
        [
            *([f'pio pkg install -g -p "{installed.platform}"    # with internet'] * absent),
            f"{everything}    # with internet; its framework's packages too",
            f"tinyflow doctor --board {board}",
        ],
    )


def platform_folder(platform: str) -> Path | None:
    """Where the user's PlatformIO has an upstream platform ("espressif32 @ ~6.13.0"), or None."""
    path = _ask(environment(platform), "platform", platform)["path"]
    return Path(path) if path else None


def install_platform(platform: str) -> Path:
    """Have PlatformIO install an upstream platform from its registry; returns its folder.

    Does nothing when it is there already. Raises ToolError, within seconds where the registry does
    not answer.
    """
    found = platform_folder(platform)
    if found is not None:
        return found
    hints = [f'pio pkg install -g -p "{platform}"    # with internet']
    if not registry_answers():
        what = f"PlatformIO's platform {platform} cannot be installed"
        raise ToolError(f"{what}: PlatformIO's registry does not answer", (), hints)
    progress.report("build", f"installing PlatformIO's platform {platform}")
    process.run(
        [sys.executable, "-m", "platformio", "pkg", "install", "-g", "-p", platform],
        what="pio pkg install",
        timeout=PLATFORM_SECONDS,
        env=environment(platform),
        hints=hints,
    )
    found = platform_folder(platform)
    if found is None:
        raise ToolError(f"pio pkg install left no platform {platform}", (), hints)
    return found


def scons_version(requirement: str) -> str:
    """The SCons release in a tool-scons requirement: "~4.41101.0" is SCons 4.11.1."""
    match = re.fullmatch(r"\D*\d+\.(\d+)\.\d+", requirement.strip())
    digits = int(match.group(1)) if match else 0
    if not digits:
        raise ToolError(f"PlatformIO asks for {SCONS_PACKAGE} {requirement}, an unknown numbering")
    return f"{digits // 10000}.{digits // 100 % 100}.{digits % 100}"


def scons_folder() -> Path | None:
    """The SCons that PlatformIO finds in tinyflow's own core directory, or None."""
    path = _ask(environment(OWN_PLATFORM), "core")["scons"]["path"]
    return Path(path) if path else None


def install_scons() -> Path:
    """Put the SCons that this PlatformIO asks for into tinyflow's own core directory.

    It comes from the Python package index. Does nothing when it is there already. Returns its
    folder. Raises ToolError when pip cannot get it.
    """
    wanted = _ask(environment(OWN_PLATFORM), "core")["scons"]
    if wanted["path"]:
        return Path(wanted["path"])
    requirement = wanted["requirement"]
    release = scons_version(requirement)
    progress.report("build", f"installing SCons {release} for PlatformIO")
    packages = own_core_dir() / "packages"
    partial = own_core_dir() / f".partial-scons-{os.getpid()}"
    try:
        partial.mkdir(parents=True)
        _pip_install(f"scons=={release}", partial)
        version = requirement.lstrip("~^=<> ")
        _write_manifests(partial, version)
        packages.mkdir(exist_ok=True)
        # The name PlatformIO itself gives a second version; other PlatformIOs may share the folder.
        home = packages / f"{SCONS_PACKAGE}@{version}"
        if home.exists() and scons_folder() is None:
            shutil.rmtree(home)
        if not home.exists():  # Another process may have been faster.
            partial.rename(home)
    except OSError as error:
        raise ToolError(f"SCons cannot be put into {packages}: {error.strerror}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return home


def _pip_install(requirement: str, folder: Path) -> None:
    process.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-compile", "--only-binary", ":all:"),
            *("--target", str(folder), requirement),
        ],
        what=f"pip, installing {requirement} for PlatformIO,",
        timeout=PIP_SECONDS,
        hints=[
            "PIP_INDEX_URL=<an index that this machine reaches> tinyflow doctor --install",
            "tinyflow build --builder cmake    # needs no SCons",
        ],
    )


def _write_manifests(folder: Path, version: str) -> None:
    """What makes a folder a PlatformIO package. The owner matters: others are not accepted."""
    package = {"name": SCONS_PACKAGE, "version": version, "system": "*"}
    spec = {"owner": "platformio", "id": None, "name": SCONS_PACKAGE, "requirements": None}
    meta = {**package, "type": "tool", "spec": {**spec, "uri": None}}
    del meta["system"]
    (folder / "scons.py").write_text(_SCONS_PROGRAM, encoding="utf-8")
    (folder / "package.json").write_text(json.dumps(package, indent=2) + "\n", encoding="utf-8")
    (folder / ".piopm").write_text(json.dumps(meta) + "\n", encoding="utf-8")


def _ask(env: dict[str, str], *arguments: str, timeout: float = PROBE_SECONDS) -> dict[str, Any]:
    done = process.run(
        [sys.executable, str(_PROBE), *arguments],
        what="PlatformIO's probe",
        timeout=timeout,
        env=env,
        hints=[f"{sys.executable} -m pip install platformio"],
    )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise ToolError.from_command(
            "PlatformIO's probe gave no answer", done.command, done.status, done.stderr
        ) from None
    return answer
