"""Images of boards that no emulator has, run on a core with models of the chip's registers.

The models answer as the data sheets say, and refuse what these forbid: a PLL in use before it has
locked, a UART that is started without a pin or on the wrong oscillator, a block still in reset.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import numpy as np
import pytest
from cortex_m_model import StoppedError
from nrf_model import (
    END_RX,
    ON_CRYSTAL,
    PROTECT,
    PROTECT_DISABLE,
    TIMER1_IRQ,
    UART_IRQ,
    Nrf52840,
)
from rp2_model import RP2040, RP2350, Rp2
from serial_peer import SerialPeer
from unicorn import arm_const

from tinyflow import device
from tinyflow.artifacts import CompiledModel, FirmwareImage, FlashedBoard
from tinyflow.boards import load_board
from tinyflow.compiler.host import HostModel

BOARDS = ["pico", "pico2", "nrf52840-dk", "nano33ble"]
Chip = Rp2 | Nrf52840
Images = Callable[[str], FirmwareImage]


class Console:
    """The chip's end of the serial line."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.ended = ""

    def receive(self, data: bytes) -> bytes:
        chip = self.chip
        if self.ended:
            return b""
        if isinstance(chip, Nrf52840):
            chip.uart.feed(data)
        else:
            chip.uart.received += data
        slept = chip.sleeps
        try:
            chip.core.run(lambda: not chip.uart.received and chip.sleeps > slept + 1)
        except StoppedError as stopped:
            self.ended = str(stopped)
        answer = bytes(chip.uart.sent)
        chip.uart.sent.clear()
        return answer

    def reset(self) -> None:
        pass


def started(name: str, image: FirmwareImage) -> Chip:
    """The chip, once it has said hello."""
    chip: Chip
    if name in ("pico", "pico2"):
        chip = Rp2({"pico": RP2040, "pico2": RP2350}[name], image.elf)
        chip.boot_from_flash()
    else:
        chip = Nrf52840(image.elf, load_board(name).memory.flash_origin)
    chip.core.run(lambda: chip.sleeps > 1)
    greeting = f"tinyflow digits on {name}: stats reset bootloader\r\n".encode()
    assert chip.uart.sent == b"\0" + greeting
    chip.uart.sent.clear()
    return chip


@pytest.mark.parametrize("name", BOARDS)
def test_an_image_starts_and_computes_what_the_host_computes(
    name: str, model: CompiledModel, images: Images
) -> None:
    inputs = np.random.default_rng(5).integers(-128, 128, (2, model.input.size_bytes), np.int8)
    with HostModel(model) as host:
        wanted = host.invoke(inputs)
    image = images(name)
    chip = started(name, image)
    with SerialPeer(Console(chip)) as peer:
        board = FlashedBoard(name, peer.port, 115200, image.model_sha256, image.build_id)
        with device.connect(board) as dut:
            assert dut.hello.board == name
            assert dut.hello.counter_unit == "cycles"
            answers = [dut.infer(row) for row in inputs]
            telemetry = dut.telemetry()
    outputs = np.stack([np.frombuffer(answer.output, np.int8) for answer in answers])
    assert (outputs == wanted).all()
    assert all(answer.count > 0 for answer in answers)
    assert telemetry.stack_bytes == load_board(name).memory.stack_bytes
    assert 0 < telemetry.stack_used_bytes < 2048
    assert telemetry.uptime_ms > 0


@pytest.mark.parametrize("name", BOARDS)
def test_the_clock_and_the_baud_rate_are_the_profiles(name: str, images: Images) -> None:
    board = load_board(name)
    chip = started(name, images(name))
    assert abs(chip.uart.baud - board.baud) / board.baud < 0.001
    if isinstance(chip, Rp2):
        assert chip.clocks.hertz == board.clock_hz
    else:
        pins = {"nrf52840-dk": (6, 8), "nano33ble": (35, 42)}[name]
        assert (chip.uart.words[0x50C], chip.uart.words[0x514]) == pins
        # High and driven before the UART has it, else the line would start with a break.
        port, pin = divmod(pins[0], 32)
        assert chip.pins.words[0x300 * port + 0x508] == 1 << pin
        assert chip.pins.words[0x300 * port + 0x518] == 1 << pin
    assert chip.core.vector_table % 128 == 0


@pytest.mark.parametrize("name", BOARDS)
def test_bytes_that_come_while_nobody_reads_are_kept(name: str, images: Images) -> None:
    """Two lines at once, while the answer to the first is sent."""
    answer = Console(started(name, images(name))).receive(b"name\nstats\n")
    told = f"name\r\ntinyflow digits on {name}: stats reset bootloader\r\nstats\r\nruns 0 "
    assert answer.startswith(told.encode())


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_restarts_when_asked(name: str, images: Images) -> None:
    chip = started(name, images(name))
    with pytest.raises(StoppedError, match=r"restarts|has taken over"):
        chip.core.call("tnf_port_reset", 0)
    if isinstance(chip, Nrf52840):
        assert chip.core.writes[-1] == (0xE000ED0C, 0x05FA0004)
    elif name == "pico":
        # All blocks but the oscillators, through the watchdog.
        assert chip.core.writes[-2:] == [(0x40010008, 0x1FFFC), (0x40058000, 0x80000000)]
    else:
        assert chip.rom_calls[0][:2] == (ord("R") | ord("B") << 8, 4)
        assert chip.rom_calls[1] == (0x100, 10, 0, 0)


def test_the_rom_is_asked_for_its_usb_drive(images: Images) -> None:
    for name, asked, called in (
        ("pico", (0x400, ord("U") | ord("B") << 8), (0, 0)),
        ("pico2", (ord("R") | ord("B") << 8, 4), (0x102, 10, 0, 0)),
    ):
        chip = started(name, images(name))
        assert isinstance(chip, Rp2)
        with pytest.raises(StoppedError, match="the ROM has taken over"):
            chip.core.call("tnf_port_reset", 1)
        assert chip.rom_calls[0][:2] == asked
        assert chip.rom_calls[1][: len(called)] == called
    nordic = started("nano33ble", images("nano33ble"))
    assert nordic.core.call("tnf_port_reset", 1) == 7  # TNF_UNSUPPORTED


def test_a_nano_starts_after_a_bootloader_that_used_the_chip(images: Images) -> None:
    """It left an interrupt pending that nobody handles, masked, the crystal running, a UART with
    flow control and a timer that begins again at each compare."""
    chip = Nrf52840(images("nano33ble").elf, 0x10000)
    chip.core.uc.reg_write(arm_const.UC_ARM_REG_PRIMASK, 1)
    chip.uart.words[END_RX] = 1
    chip.uart.mask = 1 << 4
    chip.core.enabled = 1 << UART_IRQ | 1 << 39
    chip.uart.words[0x56C] = 1
    chip.timers[0].words[0x200] = 1
    chip.oscillator.words[0x40C] = ON_CRYSTAL
    chip.oscillator.answers = {}  # no event tells that it has started
    chip.core.run(lambda: chip.sleeps > 1)
    assert b"tinyflow digits on nano33ble" in chip.uart.sent
    assert chip.core.enabled == 1 << UART_IRQ | 1 << TIMER1_IRQ
    assert (chip.uart.words[0x56C], chip.timers[0].words[0x200]) == (0, 0)


@pytest.mark.parametrize("setting", [0xFFFFFF5A, 0xFFFFFFFF, 0xFFFFFF00])
def test_an_nrf52_stays_open_to_debuggers_where_it_was_told_to_be(
    setting: int, images: Images
) -> None:
    chip = Nrf52840(images("nrf52840-dk").elf, 0)
    chip.uicr.words[PROTECT] = setting
    chip.core.run(lambda: chip.sleeps > 1)
    written = [value for at, value in chip.core.writes if at == 0x40000000 + PROTECT_DISABLE]
    assert written == ([0x5A] if setting & 0xFF == 0x5A else [])


def regions(chip: Chip, second: int) -> dict[int, tuple[int, int]]:
    """What the chip's regions of memory protection were set to: {number: (base, the register at
    `second`)}."""
    found, number, base = {}, 0, 0
    for at, value in chip.core.writes:
        if at == 0xE000ED98:
            number = value
        elif at == 0xE000ED9C:
            base = value
        elif at == second:
            found[number] = (base, value)
    return found


@pytest.mark.parametrize("name", ["pico", "nrf52840-dk", "nano33ble"])
def test_flash_is_read_only_and_what_lies_below_the_stack_is_forbidden(
    name: str, images: Images
) -> None:
    """Nothing else is, whatever a bootloader had in the other regions."""
    flash, size = {"pico": (0x10000000, 24)}.get(name, (0, 20))
    found = regions(started(name, images(name)), 0xE000EDA0)
    assert found.pop(0) == (flash, 0x06020001 | (size - 1) << 1)
    assert found.pop(7) == (0x1FFF0000, 0x1000001F)
    assert list(found) == [1, 2, 3, 4, 5, 6]
    assert not any(attributes for _, attributes in found.values())


def test_the_flash_of_a_pico2_is_memory_that_can_be_executed(images: Images) -> None:
    """Region 0 is all of flash, read only, of memory type 0, which is a cached one; a region of
    device memory may not be executed, nor read at odd addresses."""
    chip = started("pico2", images("pico2"))
    found = regions(chip, 0xE000EDA0)
    assert found.pop(0) == (0x10000006, 0x10FFFFE1)
    assert list(found) == [1, 2, 3, 4, 5, 6, 7]
    assert not any(limit for _, limit in found.values())
    words = chip.core.system.words
    assert words[0xEDC0] & 0xFF == 0xAA
    assert words[0xED94] == 5


def test_the_second_stage_has_its_checksum(images: Images) -> None:
    """As the ROM computes it; what it must be is in the message."""
    data = images("pico").images[0].path.read_bytes()
    (found,) = struct.unpack_from("<I", data, 252)
    wanted = crc32_mpeg2(data[:252])
    assert found == wanted, f'boot2.c: #define CHECKSUM "{wanted:#010x}"'
    stack, entry = struct.unpack_from("<2I", data, 256)
    memory = load_board("pico").memory
    assert 0 <= stack - memory.ram_origin <= memory.ram_bytes
    assert entry & 1
    assert 0 <= entry - memory.flash_origin < len(data)
    assert crc32_mpeg2(b"123456789") == 0x0376E6E7  # the catalogue's check value


def crc32_mpeg2(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    return crc


def test_the_image_definition_is_where_the_rom_looks(images: Images) -> None:
    image = images("pico2")
    data = image.images[0].path.read_bytes()
    assert image.images[0].offset == 0x10000000
    begin = data.index(struct.pack("<I", 0xFFFFDED3))
    assert begin % 4 == 0
    items, at = {}, begin + 4
    while data[at] != 0xFF:
        # An item: type, words it takes, then what it says.
        kind, words = data[at], data[at + 1]
        items[kind] = struct.unpack_from("<H", data, at + 2)[0]
        at += 4 * words
    (size,) = struct.unpack_from("<H", data, at + 1)
    assert size == (at - begin - 4) // 4
    loop, end = struct.unpack_from("<iI", data, at + 4)
    assert (loop, end) == (0, 0xAB123579)
    assert at + 12 <= 4096
    # Executable, secure, Arm, RP2350; no entry point or vector table named: the image's first word.
    assert items == {0x42: 1 | 2 << 4 | 0 << 8 | 1 << 12}
    stack, _ = struct.unpack_from("<2I", data)
    assert stack - 0x20000000 <= load_board("pico2").memory.ram_bytes


def test_a_pico_counts_cycles_over_any_time(images: Images) -> None:
    """24 bits of SysTick and a timer of microseconds make 32 bits of cycles, however far apart they
    are read, whether the SysTick stands still in sleep or not."""
    chip = started("pico", images("pico"))
    assert isinstance(chip, Rp2)
    source = random.Random(9)
    chip.step = 0
    before, origin = chip.cycles, chip.core.call("tnf_port_counter")
    for _ in range(300):
        chip.step = source.randrange(400)  # between the looks at timer and SysTick
        chip.cycles += source.choice((1, 90, 2**23, 2**24 - 1, 2**24, 5 * 2**24 + 7, 2**31))
        chip.cycles += source.randrange(1000)
        count = chip.core.call("tnf_port_counter")
        passed = (chip.cycles - before) % 2**32
        error = (count - origin - passed + 2**31) % 2**32 - 2**31
        # Exactly what the SysTick said, which was looked at last.
        assert error == 0
    slept = chip.asleep_cycles
    for _ in range(500):
        chip.step = 3
        chip.cycles += 500_000
        chip.asleep_cycles += 500_000  # 4 ms, each time
        count = chip.core.call("tnf_port_counter")
    awake = chip.cycles - before - (chip.asleep_cycles - slept)
    assert (count - origin - awake) % 2**32 == 0


def test_a_running_pico_is_asked_over_its_console_for_the_drive(images: Images) -> None:
    image = images("pico")
    chip = started("pico", image)
    assert isinstance(chip, Rp2)
    console = Console(chip)
    with SerialPeer(console) as peer:
        board = FlashedBoard("pico", peer.port, 115200, image.model_sha256, image.build_id)
        with device.connect(board) as dut:
            dut.reset(bootloader=True)
    assert console.ended == "the ROM has taken over"
    assert chip.rom_calls[0][:2] == (0x400, ord("U") | ord("B") << 8)
