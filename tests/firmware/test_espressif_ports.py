"""The bare-metal ports of Espressif's chips, compiled for this machine, against their registers."""

from __future__ import annotations

import ctypes
import functools
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import espressif_model
import pytest
from espressif_model import Chip

from tinyflow import paths, process

STUBS = Path(__file__).parent / "espressif_stubs"
PORTS = paths.data_folder("firmware") / "ports"
STUBBED = {"espressif_io.h", "xtensa.h", "esp32c3_core.h"}
NOT_HERE = {"start.c", "interrupt.c"}  # code for the chip's own core
UNSUPPORTED = 7
KEY = 0x50D83AA1

GET = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_uint32)
SET = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32)


class Health(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_uint32)
        for name in ("uptime", "stack", "used", "heap", "reset_reason", "clock_hz")
    )


class Port:
    """A port on a chip. Interrupts come between two calls."""

    def __init__(self, library: ctypes.CDLL, chip: Chip) -> None:
        self.library, self.chip = library, chip
        self._calls = GET(chip.get), SET(chip.set)
        ctypes.c_void_p.in_dll(library, "model_get").value = ctypes.cast(
            self._calls[0], ctypes.c_void_p
        ).value
        ctypes.c_void_p.in_dll(library, "model_set").value = ctypes.cast(
            self._calls[1], ctypes.c_void_p
        ).value
        library.tnf_port_read.restype = ctypes.c_size_t
        library.tnf_port_uptime_ms.restype = ctypes.c_uint32
        library.tnf_port_counter.restype = ctypes.c_uint32

    def start(self) -> None:
        self.library.tnf_board_early()
        self.library.tnf_port_init()

    def arrive(self, data: bytes) -> None:
        """Bytes come in one after the other; the interrupt is taken when it is there."""
        for byte in data:
            self.chip.arrive(bytes([byte]))
            if self.chip.interrupted:
                self.library.espressif_console_interrupt()

    def read(self, capacity: int) -> bytes:
        buffer = (ctypes.c_uint8 * capacity)()
        return bytes(buffer[: self.library.tnf_port_read(buffer, ctypes.c_size_t(capacity))])

    def health(self) -> Health:
        health = Health()
        self.library.tnf_port_health(ctypes.byref(health))
        return health


Make = Callable[..., Port]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Path]:
    """The library of a port, built when it is first asked for."""

    @functools.cache
    def build(name: str, baud: int) -> Path:
        folder = tmp_path_factory.mktemp(name)
        for layer in ("bare", "espressif", name):
            for file in (PORTS / layer).iterdir():
                if file.name not in STUBBED | NOT_HERE:
                    (folder / file.name).write_bytes(file.read_bytes())
        for file in (*STUBS.glob("*.[ch]"), PORTS / "esp32c3/esp32c3.h"):
            (folder / file.name).write_bytes(file.read_bytes())
        (folder / "tnf_board.h").write_text(f"#define TNF_BAUD {baud}u\n", encoding="utf-8")
        process.run(
            [
                *("cc", "-std=c99", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"),
                *(f"-I{paths.data_folder('firmware') / 'include'}", f"-I{folder}"),
                *(str(file) for file in sorted(folder.glob("*.c"))),
                *("-o", str(folder / "port.so")),
            ],
            timeout=60,
        )
        return folder / "port.so"

    return build


@pytest.fixture
def make(built: Callable[[str, int], Path], tmp_path: Path) -> Make:
    def start(name: str, chip: Chip, baud: int = 115200) -> Port:
        """A library of its own for each, so that its variables are as start-up leaves them."""
        return Port(ctypes.CDLL(str(shutil.copy(built(name, baud), tmp_path / f"{name}.so"))), chip)

    return start


CHIPS = {"esp32": espressif_model.esp32, "esp32c3": espressif_model.esp32c3}


def test_the_esp32_switches_its_watchdogs_off_and_maps_three_pages(make: Make) -> None:
    port = make("esp32", espressif_model.esp32())
    port.library.tnf_board_early()
    watchdogs = [
        (0x3FF480A4, 0x3FF4808C),
        (0x3FF5F064, 0x3FF5F048),
        (0x3FF60064, 0x3FF60048),
    ]
    wanted = [
        write for lock, config in watchdogs for write in ((lock, KEY), (config, 0), (lock, 0))
    ]
    wanted += [(0x3FF00040, 0x20), (0x3FF43050, 0)]
    wanted += [(0x3FF10000 + 4 * page, 1 + page if page < 3 else 0x100) for page in range(64)]
    wanted += [(0x3FF00044, 0)]
    wanted += [(0x3FF00040, 0x20), (0x3FF00040, 0x30), (0x3FF00040, 0x20)]
    wanted += [(0x3FF43050, 1), (0x3FF00040, 0x28)]
    assert port.chip.written == wanted


def test_the_esp32_leaves_what_else_its_cache_is_told(make: Make) -> None:
    chip = espressif_model.esp32()
    chip.registers |= {0x3FF00044: 0xFFFFFFFF, 0x3FF43050: 0xF0, 0x3FF00040: 0xABCD0008}
    make("esp32", chip).library.tnf_board_early()
    assert chip.registers[0x3FF00044] == 0xFFFFFFE8
    assert chip.registers[0x3FF43050] == 0xF1
    assert chip.registers[0x3FF00040] & ~0x20 == 0xABCD0008


def test_the_esp32c3_switches_its_watchdogs_off_and_has_the_rom_map_three_pages(
    make: Make,
) -> None:
    port = make("esp32c3", espressif_model.esp32c3())
    port.chip.registers[0x600080AC] = 0x04000000
    port.library.tnf_board_early()
    watchdogs = [
        (0x600080A8, 0x60008090),
        (0x6001F064, 0x6001F048),
        (0x60020064, 0x60020048),
    ]
    wanted = [
        write for lock, config in watchdogs for write in ((lock, KEY), (config, 0), (lock, 0))
    ]
    wanted += [(0x600080B0, 0x8F1D312A), (0x600080AC, 0x84000000), (0x600080B0, 0)]
    wanted += [(0x40000524, 0)]
    wanted += [(0x40000564, value) for value in (0, 0x3C000000, 0x10000, 64, 3, 0)]
    wanted += [(0x400004D8, 0), (0x600C4004, 0), (0x40000528, 5)]
    assert port.chip.written == wanted


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("core_hz", [20_000_000, 26_000_000, 40_000_000, 240_000_000])
def test_the_clock_is_measured(name: str, core_hz: int, make: Make) -> None:
    port = make(name, CHIPS[name](core_hz))
    port.start()
    assert port.health().clock_hz == pytest.approx(core_hz, rel=0.005)
    assert port.health().clock_hz % 100_000 == 0


@pytest.mark.parametrize("name", CHIPS)
def test_a_timer_that_stands_still_does_not_hold_the_start_up(name: str, make: Make) -> None:
    chip = CHIPS[name]()
    chip.stuck.add(chip.timer_low)
    port = make(name, chip)
    port.start()
    assert port.health().clock_hz == 0


@pytest.mark.parametrize("name", CHIPS)
def test_uptime_goes_by_the_timer_not_by_the_core(name: str, make: Make) -> None:
    chip = CHIPS[name](240_000_000)
    port = make(name, chip)
    port.start()
    before = port.library.tnf_port_uptime_ms()
    chip.cycles += 240_000 * 2500
    assert port.library.tnf_port_uptime_ms() - before in (2500, 2501)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("esp32", [(0x3FF0018C, 13)]),
        (
            "esp32c3",
            [
                (0x600C2054, 1),
                (0x600C2108, 0xFFFFFFFD),
                (0x600C2118, 1),
                (0x600C2194, 1),
                (0x600C2104, 2),
            ],
        ),
    ],
)
def test_the_uarts_interrupt_is_routed_before_it_is_enabled(
    name: str, wanted: list[tuple[int, int]], make: Make
) -> None:
    chip = CHIPS[name]()
    chip.registers[0x600C2108] = 0xFFFFFFFF
    port = make(name, chip)
    port.start()
    uart = chip.uart
    wanted += [(uart + 0x0C, 0), (uart + 0x24, 64), (uart + 0x10, 0xFFFFFFFF), (uart + 0x0C, 1)]
    assert chip.written[-1] == (espressif_model.INTERRUPTS, 1 << 13 if name == "esp32" else 2)
    assert chip.written[-1 - len(wanted) : -1] == wanted


@pytest.mark.parametrize("name", CHIPS)
def test_nothing_that_arrives_while_nobody_reads_is_lost(name: str, make: Make) -> None:
    port = make(name, CHIPS[name]())
    port.start()
    data = bytes(itertools.islice(itertools.cycle(range(251)), 1500))
    port.arrive(data)
    assert port.chip.overflowed == 0
    taken = b""
    while part := port.read(64):
        taken += part
    assert taken == data
    port.arrive(b"some more")
    assert port.read(4) == b"some"
    assert port.read(64) == b" more"


@pytest.mark.parametrize("name", CHIPS)
def test_reading_the_fifo_is_never_interrupted(name: str, make: Make) -> None:
    """The ESP32 would stand still for good: its erratum CPU-3.21."""
    port = make(name, CHIPS[name]())
    port.start()
    chip, get, allowed = port.chip, port.chip.get, []

    def watched(address: int) -> int:
        if address == chip.uart:
            allowed.append(chip.registers[espressif_model.INTERRUPTS])
        return get(address)

    chip.arrive(b"abc")
    watching = Port(port.library, chip)
    watching._calls = GET(watched), watching._calls[1]
    ctypes.c_void_p.in_dll(port.library, "model_get").value = ctypes.cast(
        watching._calls[0], ctypes.c_void_p
    ).value
    assert watching.read(10) == b"abc"
    assert allowed == [0, 0, 0]
    assert chip.registers[espressif_model.INTERRUPTS] != 0


def test_the_esp32_takes_every_byte_though_its_uart_miscounts(make: Make) -> None:
    """Its erratum UART-3.17. A full FIFO has its pointers where an empty one has them."""
    port = make("esp32", espressif_model.esp32())
    port.start()
    port.chip.miscounted = 2
    for data in (b"x", b"yz", bytes(100), bytes(range(128)), b"end"):
        port.chip.arrive(data)
        assert port.read(200) == data
    assert port.read(200) == b""


@pytest.mark.parametrize("bus_mhz", [26, 40, 80])
@pytest.mark.parametrize("thought", [0.96, 0.99, 1.01, 1.04])
def test_the_esp32s_clock_is_that_of_a_crystal_not_what_the_rom_took_it_for(
    bus_mhz: int, thought: float, make: Make
) -> None:
    """The ROM measures the crystal by an RC oscillator, which drifts."""
    chip = espressif_model.esp32(bus_mhz * 1_000_000, bus_mhz * 1_000_000, thought)
    port = make("esp32", chip)
    port.start()
    divider = chip.registers[chip.uart + 0x14]
    sixteenths = (divider & 0xFFFFF) * 16 + (divider >> 20)
    assert bus_mhz * 16_000_000 / sixteenths == pytest.approx(115200, rel=0.001)
    assert port.health().clock_hz == pytest.approx(bus_mhz * 1_000_000, rel=0.005)


@pytest.mark.parametrize("name", CHIPS)
def test_a_write_hands_over_what_the_fifo_takes(name: str, make: Make) -> None:
    port = make(name, CHIPS[name]())
    port.start()
    data = bytes(range(250))
    port.chip.sending = 200
    assert port.library.tnf_port_write(data, ctypes.c_size_t(len(data))) == 0
    port.chip.sending = 0
    assert port.library.tnf_port_write(data, ctypes.c_size_t(len(data))) == len(data)
    assert bytes(port.chip.sent) == data


def test_another_baud_rate_is_set_when_all_is_sent(make: Make) -> None:
    """And the clock is measured by the divider that the ROM had set."""
    chip = espressif_model.esp32()
    chip.sending = 5
    port = make("esp32", chip, 460800)
    port.start()
    divider = chip.registers[chip.uart + 0x14]
    sixteenths = (divider & 0xFFFFF) * 16 + (divider >> 20)
    assert 40_000_000 * 16 / sixteenths == pytest.approx(460800, rel=0.002)
    assert chip.sending == 0
    assert port.health().clock_hz == 40_000_000


@pytest.mark.parametrize("name", CHIPS)
def test_health_tells_the_roms_reset_reason(name: str, make: Make) -> None:
    chip = CHIPS[name]()
    chip.registers |= {0x3FF48034: 0xFFFFFFC3, 0x60008038: 0xFFFFFFC3}
    port = make(name, chip)
    port.start()
    assert port.health().reset_reason == 3


def test_the_esp32_cannot_be_sent_into_its_bootloader(make: Make) -> None:
    port = make("esp32", espressif_model.esp32())
    assert port.library.model_reset(1) == UNSUPPORTED
    assert port.chip.written == []


@pytest.mark.parametrize(
    ("name", "bootloader", "wanted"),
    [
        ("esp32", 0, [(0x3FF48000, 0x80001000)]),
        ("esp32c3", 0, [(0x60008000, 0x80001000)]),
        ("esp32c3", 1, [(0x600080F4, 1), (0x60008000, 0x80001000)]),
    ],
)
def test_a_restart_lets_the_last_answer_out_first(
    name: str, bootloader: int, wanted: list[tuple[int, int]], make: Make
) -> None:
    chip = CHIPS[name]()
    chip.registers |= {0x3FF48000: 0x1000, 0x60008000: 0x1000}
    port = make(name, chip)
    port.start()
    chip.sending, begun = 3, len(chip.written)
    assert port.library.model_reset(bootloader) == -1
    assert chip.sending == 0
    assert chip.written[begun:] == wanted
