"""The kernels compile without a warning on every target, and pull in nothing they need not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinyflow import paths, process
from tinyflow.compiler.packing import BACKENDS, load_backend

FIRMWARE = paths.data_folder("firmware")
KERNELS = FIRMWARE / "kernels"
INCLUDES = (f"-I{KERNELS / 'include'}", f"-I{FIRMWARE / 'include'}")
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
    "cortex-m7": (*ARM, "-mcpu=cortex-m7"),
    "cortex-m33": (*ARM, "-mcpu=cortex-m33"),
    "cortex-m55": (*ARM, "-mcpu=cortex-m55", "-mfloat-abi=hard"),
    "rv32imc": (
        *("riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32"),
        "--specs=picolibc.specs",
    ),
    "lx106": ("xtensa-lx106-elf-gcc", "-mabi=call0"),
    "avr": ("avr-gcc", "-mmcu=atmega2560", "-std=gnu99"),
}
BACKENDS_ON = {
    "ref": ("host", "cortex-m0", "cortex-m3", "cortex-m4", "rv32imc", "avr"),
    "portable": ("host", "cortex-m0", "cortex-m4", "rv32imc", "lx106"),
    "armv6m": ("cortex-m0",),
    "armv7m": ("cortex-m3",),
    "armv7em": ("cortex-m4", "cortex-m7", "cortex-m33"),
    "mve": ("cortex-m55",),
    "rv32": ("rv32imc",),
    "lx6": ("lx106",),
}
PAIRS = [(backend, target) for backend, targets in BACKENDS_ON.items() for target in targets]
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
    "lx106": {"__muldi3", "__mulsi3", "__ashldi3", "__ashrdi3", "__lshrdi3"},
    "cortex-m0": {"__aeabi_lmul"},
    "avr": {
        *("__mulsi3", "__mulhisi3", "__mulshisi3", "__muluhisi3", "__mulohisi3", "__mulsidi3"),
        *("__muldi3", "__adddi3", "__subdi3", "__cmpdi2_s8", "__ashldi3", "__ashrdi3"),
        "__lshrdi3",
    },
}


def compile_kernels(backend: str, target: str, folder: Path) -> list[Path]:
    """Objects of all kernels that a backend brings itself."""
    compiler, *options = TARGETS[target]
    found = load_backend(backend)
    own = [file for file in found.sources().values() if file.parent.name == backend]
    process.run(
        [
            *(compiler, *FLAGS, *options, *(f"-I{place}" for place in found.kernel_folders)),
            *("-c", *map(str, sorted(own))),
        ],
        timeout=200.0,
        cwd=folder,
    )
    made = sorted(folder.glob("*.o"))
    assert [path.stem for path in made] == sorted(file.stem for file in own)
    return made


def test_every_backend_is_compiled_somewhere() -> None:
    assert BACKENDS_ON.keys() == BACKENDS.keys()


@pytest.mark.parametrize(("backend", "target"), PAIRS)
def test_kernels_compile_and_need_no_library_arithmetic(
    backend: str, target: str, tmp_path: Path
) -> None:
    objects = compile_kernels(backend, target, tmp_path)
    tool = TARGETS[target][0].removesuffix("gcc").removesuffix("cc") + "nm"
    symbols, undefined = [], set()
    for path in objects:
        listed = process.run([tool, str(path)], timeout=30.0).stdout
        own = [line.split()[-2:] for line in listed.splitlines() if len(line.split()) >= 2]
        needed = {name for kind, name in own if kind == "U"}
        if path.stem in FLOAT_KERNELS:
            needed = {name for name in needed if not SINGLE_PRECISION.fullmatch(name)}
        symbols += own
        undefined |= {name for name in needed if not name.endswith(f"_{backend}")}
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
    for path in compile_kernels("ref", "host", tmp_path):
        listed = process.run(["nm", "--defined-only", str(path)], timeout=30.0).stdout
        external = [line.split()[-2:] for line in listed.splitlines() if line.split()[1].isupper()]
        assert external == [["W", f"tnf_{path.stem}_abi{abi}_ref"]]


def test_headers_serve_cpp_and_stand_alone(tmp_path: Path) -> None:
    for header in sorted((KERNELS / "include").glob("*.h")):
        source = tmp_path / "alone.cpp"
        source.write_text(f'#include "{header.name}"\n#include "{header.name}"\n')
        process.run(
            ["arm-none-eabi-g++", "-Wall", "-Wextra", "-Werror", *INCLUDES,
             f"-I{KERNELS / 'ref'}", "-c",
             str(source), "-o", str(tmp_path / "alone.o")],
            timeout=60.0,
        )  # fmt: skip
