"""An STM32F103 at the end of a JTAG cable: what OpenOCD's remote_bitbang adapter talks to in tests.

It has the chip's two TAPs, a debug port, a memory access port, a halted core without instructions,
and flash with its controller: locked until the keys come, erased by pages, and programmed by
clearing bits. OpenOCD's helper programs cannot run here; without a working area it writes half word
by half word, and always whole pages: of all STM32 this one has the smallest.
"""

from __future__ import annotations

FLASH = 0x08000000
FLASH_BYTES = 128 << 10
PAGE_BYTES = 1 << 10

DPIDR, AHB_AP = 0x2BA01477, 0x24770011
CORE_IDCODE, SCAN_IDCODE = 0x3BA00477, 0x16410041
IDCODE, BYPASS, DPACC, APACC = 0xE, 0xF, 0xA, 0xB
CORE_IR, SCAN_IR = 4, 5
OK = 0b010
POWER_ASKED, POWER_SHIFT = (1 << 28) | (1 << 30), 1

DHCSR, DCRSR, DCRDR, DEMCR, AIRCR = 0xE000EDF0, 0xE000EDF4, 0xE000EDF8, 0xE000EDFC, 0xE000ED0C
HALT, READY, HALTED, WAS_RESET = 1 << 1, 1 << 16, 1 << 17, 1 << 25

FLASH_KEYR, FLASH_CR, FLASH_AR = 0x40022004, 0x40022010, 0x40022014
KEYS = (0x45670123, 0xCDEF89AB)
PROGRAM, ERASE, START, LOCK = 1 << 0, 1 << 1, 1 << 6, 1 << 7
STM32F103_ID, STM32L4R5_ID = 0x20036410, 0x10006470

# The TAP controller: where each state goes with TMS low and high.
STATES = {
    "reset": ("idle", "reset"),
    "idle": ("idle", "select-dr"),
    "select-dr": ("capture-dr", "select-ir"),
    "capture-dr": ("shift-dr", "exit1-dr"),
    "shift-dr": ("shift-dr", "exit1-dr"),
    "exit1-dr": ("pause-dr", "update-dr"),
    "pause-dr": ("pause-dr", "exit2-dr"),
    "exit2-dr": ("shift-dr", "update-dr"),
    "update-dr": ("idle", "select-dr"),
    "select-ir": ("capture-ir", "reset"),
    "capture-ir": ("shift-ir", "exit1-ir"),
    "shift-ir": ("shift-ir", "exit1-ir"),
    "exit1-ir": ("pause-ir", "update-ir"),
    "pause-ir": ("pause-ir", "exit2-ir"),
    "exit2-ir": ("shift-ir", "update-ir"),
    "update-ir": ("idle", "select-dr"),
}


def bits(value: int, count: int) -> list[int]:
    return [value >> at & 1 for at in range(count)]


def number(found: list[int]) -> int:
    return sum(bit << at for at, bit in enumerate(found))


class JtagChip:
    """The chip. `stuck` bytes of flash keep their value; `mute` chips never answer. `chip` is the
    core's and the maker's id."""

    def __init__(self, *, chip: int = STM32F103_ID, mute: bool = False) -> None:
        self.flash = bytearray(FLASH_BYTES)  # an old firmware: every bit programmed
        self.erased = [0] * (FLASH_BYTES // PAGE_BYTES)
        self.stuck: set[int] = set()
        self.mute = mute
        self.halted = False
        self.resets = 0
        self._memory = {
            0xE000ED00: 0x411FC231,  # CPUID: Cortex-M3
            0xE0002000: 0x00000260,  # breakpoints
            0xE0001000: 0x40000000,  # watchpoints
            0xE0042000: chip,
            0x1FFFF7E0: FLASH_BYTES >> 10,
            0x4002201C: 0x03FFFFFC,  # option bytes: nothing is protected
            0x40022020: 0xFFFFFFFF,
            FLASH_CR: LOCK,
        }
        self._keys: list[int] = []
        self._was_reset = True
        self._clock = 0
        self._state = "reset"
        self._instructions = [IDCODE, 1]
        self._shift = [0]
        self._read = 0  # what the last access found
        self._select = self._control = self._csw = self._tar = 0

    def reset(self) -> None:
        """Nothing: the adapter has no reset line."""

    def receive(self, data: bytes) -> bytes:
        """The adapter's letters: digits set clock, mode and data, `R` asks for the data out."""
        answer = bytearray()
        for letter in data:
            if letter == ord("R"):
                answer.append(ord("1") if self.mute or self._shift[0] else ord("0"))
            elif ord("0") <= letter <= ord("7"):
                clock, mode, bit = bits(letter, 3)[::-1]
                if clock and not self._clock:
                    self._edge(mode, bit)
                self._clock = clock
        return bytes(answer)

    def _edge(self, mode: int, bit: int) -> None:
        if self._state.startswith("shift"):
            self._shift = [*self._shift[1:], bit]
        elif self._state == "capture-ir":
            self._shift = bits(1, CORE_IR) + bits(1, SCAN_IR)
        elif self._state == "capture-dr":
            self._shift = self._capture()
        self._state = STATES[self._state][mode]
        if self._state == "update-ir":
            self._instructions = [number(self._shift[:CORE_IR]), number(self._shift[CORE_IR:])]
        elif self._state == "update-dr":
            self._update()
        elif self._state == "reset":
            self._instructions = [IDCODE, 1]

    def _capture(self) -> list[int]:
        """The core's register is nearest to the data out, the boundary scan's behind it."""
        core, scan = self._instructions
        behind = bits(SCAN_IDCODE, 32) if scan == 1 else [0]
        if core == IDCODE:
            return bits(CORE_IDCODE, 32) + behind
        if core in (DPACC, APACC):
            return bits(OK | self._read << 3, 35) + behind
        return [0, *behind]

    def _update(self) -> None:
        core = self._instructions[0]
        if core not in (DPACC, APACC):
            return
        request = number(self._shift[:35])
        register, value = request << 1 & 0xC, request >> 3
        if request & 1:
            self._read = self._read_ap(register) if core == APACC else self._read_dp(register)
        elif core == APACC:
            self._write_ap(register, value)
        elif register == 0x8:
            self._select = value
        elif register == 0x4 and self._select & 0xF == 0:
            self._control = value

    def _read_dp(self, register: int) -> int:
        if register == 0x4 and self._select & 0xF == 0:
            return self._control | (self._control & POWER_ASKED) << POWER_SHIFT
        return {0x0: DPIDR, 0x8: self._select, 0xC: self._read}.get(register, 0)

    def _read_ap(self, register: int) -> int:
        if self._select >> 24:
            return 0  # there is one access port
        place = (self._select & 0xF0) | register
        if place == 0x0C:
            return self._step(self._load(self._tar & ~3))
        if 0x10 <= place <= 0x1C:
            return self._load((self._tar & ~0xF) + place - 0x10)
        return {0x00: self._csw | 0x40, 0x04: self._tar, 0xF8: 0xE00FF003, 0xFC: AHB_AP}.get(
            place, 0
        )

    def _write_ap(self, register: int, value: int) -> None:
        place = (self._select & 0xF0) | register
        if place == 0x00:
            self._csw = value & ~0x20  # no packed transfers
        elif place == 0x04:
            self._tar = value
        elif place == 0x0C:
            self._store(self._tar, 1 << (self._csw & 3), value)
            self._step(0)
        elif 0x10 <= place <= 0x1C:
            self._store((self._tar & ~0xF) + place - 0x10, 4, value)

    def _step(self, value: int) -> int:
        if self._csw & 0x10:
            self._tar += 1 << (self._csw & 3)
        return value

    def _load(self, address: int) -> int:
        at = address - FLASH
        if 0 <= at < FLASH_BYTES:
            return int.from_bytes(self.flash[at : at + 4], "little")
        if address == DHCSR:
            state = READY | (HALTED if self.halted else 0) | (WAS_RESET if self._was_reset else 0)
            self._was_reset = False
            return state | self._memory.get(address, 0)
        return self._memory.get(address, 0)

    def _store(self, address: int, size: int, value: int) -> None:
        shift = 8 * (address & 3)
        data = (value >> shift).to_bytes(8, "little")[:size]
        at = address - FLASH
        if 0 <= at < FLASH_BYTES:
            if self._memory[FLASH_CR] & (PROGRAM | LOCK) == PROGRAM:
                for place, byte in enumerate(data, at):
                    if place not in self.stuck:
                        self.flash[place] &= byte
        elif address == DHCSR:
            if value >> 16 == 0xA05F:
                self._memory[address] = value & 0xF
                self.halted = bool(value & HALT)
        elif address == AIRCR:
            if value & 0x4:
                self._restart()
        elif address == FLASH_KEYR:
            self._keys = [*self._keys, value][-2:]
            if tuple(self._keys) == KEYS:
                self._memory[FLASH_CR] &= ~LOCK
        elif address == FLASH_CR:
            if not self._memory[address] & LOCK:
                self._memory[address] = value & ~START
                if value & ERASE and value & START:
                    self._erase((self._memory[FLASH_AR] - FLASH) // PAGE_BYTES)
        else:
            mask = (1 << 8 * size) - 1 << shift
            word = self._memory.get(address & ~3, 0)
            self._memory[address & ~3] = (word & ~mask) | (value & mask)

    def _erase(self, page: int) -> None:
        self.flash[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = b"\xff" * PAGE_BYTES
        self.erased[page] += 1

    def _restart(self) -> None:
        self.resets += 1
        self._was_reset = True
        self._memory[FLASH_CR] = LOCK
        self.halted = bool(self._memory.get(DEMCR, 0) & 1)
