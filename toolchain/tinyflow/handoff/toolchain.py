"""What of the compiler is in an image: its version, and the libraries that the map file shows."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import paths, process
from tinyflow.boards import Toolchain
from tinyflow.errors import ToolError

ASK_SECONDS = 30.0
MAX_TEXT_BYTES = 4 << 20
# Folders that a build is made in: what lies below is the project's own.
BUILD_FOLDERS = frozenset({paths.WORK_FOLDER, ".pio"})
GCC_RUNTIME = "GPL-3.0-or-later WITH GCC-exception-3.1"

# A C library: the macro that names its version, and its licence.
_C_LIBRARIES = (
    ("picolibc", r'_*PICOLIBC_VERSION_* "([^"]+)"', "BSD-3-Clause and others like it"),
    ("newlib", r'_NEWLIB_VERSION "([^"]+)"', "BSD-3-Clause and others like it"),
    ("avr-libc", r'__AVR_LIBC_VERSION_STRING__ "([^"]+)"', "BSD-3-Clause"),
    ("glibc", r"__GLIBC_MINOR__ (\d+)", "LGPL-2.1-or-later, with an exception for start-up files"),
)


@dataclass(frozen=True)
class Compiler:
    """The C compiler: its command, its version as a number, all it says of itself, its hash."""

    name: str
    version: str
    text: str
    sha256: str

    @property
    def licence(self) -> str:
        """An SPDX expression, empty where it is not known."""
        return "" if "clang" in self.text else "GPL-3.0-or-later"


@dataclass(frozen=True)
class LinkedLibrary:
    """A library of the compiler's that is in the image.

    `files` are the names of its archives and objects, `members` what was taken from them, `sha256`
    is the hash of the files themselves, empty where they are not on this machine. `licence` is an
    SPDX expression or a sentence. `text` is the licence's text, empty where it is not on this
    machine; `package` is where it was found.
    """

    name: str
    version: str
    licence: str
    files: tuple[str, ...]
    members: tuple[str, ...]
    sha256: str
    package: str = ""
    text: str = ""


def compiler(toolchain: Toolchain | None) -> Compiler | None:
    """The board's compiler on this machine; None where it is an SDK's own, or missing."""
    if toolchain is None:
        return None
    name = toolchain.compiler
    program = process.find_program(name)
    if program is None:
        return None
    first = process.run([str(program), "--version"], timeout=ASK_SECONDS).stdout.splitlines()[:1]
    text = first[0].strip() if first else name
    numbers = re.findall(r"\d+\.\d+\.\d+", text)
    return Compiler(name, numbers[-1] if numbers else "unknown", text, _sha256([program.resolve()]))


def linked(pieces: Iterable[str], toolchain: Toolchain | None) -> tuple[LinkedLibrary, ...]:
    """The compiler's libraries among `pieces`, the files that a map file names as placed.

    These are paths, or `path/libx.a(member)`; relative ones are the project's own, and so are those
    below BUILD_FOLDERS.
    """
    found: dict[str, dict[Path, set[str]]] = {}
    for piece in pieces:
        place, _, member = piece.partition("(")
        path = Path(os.path.normpath(place))
        if path.is_absolute() and not BUILD_FOLDERS & set(path.parts):
            part = "libgcc" if "/lib/gcc/" in path.as_posix() else "libc"
            found.setdefault(part, {}).setdefault(path, set()).add(member.rstrip(")"))
    libraries = []
    for part, files in sorted(found.items()):
        name, version, licence = _gcc(toolchain) if part == "libgcc" else _c_library(toolchain)
        package, text = _licence_text(sorted(files))
        libraries.append(
            LinkedLibrary(
                name=name,
                version=version,
                licence=licence,
                files=tuple(sorted({path.name for path in files})),
                members=tuple(sorted({m for members in files.values() for m in members if m})),
                sha256=_sha256(sorted(files)),
                package=package,
                text=text,
            )
        )
    return tuple(libraries)


def _gcc(toolchain: Toolchain | None) -> tuple[str, str, str]:
    found = compiler(toolchain)
    return "libgcc", found.version if found else "unknown", GCC_RUNTIME


def _c_library(toolchain: Toolchain | None) -> tuple[str, str, str]:
    """Which C library the compiler's headers belong to."""
    macros = _macros(toolchain) if toolchain is not None else ""
    for name, pattern, licence in _C_LIBRARIES:
        match = re.search(rf"#define {pattern}", macros)
        if match:
            version = f"2.{match[1]}" if name == "glibc" else match[1]
            return name, version, licence
    return "C library", "unknown", "not known"


def _macros(toolchain: Toolchain) -> str:
    name = toolchain.compiler
    program = process.find_program(name)
    if program is None:
        return ""
    asked = "".join(
        f"#if __has_include(<{header}>)\n#include <{header}>\n#endif\n"
        for header in ("stdlib.h", "picolibc.h", "avr/version.h")
    )
    command = [str(program), *toolchain.cpu_flags, "-E", "-dM", "-"]
    return process.run(command, timeout=ASK_SECONDS, stdin=asked.encode(), check=False).stdout


def _licence_text(files: Sequence[Path]) -> tuple[str, str]:
    """The package that the first of the files came with, and its copyright file."""
    query = process.which("dpkg-query")
    if query is None or not files or not files[0].is_file():
        return "", ""
    try:
        done = process.run(
            [str(query), "-S", str(files[0].resolve())], timeout=ASK_SECONDS, check=False
        )
    except ToolError:
        return "", ""
    package = done.stdout.partition(":")[0].strip()
    if done.status != 0 or not re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", package):
        return "", ""
    text = Path("/usr/share/doc") / package / "copyright"
    try:
        with text.open("rb") as stream:
            return package, stream.read(MAX_TEXT_BYTES).decode("utf-8", "replace")
    except OSError:
        return package, ""


def _sha256(files: Sequence[Path]) -> str:
    """The hash of the files, one after the other; empty where one is not there."""
    digest = hashlib.sha256()
    for file in files:
        if not file.is_file():
            return ""
        digest.update(file.read_bytes())
    return digest.hexdigest()
