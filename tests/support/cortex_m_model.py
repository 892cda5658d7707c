"""A Cortex-M core (Unicorn's) that runs a board's image on models of the chip's registers.

The registers are those a test gives; an access to anything else is an error. Exceptions are those
of ARMv6-M and up, as far as firmware that polls or takes interrupts one at a time needs them:
entry with the basic frame, return, PRIMASK, WFI. Time stands still while the core runs and goes on
when it reads a counter or sleeps, as the models see fit.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import unicorn
from unicorn import arm_const as arm

SYSTEM_CONTROL = 0xE0000000
NVIC_SET_ENABLE, NVIC_CLEAR_ENABLE = 0xE100, 0xE180
NVIC_SET_PENDING, NVIC_CLEAR_PENDING = 0xE200, 0xE280
VTOR, AIRCR = 0xED08, 0xED0C
AIRCR_RESET = 0x05FA0004
EXC_RETURN = 0xFFFFFFF9
EXCEPTION_EXIT = 8  # Unicorn's number
SLICE_INSTRUCTIONS, STEP_INSTRUCTIONS = 5_000, 16
LANDING = 0x20000000  # where a called function returns to: nothing is executed there
CALL_INSTRUCTIONS = 1_000_000
# Unicorn does not come back from a WFI.
DSB_WFI, DSB_NOP = b"\xbf\xf3\x4f\x8f\x30\xbf", b"\xbf\xf3\x4f\x8f\x00\xbf"


class StoppedError(Exception):
    """What ended the run: a restart, or an access that the chip would not answer."""


class ChipError(Exception):
    """Firmware did what the chip's data sheet forbids."""


class Registers(Protocol):
    """A block of registers."""

    def read(self, offset: int) -> int: ...

    def write(self, offset: int, value: int) -> None: ...


@dataclass
class Memory:
    """Registers that read as they were written, or as a function says; the simplest of blocks."""

    words: dict[int, int] = field(default_factory=dict)
    answers: Mapping[int, Callable[[], int]] = field(default_factory=dict)

    def read(self, offset: int) -> int:
        return self.answers[offset]() if offset in self.answers else self.words.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        self.words[offset] = value


class Core:
    """The core, its memory and what was written to which register: `writes`, in order."""

    def __init__(
        self,
        model: int,
        elf: Path,
        memories: Mapping[int, int],
        blocks: Mapping[int, tuple[int, Registers]],
        *,
        interrupts: Callable[[], int],
        sleep: Callable[[], None],
    ) -> None:
        """`memories` and `blocks` are {address: size} and {address: (size, registers)}.

        `interrupts` gives the lines that are up, a bit each; `sleep` lets time pass until
        something happens.
        """
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(model)
        self.writes: list[tuple[int, int]] = []
        self.vector_table = 0
        self.symbols: dict[str, int] = {}
        self.enabled = 0
        self._pending = 0
        self._interrupts, self._sleep = interrupts, sleep
        self._problem: str | None = None
        self._handling: list[int] | None = None  # the registers that the handler returns to
        self._returning = False
        for address, size in memories.items():
            self.uc.mem_map(address, size)
        self.system = Memory()
        for address, (size, registers) in {
            **blocks,
            SYSTEM_CONTROL: (0x100000, self.system),
        }.items():
            self.uc.mmio_map(
                address, size, self._reader(address), registers, self._writer(address), registers
            )
        self.uc.hook_add(unicorn.UC_HOOK_INTR, self._on_exception)
        self._load(elf.read_bytes())

    def reset(self) -> None:
        """Start from the vector table."""
        stack, entry = struct.unpack("<2I", self.uc.mem_read(self.vector_table, 8))
        self.start(entry, stack)

    def start(self, entry: int, stack: int) -> None:
        """Start at `entry` with the main stack at `stack`."""
        self._pc = entry | 1
        self.uc.reg_write(arm.UC_ARM_REG_MSP, stack)
        self.uc.reg_write(arm.UC_ARM_REG_SP, stack)

    def run(self, until: Callable[[], bool], instructions: int = 50_000_000) -> None:
        """Run until `until()`, which is asked now and then. Raises StoppedError."""
        left = instructions
        while left > 0:
            if until():
                return
            self._take_interrupt()
            # In short steps while one waits to be let through.
            count = STEP_INSTRUCTIONS if self._pending & self.enabled else SLICE_INSTRUCTIONS
            self._go(count)
            left -= count
        raise StoppedError(f"nothing came of {instructions} instructions, pc {self._pc:#x}")

    def call(self, symbol: str, *arguments: int) -> int:
        """The result of a function of the image."""
        for register, value in zip((arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1), arguments, strict=False):
            self.uc.reg_write(register, value)
        self.uc.reg_write(arm.UC_ARM_REG_LR, LANDING | 1)
        self._pc = self.symbols[symbol] | 1
        for _ in range(CALL_INSTRUCTIONS // SLICE_INSTRUCTIONS):
            self._go(SLICE_INSTRUCTIONS, LANDING)
            if self._pc & ~1 == LANDING:
                break
        else:
            raise StoppedError(f"{symbol} does not return")
        return int(self.uc.reg_read(arm.UC_ARM_REG_R0))

    def _go(self, count: int, until: int = 0) -> None:
        try:
            self.uc.emu_start(self._pc, until, count=count)
        except unicorn.UcError as error:
            pc = self.uc.reg_read(arm.UC_ARM_REG_PC)
            raise StoppedError(self._problem or f"{error}, pc {pc:#x}") from None
        if self._problem is not None:
            raise StoppedError(self._problem)
        if self._returning:
            self._return()
        else:
            self._pc = self.uc.reg_read(arm.UC_ARM_REG_PC) | 1

    def _wait(self, *_: Any) -> None:
        """WFI: an enabled interrupt ends it, masked or not."""
        self._latch()
        if not self._pending & self.enabled:
            self._sleep()
            self._latch()

    def _latch(self) -> None:
        self._pending |= self._interrupts()

    def _take_interrupt(self) -> None:
        self._latch()
        ready = self._pending & self.enabled
        if not ready or self.uc.reg_read(arm.UC_ARM_REG_PRIMASK) or self._handling:
            return
        number = (ready & -ready).bit_length() - 1
        self._pending &= ~(1 << number)
        names = (*(getattr(arm, f"UC_ARM_REG_R{n}") for n in (0, 1, 2, 3, 12)), arm.UC_ARM_REG_LR)
        frame = [self.uc.reg_read(name) for name in names]
        frame += [self._pc & ~1, self.uc.reg_read(arm.UC_ARM_REG_XPSR)]
        stack = self.uc.reg_read(arm.UC_ARM_REG_SP)
        self._handling = [*frame, stack]
        stack = (stack - 32) & ~7
        self.uc.mem_write(stack, struct.pack("<8I", *frame))
        self.uc.reg_write(arm.UC_ARM_REG_SP, stack)
        self.uc.reg_write(arm.UC_ARM_REG_LR, EXC_RETURN)
        (handler,) = struct.unpack("<I", self.uc.mem_read(self.vector_table + 64 + 4 * number, 4))
        self._pc = handler

    def _return(self) -> None:
        assert self._handling is not None
        self._returning = False
        *frame, pc, xpsr, stack = self._handling
        names = (*(getattr(arm, f"UC_ARM_REG_R{n}") for n in (0, 1, 2, 3, 12)), arm.UC_ARM_REG_LR)
        for name, value in zip(names, frame, strict=True):
            self.uc.reg_write(name, value)
        self.uc.reg_write(arm.UC_ARM_REG_SP, stack)
        self.uc.reg_write(arm.UC_ARM_REG_XPSR, xpsr)
        self._handling = None
        self._pc = pc | 1

    def _reader(self, address: int) -> Callable[..., int]:
        def read(_: unicorn.Uc, offset: int, size: int, registers: Registers) -> int:
            if address == SYSTEM_CONTROL:
                return {VTOR: self.vector_table, NVIC_SET_ENABLE: self.enabled}.get(
                    offset, registers.read(offset)
                )
            return self._guarded(registers.read, offset) or 0

        return read

    def _writer(self, address: int) -> Callable[..., None]:
        def write(_: unicorn.Uc, offset: int, size: int, value: int, registers: Registers) -> None:
            self.writes.append((address + offset, value))
            self._guarded(registers.write, offset, value)
            if address == SYSTEM_CONTROL:
                self._write_system(offset, value)

        return write

    def _guarded(self, work: Callable[..., Any], *arguments: int) -> Any:
        """An exception must not go through Unicorn."""
        try:
            return work(*arguments)
        except ChipError as error:
            self.stop(str(error))

    def _write_system(self, offset: int, value: int) -> None:
        word = 32 * ((offset & 0x1F) // 4)
        if offset & ~0x1F == NVIC_SET_ENABLE:
            self.enabled |= value << word
        elif offset & ~0x1F == NVIC_CLEAR_ENABLE:
            self.enabled &= ~(value << word)
        elif offset & ~0x1F == NVIC_CLEAR_PENDING:
            self._pending &= ~(value << word)
        elif offset == VTOR:
            self.vector_table = value
        elif (offset, value) == (AIRCR, AIRCR_RESET):
            self.stop("the chip restarts")

    def stop(self, why: str) -> None:
        """End the run from within a block of registers."""
        self._problem = why
        self.uc.emu_stop()

    def _on_exception(self, uc: unicorn.Uc, number: int, _: Any) -> None:
        if number == EXCEPTION_EXIT and self._handling is not None:
            self._returning = True
            uc.emu_stop()
            return
        self.stop(f"exception {number}, pc {uc.reg_read(arm.UC_ARM_REG_PC):#x}")

    def _load(self, elf: bytes) -> None:
        """Loads the segments where a programmer writes them, and reads the symbols."""
        header = struct.unpack_from("<16xHHIIIIIHHHHHH", elf)
        segments, sections = header[4], header[5]
        for n in range(header[9]):
            kind, offset, _, physical, size = struct.unpack_from("<5I", elf, segments + 32 * n)
            if kind == 1 and size:
                data = elf[offset : offset + size]
                for found in re.finditer(re.escape(DSB_WFI), data):
                    at = physical + found.end() - 2
                    self.uc.hook_add(unicorn.UC_HOOK_CODE, self._wait, begin=at, end=at)
                self.uc.mem_write(physical, data.replace(DSB_WFI, DSB_NOP))
        table = [struct.unpack_from("<10I", elf, sections + 40 * n) for n in range(header[11])]
        for _, kind, _, _, offset, size, link, *_ in table:
            if kind != 2:
                continue
            names = table[link][4]
            for at in range(offset, offset + size, 16):
                name, value, _ = struct.unpack_from("<3I", elf, at)
                end = elf.index(b"\0", names + name)
                self.symbols[elf[names + name : end].decode()] = value & ~1
