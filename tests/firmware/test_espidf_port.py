"""The ESP-IDF port against stand-ins for the SDK: compiles clean, and does what the port must."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest

from tinyflow import paths

STUBS = Path(__file__).parent / "espidf_stubs"
PORT = paths.data_folder("firmware") / "ports" / "espidf" / "port.c"
STACK_BYTES = 8192

# fmt: off
WARNINGS = (
    "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wsign-conversion",
    "-Wcast-qual", "-Wshadow", "-Wundef", "-Wstrict-prototypes", "-Wmissing-prototypes",
    "-Wdouble-promotion", "-Wvla",
)
# fmt: on


class Health(ctypes.Structure):
    _fields_ = (
        ("uptime_ms", ctypes.c_uint32),
        ("stack_bytes", ctypes.c_uint32),
        ("stack_used_bytes", ctypes.c_uint32),
        ("heap_free_bytes", ctypes.c_uint32),
        ("reset_reason", ctypes.c_uint32),
        ("clock_hz", ctypes.c_uint32),
    )


def compile_port(compiler: str, folder: Path, *arguments: str) -> None:
    (folder / "tnf_board.h").write_text(
        f"#define TNF_BAUD 115200\n#define TNF_STACK_BYTES {STACK_BYTES}u\n"
    )
    includes = [
        f"-I{place}" for place in (STUBS, folder, paths.data_folder("firmware") / "include")
    ]
    subprocess.run(
        [compiler, *WARNINGS, *includes, str(PORT), *arguments], check=True, cwd=folder, timeout=60
    )


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("espidf")
    library = folder / "port.so"
    compile_port("gcc", folder, "-shared", "-fPIC", "-Wno-missing-prototypes",
                 str(STUBS / "sdk.c"), str(STUBS / "application.c"), "-o", str(library))  # fmt: skip
    loaded = ctypes.CDLL(str(library))
    loaded.tnf_port_read.restype = ctypes.c_size_t
    for name in ("tnf_port_counter", "tnf_port_uptime_ms"):
        getattr(loaded, name).restype = ctypes.c_uint32
    loaded.tnf_port_init()
    return loaded


def number(port: ctypes.CDLL, name: str, kind: type[ctypes._SimpleCData[int]]) -> int:
    return kind.in_dll(port, name).value


@pytest.mark.parametrize("compiler", ["gcc", "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"])
def test_the_port_compiles_without_a_warning(compiler: str, tmp_path: Path) -> None:
    system = ("-ffreestanding",) if compiler.startswith("riscv64") else ()
    compile_port(compiler, tmp_path, "-c", "-O2", *system, "-o", "port.o")
    assert (tmp_path / "port.o").is_file()


def test_init_sets_the_baud_rate_and_has_the_loop_watched(port: ctypes.CDLL) -> None:
    assert number(port, "stub_baud", ctypes.c_int) == 115200
    assert number(port, "stub_watchdog_adds", ctypes.c_uint) == 1


def test_a_read_takes_what_is_there_without_waiting(port: ctypes.CDLL) -> None:
    inbox = (ctypes.c_uint8 * 256).in_dll(port, "stub_inbox")
    inbox[:5] = list(b"abcde")
    ctypes.c_size_t.in_dll(port, "stub_inbox_bytes").value = 5
    ctypes.c_uint32.in_dll(port, "stub_waited_ticks").value = 0
    buffer = (ctypes.c_uint8 * 16)()
    assert port.tnf_port_read(buffer, ctypes.c_size_t(3)) == 3
    assert bytes(buffer[:3]) == b"abc"
    assert port.tnf_port_read(buffer, ctypes.c_size_t(16)) == 2
    assert bytes(buffer[:2]) == b"de"
    assert number(port, "stub_waited_ticks", ctypes.c_uint32) == 0


def test_an_empty_read_gives_the_core_away_and_feeds_the_watchdog(port: ctypes.CDLL) -> None:
    ctypes.c_uint32.in_dll(port, "stub_waited_ticks").value = 0
    before = number(port, "stub_watchdog_resets", ctypes.c_uint)
    buffer = (ctypes.c_uint8 * 16)()
    assert port.tnf_port_read(buffer, ctypes.c_size_t(16)) == 0
    assert number(port, "stub_waited_ticks", ctypes.c_uint32) > 0
    assert number(port, "stub_watchdog_resets", ctypes.c_uint) == before + 1


def test_a_write_sends_everything(port: ctypes.CDLL) -> None:
    data = bytes(range(250))
    port.tnf_port_write(data, ctypes.c_size_t(len(data)))
    outbox = (ctypes.c_uint8 * 256).in_dll(port, "stub_outbox")
    assert number(port, "stub_outbox_bytes", ctypes.c_size_t) == len(data)
    assert bytes(outbox[: len(data)]) == data


def test_counter_and_uptime_are_the_sdk_s_in_32_bits(port: ctypes.CDLL) -> None:
    assert port.tnf_port_counter() == 0xFFFFFFF0
    assert port.tnf_port_uptime_ms() == 5_000_000_000 % 2**32


def test_health_tells_stack_heap_and_reset_reason(port: ctypes.CDLL) -> None:
    health = Health()
    port.tnf_port_health(ctypes.byref(health))
    assert health.stack_bytes == STACK_BYTES
    assert health.stack_used_bytes == STACK_BYTES - 5000
    assert health.heap_free_bytes == 123456
    assert health.reset_reason == 3


def test_the_bootloader_cannot_be_asked_for(port: ctypes.CDLL) -> None:
    unsupported = 7
    assert port.tnf_port_reset(ctypes.c_bool(True)) == unsupported
