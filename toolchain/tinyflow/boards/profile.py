"""What tinyflow knows of a board, as data.

The dataclasses are the schema of `boards/<name>.toml`; the text under each key is its
documentation, which `document` prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, get_args

from annotated_types import Ge, Gt, Len

from tinyflow import schema
from tinyflow.boards.timing import Timing
from tinyflow.errors import ProjectError, near_miss

Bytes = Annotated[int, Ge(0)]
Positive = Annotated[int, Gt(0)]

Builder = Literal["cmake", "platformio", "arduino"]
Runner = Literal[
    "native",
    "qemu",
    "esptool",
    "openocd",
    "pyocd",
    "picotool",
    "uf2",
    "stm32flash",
    "avrdude",
    "bossac",
]
Reset = Literal["none", "esp-classic", "esp-usb-jtag", "touch-1200", "dtr-pulse"]

# PlatformIO's name of the platform that generated projects carry themselves.
OWN_PLATFORM = "tinyflow"


@dataclass(frozen=True)
class Memory(schema.Checked):
    """Where the linker may put things."""

    flash_origin: Bytes
    """Address of the first byte of flash that the image may take; of a chip whose loader asks for
    offsets into the flash chip, that offset."""
    flash_bytes: Positive
    """Flash the image may take."""
    ram_origin: Bytes
    """Address of the first byte of RAM."""
    ram_bytes: Positive
    """RAM for the arena, all variables and the stack."""
    stack_bytes: Positive = 4096
    """What of the RAM is the main stack."""
    code_origin: Bytes = 0
    """Address of the RAM that code runs from, where that is a memory of its own."""
    code_bytes: Bytes = 0
    """Size of that memory; 0 where code runs from flash, or from the same RAM as all else."""
    slow_ram_origin: Bytes = 0
    """Address of further RAM that is slower, such as PSRAM, ready before `main`."""
    slow_ram_bytes: Bytes = 0
    """Size of that RAM, 0 where there is none. Tensors for which the arena has no room lie there.
    With an SDK it holds only where the builder's own section says so, with a `TNF_SLOW_MEMORY` in
    `build_flags` that names the section of the SDK's linker script."""


@dataclass(frozen=True)
class Toolchain(schema.Checked):
    """The C compiler of the bare-metal build."""

    prefix: str
    """What stands before gcc ("arm-none-eabi-"); empty is the host's cc."""
    standard: Literal["c99", "gnu99"] = "c99"
    """The C standard; `gnu99` where constants stay in flash by an extension of the compiler's."""
    cpu_flags: tuple[str, ...] = ()
    """For the compiler, the assembler and the linker."""
    link_flags: tuple[str, ...] = ()
    """For the linker only."""
    linker_script: str = ""
    """A template below `templates/linker/`; empty where the compiler's own script is used."""

    @property
    def compiler(self) -> str:
        """The compiler's command."""
        return f"{self.prefix}gcc" if self.prefix else "cc"


@dataclass(frozen=True)
class Counter(schema.Checked):
    """What the device counts during an inference: `ticks * multiply / divide`, rounded.

    An emulated board's timer runs in units that are not the unit reported.
    """

    unit: Literal["instructions", "cycles", "nanoseconds"]
    """What a count is."""
    multiply: Positive = 1
    """1 to 65535."""
    divide: Positive = 1
    """1 to 65535."""


@dataclass(frozen=True)
class Qemu(schema.Checked):
    """Runner `qemu`: the emulator."""

    program: str
    """Its command."""
    arguments: tuple[str, ...]
    """The machine and what else it is told."""
    image: Literal["kernel", "bios", "flash"] = "kernel"
    """How it is given the image: `-kernel` or `-bios` with the ELF file, or `flash`: a flash chip
    that esptool writes through the emulated chip's own loader."""
    counter: Counter | None = None
    """Instead of [counter] when the board runs in the emulator."""


@dataclass(frozen=True)
class Esptool(schema.Checked):
    """Runner `esptool`: how this chip's flash is written."""

    chip: str
    """esptool's name of the chip."""
    flash_mode: str = "dio"
    """Lines and protocol of the flash chip."""
    flash_freq: str = "40m"
    """Its clock."""
    flash_size: str = "4MB"
    """Its size."""
    baud: Positive = 460800
    """Baud rate while writing."""

    @property
    def boot_offset(self) -> int:
        """Where in flash the chip's ROM looks for what it starts."""
        return 0x1000 if self.chip in ("esp32", "esp32s2") else 0


@dataclass(frozen=True)
class Platformio(schema.Checked):
    """One PlatformIO environment.

    Platform `tinyflow` is tinyflow's own development platform, which takes GCC from PATH; then the
    image is the bare-metal one. With a `framework` the SDK's own compiler, start-up and linker
    script are used, and the keys below that are also at the top of the file stand for them.
    """

    platform: str
    """PlatformIO's platform, with its version ("espressif32 @ ~6.13.0")."""
    board: str
    """PlatformIO's name of the board."""
    framework: str = ""
    """`espidf` or `arduino`; empty for bare metal."""
    platform_packages: tuple[str, ...] = ()
    """Packages pinned beside the platform."""
    options: tuple[str, ...] = ()
    """Further lines of platformio.ini ("board_build.core = earlephilhower")."""
    port_layers: tuple[str, ...] = ()
    """Instead of the board's."""
    memory: Memory | None = None
    """Instead of the board's."""
    clock_hz: Annotated[int, Ge(0)] | None = None
    """Instead of the board's."""
    counter: Counter | None = None
    """Instead of the board's."""


@dataclass(frozen=True)
class Openocd(schema.Checked):
    """Runner `openocd`: a debug probe on SWD or JTAG."""

    config: Annotated[tuple[str, ...], Len(1)]
    """Configuration files of OpenOCD's own, in order ("interface/stlink.cfg")."""


@dataclass(frozen=True)
class Pyocd(schema.Checked):
    """Runner `pyocd`: a CMSIS-DAP or ST-Link probe."""

    target: str
    """pyOCD's name of the chip."""


@dataclass(frozen=True)
class Uf2(schema.Checked):
    """Runner `uf2`: the bootloader's drive, which takes UF2 files."""

    family: Positive
    """The chip's family id."""
    board_id: str
    """What `Board-ID` in the drive's INFO_UF2.TXT begins with."""


@dataclass(frozen=True)
class Stm32flash(schema.Checked):
    """Runner `stm32flash`: the ROM's bootloader on a UART."""

    baud: Positive = 115200
    """Baud rate while writing."""


@dataclass(frozen=True)
class Avrdude(schema.Checked):
    """Runner `avrdude`: a serial bootloader of an AVR."""

    part: str
    """avrdude's name of the chip."""
    programmer: str
    """The bootloader's protocol, as avrdude calls it."""
    baud: Positive = 115200
    """Baud rate while writing."""


@dataclass(frozen=True)
class Bossac(schema.Checked):
    """Runner `bossac`: the SAM-BA bootloader, over USB."""

    offset: Bytes
    """Where in flash the application begins."""


@dataclass(frozen=True)
class UsbId(schema.Checked):
    """A USB serial chip that such boards carry; used to find the port."""

    vendor: Annotated[int, Ge(0)]
    """Its USB vendor id."""
    product: Annotated[int, Ge(0)]
    """Its USB product id."""
    chip: str
    """What it is called."""
    reset: Reset | None = None
    """How its lines reset the board, where that is not as `reset` at the top says."""


@dataclass(frozen=True)
class BoardProfile(schema.Checked):
    """One board, with every way to build for it and to run on it."""

    name: str
    """The file's name without .toml."""
    title: str
    """What a person calls it."""
    builders: Annotated[tuple[Builder, ...], Len(1)]
    """What builds for it, the default first: `cmake` (bare metal, a compiler from PATH),
    `platformio` (its section says which SDK), `arduino` (PlatformIO with the Arduino core)."""
    runners: Annotated[tuple[Runner, ...], Len(1)]
    """What puts an image on it and starts it, the default first."""
    backend: Literal["ref", "portable", "armv6m", "armv7m", "armv7em", "mve", "rv32", "lx6"]
    """The kernels: a folder below `firmware/kernels/`."""
    port_layers: Annotated[tuple[str, ...], Len(1)]
    """What the board needs besides the model: folders of `ports/` beside the project, or of
    tinyflow's `firmware/ports/`, all files of each."""
    baud: Positive
    """Baud rate of the console."""
    memory: Memory
    """Where the linker may put things."""
    counter: Counter
    """What the device counts."""
    clock_hz: Annotated[int, Ge(0)] = 0
    """Clock of the core; 0 where a clock has no meaning, or the firmware measures it."""
    reset: Reset = "none"
    """How the serial port's lines reset the board."""
    toolchain: Toolchain | None = None
    """The C compiler, for bare metal."""
    timing: Timing | None = None
    """What its cycles are estimated by."""
    platformio: Platformio | None = None
    """For builder `platformio`."""
    arduino: Platformio | None = None
    """For builder `arduino`."""
    qemu: Qemu | None = None
    """For runner `qemu`."""
    esptool: Esptool | None = None
    """For runner `esptool`."""
    openocd: Openocd | None = None
    """For runner `openocd`."""
    pyocd: Pyocd | None = None
    """For runner `pyocd`."""
    uf2: Uf2 | None = None
    """For runners `uf2` and `picotool`."""
    stm32flash: Stm32flash | None = None
    """For runner `stm32flash`."""
    avrdude: Avrdude | None = None
    """For runner `avrdude`."""
    bossac: Bossac | None = None
    """For runner `bossac`."""
    usb: tuple[UsbId, ...] = ()
    """How its port is found."""

    @property
    def builder(self) -> str:
        """The builder in use: the default, or the one chosen with `for_builder`."""
        return self.builders[0]

    @property
    def runner(self) -> str:
        """The runner in use: the default, or the one chosen with `for_runner`."""
        return self.runners[0]

    @property
    def emulated(self) -> bool:
        """Whether the board is a program on this machine, started by its runner."""
        return self.runner in ("native", "qemu")

    @property
    def sdk(self) -> str:
        """The upstream PlatformIO platform that the builder in use needs; empty for bare metal."""
        settings = self._environment(self.builder)
        return settings.platform if settings and settings.platform != OWN_PLATFORM else ""

    def for_builder(self, builder: str) -> BoardProfile:
        """The profile as `builder` sees it: it is the only one, and what its section says of port
        layers, memory, clock and counter holds. Of an SDK it is not known that it starts slow RAM.
        Raises ProjectError when it is none of the board's.
        """
        chosen = tuple(name for name in self.builders if name == builder)
        if not chosen:
            raise _not_among(self.name, "built with", builder, "builders", self.builders)
        settings = self._environment(builder)
        if settings is None or settings.platform == OWN_PLATFORM:
            return replace(self, builders=chosen)
        return replace(
            self,
            builders=chosen,
            toolchain=None,
            platformio=settings,
            port_layers=settings.port_layers or self.port_layers,
            memory=settings.memory or replace(self.memory, slow_ram_origin=0, slow_ram_bytes=0),
            clock_hz=self.clock_hz if settings.clock_hz is None else settings.clock_hz,
            counter=settings.counter or self.counter,
        )

    def for_runner(self, runner: str) -> BoardProfile:
        """The profile with `runner` as the only one, and with the counter that it has there; in an
        emulator a clock has no meaning.

        Raises ProjectError when it is none of the board's.
        """
        chosen = tuple(name for name in self.runners if name == runner)
        if not chosen:
            raise _not_among(self.name, "run with", runner, "runners", self.runners)
        counter = self.qemu.counter if runner == "qemu" and self.qemu is not None else None
        clock_hz = 0 if runner == "qemu" else self.clock_hz
        return replace(self, runners=chosen, counter=counter or self.counter, clock_hz=clock_hz)

    def _environment(self, builder: str) -> Platformio | None:
        return {"platformio": self.platformio, "arduino": self.arduino}.get(builder)


# What a builder or runner cannot do without; the others need no section.
SECTIONS = {
    "cmake": "toolchain",
    "platformio": "platformio",
    "arduino": "arduino",
    "picotool": "uf2",
    **{name: name for name in get_args(Runner) if name not in ("native", "picotool")},
}


def platform_name(platform: str) -> str:
    """The name in a PlatformIO platform's specification.

    "platformio/espressif32 @ ~6.13.0" is espressif32; what comes by a URL may be another thing of
    that name: "https://github.com/owner/platform-espressif32.git#v1" is owner-espressif32.
    """
    place, _, address = platform.partition(" @")[0].partition("#")[0].strip().partition("://")
    if address:
        _host, owner, folder, *_ = [*address.removesuffix(".git").split("/"), "", ""]
        return f"{owner}-{folder.removeprefix('platform-')}"
    return place.rpartition("/")[2].partition("@")[0]


def _not_among(board: str, verb: str, found: str, what: str, known: Sequence[str]) -> ProjectError:
    close = near_miss(found, known)
    return ProjectError(
        f"board {board} is not {verb} {found}" + (f", did you mean {close}?" if close else ""),
        [f"its {what}: {', '.join(known)}"],
    )
