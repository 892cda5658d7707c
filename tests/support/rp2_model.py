"""The RP2040 and the RP2350 as far as their ports use them: resets, clocks, pins, UART, timer.

What takes its time is ready only when the firmware has looked for it a few times, and counts as
ready only then; what is used before, or out of order, is an error.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import unicorn
from cortex_m_model import ChipError, Core, Memory
from unicorn import arm_const

CRYSTAL_HZ = 12_000_000
BLOCK = 0x4000
SYSTICK_CONTROL, SYSTICK_VALUE, CYCLE_COUNTER = 0xE010, 0xE018, 0x1004
RAM = 0x20000000
FLASH = 0x10000000
BOOT2_AT = 0x20041F00
WAIT_LOOKS = 3
FIFO_BYTES = 32


@dataclass(frozen=True)
class Layout:
    """What differs between the two chips."""

    core: int
    ram_bytes: int
    clocks: int
    resets: int
    pins: int
    pads: int
    crystal: int
    pll: int
    uart: int
    timer: int
    timer_interrupts: int
    ticks: int
    others: tuple[int, ...]
    reset_bits: dict[str, int]
    uart_irq: int
    hertz: int
    rom: dict[int, tuple[int, ...]]


# In ROM: `lookup` gives the address of a function, and the model notes what both are called with.
LOOKUP, FUNCTION = 0x100, 0x200
LOOKUP_CODE = (0x4801, 0x4770, 0, 0, FUNCTION | 1, 0)  # ldr r0, [pc, #4]; bx lr

RP2040 = Layout(
    core=arm_const.UC_CPU_ARM_CORTEX_M0,
    ram_bytes=0x42000,
    clocks=0x40008000,
    resets=0x4000C000,
    pins=0x40014000,
    pads=0x4001C000,
    crystal=0x40024000,
    pll=0x40028000,
    uart=0x40034000,
    timer=0x40054000,
    timer_interrupts=0x34,
    ticks=0x40058000,
    others=(0x40010000, 0x40064000, 0x18000000),
    reset_bits={"pins": 5, "pads": 8, "pll": 12, "timer": 21, "uart": 22},
    uart_irq=20,
    hertz=125_000_000,
    rom={0x14: (0x0400, 0, LOOKUP | 1), LOOKUP: LOOKUP_CODE},
)
RP2350 = Layout(
    core=arm_const.UC_CPU_ARM_CORTEX_M33,
    ram_bytes=0x82000,
    clocks=0x40010000,
    resets=0x40020000,
    pins=0x40028000,
    pads=0x40038000,
    crystal=0x40048000,
    pll=0x40050000,
    uart=0x40070000,
    timer=0x400B0000,
    timer_interrupts=0x3C,
    ticks=0x40108000,
    others=(0x40100000,),
    reset_bits={"pins": 6, "pads": 9, "pll": 14, "timer": 23, "uart": 26},
    uart_irq=33,
    hertz=150_000_000,
    rom={0x14: (0, LOOKUP | 1), LOOKUP: LOOKUP_CODE},
)


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
            self.held = max(0, self.held - 1) if full else self.held
            return full | (0 if self.received else 0x10)
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
            raise ChipError("the watchdog restarts the chip")


class Rp2:
    """One of the chips, with an image in its flash."""

    def __init__(self, layout: Layout, elf: Path) -> None:
        self.layout = layout
        self.cycles = 1_000_000
        self.step = 8  # cycles that pass with each look at a counter
        self.asleep_cycles = 0  # in which the SysTick stood still
        self.sleeps = 0
        self.resets, self.crystal = Resets(self), Crystal(self)
        self.pll, self.clocks = Pll(self, "pll"), Clocks(self)
        self.uart, self.timer = Uart(self), Timer(self)
        self.pins, self.pads, self.ticks = Block(self, "pins"), Block(self, "pads"), Watchdog(self)
        self.core = Core(
            layout.core,
            elf,
            {0: 0x1000, FLASH: 0x1000000, RAM: layout.ram_bytes},
            {
                layout.resets: (BLOCK, self.resets),
                layout.crystal: (BLOCK, self.crystal),
                layout.pll: (BLOCK, self.pll),
                layout.clocks: (BLOCK, self.clocks),
                layout.uart: (BLOCK, self.uart),
                layout.timer: (BLOCK, self.timer),
                layout.pins: (BLOCK, self.pins),
                layout.pads: (BLOCK, self.pads),
                layout.ticks: (BLOCK, self.ticks),
                **{address: (BLOCK, Block(self)) for address in layout.others},
            },
            interrupts=self._interrupts,
            sleep=self._sleep,
        )
        self.core.system.answers = {
            SYSTICK_VALUE: lambda: -(self.cycle() - self.asleep_cycles) & 0xFFFFFF,
            CYCLE_COUNTER: lambda: self.cycle() & 0xFFFFFFFF,
        }
        for address, halfwords in layout.rom.items():
            data = struct.pack(f"<{len(halfwords)}H", *halfwords)
            self.core.uc.mem_write(address, data)
        self.rom_calls: list[tuple[int, ...]] = []
        for at in (LOOKUP, FUNCTION):
            self.core.uc.hook_add(unicorn.UC_HOOK_CODE, self._on_rom, begin=at, end=at)

    def _on_rom(self, uc: unicorn.Uc, address: int, *_: object) -> None:
        names = (getattr(arm_const, f"UC_ARM_REG_R{n}") for n in range(4))
        self.rom_calls.append(tuple(uc.reg_read(name) for name in names))
        if address == FUNCTION:
            self.core.stop("the ROM has taken over")

    def boot_from_flash(self) -> None:
        """What the ROM does: of an RP2040, run the 256 bytes of the second stage from RAM."""
        uc = self.core.uc
        if self.layout is RP2040:
            stage = bytes(uc.mem_read(FLASH, 256))
            uc.mem_write(BOOT2_AT, stage)
            self.core.start(BOOT2_AT, RAM + self.layout.ram_bytes)
            return
        self.core.vector_table = FLASH
        self.core.reset()

    def in_reset(self, name: str) -> bool:
        return not self.resets.done >> self.layout.reset_bits[name] & 1

    @property
    def routed(self) -> bool:
        """Whether pins 0 and 1 are the UART's, driven and read."""
        pads = self.pads.words
        functions = self.pins.words.get(4), self.pins.words.get(12)
        driven = not pads.get(4, 0x180) & 0x180
        return functions == (2, 2) and driven and pads.get(8, 0x180) & 0x1C0 == 0x40

    @property
    def ticking(self) -> bool:
        """Whether the timer gets a tick each microsecond of the crystal."""
        if self.clocks.reference != "crystal":
            return False
        words = self.ticks.words
        if self.layout is RP2040:
            return words.get(0x2C) == 0x200 | CRYSTAL_HZ // 1_000_000
        return (words.get(0x18), words.get(0x1C)) == (1, CRYSTAL_HZ // 1_000_000)

    def cycle(self) -> int:
        self.cycles += self.step
        return self.cycles

    def _interrupts(self) -> int:
        alarm = self.timer.raised and self.timer.words.get(self.layout.timer_interrupts + 4, 0) & 1
        return int(alarm) | self.uart.interrupts << self.layout.uart_irq

    def _sleep(self) -> None:
        self.sleeps += 1
        if self.timer.alarm is None:
            raise ChipError("it sleeps and nothing would wake it")
        per_us = self.layout.hertz // 1_000_000
        gone = (self.timer.alarm * per_us - self.cycles) % (2**32 * per_us)
        self.cycles += gone
        self.asleep_cycles += gone
        self.timer.alarm, self.timer.raised = None, True
