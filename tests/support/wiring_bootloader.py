"""A model of the serial bootloader of Arduino Mega boards: STK500 version 2, in the Wiring manner.

It owns a flash array. Pages are erased as they are written, the bootloader's own are refused; a
frame that is damaged is not answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ATMEGA2560 = bytes.fromhex("1e9801")
ATMEGA328P = bytes.fromhex("1e950f")
FLASH_BYTES = 0x40000
LOADER_START = 0x3E000
PAGE_BYTES = 256

_START, _TOKEN = 0x1B, 0x0E
_OK, _FAILED, _UNKNOWN = 0x00, 0xC0, 0xC9
(
    SIGN_ON,
    SET_PARAMETER,
    GET_PARAMETER,
    LOAD_ADDRESS,
    ENTER,
    LEAVE,
    PROGRAM_FLASH,
    READ_FLASH,
    READ_SIGNATURE,
    SPI_MULTI,
) = (0x01, 0x02, 0x03, 0x06, 0x10, 0x11, 0x13, 0x14, 0x1B, 0x1D)


@dataclass
class WiringBootloader:
    """A `serial_peer.Device`. `worn` are flash addresses whose lowest bit stays 1; with `monitor`
    it is an old one, which leaves the protocol at three exclamation marks in a row."""

    signature: bytes = ATMEGA2560
    worn: frozenset[int] = frozenset()
    monitor: bool = False
    flash: bytearray = field(default_factory=lambda: bytearray(b"\xff" * FLASH_BYTES))
    commands: list[int] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    running: bool = False
    resets: int = 0
    _address: int = 0
    _buffer: bytearray = field(default_factory=bytearray)

    def reset(self) -> None:
        self.resets += 1
        self.running = False
        self._buffer.clear()

    def receive(self, data: bytes) -> bytes:
        self._buffer += data
        if self.monitor and b"!!!" in self._buffer:
            return b""
        answer = b""
        while (frame := self._take()) is not None:
            sequence, body = frame
            answer += _framed(sequence, self._carry_out(body))
        return answer

    def _take(self) -> tuple[int, bytes] | None:
        """The next whole frame; what is before it, and damaged ones, are dropped."""
        while True:
            begin = self._buffer.find(_START)
            if begin < 0:
                self._buffer.clear()
                return None
            del self._buffer[:begin]
            if len(self._buffer) < 5:
                return None
            size = self._buffer[2] << 8 | self._buffer[3]
            if self._buffer[4] != _TOKEN or size > 2 * PAGE_BYTES:
                del self._buffer[0]
                continue
            if len(self._buffer) < size + 6:
                return None
            frame = bytes(self._buffer[: size + 6])
            if _xor(frame) != 0:
                del self._buffer[0]
                continue
            del self._buffer[: size + 6]
            return frame[1], frame[5:-1]

    def _carry_out(self, body: bytes) -> bytes:
        command = body[0]
        self.commands.append(command)
        match command:
            case 0x01:
                return bytes([command, _OK, 8]) + b"AVRISP_2"
            case 0x02 | 0x10:
                return bytes([command, _OK])
            case 0x03:
                return bytes([command, _OK, {0x90: 15, 0x91: 2, 0x92: 10}.get(body[1], 0)])
            case 0x06:
                self._address = 2 * (int.from_bytes(body[1:5], "big") & 0x7FFFFFFF)
                return bytes([command, _OK])
            case 0x11:
                self.running = True
                return bytes([command, _OK])
            case 0x13:
                return bytes([command, self._program(body)])
            case 0x14:
                size = int.from_bytes(body[1:3], "big")
                read = self.flash[self._address : self._address + size]
                self._address += size
                return bytes([command, _OK, *read, _OK])
            case 0x1B:
                return bytes([command, _OK, self.signature[body[4] & 3], _OK])
            case 0x1D:
                # Only reading the signature is known: instruction 30 00 <index> 00.
                value = self.signature[body[6] & 3] if body[4] == 0x30 else 0
                return bytes([command, _OK, 0, body[4], 0, value, _OK])
            case _:
                return bytes([command, _UNKNOWN])

    def _program(self, body: bytes) -> int:
        size = int.from_bytes(body[1:3], "big")
        data = body[10 : 10 + size]
        if self._address % PAGE_BYTES or len(data) != size or self._address >= LOADER_START:
            return _FAILED
        end = self._address + PAGE_BYTES
        self.flash[self._address : end] = data.ljust(PAGE_BYTES, b"\xff")
        for address in self.worn & set(range(self._address, end)):
            self.flash[address] |= 1
        self.written.append(self._address)
        self._address += size
        return _OK


def _xor(data: bytes) -> int:
    total = 0
    for byte in data:
        total ^= byte
    return total


def _framed(sequence: int, body: bytes) -> bytes:
    head = bytes([_START, sequence, len(body) >> 8, len(body) & 0xFF, _TOKEN])
    return head + body + bytes([_xor(head + body)])
