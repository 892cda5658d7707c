"""Board profiles: what tinyflow knows of a board, as data.

One `boards/<name>.toml` each, without inheritance; a project's own `boards/` come first. The
dataclasses below are the schema of that file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from tinyflow import paths, schema
from tinyflow.errors import ProjectError, near_miss

Bytes = Annotated[int, Ge(0)]


@dataclass(frozen=True)
class Memory(schema.Checked):
    """Where the linker may put things. `arena_bytes` is the most the tensor arena may take."""

    flash_origin: Bytes
    flash_bytes: Annotated[int, Gt(0)]
    ram_origin: Bytes
    ram_bytes: Annotated[int, Gt(0)]
    stack_bytes: Annotated[int, Gt(0)] = 4096


@dataclass(frozen=True)
class Toolchain(schema.Checked):
    """The C compiler. `prefix` stands before gcc ("arm-none-eabi-"); empty is the host's cc.

    `cpu_flags` go to the compiler, the assembler and the linker; `link_flags` to the linker only.
    `linker_script` is a template below `templates/linker/`, empty for the host.
    """

    prefix: str
    cpu_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    linker_script: str = ""


@dataclass(frozen=True)
class Counter(schema.Checked):
    """What the device counts during an inference.

    Counts are `ticks * multiply / divide`, rounded; an emulated board's timer runs in units that
    are not the unit reported.
    """

    unit: Literal["instructions", "cycles", "nanoseconds"]
    multiply: Annotated[int, Gt(0)] = 1
    divide: Annotated[int, Gt(0)] = 1


@dataclass(frozen=True)
class Qemu(schema.Checked):
    """The emulator: its program, the machine and further arguments."""

    program: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Esptool(schema.Checked):
    """How esptool writes this chip."""

    chip: str
    flash_mode: str = "dio"
    flash_freq: str = "40m"
    flash_size: str = "4MB"
    baud: Annotated[int, Gt(0)] = 460800


@dataclass(frozen=True)
class Platformio(schema.Checked):
    """The PlatformIO environment.

    Platform `tinyflow` is tinyflow's own development platform, which takes GCC from PATH.
    """

    platform: str
    board: str
    framework: str = ""
    platform_packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class UsbId(schema.Checked):
    """A USB serial chip that such boards carry; used to find the port."""

    vendor: Annotated[int, Ge(0)]
    product: Annotated[int, Ge(0)]
    chip: str


@dataclass(frozen=True)
class BoardProfile(schema.Checked):
    """One board. `tools` are names in `tools.TOOLS`; `builders` begins with the default.

    `port_layer` is a folder below `firmware/ports/`. `clock_hz` is 0 where a clock has no meaning
    (emulators, host processes) or is measured by the firmware.
    """

    name: str
    title: str
    builders: tuple[Literal["cmake", "platformio"], ...]
    runner: Literal["native", "qemu", "esptool"]
    backend: Literal["ref"]
    port_layer: str
    baud: Annotated[int, Gt(0)]
    memory: Memory
    counter: Counter
    tools: tuple[str, ...]
    toolchain: Toolchain | None = None
    clock_hz: Annotated[int, Ge(0)] = 0
    qemu: Qemu | None = None
    esptool: Esptool | None = None
    platformio: Platformio | None = None
    usb: tuple[UsbId, ...] = ()

    @property
    def emulated(self) -> bool:
        """Whether the board is a program on this machine, started by its runner."""
        return self.runner in ("native", "qemu")


def board_folders(project: Path | None = None) -> list[Path]:
    """Where profiles are looked for: the project's own boards first."""
    own = [project / "boards"] if project is not None else []
    return [*own, paths.data_folder("boards")]


def board_names(folders: Sequence[Path] | None = None) -> list[str]:
    """All boards there are, sorted."""
    places = board_folders() if folders is None else folders
    return sorted({file.stem for place in places for file in place.glob("*.toml")})


def load_board(name: str, project: Path | None = None) -> BoardProfile:
    """The profile of board `name`. Raises ProjectError when there is none or it is broken."""
    folders = board_folders(project)
    for folder in folders:
        file = folder / f"{name}.toml"
        if name == file.stem and file.is_file():
            profile = schema.check(BoardProfile, schema.read_toml(file), file)
            if profile.name != name:
                raise ProjectError(f"{file} names board {profile.name}, its file name says {name}")
            return profile
    known = board_names(folders)
    close = near_miss(name, known)
    raise ProjectError(
        f"board {name} is unknown" + (f", did you mean {close}?" if close else ""),
        [f"known: {', '.join(known)}"],
        ["tinyflow boards"],
    )
