"""The RP2040 and the RP2350 as far as their ports use them: resets, clocks, pins, UART, timer.

The registers themselves are in rp2_blocks.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import unicorn
from cortex_m_model import ChipError, Core
from rp2_blocks import CRYSTAL_HZ, Block, Clocks, Crystal, Pll, Resets, Timer, Uart, Watchdog
from unicorn import arm_const

BLOCK = 0x4000
SYSTICK_CONTROL, SYSTICK_VALUE, CYCLE_COUNTER = 0xE010, 0xE018, 0x1004
MPU_TYPE, EIGHT_REGIONS = 0xED90, 0x800
RAM = 0x20000000
FLASH = 0x10000000
BOOT2_AT = 0x20041F00


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
            MPU_TYPE: lambda: EIGHT_REGIONS,
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
            cut = self.uart.held > 0
            self.core.stop("the ROM cuts off what is sent" if cut else "the ROM has taken over")

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
