"""Images of STM32 boards, run on a core with models of the chips' registers.

The models answer as the reference manuals say and refuse what these forbid.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from cortex_m_model import StoppedError
from serial_peer import SerialPeer
from stm32_model import FLASH, RAM, ROM, Stm32, Stm32F4, Stm32F446, Stm32L4R5
from unicorn.arm_const import UC_ARM_REG_PC

from tinyflow import device
from tinyflow.artifacts import CompiledModel, FirmwareImage, FlashedBoard
from tinyflow.boards import load_board
from tinyflow.compiler.host import HostModel

CHIPS: dict[str, type[Stm32]] = {
    "stm32f405": Stm32F4,
    "nucleo-f446re": Stm32F446,
    "nucleo-l4r5zi": Stm32L4R5,
}
WATCHDOG = 0x24  # and the reset pin, as a chip tells it
Images = Callable[[str], FirmwareImage]


class Console:
    """The chip's end of the serial line."""

    def __init__(self, chip: Stm32) -> None:
        self.chip = chip

    def receive(self, data: bytes) -> bytes:
        chip = self.chip
        chip.received += data
        slept = chip.sleeps
        chip.core.run(lambda: not chip.received and chip.sleeps > slept + 1)
        answer = bytes(chip.sent)
        chip.sent.clear()
        return answer

    def reset(self) -> None:
        pass


def started(name: str, image: FirmwareImage, *, locks: bool = True) -> Stm32:
    """The chip, once it has said hello."""
    chip = CHIPS[name](image.elf, locks=locks)
    chip.words[chip.RESET_FLAGS] = WATCHDOG << 24
    chip.core.run(lambda: chip.sleeps > 1)
    greeting = f"tinyflow digits on {name}: stats reset bootloader\r\n".encode()
    assert chip.sent == b"\0" + greeting
    chip.sent.clear()
    return chip


@pytest.mark.parametrize("name", ["nucleo-f446re", "nucleo-l4r5zi"])  # QEMU has the other
def test_an_image_starts_and_computes_what_the_host_computes(
    name: str, model: CompiledModel, images: Images
) -> None:
    inputs = np.random.default_rng(5).integers(-128, 128, (1, model.input.size_bytes), np.int8)
    with HostModel(model) as host:
        wanted = host.invoke(inputs)
    image, board = images(name), load_board(name)
    chip = started(name, image)
    with SerialPeer(Console(chip)) as peer:
        flashed = FlashedBoard(name, peer.port, 115200, image.model_sha256, image.build_id)
        with device.connect(flashed) as dut:
            assert (dut.hello.board, dut.hello.counter_unit) == (name, "cycles")
            assert dut.hello.clock_hz == board.clock_hz == chip.core_hz
            answer = dut.infer(inputs[0])
            telemetry = dut.telemetry()
    assert (np.frombuffer(answer.output, np.int8) == wanted[0]).all()
    assert answer.count > 0
    assert telemetry.stack_bytes == board.memory.stack_bytes
    assert 0 < telemetry.uptime_ms <= chip.microseconds // 1000
    assert telemetry.reset_reason == WATCHDOG
    assert chip.fed > 0


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("locks", [True, False])
def test_the_baud_rate_is_right_whatever_clock_runs(name: str, locks: bool, images: Images) -> None:
    """A PLL that never locks leaves the oscillator; the console still talks, and says so."""
    image = images(name)
    chip = started(name, image, locks=locks)
    with SerialPeer(Console(chip)) as peer:
        flashed = FlashedBoard(name, peer.port, 115200, image.model_sha256, image.build_id)
        with device.connect(flashed) as dut:
            assert dut.hello.clock_hz == chip.core_hz
    assert abs(chip.baud() - 115200) / 115200 < 0.005
    assert chip.core_hz == (load_board(name).clock_hz if locks else 16_000_000)
    # 4 ms at a time, by a timer of microseconds.
    assert chip.microseconds == 4000 * chip.sleeps
    assert chip.core.call("tnf_port_uptime_ms") == 4 * chip.sleeps


@pytest.mark.parametrize("name", CHIPS)
def test_bytes_that_come_while_nobody_reads_are_kept(name: str, images: Images) -> None:
    """Two lines at once, while the answer to the first is sent."""
    answer = Console(started(name, images(name))).receive(b"name\nstats\n")
    told = f"name\r\ntinyflow digits on {name}: stats reset bootloader\r\nstats\r\nruns 0 "
    assert answer.startswith(told.encode())


def test_bytes_that_come_during_an_inference_are_kept(model: CompiledModel, images: Images) -> None:
    """At the rate of the line, into a UART that holds one byte: the handler takes each."""
    name, sent = "nucleo-f446re", bytearray()
    image = images(name)

    class Recorder(Console):
        def receive(self, data: bytes) -> bytes:
            sent.extend(data)
            return super().receive(data)

    with SerialPeer(Recorder(started(name, image))) as peer:
        flashed = FlashedBoard(name, peer.port, 115200, image.model_sha256, image.build_id)
        with device.connect(flashed) as dut:
            sent.clear()
            dut.infer(bytes(model.input.size_bytes))
            request = bytes(sent)
    chip = started(name, image)
    # Ten bits of 180 MHz are 15,000 cycles; here an instruction is one.
    chip.connect_line(3 * request, 15_000)
    before = chip.sleeps
    chip.core.run(lambda: not chip.line and chip.sleeps > before + 1)
    answers = [frame for frame in chip.sent.split(b"\0") if frame]
    # The second and third arrive while the first is computed; the same number, the same answer.
    assert len(answers) == 3
    assert len({bytes(answer) for answer in answers}) == 1


@pytest.mark.parametrize("name", CHIPS)
def test_a_wish_for_the_loader_outlives_the_reset(name: str, images: Images) -> None:
    image = images(name)
    chip = started(name, image)
    with pytest.raises(StoppedError, match="the chip restarts"):
        chip.core.call("tnf_port_reset", 1)
    ram = bytes(chip.core.uc.mem_read(RAM, load_board(name).memory.ram_bytes))
    loader = CHIPS[name](image.elf, ram=ram)
    loader.core.run(lambda: loader.core.uc.reg_read(UC_ARM_REG_PC) & ~0xFFF == ROM)
    assert loader.words[loader.REMAP] == 1
    # And only once.
    ram = bytes(loader.core.uc.mem_read(RAM, len(ram)))
    again = CHIPS[name](image.elf, ram=ram)
    again.core.run(lambda: again.sleeps > 1)


@pytest.mark.parametrize("name", CHIPS)
def test_a_plain_reset_starts_the_program_again(name: str, images: Images) -> None:
    chip = started(name, images(name))
    with pytest.raises(StoppedError, match="the chip restarts"):
        chip.core.call("tnf_port_reset", 0)
    ram = bytes(chip.core.uc.mem_read(RAM, load_board(name).memory.ram_bytes))
    again = CHIPS[name](images(name).elf, ram=ram)
    again.core.run(lambda: again.sleeps > 1)


@pytest.mark.parametrize("name", CHIPS)
def test_the_image_lies_as_the_chip_starts_it(name: str, images: Images) -> None:
    image, memory = images(name), load_board(name).memory
    data = image.images[0].path.read_bytes()
    stack, entry, *faults = struct.unpack_from("<16I", data)
    handlers = struct.unpack_from(f"<{CHIPS[name].UART_IRQ + 1}I", data, 64)
    assert image.images[0].offset == memory.flash_origin == FLASH
    assert stack == memory.ram_origin + memory.stack_bytes
    for code in (entry, *faults, handlers[-1]):
        assert code & 1
        assert FLASH <= code - 1 < FLASH + len(data)
    assert set(handlers[:-1]) == {0}
    assert len(data) <= image.flash_bytes <= memory.flash_bytes
    assert image.ram_bytes <= memory.ram_bytes


@pytest.mark.parametrize("name", CHIPS)
def test_nothing_is_fetched_ahead_of_a_sleep(name: str, images: Images) -> None:
    """WFI, then ISB at once: what a chip with a debugger's clocks reads in its sleep is wrong."""
    wait, refetch = struct.pack("<H", 0xBF30), struct.pack("<2H", 0xF3BF, 0x8F6F)
    data = images(name).images[0].path.read_bytes()
    assert data.count(wait + refetch) == 1
