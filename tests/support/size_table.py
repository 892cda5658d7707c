"""Renews sizes.json, from which `tinyflow check` tells what a model will take.

Every kernel and pieces of generated code are compiled with each board's own compiler, and the
example's image is built for each board. Boards whose compiler is not here keep what was measured
before. Run it after a change of kernels, templates, firmware or profiles:

    python tests/support/size_table.py
"""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import size_samples
from tflite_writer import write_tflite

from tinyflow import boards, build, compiler, estimate, generate, paths, process
from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import BoardProfile, Toolchain
from tinyflow.build import map_file
from tinyflow.compiler.packing import load_backend

COMPILE_SECONDS = 120.0
RELAXED_CALL_BYTES = 4
SECTION = re.compile(r"^(\.[\w.$]+)\s+(\d+)\s+\d+\s*$", re.M)
PARTS = ("model", *(name for name in estimate.CodeParts().__dataclass_fields__))
MODEL = Path(__file__).parents[1] / "models" / "digits.tflite"


def target_name(toolchain: Toolchain, backend: str) -> str:
    """What boards with the same kernels, compiler, CPU and standard have in common."""
    words = (toolchain.compiler, f"-std={toolchain.standard}", *toolchain.cpu_flags)
    return f"{backend}: {' '.join(words)}"


def members(map_path: Path) -> dict[str, int]:
    """Code and constants that come from archives, by archive and member."""
    found: dict[str, int] = {}
    for section in map_file.read_map(map_path):
        for piece in section.inputs:
            if piece.archive and map_file.kind(piece.name) in ("code", "rodata", "data"):
                name = f"{piece.archive}({piece.file.rpartition('(')[2]}"
                found[name] = found.get(name, 0) + piece.size
    return found


class Target:
    """One compiler and CPU, measured in a folder of its own."""

    def __init__(self, toolchain: Toolchain, backend: str, folder: Path) -> None:
        self.toolchain, self.backend, self.folder = toolchain, backend, folder
        firmware = paths.data_folder("firmware")
        self.kernels = load_backend(backend)
        public = (firmware / "include", firmware / "kernels" / "include")
        self.includes = (*public, *self.kernels.kernel_folders)

    def measure(self) -> dict[str, Any]:
        sources = self.kernels.sources()
        kernels = {stem: self._object(sources[stem]) for stem in sorted(sources)}
        sizes = {stem: list(self.sizes([made])) for stem, made in kernels.items()}
        undefined = {stem: self._undefined(made) for stem, made in kernels.items()}
        routines = self._routines(sorted({name for names in undefined.values() for name in names}))
        structs = self._structs()
        return {
            "backend": self.backend,
            "compiler": process.run(
                [self.toolchain.compiler, "--version"], timeout=COMPILE_SECONDS
            ).stdout.splitlines()[0],
            "one_section": self.toolchain.prefix.startswith("avr"),
            "kernels": sizes,
            "needs": {stem: names for stem, names in undefined.items() if names},
            "routines": routines,
            "structs": structs,
            **self._generated(structs),
        }

    def _compile(self, source: Path, includes: Iterable[Path]) -> Path:
        made = self.folder / f"{source.stem}.o"
        process.run(
            [
                self.toolchain.compiler,
                *self.toolchain.cpu_flags,
                f"-std={self.toolchain.standard}",
                *generate.C_FLAGS,
                *(f"-I{folder}" for folder in includes),
                *("-c", str(source), "-o", str(made)),
            ],
            timeout=COMPILE_SECONDS,
        )
        return made

    def _object(self, source: Path) -> Path:
        return self._compile(source, self.includes)

    def tool(self, name: str, *arguments: str) -> str:
        """What a tool of the compiler's says."""
        command = [f"{self.toolchain.prefix}{name}", *arguments]
        return process.run(command, timeout=COMPILE_SECONDS).stdout

    def sizes(self, objects: Iterable[Path]) -> tuple[int, int]:
        """Code and constants of object files."""
        code = constants = 0
        for made in objects:
            for name, size in SECTION.findall(self.tool("size", "-A", str(made))):
                kind = map_file.kind(name)
                code += int(size) * (kind == "code")
                constants += int(size) * (kind in ("rodata", "data"))
            # The linker makes one instruction of a call's two.
            calls = self.tool("readelf", "-r", str(made)).count("R_RISCV_CALL")
            code -= RELAXED_CALL_BYTES * calls
        return code, constants

    def _undefined(self, made: Path) -> list[str]:
        """Routines that are not kernels."""
        listed = self.tool("nm", "-u", str(made)).split()
        names = (name for name in listed if name != "U")
        return sorted(name for name in names if "tnf_" not in name)

    def _routines(self, names: Iterable[str]) -> dict[str, dict[str, int]]:
        """For each routine, the members of archives that it brings, and their bytes."""
        none = self._members([])
        found = {}
        for name in names:
            members = self._members([name])
            found[name] = {key: size for key, size in members.items() if key not in none}
        return found

    def _members(self, wanted: list[str]) -> dict[str, int]:
        source = self.folder / "empty.c"
        source.write_text("void _start(void);\nvoid _start(void) {}\n")
        made = self._compile(source, ())
        linked = self.folder / "linked.elf"
        process.run(
            [
                self.toolchain.compiler,
                *self.toolchain.cpu_flags,
                *("-nostartfiles", "-static", "-Wl,--gc-sections", "-Wl,-e,_start"),
                *(flag for flag in self.toolchain.link_flags if "specs" in flag or "lib" in flag),
                *(f"-Wl,-u,{name}" for name in wanted),
                *(str(made), "-Wl,--start-group", "-lc", "-lgcc", "-lm", "-Wl,--end-group"),
                *("-o", str(linked), f"-Wl,-Map={linked.with_suffix('.map')}"),
            ],
            timeout=COMPILE_SECONDS,
        )
        return members(linked.with_suffix(".map"))

    def _structs(self) -> dict[str, int]:
        """Sizes of the kernels' parameters and of what describes a model."""
        shared = sorted((paths.data_folder("firmware") / "kernels" / "include").glob("*.h"))
        own = [file for name, file in self.kernels.headers().items() if name != "tnf_backend.h"]
        declare = [file for file in own if "TNF_LINK_NAME(" in file.read_text()]
        headers = [*shared, *declare]
        names = {"tnf_model_t", "tnf_tensor_t"}
        for header in headers:
            names |= set(re.findall(r"^\} (tnf_\w+_t);", header.read_text(), re.M))
        source = self.folder / "structs.c"
        lines = [f'#include "{header.name}"' for header in headers]
        lines += ['#include "tnf_model.h"', *(f"char size_of_{n}[sizeof({n})];" for n in names)]
        source.write_text("\n".join([*lines, ""]))
        listed = self.tool("nm", "-S", "--radix=d", str(self._object(source)))
        found = re.findall(r"^\d+\s+(\d+)\s+\w\s+_?size_of_(\w+)$", listed, re.M)
        return {name: int(size) for size, name in sorted(found, key=lambda pair: pair[1])}

    def _generated(self, structs: Mapping[str, int]) -> dict[str, Any]:
        """Of generated code: bytes per piece by least squares over the samples, and the constants
        that none of the structs accounts for.
        """
        rows, sizes, extra = [], [], []
        # The reference kernels leave more to generated code: loops over rows, copies of inputs.
        places = {backend: self.folder / f"samples_{backend}" for backend in ("ref", self.backend)}
        made = (size_samples.samples(place, name) for name, place in places.items())
        for sample in itertools.chain.from_iterable(made):
            folder, found = sample.compiled.path, sample.survey
            source = folder / "src" / f"{found.name}.c"
            built = self._compile(source, (folder / "include", folder / "src"))
            counts = {"model": 1, **vars(found.code)}
            rows.append([counts[name] for name in PARTS])
            code, constants = self.sizes([built])
            sizes.append(code)
            extra.append(constants - estimate.described_bytes(found, structs))
        matrix = np.array(rows, float)
        parts, *_ = np.linalg.lstsq(matrix, np.array(sizes, float), rcond=None)
        return {
            "extra_constants": min(extra),
            "parts": {name: round(float(size), 2) for name, size in zip(PARTS, parts, strict=True)},
        }


def build_image(board: BoardProfile, model: Path, folder: Path) -> tuple[FirmwareImage, int]:
    """The image of a model, and the RAM it takes beside the arena."""
    # The goal knows no sizes yet: any choice will do, the library is taken out again.
    compiled = compiler.compile_model(
        model, folder=folder / "c", name="measured", backend=board.backend
    )
    firmware = generate.write_project(folder / "project", compiled, board, "cmake")
    image = build.build(firmware, board.for_builder("cmake"), folder / "image")
    arena = -(-compiled.arena_bytes // estimate.ALIGNMENT) * estimate.ALIGNMENT
    return image, image.ram_bytes - arena


def board_sizes(board: BoardProfile, target: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What the image of the example takes beside its library and arena."""
    image, ram_bytes = build_image(board, MODEL, folder / "digits")
    (folder / "small").mkdir()
    small = folder / "small" / "small.tflite"
    small.write_bytes(write_tflite(size_samples.plain(1)))
    other, other_ram_bytes = build_image(board, small, folder / "small")
    # Where a program is loaded into the RAM of its variables, less code leaves more of it.
    saved = image.library_code_bytes - other.library_code_bytes
    in_ram = ram_bytes - other_ram_bytes > saved // 2
    assert board.toolchain is not None
    there = members(image.elf.with_suffix(".map"))
    known = {name for brought in target["routines"].values() for name in brought}
    return {
        "target": target_name(board.toolchain, board.backend),
        "flash_bytes": image.flash_bytes - image.library_flash_bytes,
        "ram_bytes": ram_bytes - in_ram * image.library_code_bytes,
        "code_in_ram": in_ram,
        "has": sorted(known & there.keys()),
    }


def measure_all(folder: Path) -> dict[str, Any]:
    """The content of sizes.json, for all boards whose compiler is here."""
    targets: dict[str, Any] = {}
    measured: dict[str, Any] = {}
    for name in boards.board_names():
        board = boards.load_board(name)
        if "cmake" not in board.builders:
            continue
        board = board.for_builder("cmake")
        if board.toolchain is None or not board.toolchain.prefix:
            continue  # an SDK's compiler, or the host's: nothing to tell of a process
        if process.find_program(board.toolchain.compiler) is None:
            continue
        target = target_name(board.toolchain, board.backend)
        if target not in targets:
            place = folder / f"target_{len(targets)}"
            place.mkdir(parents=True)
            targets[target] = Target(board.toolchain, board.backend, place).measure()
        measured[name] = board_sizes(board, targets[target], folder / name)
    return {"targets": targets, "boards": measured}


def text_of(found: Mapping[str, Any]) -> str:
    """JSON with a line for each table of a target and for each board: a diff that can be read."""
    targets = ",\n".join(
        json.dumps(name)
        + ": {\n"
        + ",\n".join(f" {json.dumps(key)}: {json.dumps(table)}" for key, table in target.items())
        + "\n}"
        for name, target in found["targets"].items()
    )
    rows = ",\n".join(f"{json.dumps(n)}: {json.dumps(row)}" for n, row in found["boards"].items())
    return f'{{"targets": {{\n{targets}\n}},\n"boards": {{\n{rows}\n}}}}\n'


def main() -> None:
    """Measure, and write sizes.json beside what reads it."""
    with tempfile.TemporaryDirectory(prefix="tinyflow-sizes-") as folder:
        found = measure_all(Path(folder))
    if estimate.SIZES.is_file():
        kept = json.loads(estimate.SIZES.read_text(encoding="utf-8"))
        found = {key: {**kept[key], **found[key]} for key in ("targets", "boards")}
    used = {board["target"] for board in found["boards"].values()}
    found["targets"] = {k: v for k, v in sorted(found["targets"].items()) if k in used}
    estimate.SIZES.write_text(text_of(found), encoding="utf-8")


if __name__ == "__main__":
    main()
