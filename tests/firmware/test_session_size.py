"""What the device's side of the protocol takes of a Cortex-M4, and that it compiles for others."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from fake_board import WARNINGS, firmware_sources, includes

from tinyflow import process

# Files of firmware/protocol: frames, CBOR, CRC-32, requests, replies, session, console for people.
# Not among them are those of firmware/runtime: runs of the model, telemetry, and what it says.
PROTOCOL_FLASH_BYTES_MAX = 3072
FLASH_BYTES_MAX = 5000
TELEMETRY_FLASH_BYTES_MAX = 1536  # what inferences are remembered by, sketched and scored
SESSION_BYTES_MAX = 3040  # on a Cortex-M4
TELEMETRY_BYTES_MAX = 512
TELEMETRY = ("tnf_telemetry", "tnf_drift")


CROSS = {
    "arm": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"],
    "riscv": [
        *("riscv64-unknown-elf-gcc", "--specs=picolibc.specs"),
        *("-march=rv32imc", "-mabi=ilp32"),
    ],
    "avr": ["avr-gcc", "-mmcu=atmega2560"],
}


@pytest.mark.parametrize("target", sorted(CROSS))
def test_it_compiles_for_boards(tmp_path: Path, target: str) -> None:
    standard = "-std=gnu99" if target == "avr" else "-std=c99"
    for source in firmware_sources():
        command = [*CROSS[target], standard, "-Os", *WARNINGS, *includes(), "-c", str(source)]
        process.run([*command, "-o", str(tmp_path / f"{source.stem}.o")], timeout=60)


def test_it_stays_small(tmp_path: Path) -> None:
    """What a session takes of a Cortex-M4, linked without what is never called."""
    probe = tmp_path / "probe.c"
    probe.write_text(
        '#include "tnf_session.h"\n'
        "extern char session[sizeof(tnf_session_t)], telemetry[sizeof(tnf_telemetry_t)];\n"
        "char session[sizeof(tnf_session_t)], telemetry[sizeof(tnf_telemetry_t)];\n"
    )
    process.run(
        [*CROSS["arm"], *includes(), "-c", str(probe), "-o", str(tmp_path / "probe.o")], timeout=60
    )
    told = process.run(
        ["arm-none-eabi-nm", "-S", "--radix=d", str(tmp_path / "probe.o")], timeout=20
    ).stdout
    sizes = {row.split()[3]: int(row.split()[1]) for row in told.splitlines()}
    assert sizes["session"] <= SESSION_BYTES_MAX
    assert sizes["telemetry"] <= TELEMETRY_BYTES_MAX

    # What the port and the C library give, as empty functions, which take a word each.
    given = ("read", "write", "counter", "uptime_ms", "health", "reset")
    names = [f"tnf_port_{name}" for name in given]
    names += ["memchr", "memcmp", "memcpy", "memmove", "memset", "strcmp", "strlen", "strncmp"]
    stubs = tmp_path / "stubs.c"
    stubs.write_text("".join(f"void {name}(void);\nvoid {name}(void) {{}}\n" for name in names))
    flags = ["-Os", "-fno-builtin", "-ffunction-sections"]
    process.run(
        [*CROSS["arm"], *flags, "-c", str(stubs), "-o", str(tmp_path / "stubs.o")], timeout=60
    )
    linked = tmp_path / "linked.elf"
    command = [*CROSS["arm"], "-std=c99", "-Os", "-ffunction-sections", "-fdata-sections"]
    link = ["-nostdlib", "--gc-sections", "-e", "tnf_session_poll", "-u", "tnf_session_init"]
    command += [flag if flag == "-nostdlib" else f"-Wl,{flag}" for flag in link]
    command += [*includes(), *map(str, firmware_sources()), str(tmp_path / "stubs.o")]
    command += ["-save-temps=obj", f"-Wl,-Map={tmp_path / 'linked.map'}"]
    process.run([*command, "-lgcc", "-o", str(linked)], timeout=120)
    told = process.run(["arm-none-eabi-size", str(linked)], timeout=20).stdout
    text, data = (int(word) for word in told.splitlines()[1].split()[:2])
    assert data == 0, "state belongs to the caller"
    objects = [str(file) for file in tmp_path.glob("*tnf_*.o") if file.stem.endswith(TELEMETRY)]
    told = process.run(["arm-none-eabi-size", *objects], timeout=20).stdout
    telemetry = sum(int(line.split()[0]) for line in told.splitlines()[1:])
    assert len(objects) == len(TELEMETRY) and 1000 < telemetry <= TELEMETRY_FLASH_BYTES_MAX
    assert 2000 < text - telemetry - 4 * len(names) <= FLASH_BYTES_MAX
    files = linked_bytes((tmp_path / "linked.map").read_text())
    protocol = {file.stem for file in firmware_sources() if file.parent.name == "protocol"}
    assert protocol <= files.keys()
    total = sum(files[name] for name in protocol)
    assert 2000 < total <= PROTOCOL_FLASH_BYTES_MAX, files


def linked_bytes(text: str) -> Counter[str]:
    """Code and constants in a linker's map, by the stem of the source file."""
    sections = text[text.index("Linker script and memory map") :]
    found: Counter[str] = Counter()
    line = r"^ \.(?:text|rodata)\S*\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$"
    for size, place in re.findall(line, sections, re.MULTILINE):
        found[Path(place).stem.removeprefix("linked.elf-")] += int(size, 16)
    return found
