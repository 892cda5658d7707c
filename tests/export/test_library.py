"""An exported library as C and C++: one call, two models in one image, the same bytes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyflow import checksums, export

WARNINGS = (
    *("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wsign-conversion"),
    *("-Wcast-qual", "-Wshadow", "-Wundef", "-Wdouble-promotion"),
)
C_ONLY = ("-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla")
ARM = ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O2", "-std=c99")
SMALL = ("-ffunction-sections", "-fdata-sections")


def sources(folder: Path) -> list[str]:
    return [str(file) for file in sorted((folder / "src").glob("*.c"))]


def build(program: Path, *command: str) -> Path:
    subprocess.run([*command, "-o", str(program)], check=True)
    return program


def test_everything_is_listed_and_the_same_again(libraries: Any, tmp_path: Path) -> None:
    (first, _), (model, _) = libraries.folders, libraries.models
    assert checksums.differences(first, checksums.read(first)) == []
    export.write_library(tmp_path / "elsewhere", model, tuple(reversed(export.FORMATS)))
    there = tmp_path / "elsewhere"
    assert checksums.read(there) == checksums.read(first)
    assert (there / checksums.NAME).read_bytes() == (first / checksums.NAME).read_bytes()
    assert not any(
        b"{{ " in (first / name).read_bytes() or str(first).encode() in (first / name).read_bytes()
        for name in checksums.listing(first)
    )


@pytest.mark.parametrize("wanted", list(export.FORMATS))
def test_one_format_is_a_part_of_all(libraries: Any, tmp_path: Path, wanted: str) -> None:
    export.write_library(tmp_path / "one", libraries.models[0], [wanted])
    ours, everything = checksums.read(tmp_path / "one"), checksums.read(libraries.folders[0])
    assert ours.keys() <= everything.keys()
    differing = {name for name in ours if ours[name] != everything[name]}
    assert differing <= {"README.md", "CMakeLists.txt"}
    packaging = {name for name in ours if not name.startswith("src/")} - {
        *("README.md", "NOTICE", "LICENSE")
    }
    assert bool(packaging) == (wanted != "c")


@pytest.mark.parametrize("name", ["README.md", "src/digits_run.h", "src/digits_run.c"])
def test_what_a_person_reads(libraries: Any, golden: Callable[[str, str], None], name: str) -> None:
    golden(f"export/{Path(name).name}", (libraries.folders[0] / name).read_text(encoding="utf-8"))


AVR = ("avr-gcc", "-mmcu=atmega2560", "-Os", "-std=gnu99")


@pytest.mark.parametrize("compiler", [("cc", "-std=c99"), ARM, AVR])
def test_it_compiles_without_a_warning(
    libraries: Any, tmp_path: Path, compiler: tuple[str, ...]
) -> None:
    (folder, _) = libraries.folders
    command = [*compiler, *WARNINGS, *C_ONLY, "-c", *sources(folder)]
    subprocess.run(command, check=True, cwd=tmp_path)


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_it_serves_cplusplus(libraries: Any, tmp_path: Path, standard: str) -> None:
    program = tmp_path / "main.cc"
    program.write_text(libraries.program)
    includes = [f"-I{folder / 'src'}" for folder in libraries.folders]
    command = ["g++", f"-std={standard}", *WARNINGS, *includes, "-fsyntax-only", str(program)]
    subprocess.run(command, check=True)


def compiled(folder: Path, place: Path) -> list[str]:
    """The objects of a library."""
    place.mkdir()
    command = ["cc", "-std=c99", "-O1", *SMALL, "-c", *sources(folder)]
    subprocess.run(command, check=True, cwd=place)
    return [str(file) for file in sorted(place.glob("*.o"))]


@pytest.fixture(scope="module")
def objects(libraries: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], ...]:
    """The objects of each library."""
    place = tmp_path_factory.mktemp("objects")
    return tuple(compiled(folder, place / folder.name) for folder in libraries.folders)


def test_two_libraries_share_one_program_as_plain_objects(
    libraries: Any, objects: tuple[list[str], ...], tmp_path: Path
) -> None:
    """Every object is linked, no archive chooses: kernels that both bring are there twice."""
    main = tmp_path / "main.c"
    main.write_text(libraries.program)
    both = [*objects[0], *objects[1]]
    assert len([name for name in both if name.endswith("/conv_2d_s8.o")]) == 2
    includes = [f"-I{folder / 'src'}" for folder in libraries.folders]
    program = tmp_path / "program"
    build(program, "cc", *includes, str(main), *both, "-Wl,--gc-sections")
    libraries.expect(program)


def test_a_shared_kernel_is_in_the_image_once(libraries: Any, tmp_path: Path) -> None:
    """On a target, with section garbage collection: its code is no larger than that of one."""
    text = (
        '#include "digits_run.h"\n#include "other_run.h"\nstatic int8_t b[64];\n'
        "int main(void) { digits_run(b, b); other_run(b, b); return b[0]; }\n"
    )
    (tmp_path / "main.c").write_text(text)
    includes = [f"-I{folder / 'src'}" for folder in libraries.folders]
    both = [source for folder in libraries.folders for source in sources(folder)]
    program = tmp_path / "program.elf"
    linked = ("--specs=nosys.specs", "-Wl,--gc-sections", "-Wl,-Map=map", "-w")
    command = [*ARM, *SMALL, *includes, "main.c", *both, *linked, "-o", str(program)]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    placed = (tmp_path / "map").read_text().partition("Linker script and memory map")[2]
    kernel = r"^ \.text\.tnf_conv_2d_s8_abi2_ref\n\s+0x[0-9a-f]+\s+0x([0-9a-f]+)"
    sizes = [int(size, 16) for size in re.findall(kernel, placed, re.M)]
    assert len([size for size in sizes if size]) == 1


def test_libraries_of_two_contracts_keep_their_own_kernels(
    libraries: Any, objects: tuple[list[str], ...], tmp_path: Path
) -> None:
    """As if `other` came from a tinyflow of the next contract, both compiled on their own."""
    digits, other = libraries.folders
    newer = Path(shutil.copytree(other, tmp_path / "other"))
    for file in (newer / "src").iterdir():
        text = re.sub(r"(#define TNF_ABI|#if TNF_ABI !=) 2\b", r"\1 3", file.read_text())
        file.write_text(text.replace("_abi2", "_abi3"))
    main = tmp_path / "main.c"
    main.write_text(libraries.program)
    both = [*objects[0], *compiled(newer, tmp_path / "objects")]
    # The application sees one contract's headers only: the #error says so.
    command = ["cc", f"-I{digits / 'src'}", f"-I{newer / 'src'}", str(main), *both]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "no")], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "other was generated for another tinyflow; renew it" in done.stderr
    # Past that check, each model runs with the kernels that came with it.
    forced = tmp_path / "forced.c"
    forced.write_text(
        re.sub('#include "other_run.h"', "#define OTHER_INPUT_BYTES 32", libraries.program)
        .replace("OTHER_OUTPUT_BYTES", "3")
        .replace("int main", "extern void other_run(const int8_t *, int8_t *);\nint main")
    )
    program = tmp_path / "program"
    build(program, "cc", f"-I{digits / 'src'}", str(forced), *both)
    assert {"tnf_conv_2d_s8_abi2_ref", "tnf_conv_2d_s8_abi3_ref"} <= names(program)
    libraries.expect(program)


def test_libraries_of_two_backends_keep_their_own_kernels(
    libraries: Any, objects: tuple[list[str], ...], tmp_path: Path
) -> None:
    """As if `other` had kernels that want their weights in another order."""
    digits, other = libraries.folders
    packed = Path(shutil.copytree(other, tmp_path / "other"))
    header = packed / "src" / "tnf_backend.h"
    header.write_text(header.read_text().replace("TNF_BACKEND ref", "TNF_BACKEND packed"))
    main = tmp_path / "main.c"
    main.write_text(libraries.program)
    both = [*compiled(packed, tmp_path / "objects"), *objects[0]]
    program = tmp_path / "program"
    build(program, "cc", f"-I{digits / 'src'}", f"-I{packed / 'src'}", str(main), *both)
    assert {"tnf_conv_2d_s8_abi2_ref", "tnf_conv_2d_s8_abi2_packed"} <= names(program)
    libraries.expect(program)


def names(program: Path) -> set[str]:
    listed = subprocess.run(["nm", str(program)], capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def test_real_values_become_the_bytes_that_python_takes(libraries: Any, tmp_path: Path) -> None:
    (folder, _), (model, _) = libraries.folders, libraries.models
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "digits_run.h"\n'
        "int main(void) { float x; while (fread(&x, sizeof x, 1, stdin) == 1) {\n"
        "  int8_t q = digits_quantize(x); float y = digits_dequantize(q);\n"
        "  fwrite(&q, 1, 1, stdout); fwrite(&y, sizeof y, 1, stdout); } return 0; }\n"
    )
    program = build(
        tmp_path / "program", "cc", "-O2", f"-I{folder / 'src'}", str(tmp_path / "main.c")
    )
    halves = (np.arange(-600, 601, dtype=np.float32) / 2) * np.float32(model.input.scale)
    chance = np.random.default_rng(2).normal(0, 1, 2000).astype(np.float32)
    ends = np.array([0.0, -0.0, 1e30, -1e30, np.inf, -np.inf], np.float32)
    values = np.concatenate([halves, chance, np.nextafter(halves, np.float32(9)), ends])
    done = subprocess.run([program], input=values.tobytes(), capture_output=True, check=True)
    answers = np.frombuffer(done.stdout, np.dtype([("q", np.int8), ("y", np.float32)], align=False))
    assert np.array_equal(answers["q"], model.input.quantize(values))
    assert np.array_equal(answers["y"], model.output.dequantize(answers["q"]))
    nan = np.array([np.nan], np.float32).tobytes()
    assert (
        subprocess.run([program], input=nan, capture_output=True, check=True).stdout[:1] == b"\x80"
    )
