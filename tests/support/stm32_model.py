"""STM32 chips as far as their port uses them: clocks, flash wait states, power, pins, console.

What the reference manuals forbid is an error: a peripheral without its clock, a PLL changed while
it runs, a core faster than its flash, voltage or buses allow, a UART on pins that it was not given.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import unicorn
from cortex_m_model import ChipError, Core
from unicorn import arm_const

FLASH, RAM, ROM = 0x08000000, 0x20000000, 0x1FFF0000
HSI_HZ = 16_000_000
TIM2, TIM5, IWDG, PWR = 0x40000000, 0x40000C00, 0x40003000, 0x40007000
TIM_CNT, TIM_PSC, TIM_EGR = 0x24, 0x28, 0x14
CYCLE_COUNTER, TRACE_ENABLE, SYSTICK_RELOAD = 0x1004, 0xEDFC, 0xE014
# A loader for the ROM: a stack, an entry, and a branch to itself there.
LOADER = (0x20001000).to_bytes(4, "little") + (ROM + 9).to_bytes(4, "little") + b"\xfe\xe7"


class Page:
    """4 KB of the chip's registers."""

    def __init__(self, chip: Stm32, base: int) -> None:
        self._chip, self._base = chip, base

    def read(self, offset: int) -> int:
        return self._chip.read(self._base + offset)

    def write(self, offset: int, value: int) -> None:
        self._chip.write(self._base + offset, value)


class Stm32:
    """What both families share. `locks` false: the PLL never becomes ready."""

    PAGES: tuple[int, ...] = ()
    UART, UART_IRQ, GPIO = 0, 0, 0
    PINS: tuple[int, int] = (0, 0)
    ALTERNATE = 7
    RECEIVED, SENT_ALL = 0x20, 0xC0
    STATUS, TAKE, GIVE = 0, 4, 4
    RESET_FLAGS, REMAP = 0, 0

    def __init__(self, elf: Path, *, locks: bool = True, ram: bytes = b"") -> None:
        self.words: dict[int, int] = {}
        self.locks = locks
        self.received = bytearray()
        self.sent = bytearray()
        self.line = bytearray()
        self.microseconds = self.cycles = self.sleeps = self.fed = 0
        self.core_hz = 0
        self.core = Core(
            arm_const.UC_CPU_ARM_CORTEX_M4,
            elf,
            {FLASH: 0x200000, RAM: 0xA0000, ROM: 0x1000},
            {page: (0x1000, Page(self, page)) for page in self.PAGES},
            interrupts=self._interrupts,
            sleep=self._sleep,
        )
        self.core.system.answers = {CYCLE_COUNTER: self._count}
        self.core.uc.mem_write(ROM, LOADER)
        self.core.uc.mem_write(RAM, ram)
        self.core.vector_table = FLASH
        self.core.reset()

    def connect_line(self, data: bytes, instructions: int) -> None:
        """Let `data` arrive, a byte every so many instructions, at a UART that holds one.

        A byte that nobody took in time is an error. A sleeping core is woken by the next.
        """
        self.line = bytearray(data)
        passed = 0

        def block(_uc: unicorn.Uc, _address: int, size: int, _: object) -> None:
            nonlocal passed
            passed += size // 2
            if self.line and passed >= instructions:
                passed = 0
                if self.received:
                    self.core.stop(f"byte {len(data) - len(self.line)} was not taken in time")
                self.received.append(self.line.pop(0))

        self.core.uc.hook_add(unicorn.UC_HOOK_BLOCK, block)

    def bit(self, address: int, mask: int) -> bool:
        return self.words.get(address, 0) & mask == mask

    def read(self, address: int) -> int:
        self.need_clock(address)
        if address == self.UART + self.STATUS:
            return self.SENT_ALL | (self.RECEIVED if self.received else 0)
        if address == self.UART + self.TAKE:
            return self.received.pop(0) if self.received else 0
        if address in (TIM2 + TIM_CNT, TIM5 + TIM_CNT):
            rate = self.timer_hz() // (self.words[address - TIM_CNT + TIM_PSC] + 1)
            return self.microseconds * rate // 1_000_000 & 0xFFFFFFFF
        return self.words.get(address, 0) | self.ready(address)

    def write(self, address: int, value: int) -> None:
        self.need_clock(address)
        before = self.words.get(address, 0)
        self.words[address] = value
        if address == self.UART + self.GIVE:
            if not self.uart_on():
                raise ChipError("the UART sends before it is started")
            self.sent.append(value & 0xFF)
        elif address == IWDG and value == 0xAAAA:
            self.fed += 1
        self.changed(address, before, value)

    def check_pins(self) -> None:
        for pin in self.PINS:
            mode = self.words.get(self.GPIO, 0) >> 2 * pin & 3
            alternate = self.words.get(self.GPIO + 0x20 + 4 * (pin // 8), 0) >> 4 * (pin % 8) & 15
            if (mode, alternate) != (2, self.ALTERNATE):
                raise ChipError(f"the UART starts and pin {pin} is not its own")

    def need_clock(self, address: int) -> None:
        raise NotImplementedError

    def ready(self, address: int) -> int:
        raise NotImplementedError

    def changed(self, address: int, before: int, value: int) -> None:
        raise NotImplementedError

    def uart_on(self) -> bool:
        raise NotImplementedError

    def baud(self) -> float:
        raise NotImplementedError

    def timer_hz(self) -> int:
        raise NotImplementedError

    def need(self, wanted: bool, what: str) -> None:
        if not wanted:
            raise ChipError(what)

    def _count(self) -> int:
        self.need(bool(self.core.system.words.get(TRACE_ENABLE, 0) & 1 << 24), "no trace")
        self.cycles += 100
        return self.cycles & 0xFFFFFFFF

    def _interrupts(self) -> int:
        return bool(self.received and self.uart_on()) << self.UART_IRQ

    def _sleep(self) -> None:
        """Until the SysTick, or the next byte; the cycle counter stands still."""
        if self.line:
            self.received.append(self.line.pop(0))
            return
        self.sleeps += 1
        clocks = self.core.system.words[SYSTICK_RELOAD] + 1
        self.microseconds += clocks * 1_000_000 // (self.core_hz or HSI_HZ)


RCC4 = 0x40023800
CR4, PLLCFGR4, CFGR4 = RCC4, RCC4 + 4, RCC4 + 8
ACR4 = 0x40023C00
PWR_CR, PWR_CSR = PWR, PWR + 4


class Stm32F4(Stm32):
    """STM32F405; with `overdrive`, STM32F446, whose limits are higher."""

    PAGES = (0x40000000, 0x40003000, 0x40004000, 0x40007000, 0x40011000, 0x40013000, 0x40020000,
             0x40023000)  # fmt: skip
    UART, UART_IRQ, GPIO, PINS = 0x40011000, 37, 0x40020000, (9, 10)
    RESET_FLAGS, REMAP = RCC4 + 0x74, 0x40013800
    OVERDRIVE = False
    ENABLES: ClassVar = {
        TIM2: (RCC4 + 0x40, 1 << 0),
        TIM5: (RCC4 + 0x40, 1 << 3),
        PWR: (RCC4 + 0x40, 1 << 28),
        0x40004400: (RCC4 + 0x40, 1 << 17),
        0x40011000: (RCC4 + 0x44, 1 << 4),
        0x40013800: (RCC4 + 0x44, 1 << 14),
        0x40020000: (RCC4 + 0x30, 1 << 0),
    }

    def need_clock(self, address: int) -> None:
        for base, (register, mask) in self.ENABLES.items():
            if base <= address < base + 0x400:
                self.need(self.bit(register, mask), f"{address:#x} is used without its clock")

    def ready(self, address: int) -> int:
        word = self.words.get(address, 0)
        if address == CR4:
            return (word & 1) << 1 | (word & 1 << 24 if self.locks else 0) << 1
        if address == CFGR4:
            return (word & 3) << 2
        if address == PWR_CSR:
            control = self.words.get(PWR_CR, 0)
            pll = self.bit(CR4, 1 << 24) and self.locks
            return (1 << 14 if pll else 0) | (control & 3 << 16 if self.OVERDRIVE else 0)
        return 0

    def changed(self, address: int, before: int, value: int) -> None:
        running = self.bit(CR4, 1 << 24)
        if address == PLLCFGR4:
            self.need(not running, "the PLL is changed while it runs")
            source = HSI_HZ // (value & 63)
            self.need(1_000_000 <= source <= 2_000_000, f"the PLL is fed with {source} Hz")
            self.need(100 <= self.vco() // 1_000_000 <= 432, f"the PLL is at {self.vco()} Hz")
        elif address == PWR_CR and running:
            self.need((before ^ value) & 0xC000 == 0, "the voltage is changed while the PLL runs")
        elif address == ACR4 and value & 0x1800:
            self.need(not before & 0x600, "a cache is flushed while it is on")
        elif address == CFGR4 and value & 3 == 2:
            self.core_hz = self.vco() // (2 * (self.words[PLLCFGR4] >> 16 & 3) + 2)
            self.check_speed()
        elif address == CFGR4:
            self.core_hz = HSI_HZ
        elif address == self.UART + 0x0C and value & 1 << 13:
            self.check_pins()

    def vco(self) -> int:
        pll = self.words[PLLCFGR4]
        return HSI_HZ // (pll & 63) * (pll >> 6 & 511)

    def check_speed(self) -> None:
        hz, control = self.core_hz, self.words.get(PWR_CR, 0)
        self.need(bool(self.ready(CR4) & 1 << 25), "the PLL is used before it is ready")
        self.need((self.words.get(ACR4, 0) & 15) >= -(-hz // 30_000_000) - 1, "flash is too slow")
        full = 3 << 14 if self.OVERDRIVE else 1 << 14
        self.need(hz <= 144_000_000 or control & full == full, "the voltage is too low")
        limit = 168_000_000
        if self.OVERDRIVE and control & 3 << 16 == 3 << 16:
            limit = 180_000_000
        self.need(hz <= limit, f"the core is at {hz} Hz")
        self.need(self.bus_hz(10) <= limit // 4, "APB1 is too fast")
        self.need(self.bus_hz(13) <= limit // 2, "APB2 is too fast")

    def bus_hz(self, shift: int) -> int:
        divide = self.words.get(CFGR4, 0) >> shift & 7
        return self.core_hz >> (divide - 3 if divide >= 4 else 0)

    def timer_hz(self) -> int:
        bus = self.bus_hz(10)
        return bus if bus == self.core_hz else 2 * bus

    def uart_on(self) -> bool:
        return self.bit(self.UART + 0x0C, 0x202C)

    def baud(self) -> float:
        return self.bus_hz(13 if self.UART == 0x40011000 else 10) / self.words[self.UART + 0x08]


class Stm32F446(Stm32F4):
    OVERDRIVE = True
    UART, UART_IRQ, PINS = 0x40004400, 38, (2, 3)


RCCL = 0x40021000
CRL, CFGRL, PLLCFGRL, ACRL = RCCL, RCCL + 0x08, RCCL + 0x0C, 0x40022000


class Stm32L4R5(Stm32):
    """STM32L4R5, which starts from its other oscillator, at 4 MHz."""

    PAGES = (0x40000000, 0x40003000, 0x40007000, 0x40008000, 0x40010000, 0x40021000, 0x40022000,
             0x48001000)  # fmt: skip
    UART, UART_IRQ, GPIO, PINS, ALTERNATE = 0x40008000, 70, 0x48001800, (7, 8), 8
    STATUS, TAKE, GIVE = 0x1C, 0x24, 0x28
    RESET_FLAGS, REMAP = RCCL + 0x94, 0x40010000
    ENABLES: ClassVar = {
        TIM2: (RCCL + 0x58, 1 << 0),
        TIM5: (RCCL + 0x58, 1 << 3),
        PWR: (RCCL + 0x58, 1 << 28),
        0x40008000: (RCCL + 0x5C, 1 << 0),
        0x40010000: (RCCL + 0x60, 1 << 0),
        0x48001800: (RCCL + 0x4C, 1 << 6),
    }

    need_clock = Stm32F4.need_clock

    def read(self, address: int) -> int:
        if address == PWR + 0x80:
            self.words.setdefault(address, 1 << 8)  # no boost after a reset
        return super().read(address)

    def ready(self, address: int) -> int:
        word = self.words.get(address, 0)
        if address == CRL:
            return (word & 1 << 8) << 2 | (word & 1 << 24 if self.locks else 0) << 1
        return (word & 3) << 2 if address == CFGRL else 0

    def changed(self, address: int, before: int, value: int) -> None:
        if address == PLLCFGRL:
            self.need(not self.bit(CRL, 1 << 24), "the PLL is changed while it runs")
            source = HSI_HZ // ((value >> 4 & 15) + 1)
            self.need(2_660_000 <= source <= 8_000_000, f"the PLL is fed with {source} Hz")
            self.need(64 <= self.vco() // 1_000_000 <= 344, f"the PLL is at {self.vco()} Hz")
        elif address == ACRL and value & 0x1800:
            self.need(not before & 0x600, "a cache is flushed while it is on")
        elif address == CFGRL:
            self.switch(before, value)
        elif address == self.UART and value & 1:
            self.need(self.bit(PWR + 4, 1 << 9), "port G has no power")
            self.check_pins()

    def switch(self, before: int, value: int) -> None:
        self.core_hz = {0: 4_000_000, 1: HSI_HZ}.get(value & 3, self.vco() // 2)
        halved = value >> 4 & 15 == 8
        self.core_hz //= 2 if halved else 1
        if value & 3 != 3:
            return
        boosted = not self.words.get(PWR + 0x80, 1 << 8) & 1 << 8
        self.need(bool(self.ready(CRL) & 1 << 25), "the PLL is used before it is ready")
        self.need(self.words.get(PWR, 0x200) & 0x600 == 0x200, "the voltage is too low")
        self.need(self.core_hz <= 80_000_000 or boosted, "no boost over 80 MHz")
        wait = self.words.get(ACRL, 0) & 15
        self.need(wait >= -(-self.core_hz // 20_000_000) - 1, "flash is too slow")
        self.need(before & 3 == 3 or self.core_hz <= 80_000_000, "over 80 MHz in one step")

    def vco(self) -> int:
        pll = self.words.get(PLLCFGRL, 0x1000)
        return HSI_HZ // ((pll >> 4 & 15) + 1) * (pll >> 8 & 127)

    def timer_hz(self) -> int:
        return self.core_hz

    def uart_on(self) -> bool:
        return self.bit(self.UART, 0x2D)

    def baud(self) -> float:
        source = self.words.get(RCCL + 0x88, 0) >> 10 & 3
        self.need(source == 2, "the UART's clock is another")
        return 256 * HSI_HZ / self.words[self.UART + 0x0C]
