"""The ports compile without a warning, with the compilers of the boards that use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyflow import paths, process
from tinyflow.boards import load_board

WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wcast-qual",
    "-Wshadow",
    "-Wundef",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wdouble-promotion",
    "-Wvla",
]


@pytest.mark.parametrize("optimisation", ["-O0", "-O2", "-Os"])
@pytest.mark.parametrize(
    "name",
    [
        "native",
        "qemu-m4",
        "qemu-m3",
        "qemu-m33",
        "qemu-m55",
        "qemu-riscv32",
        "microbit",
        "nrf52840-dk",
        "pico",
        "pico2",
        "stm32f405",
        "nucleo-l4r5zi",
        "qemu-lx6",
        "esp32",
        "esp32c3",
        "arduino-mega",
    ],
)
def test_a_port_compiles_without_a_warning(name: str, optimisation: str, tmp_path: Path) -> None:
    toolchain = load_board(name).toolchain
    assert toolchain is not None
    compiler = toolchain.compiler
    firmware = paths.data_folder("firmware")
    layers = [firmware / "ports" / layer for layer in load_board(name).port_layers]
    sources = sorted(file for layer in layers for file in layer.glob("*.c"))
    assert sources
    figures = "#define TNF_BAUD 115200u\n"
    (tmp_path / "tnf_board.h").write_text(figures, encoding="utf-8")
    for source in sources:
        process.run(
            [
                *(compiler, *toolchain.cpu_flags, f"-std={toolchain.standard}", *WARNINGS),
                *(optimisation, f"-I{tmp_path}"),
                *(f"-I{place}" for place in (firmware / "include", *layers)),
                *("-c", str(source), "-o", str(tmp_path / "port.o")),
            ],
            timeout=60,
        )
