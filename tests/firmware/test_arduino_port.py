"""The Arduino port against stand-ins for the cores: compiles clean in each core's own dialect, and
answers a host from every kind of core.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from fake_board import running

from tinyflow import compiler, device, generate, paths
from tinyflow.artifacts import CompiledModel
from tinyflow.boards import BoardProfile, Counter, Platformio, load_board
from tinyflow.compiler.host import HostModel
from tinyflow.device import Device
from tinyflow.errors import DeviceError

TESTS = Path(__file__).parents[1]
STUBS = Path(__file__).parent / "arduino_stubs"
PORTS = paths.data_folder("firmware") / "ports"

# fmt: off
BOTH = (
    "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wsign-conversion", "-Wcast-qual",
    "-Wshadow", "-Wundef", "-Wdouble-promotion", "-Wvla",
)
C_ONLY = ("-Wstrict-prototypes", "-Wmissing-prototypes")
# fmt: on
# C's headers may call a structure's tag like a function, which C++ takes for shadowing.
CPP_ONLY = (
    "-Wno-shadow",
    "-Wold-style-cast",
    "-Wmissing-declarations",
    "-fno-exceptions",
    "-fno-rtti",
)


@dataclass(frozen=True)
class Core:
    """A kind of core: its layer, the stand-in's folder, its counter, and where it is compiled for:
    compiler prefix, the processor's flags, the C++ that the core is compiled as."""

    layer: str
    stubs: str
    counter: Counter
    builds: tuple[tuple[str, tuple[str, ...], str], ...]


RV32 = ("-march=rv32imac", "-mabi=ilp32", "-ffreestanding")
CORES = {
    "avr": Core(
        "arduino_micros",
        "plain",
        Counter("nanoseconds", multiply=1000),
        (("avr-", ("-mmcu=atmega2560",), "gnu++11"), ("", (), "gnu++11")),
    ),
    "esp": Core(
        "arduino_esp",
        "esp",
        Counter("cycles"),
        (("", (), "gnu++11"), ("", (), "gnu++2b"), ("riscv64-unknown-elf-", RV32, "gnu++2b")),
    ),
    "rp2": Core(
        "arduino_rp2",
        "rp2",
        Counter("cycles"),
        (("arm-none-eabi-", ("-mcpu=cortex-m0plus", "-mthumb"), "gnu++17"),),
    ),
    "dwt": Core(
        "arduino_dwt",
        "plain",
        Counter("cycles"),
        tuple(
            ("arm-none-eabi-", (f"-mcpu=cortex-{core}", "-mthumb"), standard)
            for core, standard in (
                ("m3", "gnu++17"),
                ("m4", "gnu++14"),
                ("m7", "gnu++17"),
                ("m33", "gnu++17"),
            )
        ),
    ),
}
BUILDS = [(name, *build) for name, core in CORES.items() for build in core.builds]


def board_of(core: Core) -> BoardProfile:
    """A board of such a core."""
    settings = Platformio(
        "someplatform @ ~1.0.0",
        "someboard",
        framework="arduino",
        port_layers=("arduino", core.layer),
        counter=core.counter,
    )
    return replace(load_board("native"), name="duino", builders=("arduino",), arduino=settings)


def run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("model") / "digits"
    return compiler.compile_model(TESTS / "models" / "digits.tflite", folder=folder)


@pytest.fixture(scope="module")
def project(model: CompiledModel, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The project of a board of a kind of core, generated once."""
    made: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            generate.write_project(folder, model, board_of(CORES[name]), "arduino", heartbeat_ms=0)
            made[name] = folder
        return made[name]

    return of


def includes(folder: Path, core: Core) -> list[str]:
    places = (
        *(folder / place for place in ("include", "lib/digits/include", "lib/tnf_runtime/include")),
        *(STUBS, STUBS / core.stubs),
    )
    return [f"-I{place}" for place in places]


@pytest.mark.parametrize(("name", "prefix", "cpu", "standard"), BUILDS)
def test_the_port_compiles_without_a_warning(
    name: str,
    prefix: str,
    cpu: tuple[str, ...],
    standard: str,
    project: Callable[..., Path],
    tmp_path: Path,
) -> None:
    folder = project(name)
    assert not (folder / "src" / "main.c").exists(), "cores have a main() of their own"
    for source in sorted((folder / "src").glob("*.c*")):
        kind = (f"-std={standard}", *CPP_ONLY) if source.suffix == ".cpp" else C_ONLY
        compiler_name = f"{prefix}{'g++' if source.suffix == '.cpp' else 'gcc'}"
        run(compiler_name, "-c", "-O2", *cpu, *BOTH, *kind, *includes(folder, CORES[name]),
            str(source), "-o", str(tmp_path / f"{source.name}.o"))  # fmt: skip


def test_all_of_a_project_compiles_for_an_avr_as_its_core_does(
    project: Callable[..., Path], tmp_path: Path
) -> None:
    folder = project("avr")
    sources = sorted([*folder.glob("lib/*/src/*.c"), *folder.glob("src/*.c")])
    assert len(sources) > 10
    flags = ["-mmcu=atmega2560", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"]
    own = [f"-I{folder}/lib/digits/src"]
    objects = [str(tmp_path / f"{source.stem}.o") for source in sources]
    for source, out in zip(sources, objects, strict=True):
        run("avr-gcc", "-c", *flags, *includes(folder, CORES["avr"]), *own, str(source), "-o", out)
    sizes = subprocess.run(
        ["avr-size", "-A", *objects], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    # The model's weights stay in flash.
    assert ".progmem.data" in sizes


Talk = Callable[[str], AbstractContextManager[Device]]


@pytest.fixture(scope="module")
def talk(project: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Talk:
    """Runs the firmware of a kind of core as a process, and connects to it."""
    built: dict[str, Path] = {}

    def program(name: str) -> Path:
        if name not in built:
            folder, core = project(name), CORES[name]
            out = tmp_path_factory.mktemp(f"{name}-program")
            sources = [*folder.glob("lib/*/src/*.c"), *folder.glob("src/*.c")]
            flags = [*includes(folder, core), f"-I{folder}/lib/digits/src"]
            objects = [str(out / f"{source.stem}-c.o") for source in sources]
            for source, target in zip(sources, objects, strict=True):
                run("gcc", "-c", "-O1", *flags, str(source), "-o", target)
            cpp = [*folder.glob("src/*.cpp"), STUBS / "core.cpp"]
            cpp += (STUBS / core.stubs).glob("*.cpp")
            built[name] = out / "firmware"
            run("g++", "-O1", *flags, *map(str, cpp), *objects, "-o", str(built[name]))
        return built[name]

    @contextmanager
    def start(name: str) -> Iterator[Device]:
        with running(program(name)) as place:
            flashed = replace(place, board="duino", model_sha256="", build_id="")
            with device.connect(flashed) as dut:
                yield dut

    return start


@pytest.mark.parametrize("name", ["avr", "esp", "rp2"])
def test_the_firmware_answers_from_every_core(name: str, talk: Talk, model: CompiledModel) -> None:
    inputs = np.random.default_rng(2).integers(
        -128, 128, (3, model.input.size_bytes), dtype=np.int8
    )
    with talk(name) as dut, HostModel(model) as host:
        assert (dut.hello.board, dut.hello.counter_unit) == ("duino", CORES[name].counter.unit)
        answers = [dut.infer(row) for row in inputs]
        assert [answer.output for answer in answers] == [
            row.tobytes() for row in host.invoke(inputs)
        ]
        assert all(answer.count > 0 for answer in answers)
        telemetry = dut.telemetry()
    assert telemetry.inferences == len(inputs)


def test_a_core_tells_of_its_heap_and_stack_what_it_knows(talk: Talk) -> None:
    with talk("esp") as dut:
        esp = dut.telemetry()
    assert (esp.stack_bytes, esp.stack_used_bytes) == (8192, 8192 - 5000)
    assert (esp.heap_free_bytes, esp.reset_reason) == (123456, 3)
    with talk("avr") as dut:
        avr = dut.telemetry()
    assert (avr.stack_bytes, avr.stack_used_bytes, avr.heap_free_bytes) == (0, 0, 0)
    assert avr.uptime_ms > 0


@pytest.mark.parametrize(("name", "can"), [("avr", False), ("esp", False), ("rp2", True)])
def test_the_bootloader_is_asked_for_where_the_core_can(name: str, can: bool, talk: Talk) -> None:
    with talk(name) as dut:
        if can:
            dut.reset(bootloader=True)
        else:
            with pytest.raises(DeviceError, match=r"unsupported|cannot|not supported"):
                dut.reset(bootloader=True)
