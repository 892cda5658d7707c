"""The blocks of registers of an RP2040 or RP2350, for rp2_model.

What takes its time is ready only when the firmware has looked for it a few times, and counts as
ready only then; what is used before, or out of order, is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cortex_m_model import ChipError, Memory

if TYPE_CHECKING:
    from rp2_model import Rp2

CRYSTAL_HZ = 12_000_000
WAIT_LOOKS = 3
FIFO_BYTES = 32


class Block(Memory):
    """A block with the aliases that flip, set and clear bits; unusable while it is in reset."""

    def __init__(self, chip: Rp2, name: str = "") -> None:
        super().__init__()
        self.chip, self.name = chip, name
        self.looks: dict[int, int] = {}  # at what takes its time, by offset

    def waited(self, offset: int) -> bool:
        """Whether the register has been looked at until it said that all is ready."""
        return self.looks.get(offset, 0) > WAIT_LOOKS

    def look(self, offset: int) -> bool:
        """A look at it; whether it says so now."""
        self.looks[offset] = self.looks.get(offset, 0) + 1
        return self.waited(offset)

    def read(self, offset: int) -> int:
        self._check()
        return self.get(offset & 0xFFF)

    def write(self, offset: int, value: int) -> None:
        self._check()
        at, old = offset & 0xFFF, self.words.get(offset & 0xFFF, 0)
        new = (value, old ^ value, old | value, old & ~value)[offset >> 12]
        self.words[at] = new
        self.put(at, new)

    def get(self, offset: int) -> int:
        return super().read(offset)

    def put(self, offset: int, value: int) -> None:
        """What a write does, besides being kept."""

    def _check(self) -> None:
        if self.name and self.chip.in_reset(self.name):
            raise ChipError(f"{self.name} is used while it is in reset")


class Resets(Block):
    def __init__(self, chip: Rp2) -> None:
        super().__init__(chip)
        self.words[0] = 0xFFFFFFFF
        self.done = 0

    def get(self, offset: int) -> int:
        if offset == 8 and self.look(8):
            self.done = ~self.words[0] & 0xFFFFFFFF
        return self.done if offset == 8 else super().get(offset)

    def put(self, offset: int, value: int) -> None:
        self.looks.clear()
        self.done &= ~value
        if self.chip.in_reset("pll"):
            self.chip.pll.words.clear()
            self.chip.pll.looks.clear()
            if self.chip.clocks.system == "pll":
                raise ChipError("the PLL is reset while the processor runs on it")


class Crystal(Block):
    @property
    def stable(self) -> bool:
        return self._set_up and self.waited(4)

    @property
    def _set_up(self) -> bool:
        delay = self.words.get(0x0C, 0) * 256
        return self.words.get(0) == 0xFABAA0 and delay >= CRYSTAL_HZ // 1000

    def get(self, offset: int) -> int:
        ready = offset == 4 and self._set_up and self.look(4)
        return super().get(offset) | (1 << 31 if ready else 0)


class Pll(Block):
    @property
    def power(self) -> int:
        return self.words.get(4, 0x2D)

    @property
    def locked(self) -> bool:
        return self._set_up and self.waited(0)

    @property
    def _set_up(self) -> bool:
        vco = CRYSTAL_HZ // max(1, self.words.get(0, 1)) * self.words.get(8, 0)
        good = 750_000_000 <= vco <= 1_600_000_000
        return self.chip.crystal.stable and not self.power & 0x21 and good

    @property
    def hertz(self) -> int:
        dividers = self.words.get(0x0C, 0x77000)
        by = (dividers >> 16 & 7) * (dividers >> 12 & 7)
        return CRYSTAL_HZ * self.words[8] // self.words[0] // by

    def write(self, offset: int, value: int) -> None:
        self.words.setdefault(4, 0x2D)
        super().write(offset, value)

    def get(self, offset: int) -> int:
        ready = offset == 0 and self._set_up and self.look(0)
        return super().get(offset) | (1 << 31 if ready else 0)


class Clocks(Block):
    """What the processor (`system`: reference, pll) and the reference (ring, crystal) run on.

    A clock has changed over when its `selected` says so.
    """

    system, reference = "reference", "ring"

    @property
    def hertz(self) -> int:
        if self.system == "pll":
            return self.chip.pll.hertz
        return CRYSTAL_HZ if self.reference == "crystal" else 6_500_000

    def get(self, offset: int) -> int:
        if offset == 0x38:
            if self.look(offset):
                self.reference = {0: "ring", 2: "crystal"}[self.words.get(0x30, 0) & 3]
            return 4 if self.reference == "crystal" else 1
        if offset == 0x44:
            if self.look(offset):
                self.system = "pll" if self.words.get(0x3C, 0) & 1 else "reference"
            return 2 if self.system == "pll" else 1
        return super().get(offset)

    def put(self, offset: int, value: int) -> None:
        self.looks.pop(offset + 8, None)
        if offset == 0x30 and value & 3 == 2 and not self.chip.crystal.stable:
            raise ChipError("the reference clock is the crystal before that is stable")
        if offset == 0x3C and value & 1:
            pll = self.chip.pll
            if value >> 5 or self.chip.in_reset("pll") or not pll.locked or pll.power & 8:
                raise ChipError("the processor runs on a PLL that does not")
            if self.reference != "crystal":
                raise ChipError("the reference clock has not changed over yet")


class Uart(Block):
    """UART0: its baud rate is that of the clock when it was enabled."""

    def __init__(self, chip: Rp2) -> None:
        super().__init__(chip, "uart")
        self.received, self.sent = bytearray(), bytearray()
        self.baud = 0.0
        self.held = 0  # bytes that have not gone out yet

    def get(self, offset: int) -> int:
        if offset == 0x18:
            full = 0x20 if self.held == FIFO_BYTES else 0
            busy = 0x08 if self.held else 0
            # A byte goes out for every other look.
            self.looks[offset] = self.looks.get(offset, 0) + 1
            self.held -= 1 if busy and self.looks[offset] % 2 else 0
            return full | busy | (0 if self.received else 0x10)
        if offset == 0:
            return self.received.pop(0)
        return super().get(offset)

    def put(self, offset: int, value: int) -> None:
        words = self.words
        if offset == 0x2C:
            divider = words.get(0x24, 0) + words.get(0x28, 0) / 64
            if not self.chip.clocks.words.get(0x48, 0) & 0x800 or not divider:
                raise ChipError("the UART has no clock or no divider")
            self.baud = self.chip.clocks.hertz / 16 / divider
        elif offset == 0:
            if words.get(0x30) != 0x301 or not self.baud or not self.chip.routed:
                raise ChipError("a byte is sent before UART and pins are set up")
            if self.held == FIFO_BYTES:
                raise ChipError("a byte is sent that the UART has no room for")
            self.held += 1
            self.sent.append(value)

    @property
    def interrupts(self) -> bool:
        return bool(self.received and self.words.get(0x38, 0) & 0x50)


class Timer(Block):
    """Counts microseconds of the chip's cycles, and has one alarm."""

    def __init__(self, chip: Rp2) -> None:
        super().__init__(chip, "timer")
        self.alarm: int | None = None
        self.raised = False

    def get(self, offset: int) -> int:
        if offset == 0x28:
            if not self.chip.ticking:
                raise ChipError("the timer is read, and nothing makes it tick")
            return self.chip.cycle() * 1_000_000 // self.chip.layout.hertz & 0xFFFFFFFF
        return super().get(offset)

    def put(self, offset: int, value: int) -> None:
        if offset == 0x10:
            self.alarm = value
        elif offset == 0x20:
            self.alarm = None
        elif offset == self.chip.layout.timer_interrupts:
            self.raised = False


class Watchdog(Block):
    """Of an RP2040, which has the timer's tick in it as well."""

    def put(self, offset: int, value: int) -> None:
        if offset == 0 and value >> 31:
            if self.chip.uart.held:
                raise ChipError("the watchdog cuts off what is being sent")
            raise ChipError("the watchdog restarts the chip")
