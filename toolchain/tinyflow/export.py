"""Stage: a compiled model as a library for other build systems, all of them in one folder.

The sources are the same in every packaging, in `src/` with their headers, as Arduino wants it. The
kernels are weak symbols whose names tell the contract, so libraries of several models can be in
one image. What a packaging needs besides comes from `templates/export/`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import __version__, checksums, paths, render
from tinyflow.arguments import Argument, arguments
from tinyflow.artifacts import CompiledModel, ExportedLibrary

# format -> (template, file it becomes); `__model__` stands for the model's name.
FORMATS = {
    "c": (),
    "cmake": (("CMakeLists.txt.j2", "CMakeLists.txt"),),
    "platformio": (("library.json.j2", "library.json"),),
    "arduino": (
        ("library.properties.j2", "library.properties"),
        ("example.ino.j2", "examples/__model___once/__model___once.ino"),
    ),
    "esp-idf": (
        ("CMakeLists.txt.j2", "CMakeLists.txt"),
        ("idf_component.yml.j2", "idf_component.yml"),
    ),
    "zephyr": (
        ("module.yml.j2", "zephyr/module.yml"),
        ("Kconfig.j2", "zephyr/Kconfig"),
        ("zephyr.cmake.j2", "zephyr/CMakeLists.txt"),
    ),
}
_ALWAYS = (
    ("run.h.j2", "src/__model___run.h"),
    ("run.c.j2", "src/__model___run.c"),
    ("README.md.j2", "README.md"),
    ("NOTICE.j2", "NOTICE"),
)


@dataclass(frozen=True)
class LibraryContext:
    """Context of templates/export/*.

    `sources` and `headers` are names of files in src; `headers` are those an application sees,
    `kernel_files` those that all models share. Scales are as in C, operators as people count them.
    """

    name: str
    upper: str
    tool_version: str
    description: str
    formats: tuple[str, ...]
    model: CompiledModel
    sources: tuple[str, ...]
    headers: tuple[str, ...]
    kernel_files: tuple[str, ...]
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    parameters: str
    call: str
    operators: str
    languages: str


def write_library(
    folder: Path,
    compiled: CompiledModel,
    formats: Sequence[str],
    *,
    templates: Sequence[Path] = (),
) -> ExportedLibrary:
    """Write the inference library of `compiled` into `folder`, for the build systems `formats`.

    `formats` are keys of FORMATS. Templates in the folders `templates` come before tinyflow's own.
    The same inputs give the same bytes.
    """
    src = folder / "src"
    src.mkdir(parents=True, exist_ok=True)
    own = {file for source in compiled.sources for file in source.parent.glob("*.h")}
    for file in sorted({*compiled.sources, *compiled.headers, *own}):
        shutil.copyfile(file, src / file.name)
    shutil.copyfile(paths.licence(), folder / "LICENSE")
    context = _context(compiled, formats)
    chosen = (pair for name in context.formats for pair in FORMATS[name])
    for template, place in dict.fromkeys((*_ALWAYS, *chosen)):
        target = folder / place.replace("__model__", compiled.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(render.render(f"export/{template}", context, templates).encode())
    checksums.write(folder)
    return ExportedLibrary(
        name=compiled.name,
        path=folder,
        formats=context.formats,
        model_sha256=compiled.model_sha256,
    )


def _context(compiled: CompiledModel, formats: Sequence[str]) -> LibraryContext:
    name = compiled.name
    generated = {f"{name}.c", f"{name}_weights.c"}
    sources = {file.name for file in compiled.sources}
    headers = {file.name for file in compiled.headers}
    inputs = arguments("input", compiled.inputs)
    outputs = arguments("output", compiled.outputs)
    return LibraryContext(
        name=name,
        upper=name.upper(),
        tool_version=__version__,
        description=f"Inference of model {name} ({compiled.model_sha256[:16]}), compiled to C99",
        formats=tuple(known for known in FORMATS if known in formats),
        model=compiled,
        sources=tuple(sorted({*sources, f"{name}_run.c"})),
        headers=tuple(sorted({*headers, f"{name}_run.h"})),
        kernel_files=tuple(sorted(sources - generated)),
        inputs=inputs,
        outputs=outputs,
        parameters=", ".join(
            [
                *(f"const {argument.ctype} *{argument.variable}" for argument in inputs),
                *(f"{argument.ctype} *{argument.variable}" for argument in outputs),
            ]
        ),
        call=", ".join(argument.variable for argument in (*inputs, *outputs)),
        operators=", ".join(f"{count} {op}" for op, count in compiled.operators.items()),
        languages=render.cmake_languages(sources),
    )
