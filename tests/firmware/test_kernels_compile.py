"""The kernels compile without a warning on every target, and pull in nothing they need not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinyflow import paths, process

FIRMWARE = paths.data_folder("firmware")
KERNELS = FIRMWARE / "kernels"
INCLUDES = tuple(f"-I{f}" for f in (KERNELS / "include", KERNELS / "ref", FIRMWARE / "include"))
SOURCES = sorted((KERNELS / "ref").glob("*.c"))
FLAGS = (
    *("-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion"),
    *("-Wsign-conversion", "-Wcast-qual", "-Wshadow", "-Wundef", "-Wstrict-prototypes"),
    *("-Wmissing-prototypes", "-Wdouble-promotion", "-Wvla", *INCLUDES),
)
ARM = ("arm-none-eabi-gcc", "-mthumb")
TARGETS = {
    "host": ("cc",),
    "cortex-m0": (*ARM, "-mcpu=cortex-m0"),
    "cortex-m3": (*ARM, "-mcpu=cortex-m3"),
    "cortex-m4": (*ARM, "-mcpu=cortex-m4"),
    "rv32imc": (
        *("riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32"),
        "--specs=picolibc.specs",
    ),
    "avr": ("avr-gcc", "-mmcu=atmega2560", "-std=gnu99"),
}
# Single precision is a library's where there is no unit for it; only these kernels compute in it.
FLOAT_KERNELS = {"quantize_s8", "quantize_s16", "dequantize_s8", "dequantize_s16"}
FLOAT_KERNELS |= {"cast_from_f32", "cast_to_f32"}
SINGLE_PRECISION = re.compile(
    r"__aeabi_(f(add|sub|mul|div|cmp\w\w|2iz)|i2f)|__(\w+sf[23]?|fixsfsi)"
)
# A 32x32->64 product is a routine where the core has no instruction for it; an 8-bit core has
# routines for all 32-bit products and all 64-bit arithmetic. Division is never among them.
ALLOWED = {"memcpy", "memset", "memmove"}
ALLOWED_ON = {
    "cortex-m0": {"__aeabi_lmul"},
    "avr": {
        *("__mulsi3", "__mulhisi3", "__mulshisi3", "__muluhisi3", "__mulohisi3", "__mulsidi3"),
        *("__muldi3", "__adddi3", "__subdi3", "__cmpdi2_s8", "__ashldi3", "__ashrdi3"),
        "__lshrdi3",
    },
}


def compile_kernels(target: str, folder: Path) -> list[Path]:
    compiler, *options = TARGETS[target]
    process.run(
        [compiler, *FLAGS, *options, "-c", *(str(source) for source in SOURCES)],
        timeout=120.0,
        cwd=folder,
    )
    return sorted(folder.glob("*.o"))


@pytest.mark.parametrize("target", TARGETS)
def test_kernels_compile_and_need_no_library_arithmetic(target: str, tmp_path: Path) -> None:
    objects = compile_kernels(target, tmp_path)
    assert [path.stem for path in objects] == [path.stem for path in SOURCES]
    tool = TARGETS[target][0].removesuffix("gcc").removesuffix("cc") + "nm"
    symbols, undefined = [], set()
    for path in objects:
        listed = process.run([tool, str(path)], timeout=30.0).stdout
        own = [line.split()[-2:] for line in listed.splitlines() if len(line.split()) >= 2]
        needed = {name for kind, name in own if kind == "U"}
        if path.stem in FLOAT_KERNELS:
            needed = {name for name in needed if not SINGLE_PRECISION.fullmatch(name)}
        symbols += own
        undefined |= needed
    defined = {name for kind, name in symbols if kind in "TW"}
    stored = {name for kind, name in symbols if kind in "BbCDdGgSs"}
    allowed = ALLOWED | ALLOWED_ON.get(target, set()) | {"_GLOBAL_OFFSET_TABLE_"}
    assert undefined - defined <= allowed
    assert all(name.startswith("tnf_") for name in defined)
    assert stored == set(), "kernels keep no state"


def test_every_kernel_is_shared_in_a_file_and_under_a_name_of_its_own(tmp_path: Path) -> None:
    """Weak, so that two libraries may both bring it; its name tells contract and backend."""
    model = (paths.data_folder("firmware") / "include/tnf_model.h").read_text(encoding="utf-8")
    (abi,) = re.findall(r"^#define TNF_ABI (\d+)$", model, re.M)
    for path in compile_kernels("host", tmp_path):
        listed = process.run(["nm", "--defined-only", str(path)], timeout=30.0).stdout
        external = [line.split()[-2:] for line in listed.splitlines() if line.split()[1].isupper()]
        assert external == [["W", f"tnf_{path.stem}_abi{abi}_ref"]]


def test_headers_serve_cpp_and_stand_alone(tmp_path: Path) -> None:
    for header in sorted((KERNELS / "include").glob("*.h")):
        source = tmp_path / "alone.cpp"
        source.write_text(f'#include "{header.name}"\n#include "{header.name}"\n')
        process.run(
            ["arm-none-eabi-g++", "-Wall", "-Wextra", "-Werror", *INCLUDES, "-c",
             str(source), "-o", str(tmp_path / "alone.o")],
            timeout=60.0,
        )  # fmt: skip
