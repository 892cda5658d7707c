"""Writes a compiled model and tinyflow's firmware as a project that builds by itself.

The layout is the same for all builders:

    README.md                           how to build and run it by hand
    linker.ld                           bare-metal boards only
    lib/<model>/{include,src}           the inference library: generated C, its kernels
    lib/tnf_runtime/{include,src}       protocol, session, telemetry, sensing
    src/application.c src/port.c ...    application, port layer and start-up
    src/main.c                          not where an SDK has a main() of its own
    src/sensor.c                        the sensor's driver, where there is one
    src/reference.c                     what inferences are compared with, where they are
    include/tnf_board.h                 the board's figures, the build id
    include/tnf_sensor_config.h         what is sensed, where there is a sensor

What a builder needs besides comes from templates: all files below `templates/cmake/`, or below
`templates/platformio/` and `templates/<framework>/` (`templates/bare/` without a framework). Those
that end in .j2 are filled with a `ProjectContext`, others copied. In their paths `__model__` and
`__board__` stand for their names, and `gitignore` becomes `.gitignore`.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from tinyflow import __version__, cache, paths, render
from tinyflow.artifacts import CompiledModel, FirmwareProject, TrainingReference
from tinyflow.artifacts.reference import SCORE_ONE
from tinyflow.boards import BoardProfile
from tinyflow.config import CaptureConfig, MlperfTask
from tinyflow.errors import ProjectError
from tinyflow.sensors import Sensor

BUILD_ID_DIGITS = 16
BOARD_HEADER = "include/tnf_board.h"
SENSOR_HEADER = "include/tnf_sensor_config.h"
SENSOR_DRIVER = "src/sensor.c"
REFERENCE = "src/reference.c"
PORT_SUFFIXES = (".c", ".h", ".S", ".cpp")
C_FLAGS = ("-O2", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra")
LINK_FLAGS = ("-Wl,--gc-sections",)


@dataclass(frozen=True)
class MainContext:
    """Context of application.c.j2 and main.c.j2 in templates/firmware/: the model's name, and the
    same in capitals; whether there is a sensor; the MLPerf Tiny benchmark, empty for none; whether
    there is a reference; how samples are captured, None where that cannot be."""

    name: str
    upper: str
    sensor: bool
    mlperf: str
    reference: bool
    capture: CaptureConfig | None


@dataclass(frozen=True)
class ReferenceContext:
    """Context of templates/firmware/reference.c.j2. `about` are lines; numbers with a point are C
    literals, or limits as they are told to the host."""

    reference: TrainingReference
    tool_version: str
    about: tuple[str, ...]
    scale: str
    zero: str
    input_limit: str
    output_limit: str


@dataclass(frozen=True)
class BoardContext:
    """Context of templates/firmware/tnf_board.h.j2."""

    board: BoardProfile
    build_id: str
    tool_version: str
    heartbeat_ms: int


@dataclass(frozen=True)
class ProjectContext:
    """Context of the builders' templates and of the linker scripts.

    Files are paths below the project, with slashes, sorted: `library_sources` of lib/<model>,
    `runtime_sources` of lib/tnf_runtime, `app_sources` of src. `c_flags` and `link_flags` are the
    same for all boards; a board's own are in `board.toolchain`. `linker_script` is the linker
    script's path, `platform` that of tinyflow's own PlatformIO platform; empty where there is none.
    `components` are the parts of an SDK that the sensor's driver needs, `languages` what CMake has
    to look for compilers of.
    """

    board: BoardProfile
    model: CompiledModel
    builder: str
    tool_version: str
    library_sources: tuple[str, ...]
    runtime_sources: tuple[str, ...]
    app_sources: tuple[str, ...]
    c_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    linker_script: str
    platform: str
    components: tuple[str, ...]
    languages: str


def write_project(
    folder: Path,
    compiled: CompiledModel,
    board: BoardProfile,
    builder: str,
    *,
    heartbeat_ms: int = 1000,
    sensor: Sensor | None = None,
    mlperf: MlperfTask | None = None,
    reference: TrainingReference | None = None,
    capture: CaptureConfig | None = None,
    templates: Sequence[Path] = (),
    ports: Sequence[Path] = (),
) -> FirmwareProject:
    """Write the firmware project of `compiled` for `board` into `folder`.

    `builder` is one of the board's. `heartbeat_ms` is how often the device reports unasked, 0 for
    never. Without `sensor` the firmware answers requests only. With `mlperf` the console is that
    benchmark's interface, and nothing is reported unasked. Without `reference` inputs are not
    sketched and no drift is scored, without `capture` no raw samples are given. Templates in
    folders `templates`, and port layers in folders `ports`, come before tinyflow's own. The same
    inputs give the same bytes. Raises ProjectError when the board names files that are not there.
    """
    board = board.for_builder(builder)
    port = _port_files(board, ports)
    parts = _runtime_parts(sensor, mlperf, capture)
    made = {SENSOR_DRIVER: sensor is not None, REFERENCE: reference is not None}
    written = tuple(source for source, there in made.items() if there)
    context = _context(compiled, board, builder, port, sensor, parts, written)
    _copy_library(folder / "lib" / compiled.name, compiled)
    _copy_runtime(folder / "lib" / "tnf_runtime", compiled, parts)
    _copy_files(port, folder / "src")
    main = MainContext(
        name=compiled.name,
        upper=compiled.name.upper(),
        sensor=sensor is not None,
        mlperf=mlperf or "",
        reference=reference is not None,
        capture=capture,
    )
    for source in _application_files(board):
        _write(folder / source, render.render(f"firmware/{Path(source).name}.j2", main, templates))
    if sensor is not None:
        header = render.render("firmware/tnf_sensor_config.h.j2", sensor, templates)
        _write(folder / SENSOR_HEADER, header)
        shutil.copyfile(sensor.source, folder / SENSOR_DRIVER)
    if reference is not None:
        text = render.render("firmware/reference.c.j2", reference_context(reference), templates)
        _write(folder / REFERENCE, text)
    if board.toolchain is not None and context.linker_script:
        script = f"linker/{board.toolchain.linker_script}"
        _write(folder / context.linker_script, render.render(script, context, templates))
    for name in _template_folders(board, builder):
        _fill_folder(name, folder, context, templates)
    if context.platform:
        shutil.copytree(
            paths.data_folder("firmware") / "platformio",
            folder / context.platform,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    heartbeat = 0 if mlperf is not None else heartbeat_ms
    build_id = _write_board_header(folder, board, heartbeat, templates)
    return FirmwareProject(
        path=folder,
        board=board.name,
        builder=builder,
        model_name=compiled.name,
        model_sha256=compiled.model_sha256,
        build_id=build_id,
    )


def _context(
    compiled: CompiledModel,
    board: BoardProfile,
    builder: str,
    port_files: Sequence[Path],
    sensor: Sensor | None,
    parts: Sequence[str],
    written: Sequence[str],
) -> ProjectContext:
    library = [f"lib/{compiled.name}/src/{file.name}" for file in compiled.sources]
    runtime = [f"lib/tnf_runtime/src/{file.name}" for file in _runtime_files("*.c", parts)]
    port = [f"src/{file.name}" for file in port_files if file.suffix != ".h"]
    scripted = board.toolchain is not None and board.toolchain.linker_script
    return ProjectContext(
        board=board,
        model=compiled,
        builder=builder,
        tool_version=__version__,
        library_sources=tuple(sorted(library)),
        runtime_sources=tuple(sorted(runtime)),
        app_sources=tuple(sorted([*_application_files(board), *port, *written])),
        c_flags=(f"-std={board.toolchain.standard if board.toolchain else 'c99'}", *C_FLAGS),
        link_flags=LINK_FLAGS,
        linker_script="linker.ld" if scripted else "",
        platform=_own_platform(board, builder),
        components=sensor.components if sensor is not None else (),
        languages=render.cmake_languages([*library, *runtime, *port]),
    )


def _application_files(board: BoardProfile) -> tuple[str, ...]:
    """What is generated into src/: an SDK has a main() of its own, which calls the application."""
    return ("src/application.c",) if board.sdk else ("src/application.c", "src/main.c")


def reference_context(reference: TrainingReference) -> ReferenceContext:
    """What reference.c.j2 prints. Floats are the shortest text that reads back as that float32."""
    about = ["sketches  of no input: none has int8 or int16 values"]
    if reference.sketches:
        seen = "all positions" if reference.stride == 1 else f"one position in {reference.stride}"
        about = [f"sketches  {reference.sketches}, for {reference.channels} input channels; {seen}"]
    if reference.compares:
        about += [
            f"inputs    compared with {reference.inferences} inferences",
            f"outputs   compared with {reference.judged} inferences",
            f"limits    for a false alarm in {1 / reference.false_alarm_rate:,.0f} windows",
        ]
    else:
        about.append("drift     not scored: there are no training data")
    return ReferenceContext(
        reference=reference,
        tool_version=__version__,
        about=tuple(about),
        scale=f"{np.float32(reference.scale)!s}f",
        zero=f"{np.float32(reference.zero)!s}f",
        input_limit=f"{reference.input_limit / SCORE_ONE:.4f}",
        output_limit=f"{reference.output_limit / SCORE_ONE:.4f}",
    )


def _own_platform(board: BoardProfile, builder: str) -> str:
    """Where the project carries tinyflow's PlatformIO platform, empty when it does not.

    PlatformIO remembers a platform that it was linked to by the folder's name, for all projects of
    a user: the name tells the content.
    """
    if builder == "cmake" or board.sdk:
        return ""
    return f"platform/tinyflow-{cache.code_sha256(('firmware/platformio',))[:8]}"


def _runtime_parts(
    sensor: Sensor | None, mlperf: MlperfTask | None, capture: CaptureConfig | None
) -> tuple[str, ...]:
    """The folders of the runtime below firmware/ that this firmware has."""
    optional = {
        "sensor": sensor is not None,
        "mlperf": mlperf is not None,
        "capture": capture is not None,
    }
    return ("protocol", "runtime", *(part for part, there in optional.items() if there))


def _runtime_files(pattern: str, parts: Sequence[str]) -> list[Path]:
    firmware = paths.data_folder("firmware")
    return sorted(file for part in parts for file in (firmware / part).glob(pattern))


def _port_files(board: BoardProfile, own: Sequence[Path]) -> list[Path]:
    places = [*own, paths.data_folder("firmware") / "ports"]
    found: list[Path] = []
    for layer in board.port_layers:
        folder = next((place / layer for place in places if (place / layer).is_dir()), None)
        files = sorted(folder.iterdir()) if folder is not None else []
        files = [file for file in files if file.suffix in PORT_SUFFIXES]
        if not files:
            raise ProjectError(
                f"board {board.name} has port layer {layer}, which is not there",
                [f"looked in {place}" for place in places],
            )
        found += files
    return found


def _copy_files(files: Sequence[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(file, folder / file.name)


def _copy_library(folder: Path, compiled: CompiledModel) -> None:
    """`headers` are public; headers beside the sources are the library's own."""
    _copy_files(compiled.headers, folder / "include")
    own = {file for source in compiled.sources for file in source.parent.glob("*.h")}
    _copy_files(sorted({*compiled.sources, *own} - {*compiled.headers}), folder / "src")


def _copy_runtime(folder: Path, compiled: CompiledModel, parts: Sequence[str]) -> None:
    """The runtime; what it shares with the inference library is there already, once."""
    there = {file.name for file in compiled.headers}
    public = sorted((paths.data_folder("firmware") / "include").glob("*.*"))
    headers = [*public, *_runtime_files("*.h", parts), *_runtime_files("*.def", parts)]
    _copy_files([file for file in headers if file.name not in there], folder / "include")
    _copy_files(_runtime_files("*.c", parts), folder / "src")


def _template_folders(board: BoardProfile, builder: str) -> tuple[str, ...]:
    if builder == "cmake":
        return (builder,)
    framework = board.platformio.framework if board.platformio is not None else ""
    return ("platformio", framework or "bare")


def _fill_folder(
    name: str, folder: Path, context: ProjectContext, templates: Sequence[Path]
) -> None:
    place = paths.data_folder("templates") / name
    names = {"__model__": context.model.name, "__board__": context.board.name}
    for file in _files(place):
        relative = file.relative_to(place).as_posix().removesuffix(".j2")
        for word, name_there in names.items():
            relative = relative.replace(word, name_there)
        target = folder / PurePosixPath(relative)
        if target.name == "gitignore":
            target = target.with_name(".gitignore")
        if file.suffix == ".j2":
            template = f"{name}/{file.relative_to(place).as_posix()}"
            _write(target, render.render(template, context, templates))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def _write_board_header(
    folder: Path, board: BoardProfile, heartbeat_ms: int, templates: Sequence[Path]
) -> str:
    """Write the header that carries the build id; returns the id.

    The id is the hash of all files, this header among them with an empty id in it.
    """

    def header(build_id: str) -> str:
        context = BoardContext(board, build_id, __version__, heartbeat_ms)
        return render.render("firmware/tnf_board.h.j2", context, templates)

    _write(folder / BOARD_HEADER, header(""))
    digest = hashlib.sha256()
    for file in _files(folder):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    build_id = digest.hexdigest()[:BUILD_ID_DIGITS]
    _write(folder / BOARD_HEADER, header(build_id))
    return build_id
