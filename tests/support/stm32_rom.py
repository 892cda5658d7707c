"""The bootloader in an STM32F405's ROM, with a flash array: what stm32flash talks to in the tests.

It speaks the UART protocol of ST's application note AN3155. Flash behaves as on the chip: it is
erased by sectors, and programming only clears bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

ACK, NACK, SYNC = b"\x79", b"\x1f", 0x7F
FLASH, RAM = 0x08000000, 0x20000000
RAM_BYTES = 0x20000
SECTORS = (4 * [16 << 10]) + [64 << 10] + (7 * [128 << 10])
STM32F405_ID, STM32F411_ID = 0x413, 0x431

GET, VERSION, ID, READ, GO, WRITE, ERASE = 0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44

Step = Callable[[bytes], bytes]


def xor(data: bytes) -> int:
    return reduce(lambda one, other: one ^ other, data, 0)


class Stm32Rom:
    """The chip. `boot0` low starts the program in flash instead, which says nothing here.

    `protected` chips refuse to be read or written; `stuck` bytes of flash keep their value.
    """

    def __init__(
        self, *, boot0: bool = True, chip: int = STM32F405_ID, protected: bool = False
    ) -> None:
        self.boot0 = boot0
        self.chip = chip
        self.protected = protected
        self.stuck: set[int] = set()
        self.flash = bytearray(sum(SECTORS))  # an old firmware: every bit programmed
        self.erased = [0] * len(SECTORS)
        self.commands: list[int] = []
        self.started_at: int | None = None
        self._pending = bytearray()
        self._wanted = 1
        self._next: Step = self._sync

    def reset(self) -> None:
        """Nothing: such boards have no wire from the port's lines to the reset pin."""

    def receive(self, data: bytes) -> bytes:
        """What the ROM answers to these bytes."""
        answer = b""
        for byte in data:
            if self.started_at is not None or not self.boot0:
                break
            self._pending.append(byte)
            if len(self._pending) == self._wanted:
                message, self._pending = bytes(self._pending), bytearray()
                answer += self._next(message)
        return answer

    def _expect(self, count: int, step: Step) -> None:
        self._wanted, self._next = count, step

    def _sync(self, message: bytes) -> bytes:
        if message[0] != SYNC:
            return b""  # it measures the baud rate, and waits for what it can measure
        self._expect(2, self._command)
        return ACK

    def _command(self, message: bytes) -> bytes:
        self._expect(2, self._command)
        if message[0] ^ message[1] != 0xFF:
            return NACK
        command = message[0]
        self.commands.append(command)
        if command == GET:
            known = bytes([GET, VERSION, ID, READ, GO, WRITE, ERASE, 0x63, 0x73, 0x82, 0x92])
            return ACK + bytes([len(known), 0x31]) + known + ACK
        if command == VERSION:
            return ACK + bytes([0x31, 0, 0]) + ACK
        if command == ID:
            return ACK + b"\x01" + self.chip.to_bytes(2, "big") + ACK
        if self.protected or command not in (READ, GO, WRITE, ERASE):
            return NACK
        if command == ERASE:
            self._expect(2, self._erase_count)
        else:
            self._expect(5, lambda address: self._address(command, address))
        return ACK

    def _address(self, command: int, message: bytes) -> bytes:
        self._expect(2, self._command)
        address = int.from_bytes(message[:4], "big")
        in_flash = FLASH <= address < FLASH + len(self.flash)
        if xor(message) != 0 or not (in_flash or RAM <= address < RAM + RAM_BYTES):
            return NACK
        if command == GO:
            self.started_at = address
        elif command == READ:
            self._expect(2, lambda count: self._read(address, count))
        else:
            self._expect(1, lambda count: self._write_count(address, count))
        return ACK

    def _read(self, address: int, message: bytes) -> bytes:
        self._expect(2, self._command)
        if message[0] ^ message[1] != 0xFF:
            return NACK
        at = address - FLASH
        return ACK + bytes(self.flash[at : at + message[0] + 1])

    def _write_count(self, address: int, message: bytes) -> bytes:
        self._expect(message[0] + 2, lambda data: self._write(address, message + data))
        return b""

    def _write(self, address: int, message: bytes) -> bytes:
        self._expect(2, self._command)
        data = message[1:-1]
        if xor(message) != 0 or len(data) % 4 != 0:
            return NACK
        for place, byte in enumerate(data, address - FLASH):
            if 0 <= place < len(self.flash) and place not in self.stuck:
                self.flash[place] &= byte
        return ACK

    def _erase_count(self, message: bytes) -> bytes:
        count = int.from_bytes(message, "big")
        if count >= 0xFFF0:
            self._expect(1, lambda check: self._erase(message + check, range(len(SECTORS))))
        else:
            self._expect(
                2 * (count + 1) + 1, lambda rest: self._erase(message + rest, _sectors(rest[:-1]))
            )
        return b""

    def _erase(self, message: bytes, sectors: range | list[int]) -> bytes:
        self._expect(2, self._command)
        if xor(message) != 0 or any(sector >= len(SECTORS) for sector in sectors):
            return NACK
        for sector in sectors:
            begin, size = sum(SECTORS[:sector]), SECTORS[sector]
            self.flash[begin : begin + size] = b"\xff" * size
            self.erased[sector] += 1
        return ACK


def _sectors(numbers: bytes) -> list[int]:
    return [int.from_bytes(numbers[at : at + 2], "big") for at in range(0, len(numbers), 2)]
