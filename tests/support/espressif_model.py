"""Registers of an Espressif chip as its port sees them, behind the stubs of the port tests.

Every access takes 20 cycles of the core. The UART's FIFOs, the timers and the flags that the chip
sets by itself behave; everything else is remembered, and all writes are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

CYCLES, COUNT_CYCLES, INTERRUPTS = 1, 2, 3
ACCESS_CYCLES = 20
FIFO_BYTES = 128


@dataclass
class Chip:
    """A chip. `uart` is the base of UART 0, `fifo_out` where bytes to be sent are written."""

    uart: int
    fifo_out: int
    core_hz: int
    timer_low: int
    timer_hz: Callable[[Chip], int]
    registers: dict[int, int] = field(default_factory=dict)
    stuck: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.cycles = 0xFFFF0000  # about to wrap
        self.written: list[tuple[int, int]] = []
        self.received: deque[int] = deque()
        self.sent = bytearray()
        self.overflowed = 0
        self.sending = 0
        self.taken = 0
        self.looks_left = self.latched = 0
        self.miscounted = 0  # how many bytes fewer than it has the UART says it has received

    def arrive(self, data: bytes) -> None:
        """Bytes come in on the line; what the FIFO has no room for is lost."""
        for byte in data:
            if len(self.received) < FIFO_BYTES:
                self.received.append(byte)
            else:
                self.overflowed += 1

    @property
    def interrupted(self) -> bool:
        """Whether UART 0 raises its interrupt, and the core takes it."""
        enough = len(self.received) >= self.registers.get(self.uart + 0x24, 0) & 0x7F
        enabled = self.registers.get(self.uart + 0x0C, 0) & 1
        return bool(enough and enabled and self.registers.get(INTERRUPTS))

    def get(self, address: int) -> int:
        self.cycles += ACCESS_CYCLES
        if address == CYCLES:
            return self.cycles & 0xFFFFFFFF
        if address == self.uart:
            self.taken += 1
            return self.received.popleft()
        if address == self.uart + 0x1C:
            left = self.sending
            self.sending = max(0, left - 1)
            return max(0, len(self.received) - self.miscounted) | left << 16
        if address == 0x3FF40060:
            begin = self.taken % FIFO_BYTES
            end = (self.taken + len(self.received)) % FIFO_BYTES
            return (0x200 + begin) << 2 | (0x200 + end) << 13 | 0x80000003
        if address == 0x3FF5F00C:
            self.looks_left -= 1
            if self.looks_left <= 0:
                self.latched = self._count()
            return 0x80000000 if self.looks_left > 0 else 0
        if address == self.timer_low:
            if address in self.stuck:
                return 0
            return self.latched if address == 0x3FF5F004 else self._count()
        return self.registers.get(address, 0)

    def _count(self) -> int:
        return self.cycles * self.timer_hz(self) // self.core_hz & 0xFFFFFFFF

    def set(self, address: int, value: int) -> None:
        self.cycles += ACCESS_CYCLES
        self.written.append((address, value))
        if address == self.fifo_out:
            self.sent.append(value)
            return
        if address == 0x3FF00040 and value & 0x10:
            value |= 0x20  # the cache is flushed at once
        if address == 0x3FF5F00C:
            self.looks_left = 2  # the timer has a clock of its own
            return
        if address == 0x60023004 and value & 0x40000000:
            value |= 0x20000000  # the timer's value is there at once
        self.registers[address] = value


def esp32(core_hz: int = 40_000_000, bus_hz: int = 40_000_000, thought: float = 1.0) -> Chip:
    """An ESP32 as its ROM hands it over: UART 0 divided to 115200 baud from what the ROM thought
    the bus's clock was, `thought` times what it is."""

    def timer_hz(chip: Chip) -> int:
        divider = chip.registers.get(0x3FF5F000, 0) >> 13 & 0xFFFF
        return bus_hz // (divider or 65536)

    chip = Chip(0x3FF40000, 0x60000000, core_hz, 0x3FF5F004, timer_hz)
    sixteenths = int(bus_hz * thought * 16 / 115200)
    divider = sixteenths // 16 | sixteenths % 16 << 20
    chip.registers = {0x3FF40014: divider, 0x3FF40024: 0x60, 0x3FF00040: 0x28}
    return chip


def esp32c3(core_hz: int = 40_000_000) -> Chip:
    """An ESP32-C3 as its ROM hands it over."""
    chip = Chip(0x60000000, 0x60000000, core_hz, 0x60023044, lambda _: 16_000_000)
    chip.registers = {0x60000014: 347 | 3 << 20, 0x60000024: 0x60, 0x600C4004: 0x3}
    return chip
