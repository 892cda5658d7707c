"""Which of the compiler's libraries are in an image, as a map file names them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tinyflow.boards import Toolchain
from tinyflow.handoff import toolchain

ARM = Toolchain("arm-none-eabi-", cpu_flags=("-mcpu=cortex-m4", "-mthumb"))
RISCV = Toolchain(
    "riscv64-unknown-elf-",
    cpu_flags=("-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"),
)


def library(tools: Toolchain, name: str) -> str:
    command = [f"{tools.prefix}gcc", *tools.cpu_flags, f"-print-file-name={name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    place = done.stdout.strip()
    return place if place.startswith("/") else f"/opt/{place}"  # picolibc's is the linker's to find


@pytest.mark.parametrize(
    ("tools", "name"), [(ARM, "newlib"), (RISCV, "picolibc"), (Toolchain(""), "glibc")]
)
def test_c_libraries_are_known_by_their_headers(tools: Toolchain, name: str) -> None:
    archive = library(tools, "libc.a" if tools.prefix else "crti.o")
    pieces = [f"{archive}(memcpy.o)", f"{archive}(memset.o)", "build/libdigits.a(digits.c.o)"]
    (found,) = toolchain.linked(pieces, tools)
    assert found.name == name
    assert found.version[0].isdigit()
    assert found.members == ("memcpy.o", "memset.o")
    assert found.files == (Path(archive).name,)
    assert bool(found.sha256) == Path(archive).is_file()


def test_libgcc_comes_with_its_exception() -> None:
    (found,) = toolchain.linked([library(ARM, "libgcc.a") + "(_udivsi3.o)"], ARM)
    assert (found.name, found.members) == ("libgcc", ("_udivsi3.o",))
    assert found.licence == "GPL-3.0-or-later WITH GCC-exception-3.1"
    compiler = toolchain.compiler(ARM)
    assert compiler is not None
    assert found.version == compiler.version


def test_the_projects_own_are_left_out() -> None:
    own = [
        "main.c.obj",
        "libdigits.a(digits.c.obj)",
        "/home/me/project/.tinyflow/build/x/main.o",
        "/home/me/project/.pio/build/board/libx.a(x.o)",
    ]
    assert toolchain.linked(own, ARM) == ()


def test_what_is_not_there_is_not_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    nowhere = Toolchain("no-such-")
    assert toolchain.compiler(nowhere) is None
    assert toolchain.compiler(None) is None
    (found,) = toolchain.linked(["/opt/no-such/lib/libc.a(memcpy.o)"], nowhere)
    assert (found.name, found.version, found.text) == ("C library", "unknown", "")
