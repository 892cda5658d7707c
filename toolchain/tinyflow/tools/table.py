"""The table of every program and Python package tinyflow can need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tinyflow.errors import ProjectError, near_miss


@dataclass(frozen=True)
class Tool:
    """One thing tinyflow can need. Exactly one of three ways says how it is seen.

    `version` is the argument list of a program that prints its version; `requirement` alone is a
    Python package, seen by its metadata; neither means tinyflow makes it itself and the caller
    says where it is. `packages` names what installs it, by package manager; a name `a|b` stands
    for the first of the two that the package manager knows. `libraries` are files of which a
    compiler must find at least one itself: a cross compiler without its C library builds nothing.
    `elsewhere` says what to install where no package manager is known to have it. `status` is what
    a program ends with when it shows its version.
    """

    name: str
    purpose: str
    version: tuple[str, ...] = ()
    requirement: str = ""
    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()
    elsewhere: str = ""
    status: int = 0

    @property
    def distribution(self) -> str:
        """The Python package's name, without its version limits; empty when there is none."""
        return re.split(r"[^A-Za-z0-9._-]", self.requirement, maxsplit=1)[0]

    @property
    def provided(self) -> bool:
        """Whether tinyflow makes it itself, so that only the caller knows where it is."""
        return not self.version and not self.requirement


def _table(*entries: Tool) -> dict[str, Tool]:
    return {tool.name: tool for tool in entries}


def _package(requirement: str, purpose: str) -> Tool:
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return Tool(name, purpose, requirement=requirement)


TOOLS: Mapping[str, Tool] = _table(
    Tool(
        "cc",
        "compiles the generated C for this machine",
        ("cc", "--version"),
        packages={
            "apt": ("gcc", "libc6-dev"),
            "dnf": ("gcc", "glibc-devel"),
            "pacman": ("gcc",),
            "zypper": ("gcc", "glibc-devel"),
        },
        elsewhere="a C compiler called cc (macOS: xcode-select --install)",
    ),
    Tool(
        "arm-none-eabi-gcc",
        "compiles for Cortex-M boards",
        ("arm-none-eabi-gcc", "--version"),
        packages={
            "apt": ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi"),
            "dnf": ("arm-none-eabi-gcc-cs", "arm-none-eabi-newlib"),
            "pacman": ("arm-none-eabi-gcc", "arm-none-eabi-newlib"),
            "brew": ("gcc-arm-embedded",),
        },
        libraries=("libc.a",),
        elsewhere="the Arm GNU toolchain for arm-none-eabi, with newlib",
    ),
    Tool(
        "qemu-system-arm",
        "emulates Cortex-M boards",
        ("qemu-system-arm", "--version"),
        packages={
            "apt": ("qemu-system-arm",),
            "dnf": ("qemu-system-arm",),
            "pacman": ("qemu-system-arm",),
            "zypper": ("qemu-arm",),
            "brew": ("qemu",),
        },
        elsewhere="QEMU's system emulator for Arm",
    ),
    Tool(
        "xtensa-lx106-elf-gcc",
        "compiles for ESP32 boards without an SDK",
        ("xtensa-lx106-elf-gcc", "--version"),
        packages={"apt": ("gcc-xtensa-lx106", "picolibc-xtensa-lx106-elf")},
        libraries=("libc.a",),
        elsewhere="GCC for xtensa-lx106-elf, with picolibc (Debian's gcc-xtensa-lx106)",
    ),
    Tool(
        "qemu-system-xtensa",
        "emulates Xtensa boards",
        ("qemu-system-xtensa", "--version"),
        packages={
            # Newer Debians moved it out of qemu-system-misc into a package of its own.
            "apt": ("qemu-system-xtensa|qemu-system-misc",),
            "dnf": ("qemu-system-xtensa",),
            "pacman": ("qemu-system-xtensa",),
            "zypper": ("qemu-extra",),
            "brew": ("qemu",),
        },
        elsewhere="QEMU's system emulator for Xtensa",
    ),
    Tool(
        "riscv64-unknown-elf-gcc",
        "compiles for RISC-V boards",
        ("riscv64-unknown-elf-gcc", "--version"),
        packages={
            "apt": ("gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf"),
            "brew": ("riscv-software-src/riscv/riscv-gnu-toolchain",),
        },
        libraries=("picolibc.specs", "libc.a"),
        elsewhere="the RISC-V GNU toolchain for riscv64-unknown-elf, with picolibc or newlib",
    ),
    Tool(
        "qemu-system-riscv32",
        "emulates RISC-V boards",
        ("qemu-system-riscv32", "--version"),
        packages={
            # Newer Debians moved it out of qemu-system-misc into a package of its own.
            "apt": ("qemu-system-riscv|qemu-system-misc",),
            "dnf": ("qemu-system-riscv",),
            "pacman": ("qemu-system-riscv",),
            "zypper": ("qemu-extra",),
            "brew": ("qemu",),
        },
        elsewhere="QEMU's system emulator for 32-bit RISC-V",
    ),
    Tool(
        "avr-gcc",
        "compiles for AVR boards",
        ("avr-gcc", "--version"),
        packages={
            "apt": ("gcc-avr", "avr-libc"),
            "dnf": ("avr-gcc", "avr-libc"),
            "pacman": ("avr-gcc", "avr-libc"),
            "brew": ("osx-cross/avr/avr-gcc",),
        },
        libraries=("libc.a",),
        elsewhere="GCC for AVR, with avr-libc",
    ),
    Tool(
        "qemu-system-avr",
        "emulates AVR boards",
        ("qemu-system-avr", "--version"),
        packages={
            # In some Debians it is part of qemu-system-misc.
            "apt": ("qemu-system-avr|qemu-system-misc",),
            "dnf": ("qemu-system-avr",),
            "pacman": ("qemu-system-avr",),
            "zypper": ("qemu-extra",),
            "brew": ("qemu",),
        },
        elsewhere="QEMU's system emulator for AVR",
    ),
    Tool(
        "avrdude",
        "writes images to AVR boards",
        ("avrdude", "-?"),
        packages={
            "apt": ("avrdude",),
            "dnf": ("avrdude",),
            "pacman": ("avrdude",),
            "zypper": ("avrdude",),
            "brew": ("avrdude",),
        },
        elsewhere="avrdude",
    ),
    Tool(
        "openocd",
        "programs chips through a debug probe",
        ("openocd", "--version"),
        packages={
            "apt": ("openocd",),
            "dnf": ("openocd",),
            "pacman": ("openocd",),
            "zypper": ("openocd",),
            "brew": ("open-ocd",),
        },
        elsewhere="OpenOCD, 0.12 or newer",
    ),
    Tool(
        "stm32flash",
        "programs STM32 chips through the bootloader in their ROM",
        ("stm32flash", "-h"),
        packages={
            "apt": ("stm32flash",),
            "dnf": ("stm32flash",),
            "pacman": ("stm32flash",),
            "brew": ("stm32flash",),
        },
        elsewhere="stm32flash, 0.5 or newer",
    ),
    Tool(
        "pyocd",
        "writes images through a debug probe",
        ("pyocd", "--version"),
        requirement="pyocd>=0.36,<1",
    ),
    Tool(
        "picotool",
        "writes images to RP2040 and RP2350 boards over USB",
        ("picotool", "version"),
        packages={"brew": ("picotool",)},
        elsewhere="picotool (https://github.com/raspberrypi/picotool)",
    ),
    Tool(
        "bossac",
        "writes images through Arduino's SAM-BA bootloader",
        ("bossac", "--help"),
        # Linux distributions' own knows no nRF52840.
        elsewhere="Arduino's bossac 1.9.1-arduino2 (arduino-cli core install arduino:mbed_nano)",
        status=1,
    ),
    Tool(
        "cmake",
        "configures firmware builds",
        ("cmake", "--version"),
        requirement="cmake>=3.25",
    ),
    Tool("ninja", "runs firmware builds", ("ninja", "--version"), requirement="ninja>=1.11"),
    _package("platformio>=6.2,<6.3", "builds firmware as a PlatformIO project"),
    _package("esptool>=5.6,<6", "writes images to Espressif chips"),
    _package("tensorflow>=2.21,<2.22", "trains and quantises"),
    _package("protobuf>=6.31.1,<7", "TensorFlow's messages"),
    _package("numpy", "arrays"),
    _package("scikit-learn", "data sets and splits"),
    _package("pyserial>=3.5", "serial ports"),
    _package("jinja2>=3.1", "fills templates"),
    _package("click>=8.1.8,<8.6", "the command line"),
    _package("cbor2>=5.6", "the device protocol's messages"),
    _package("cobs>=1.2", "the device protocol's frames"),
    _package("cffi>=1.16", "calls the generated C on this computer"),
    _package("pydantic>=2.11", "checks project and board files"),
    _package("annotated-types>=0.7", "limits in project and board files"),
    _package("rich>=13", "progress and tables"),
    _package("starlette>=1", "the dashboard's pages"),
    _package("uvicorn>=0.34", "serves the dashboard"),
    _package("gravis==0.1.0", "carries D3, which draws the dashboard"),
    _package("pyyaml>=6", "reads the hardware maps of test rigs"),
    Tool("tool-scons", "PlatformIO's build engine"),
    Tool("espressif32", "PlatformIO's platform for Espressif chips: ESP-IDF and its compilers"),
    Tool("pioarduino-espressif32", "the community's platform for Espressif chips: Arduino core 3"),
    Tool("ststm32", "PlatformIO's platform for STM32: Arduino core and compiler"),
    Tool("nordicnrf52", "PlatformIO's platform for nRF52: Arduino cores and compiler"),
    Tool("maxgerhardt-raspberrypi", "the community's platform for RP2040 and RP2350: Arduino core"),
    Tool("atmelavr", "PlatformIO's platform for AVR: Arduino core and compiler"),
    Tool("reference-interpreter", "the .tflite interpreter that generated code is compared with"),
)

PYTHON_PACKAGES: tuple[str, ...] = tuple(
    tool.name for tool in TOOLS.values() if tool.requirement and not tool.version
)


def entry(name: str) -> Tool:
    """The table's entry. Raises ProjectError for a name it does not have."""
    if name in TOOLS:
        return TOOLS[name]
    close = near_miss(name, TOOLS)
    raise ProjectError(
        f"tool {name} is unknown" + (f", did you mean {close}?" if close else ""),
        [f"known: {', '.join(TOOLS)}"],
    )
