"""The nRF52840 as far as its port uses it: oscillator, UART, timers, pins, cycle counter."""

from __future__ import annotations

from pathlib import Path

from cortex_m_model import ChipError, Core, Memory
from unicorn import arm_const

UART_IRQ, TIMER1_IRQ = 2, 9
CYCLE_COUNTER, TRACE_ENABLE = 0x1004, 0xEDFC
MPU_TYPE, EIGHT_REGIONS = 0xED90, 0x800
END_RX = 0x110  # an event of the UART's successor, which shares its registers
ON_CRYSTAL = 0x10001
PROTECT, PROTECT_DISABLE = 0x208, 0x558  # in UICR, and beside clock and power
WAIT_LOOKS = 3
BAUD_OF = {0x01D7E000: 115200}


class Uart(Memory):
    """UART0: six bytes deep, and silent until it is started on pins that it was given."""

    def __init__(self, oscillator: Memory) -> None:
        super().__init__()
        self.received = bytearray()
        self.sent = bytearray()
        self.mask = 0
        self.baud = 0
        self._looks = 0  # for the event that the last byte has gone
        self._oscillator = oscillator

    def feed(self, data: bytes) -> None:
        self.received += data
        self.words[0x108] = 1

    def read(self, offset: int) -> int:
        if offset == 0x11C and self._looks:
            self._looks -= 1
            self.words[0x11C] = int(not self._looks)
        if offset != 0x518:
            return super().read(offset)
        byte = self.received.pop(0)
        if self.received:
            self.words[0x108] = 1
        return byte

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        if offset == 0x304:
            self.mask |= value
        elif offset == 0x308:
            self.mask &= ~value
        elif offset in (0x000, 0x008):
            if self.words.get(0x500) != 4 or 0x50C not in self.words or 0x514 not in self.words:
                raise ChipError("the UART is started before it has pins and is enabled")
            words = self._oscillator.words
            if not words.get(0x100) and words.get(0x40C) != ON_CRYSTAL:
                raise ChipError("the UART runs on the RC oscillator")
            self.baud = BAUD_OF[self.words[0x524]]
        elif offset == 0x51C:
            if not self.words.get(0x008):
                raise ChipError("the UART sends before it is started")
            if self.words.get(0x11C) or self._looks:
                raise ChipError("a byte is sent before the last has gone, or its event is cleared")
            self.sent.append(value)
            self._looks = WAIT_LOOKS

    @property
    def interrupts(self) -> bool:
        events = self.words.get(0x108, 0) << 2 | self.words.get(END_RX, 0) << 4
        return bool(events & self.mask)


class Timer(Memory):
    """A timer whose time the chip tells."""

    def __init__(self, chip: Nrf52840) -> None:
        super().__init__()
        self._chip = chip

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        if 0x40 <= offset < 0x50:
            if (self.words.get(0x508), self.words.get(0x510)) != (3, 0):
                raise ChipError("a timer is read that is not 32 bits at 16 MHz")
            self.words[0x500 + offset] = self._chip.ticks & 0xFFFFFFFF


class Nrf52840:
    """The chip with an image in its flash, running from `vectors` on."""

    def __init__(self, elf: Path, vectors: int) -> None:
        self.ticks = 0
        self.cycles = 0
        self.sleeps = 0
        self._looks = 0
        self.pins = Memory()
        self.uicr = Memory({PROTECT: 0xFFFFFFFF})
        self.oscillator = Memory(answers={0x100: self._oscillator_started})
        self.uart = Uart(self.oscillator)
        self.timers = Timer(self), Timer(self)
        self.core = Core(
            arm_const.UC_CPU_ARM_CORTEX_M4,
            elf,
            {0: 0x100000, 0x20000000: 0x40000},
            {
                0x10001000: (0x1000, self.uicr),
                0x40000000: (0x1000, self.oscillator),
                0x40002000: (0x1000, self.uart),
                0x40008000: (0x1000, self.timers[0]),
                0x40009000: (0x1000, self.timers[1]),
                0x4001E000: (0x1000, Memory()),
                0x50000000: (0x1000, self.pins),
            },
            interrupts=self._interrupts,
            sleep=self._sleep,
        )
        self.core.system.answers = {CYCLE_COUNTER: self._count, MPU_TYPE: lambda: EIGHT_REGIONS}
        self.core.vector_table = vectors
        self.core.reset()

    def _oscillator_started(self) -> int:
        """It takes its time; the event is there when it has been looked for a few times."""
        words = self.oscillator.words
        if words.get(0):
            self._looks += 1
            words[0x100] = int(self._looks > WAIT_LOOKS)
        return words.get(0x100, 0)

    def _count(self) -> int:
        if not self.core.system.words.get(TRACE_ENABLE, 0) & 1 << 24:
            raise ChipError("the cycle counter is read without trace")
        self.cycles += 100
        return self.cycles & 0xFFFFFFFF

    def _interrupts(self) -> int:
        compared = bool(self.timers[1].words.get(0x140))
        return self.uart.interrupts << UART_IRQ | compared << TIMER1_IRQ

    def _sleep(self) -> None:
        self.sleeps += 1
        wakes = self.timers[1].words
        if not wakes.get(0x000) or not wakes.get(0x304):
            raise ChipError("it sleeps and nothing would wake it")
        self.ticks += wakes[0x540]
        wakes[0x140] = 1
