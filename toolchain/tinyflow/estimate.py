"""Stage: what a model will take on a board, told before anything is built and without a compiler.

Constants are counted exactly: weights, parameter structs, tables. Code is added up from what each
kernel and each piece of generated code measured when sizes.json was last renewed, with the
compilers named there.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyflow.artifacts import CodeParts, Survey

SIZES = Path(__file__).with_name("sizes.json")
ALIGNMENT = 16


@dataclass(frozen=True)
class TargetSizes:
    """Bytes of one compiler and CPU, with the kernels of `backend`.

    `kernels` are code and constants of each kernel's source file; `needs` the routines of the
    compiler's own library that each calls, `routines` the members of that library which each of
    them brings into an image, with their bytes. `structs` are sizes of types in C,
    `extra_constants` what a model has besides. `parts` are bytes of code per field of CodeParts,
    and `model`, which each model has once. With `one_section` the compiler puts all constants of a
    source file into one.
    """

    backend: str
    compiler: str
    one_section: bool
    kernels: Mapping[str, tuple[int, int]]
    needs: Mapping[str, tuple[str, ...]]
    routines: Mapping[str, Mapping[str, int]]
    structs: Mapping[str, int]
    extra_constants: int
    parts: Mapping[str, float]


@dataclass(frozen=True)
class BoardSizes:
    """What the firmware of a board takes beside the model's library and its arena.

    `has` are members of the compiler's library that are in it anyway. With `code_in_ram` the code
    is copied to the memory that variables are in.
    """

    target: str
    flash_bytes: int
    ram_bytes: int
    has: tuple[str, ...]
    code_in_ram: bool


@dataclass(frozen=True)
class Estimate:
    """What a model takes on a board.

    `weights_bytes` and `constants_bytes` (parameters, tables) are exact; `code_bytes` is the
    library's code, `flash_bytes` and `ram_bytes` those of the whole image, with the arena and the
    stack.
    """

    board: str
    compiler: str
    code_bytes: int
    constants_bytes: int
    weights_bytes: int
    arena_bytes: int
    flash_bytes: int
    ram_bytes: int

    @property
    def library_flash_bytes(self) -> int:
        return self.code_bytes + self.constants_bytes + self.weights_bytes


@dataclass(frozen=True)
class Sizes:
    """The content of sizes.json."""

    targets: Mapping[str, TargetSizes]
    boards: Mapping[str, BoardSizes]


@functools.cache
def read_sizes(file: Path = SIZES) -> Sizes:
    """The measured sizes."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return Sizes(
        {
            name: TargetSizes(
                backend=found["backend"],
                compiler=found["compiler"],
                one_section=found["one_section"],
                kernels={stem: (sizes[0], sizes[1]) for stem, sizes in found["kernels"].items()},
                needs={stem: tuple(names) for stem, names in found["needs"].items()},
                routines=found["routines"],
                structs=found["structs"],
                extra_constants=found["extra_constants"],
                parts=found["parts"],
            )
            for name, found in content["targets"].items()
        },
        {
            name: BoardSizes(
                target=found["target"],
                flash_bytes=found["flash_bytes"],
                ram_bytes=found["ram_bytes"],
                has=tuple(found["has"]),
                code_in_ram=found["code_in_ram"],
            )
            for name, found in content["boards"].items()
        },
    )


def estimate(survey: Survey, board: str, sizes: Sizes | None = None) -> Estimate | None:
    """What the model takes on board `board`; None where nothing was measured for that board."""
    sizes = sizes or read_sizes()
    base = sizes.boards.get(board)
    if base is None:
        return None
    target = sizes.targets[base.target]
    if survey.backend != target.backend:
        return None
    constants = constants_bytes(survey, target)
    code = code_bytes(survey, target)
    brought: dict[str, int] = {}
    for stem in survey.kernels:
        for routine in target.needs.get(stem, ()):
            brought |= target.routines[routine]
    routines = sum(size for member, size in brought.items() if member not in base.has)
    arena = -(-max(survey.arena_bytes, 1) // ALIGNMENT) * ALIGNMENT
    return Estimate(
        board=board,
        compiler=target.compiler,
        code_bytes=code,
        constants_bytes=constants,
        weights_bytes=survey.weights_bytes,
        arena_bytes=survey.arena_bytes,
        flash_bytes=base.flash_bytes + code + constants + survey.weights_bytes + routines,
        ram_bytes=base.ram_bytes + arena + base.code_in_ram * (code + routines),
    )


def kernel_bytes(board: str, sizes: Sizes | None = None) -> dict[str, int]:
    """Code and tables of each kernel on board `board`; empty where nothing was measured for it."""
    sizes = sizes or read_sizes()
    base = sizes.boards.get(board)
    found = sizes.targets[base.target].kernels if base is not None else {}
    return {stem: sum(parts) for stem, parts in found.items()}


def code_bytes(survey: Survey, target: TargetSizes) -> int:
    """Code of the inference library."""
    kernels = sum(target.kernels[stem][0] for stem in survey.kernels)
    return kernels + round(generated_bytes(survey.code, target))


def generated_bytes(parts: CodeParts, target: TargetSizes) -> float:
    """Code of the generated source."""
    counts = {"model": 1, **vars(parts)}
    return float(sum(target.parts[name] * count for name, count in counts.items()))


def constants_bytes(survey: Survey, target: TargetSizes) -> int:
    """Constants of the inference library beside the weights."""
    tables = sum(target.kernels[stem][1] for stem in survey.kernels)
    padding = survey.padding_bytes if target.one_section else 0
    return tables + described_bytes(survey, target.structs) + target.extra_constants + padding


def described_bytes(survey: Survey, structs: Mapping[str, int]) -> int:
    """Constants of the generated source: parameters, and what describes the model."""
    params = sum(structs[name] * count for name, count in survey.params.items())
    edges = structs["tnf_tensor_t"] * (len(survey.inputs) + len(survey.outputs))
    return params + edges + structs["tnf_model_t"] + len(survey.name) + 1
