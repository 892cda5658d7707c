"""Where the reference interpreter is installed, and how it comes there."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tinyflow import paths, process, progress
from tinyflow.errors import ToolError

PACKAGE = "ai-edge-litert"
RELEASE = "1.2.0"
TESTED_PYTHONS = ("3.10", "3.11", "3.12")
FOLDER_VARIABLE = "TINYFLOW_REFERENCE_DIR"
INSTALL_SECONDS = 600.0
INSTALL_HINT = "tinyflow doctor --install"


def expected_folder() -> Path:
    """The folder the reference interpreter belongs in, whether or not it is there.

    It is one per Python version, below the user's cache, or what TINYFLOW_REFERENCE_DIR says.
    """
    override = os.environ.get(FOLDER_VARIABLE)
    if override:
        return Path(override)
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    return paths.user_cache() / "reference" / f"{PACKAGE}-{RELEASE}-{tag}"


def reference_folder() -> Path:
    """The folder to put first on the child's sys.path.

    Raises ToolError when the reference interpreter is not installed, or another release is.
    """
    folder = expected_folder()
    if (folder / "ai_edge_litert" / "interpreter.py").is_file():
        _require_release(folder)
        return folder
    _require_python()
    raise ToolError(
        f"the reference interpreter ({PACKAGE} {RELEASE}) is not installed",
        [f"looked in: {folder}"],
        [INSTALL_HINT],
    )


def install_reference() -> Path:
    """Install the reference interpreter where it is missing, and return its folder.

    pip installs it, alone and without its dependencies, into a partial folder that is renamed
    when it is complete. Raises ToolError when pip does not succeed, or when there is no release
    for this Python.
    """
    folder = expected_folder()
    if (folder / "ai_edge_litert" / "interpreter.py").is_file():
        return reference_folder()
    _require_python()
    progress.report("reference", f"installing {PACKAGE} {RELEASE}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".partial-{folder.name}-", dir=folder.parent))
    try:
        process.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
                *("--disable-pip-version-check", "--only-binary", ":all:"),
                *("--target", str(partial), f"{PACKAGE}=={RELEASE}"),
            ],
            what=f"the installation of {PACKAGE} {RELEASE}",
            timeout=INSTALL_SECONDS,
        )
        _move(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return reference_folder()


def _move(partial: Path, folder: Path) -> None:
    """Rename `partial` to `folder`; another process that was quicker is as good."""
    partial.chmod(0o755)
    try:
        partial.rename(folder)
    except OSError:
        if not (folder / "ai_edge_litert" / "interpreter.py").is_file():
            raise ToolError(
                f"{folder} is in the way of the reference interpreter",
                ["it exists, is not empty, and does not hold ai_edge_litert"],
                [f"rm -r {folder}", INSTALL_HINT],
            ) from None


def _require_release(folder: Path) -> None:
    found = sorted(folder.glob("ai_edge_litert-*.dist-info"))
    releases = [place.name.split("-")[1].removesuffix(".dist") for place in found]
    if releases and RELEASE not in releases:
        raise ToolError(
            f"{folder} holds {PACKAGE} {', '.join(releases)}, the reference is {RELEASE}",
            ["other releases round differently, so they prove nothing"],
            [f"rm -r {folder}", INSTALL_HINT],
        )


def released() -> bool:
    """Whether there is a release of the reference interpreter for this Python."""
    return _running() in TESTED_PYTHONS


def _running() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _require_python() -> None:
    running = _running()
    if not released():
        raise ToolError(
            f"the reference interpreter ({PACKAGE} {RELEASE}) is not released for Python {running}",
            [
                f"it is released for Python {', '.join(TESTED_PYTHONS)}",
                "training, compiling and deploying work without it; verify and the int8 figures"
                " need it",
            ],
            [
                "python3.12 -m venv .venv && .venv/bin/pip install tinyflow",
                INSTALL_HINT,
            ],
        )
