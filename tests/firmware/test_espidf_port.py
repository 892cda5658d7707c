"""The ESP-IDF port against stand-ins for the SDK: compiles clean, and does what the port must."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tinyflow import paths
from tinyflow.boards import load_board

STUBS = Path(__file__).parent / "espidf_stubs"
STACK_BYTES = 8192
UNSUPPORTED = 7

# What each chip's board lists, and what its ROM reads.
CHIPS = {
    "esp32": "",
    "esp32s3": "stub_rtc_option1",
    "esp32c3": "stub_rtc_option1",
    "esp32c6": "stub_lp_aon_sys_cfg",
}

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


def sources(chip: str) -> list[str]:
    layers = load_board(chip).for_builder("platformio").port_layers
    assert layers[0] == "espidf"
    ports = paths.data_folder("firmware") / "ports"
    return [str(file) for layer in layers for file in sorted((ports / layer).glob("*.c"))]


def flags(folder: Path) -> list[str]:
    (folder / "tnf_board.h").write_text(
        f"#define TNF_BAUD 115200\n#define TNF_STACK_BYTES {STACK_BYTES}u\n"
    )
    firmware = paths.data_folder("firmware")
    places = (STUBS, folder, firmware / "include", firmware / "ports" / "espidf")
    return [*WARNINGS, *(f"-I{place}" for place in places)]


def run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)


Load = Callable[[str], ctypes.CDLL]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """A chip's port on the stand-ins, each built once, initialised."""
    built: dict[str, Path] = {}

    def library(chip: str) -> Path:
        if chip not in built:
            folder = tmp_path_factory.mktemp(chip)
            stubs = [str(STUBS / name) for name in ("sdk.c", "usb_sdk.c", "application.c")]
            run("gcc", *flags(folder), "-shared", "-fPIC", "-Wno-missing-prototypes",
                *sources(chip), *stubs, "-o", str(folder / "port.so"))  # fmt: skip
            built[chip] = folder / "port.so"
        return built[chip]

    def load(chip: str) -> ctypes.CDLL:
        loaded = ctypes.CDLL(str(library(chip)))
        loaded.tnf_port_read.restype = ctypes.c_size_t
        for name in ("tnf_port_counter", "tnf_port_uptime_ms"):
            getattr(loaded, name).restype = ctypes.c_uint32
        return loaded

    return load


@pytest.fixture(scope="module")
def port(libraries: Load) -> ctypes.CDLL:
    """The port of a board whose console is UART 0 alone."""
    loaded = libraries("esp32")
    loaded.tnf_port_init()
    return loaded


@pytest.fixture(scope="module")
def two_ports(libraries: Load) -> ctypes.CDLL:
    """The port of a board with a serial chip and the chip's own USB; nobody was heard yet."""
    loaded = libraries("esp32s3")
    loaded.tnf_port_init()
    return loaded


def number(port: ctypes.CDLL, name: str, kind: type[ctypes._SimpleCData[int]]) -> int:
    return kind.in_dll(port, name).value


def put(port: ctypes.CDLL, name: str, data: bytes) -> None:
    inbox = (ctypes.c_uint8 * 256).in_dll(port, name)
    inbox[: len(data)] = list(data)
    ctypes.c_size_t.in_dll(port, f"{name}_bytes").value = len(data)


def taken(port: ctypes.CDLL, name: str) -> bytes:
    """What was sent, once."""
    size = ctypes.c_size_t.in_dll(port, f"{name}_bytes")
    data = bytes((ctypes.c_uint8 * 4096).in_dll(port, name))[: size.value]
    size.value = 0
    return data


def read(port: ctypes.CDLL, capacity: int) -> bytes:
    buffer = (ctypes.c_uint8 * 256)()
    size = port.tnf_port_read(buffer, ctypes.c_size_t(capacity))
    return bytes(buffer[:size])


@pytest.mark.parametrize("compiler", ["gcc", "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"])
@pytest.mark.parametrize("chip", CHIPS)
def test_the_port_compiles_without_a_warning(chip: str, compiler: str, tmp_path: Path) -> None:
    system = ("-ffreestanding",) if compiler.startswith("riscv64") else ()
    for source in sources(chip):
        run(compiler, *flags(tmp_path), "-c", "-O2", *system, source, "-o", str(tmp_path / "o"))


def test_init_sets_the_baud_rate_and_has_the_loop_watched(port: ctypes.CDLL) -> None:
    assert number(port, "stub_baud", ctypes.c_int) == 115200
    assert number(port, "stub_watchdog_adds", ctypes.c_uint) == 1


def test_a_read_takes_what_is_there_without_waiting(port: ctypes.CDLL) -> None:
    put(port, "stub_inbox", b"abcde")
    ctypes.c_uint32.in_dll(port, "stub_waited_ticks").value = 0
    assert read(port, 3) == b"abc"
    assert read(port, 16) == b"de"
    assert number(port, "stub_waited_ticks", ctypes.c_uint32) == 0


def test_an_empty_read_gives_the_core_away_and_feeds_the_watchdog(port: ctypes.CDLL) -> None:
    ctypes.c_uint32.in_dll(port, "stub_waited_ticks").value = 0
    before = number(port, "stub_watchdog_resets", ctypes.c_uint)
    assert read(port, 16) == b""
    assert number(port, "stub_waited_ticks", ctypes.c_uint32) > 0
    assert number(port, "stub_watchdog_resets", ctypes.c_uint) == before + 1


def write(port: ctypes.CDLL, data: bytes) -> int:
    return int(port.tnf_port_write(data, ctypes.c_size_t(len(data))))


def test_a_write_hands_over_what_fits(port: ctypes.CDLL) -> None:
    data = bytes(range(250))
    assert [write(port, data), write(port, data[100:]), write(port, data[200:])] == [100, 100, 50]
    assert taken(port, "stub_outbox") == data


def test_what_is_left_to_send_is_not_waited_for_long(port: ctypes.CDLL) -> None:
    waited = ctypes.c_uint32.in_dll(port, "stub_waited_ticks")
    times = []
    for size in (250, 50):
        write(port, bytes(size))
        waited.value = 0
        assert read(port, 16) == b""
        times.append(waited.value)
    taken(port, "stub_outbox")
    assert times == [1, 4]


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


def test_until_a_host_is_heard_it_is_told_everywhere_and_then_where_it_is(
    two_ports: ctypes.CDLL,
) -> None:
    two_ports.tnf_port_write(b"greeting", ctypes.c_size_t(8))
    assert taken(two_ports, "stub_outbox") == taken(two_ports, "stub_usb_outbox") == b"greeting"
    for inbox, here, there in (
        ("stub_usb_inbox", "stub_usb_outbox", "stub_outbox"),
        ("stub_inbox", "stub_outbox", "stub_usb_outbox"),
    ):
        put(two_ports, inbox, b"hello")
        assert read(two_ports, 64) == b"hello"
        two_ports.tnf_port_write(b"answer", ctypes.c_size_t(6))
        assert taken(two_ports, here) == b"answer"
        assert taken(two_ports, there) == b""


def test_usb_takes_more_than_its_buffer_holds_while_it_is_read(two_ports: ctypes.CDLL) -> None:
    put(two_ports, "stub_usb_inbox", b"x")
    assert read(two_ports, 1) == b"x"
    data = bytes(range(256)) * 12
    two_ports.tnf_port_write(data, ctypes.c_size_t(len(data)))
    assert taken(two_ports, "stub_usb_outbox") == data


def test_a_usb_that_nobody_reads_is_not_waited_for(two_ports: ctypes.CDLL) -> None:
    put(two_ports, "stub_usb_inbox", b"x")
    assert read(two_ports, 1) == b"x"
    ctypes.c_bool.in_dll(two_ports, "stub_usb_reader").value = False
    waited = ctypes.c_uint32.in_dll(two_ports, "stub_usb_waited_ticks")
    waited.value = 0
    assert sum(write(two_ports, bytes(200)) for _ in range(20)) == 1000
    # It comes back, with nothing said: the next write goes through.
    assert len(taken(two_ports, "stub_usb_outbox")) == 1000
    assert write(two_ports, b"again") == 5
    assert taken(two_ports, "stub_usb_outbox") == b"again"
    ctypes.c_bool.in_dll(two_ports, "stub_usb_reader").value = True
    # Without a cable nothing is put where nobody will ever take it.
    ctypes.c_bool.in_dll(two_ports, "stub_usb_cable").value = False
    assert write(two_ports, b"lost") == 4
    ctypes.c_bool.in_dll(two_ports, "stub_usb_cable").value = True
    assert taken(two_ports, "stub_usb_outbox") == b""
    assert waited.value == 0


def test_without_a_register_for_it_the_bootloader_cannot_be_asked_for(port: ctypes.CDLL) -> None:
    assert port.tnf_port_reset(ctypes.c_bool(True)) == UNSUPPORTED


@pytest.mark.parametrize(("chip", "register"), [pair for pair in CHIPS.items() if pair[1]])
def test_a_restart_goes_where_it_is_asked_to(chip: str, register: str, libraries: Load) -> None:
    """In a process of its own: the stand-in's restart ends it with status 7."""
    script = (
        "import ctypes, sys\n"
        "port = ctypes.CDLL(sys.argv[1])\n"
        "word = ctypes.c_uint32.in_dll(port, sys.argv[2])\n"
        "tell = lambda status, argument: print(word.value, flush=True)\n"
        "ending = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)(tell)\n"
        "ctypes.CDLL(None).on_exit(ending, None)\n"
        "port.tnf_port_reset(ctypes.c_bool(sys.argv[3] == 'bootloader'))\n"
    )
    library = libraries(chip)._name
    found = {}
    for where in ("firmware", "bootloader"):
        done = subprocess.run(
            [sys.executable, "-c", script, library, register, where],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 7, done.stderr
        found[where] = int(done.stdout)
    # The C6's register holds other bits too, which stay.
    wanted = {"stub_rtc_option1": (0, 1), "stub_lp_aon_sys_cfg": (4, 4 | 1 << 30)}
    assert (found["firmware"], found["bootloader"]) == wanted[register]
