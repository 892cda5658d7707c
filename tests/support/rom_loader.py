"""An ESP32 in download mode, with a real flash array: what esptool talks to in the tests.

It speaks the ROM loader's serial protocol, takes (or refuses) the flasher stub, and then answers
as the stub does. The stub's code is not run: when all of it has arrived in RAM and its entry
point lies in it, the model changes to the stub's dialect. Flash behaves like NOR flash: programming
only clears bits, so what was not erased first ends up wrong.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

SECTOR = 4096
ESP32_MAGIC = 0x00F01D83
ESP32_S2_MAGIC = 0x000007C6
ROM_BAUD = 115200

# Status bytes: the ROM's are (1, reason), the stub's (reason, 0).
ROM_INVALID, ROM_FAILED, ROM_CHECKSUM, ROM_DEFLATE = 0x05, 0x06, 0x07, 0x0B
STUB_LENGTH, STUB_CHECKSUM, STUB_SPI, STUB_MODE, STUB_INFLATE, STUB_UNKNOWN = (
    0xC0,
    0xC1,
    0xC4,
    0xC6,
    0xC7,
    0xFF,
)

SPI_CMD_USER = 1 << 18
EFUSE = 0x3FF5A000
UART_CLOCK_DIVIDER = 0x3FF40014
RTC_CALIBRATION = 0x3FF5F06C
APB_CONTROL_DATE = 0x3FF6607C
CHIP_MAGIC = 0x40001000


class RefusedError(Exception):
    """A command that gets an error status: the ROM's reason and the stub's."""

    def __init__(self, rom: int, stub: int) -> None:
        super().__init__(f"refused: ROM {rom:#x}, stub {stub:#x}")
        self.rom = rom
        self.stub = stub


def slip(payload: bytes) -> bytes:
    """A SLIP frame around the payload."""
    return b"\xc0" + payload.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


class SlipReader:
    """Collects frames from a stream of bytes; a broken escape spoils only its own frame."""

    def __init__(self) -> None:
        self._frame: bytearray | None = None
        self._escaped = False

    def feed(self, data: bytes) -> list[bytes]:
        frames = []
        for byte in data:
            if byte == 0xC0:
                if self._frame:
                    frames.append(bytes(self._frame))
                # A frame's end may be the next one's beginning: an empty frame is never passed on.
                self._frame, self._escaped = bytearray(), False
            elif self._frame is None:
                continue
            elif self._escaped:
                self._escaped = False
                if byte in (0xDC, 0xDD):
                    self._frame.append(0xC0 if byte == 0xDC else 0xDB)
                else:
                    self._frame = None
            elif byte == 0xDB:
                self._escaped = True
            else:
                self._frame.append(byte)
        return frames


class Flash:
    """A NOR flash chip of 4 MiB with an old firmware in it (every bit programmed)."""

    def __init__(self, size_bytes: int = 4 << 20) -> None:
        self.size_bytes = size_bytes
        self.content = bytearray(size_bytes)
        self.worn = bytearray(size_bytes // SECTOR)
        self.stuck: set[int] = set()

    def check(self, offset: int, size: int) -> None:
        if offset + size > self.size_bytes:
            raise RefusedError(ROM_FAILED, STUB_SPI)

    def erase(self, offset: int, size: int) -> None:
        """Set all bits of every sector that the range touches."""
        self.check(offset, size)
        for sector in range(offset // SECTOR, -(-(offset + size) // SECTOR)):
            self.content[sector * SECTOR : (sector + 1) * SECTOR] = b"\xff" * SECTOR
            self.worn[sector] += 1

    def program(self, offset: int, data: bytes) -> None:
        """Clear the bits that are 0 in the data. A stuck byte keeps its bits."""
        self.check(offset, len(data))
        for place, byte in enumerate(data, offset):
            if place not in self.stuck:
                self.content[place] &= byte

    def read(self, offset: int, size: int) -> bytes:
        self.check(offset, size)
        return bytes(self.content[offset : offset + size])

    @property
    def jedec_id(self) -> int:
        """Manufacturer, type and capacity, first byte lowest."""
        return 0xEF | 0x40 << 8 | (self.size_bytes.bit_length() - 1) << 16


@dataclass
class Download:
    """A download that was begun: where the next byte goes, and what is left to erase and send."""

    offset: int
    left: int
    inflate: object = None
    erased_to: int = 0


@dataclass
class Esp32:
    """The chip. `stub` says whether it takes the flasher stub; `magic` which chip it says it is."""

    stub: bool = True
    magic: int = ESP32_MAGIC
    flash: Flash = field(default_factory=Flash)
    mac: bytes = bytes.fromhex("a4cf12345678")

    # The SPI controller's registers: command, address, the user's command, first word of data.
    spi: ClassVar[tuple[int, int, int, int]] = (0x3FF42000, 0x3FF42004, 0x3FF42024, 0x3FF42080)

    def __post_init__(self) -> None:
        self.commands: list[str] = []
        self.bauds: list[int] = []
        self.running_application = False
        self.reset()

    def reset(self) -> None:
        """Back to the ROM loader, as the reset line does it while the boot pin is low."""
        self.baud = ROM_BAUD
        self.in_stub = False
        self._attached = False
        self._reader = SlipReader()
        self._ram: dict[int, bytes] = {}
        self._ram_at = self._ram_left = 0
        self._download: Download | None = None
        self._registers = self.registers()

    def registers(self) -> dict[int, int]:
        """What esptool asks of the chip, after a reset."""
        high, low = int.from_bytes(self.mac[:2], "big"), int.from_bytes(self.mac[2:], "big")
        return {
            CHIP_MAGIC: self.magic,
            EFUSE + 4 * 1: low,
            EFUSE + 4 * 2: high,
            # Package D0WD and revision 3, whose three bits are in three places.
            EFUSE + 4 * 3: 1 << 9 | 1 << 15,
            EFUSE + 4 * 5: 1 << 20,
            APB_CONTROL_DATE: 1 << 31,
            # A 40 MHz crystal: 800 * 15625 * 128 / 40 Hz.
            EFUSE + 4 * 4: 128,
            RTC_CALIBRATION: 800 << 7,
            UART_CLOCK_DIVIDER: 40_000_000 // ROM_BAUD,
        }

    def receive(self, data: bytes) -> bytes:
        """The answers to all frames that are complete with these bytes."""
        return b"".join(self._answer(frame) for frame in self._reader.feed(data))

    def _answer(self, frame: bytes) -> bytes:
        if self.running_application or len(frame) < 8:
            return b""
        direction, op, size, checksum = struct.unpack_from("<BBHI", frame)
        body = frame[8:]
        if direction != 0:
            return b""
        name, handler = self._handlers().get(op, (f"{op:#04x}", None))
        self.commands.append(name)
        value, extra, tail, reason = 0, b"", b"", None
        try:
            if handler is None:
                raise RefusedError(ROM_INVALID, STUB_UNKNOWN)
            if size != len(body):
                raise RefusedError(ROM_INVALID, STUB_LENGTH)
            if name.endswith("DATA"):
                self._check_block(body, checksum)
            answered = handler(body)
        except struct.error:
            reason = RefusedError(ROM_INVALID, STUB_LENGTH)
        except RefusedError as refused:
            reason = refused
        else:
            value, extra, tail = answered if isinstance(answered, tuple) else (answered, b"", b"")
        reply = struct.pack("<BBHI", 1, op, 0, value & 0xFFFFFFFF) + extra + self._status(reason)
        sent = slip(reply[:2] + struct.pack("<H", len(reply) - 8) + reply[4:])
        if name == "SYNC":
            sent *= 8
        if name == "MEM_END" and reason is None:
            tail = self._start_ram_program(body)
        return sent + tail

    def _status(self, reason: RefusedError | None) -> bytes:
        if self.in_stub:
            return bytes([reason.stub if reason else 0, 0])
        return bytes([1, reason.rom, 0, 0]) if reason else bytes(4)

    def _check_block(self, body: bytes, checksum: int) -> None:
        size, _sequence, _, _ = struct.unpack_from("<IIII", body)
        data = body[16:]
        if size != len(data):
            raise RefusedError(ROM_INVALID, STUB_LENGTH)
        total = 0xEF
        for byte in data:
            total ^= byte
        if total != checksum & 0xFF:
            raise RefusedError(ROM_CHECKSUM, STUB_CHECKSUM)

    def _handlers(self) -> dict[int, tuple[str, Callable[[bytes], object]]]:
        both: dict[int, tuple[str, Callable[[bytes], object]]] = {
            0x02: ("FLASH_BEGIN", self._flash_begin),
            0x03: ("FLASH_DATA", self._flash_data),
            0x04: ("FLASH_END", self._flash_end),
            0x05: ("MEM_BEGIN", self._mem_begin),
            0x06: ("MEM_END", self._mem_end),
            0x07: ("MEM_DATA", self._mem_data),
            0x08: ("SYNC", self._sync),
            0x09: ("WRITE_REG", self._write_reg),
            0x0A: ("READ_REG", self._read_reg),
            0x0B: ("SPI_SET_PARAMS", lambda body: struct.unpack("<6I", body) and 0),
            0x0D: ("SPI_ATTACH", self._attach),
            0x0F: ("CHANGE_BAUDRATE", self._change_baud),
            0x10: ("FLASH_DEFL_BEGIN", self._defl_begin),
            0x11: ("FLASH_DEFL_DATA", self._defl_data),
            0x12: ("FLASH_DEFL_END", self._flash_end),
            0x13: ("SPI_FLASH_MD5", self._md5),
        }
        stub_only: dict[int, tuple[str, Callable[[bytes], object]]] = {
            0xD0: ("ERASE_FLASH", lambda _: self.flash.erase(0, self.flash.size_bytes) or 0),
            0xD1: ("ERASE_REGION", lambda body: self.flash.erase(*struct.unpack("<II", body)) or 0),
        }
        return both | stub_only if self.in_stub else both

    def _sync(self, body: bytes) -> int:
        if body != b"\x07\x07\x12\x20" + 32 * b"\x55":
            raise RefusedError(ROM_INVALID, STUB_LENGTH)
        # The stub answers 0, by which the host knows it.
        return 0 if self.in_stub else 0x20120707

    def _read_reg(self, body: bytes) -> int:
        (address,) = struct.unpack("<I", body)
        return self._registers.get(address, 0)

    def _write_reg(self, body: bytes) -> int:
        command, _, _, data = self.spi
        for address, value, mask, _delay in struct.iter_unpack("<IIII", body):
            old = self._registers.get(address, 0)
            self._registers[address] = (old & ~mask) | (value & mask)
            if address == command and value & SPI_CMD_USER:
                self._registers[command] = 0
                self._registers[data] = self._spi_command()
        return 0

    def _spi_command(self) -> int:
        """One command to the flash chip through the SPI controller; its answer, first byte low."""
        _, address, user, _ = self.spi
        command = self._registers.get(user, 0) & 0xFF
        if command == 0x9F:
            return self.flash.jedec_id
        if command == 0x5A and self._registers.get(address, 0) >> 8 == 0:
            return int.from_bytes(b"SFDP", "little")
        return 0

    def _attach(self, body: bytes) -> int:
        struct.unpack("<I" if self.in_stub else "<II", body)
        self._attached = True
        return 0

    def _change_baud(self, body: bytes) -> int:
        new, _old = struct.unpack("<II", body)
        self.baud = new
        self.bauds.append(new)
        self._registers[UART_CLOCK_DIVIDER] = 40_000_000 // max(1, new)
        return 0

    def _mem_begin(self, body: bytes) -> int:
        size, blocks, block_size, offset = struct.unpack("<IIII", body)
        if not self.stub or blocks != -(-size // block_size):
            raise RefusedError(ROM_FAILED, STUB_LENGTH)
        self._ram_at, self._ram_left = offset, size
        return 0

    def _mem_data(self, body: bytes) -> int:
        data = body[16:]
        if len(data) > self._ram_left:
            raise RefusedError(ROM_FAILED, STUB_LENGTH)
        self._ram[self._ram_at] = data
        self._ram_at += len(data)
        self._ram_left -= len(data)
        return 0

    def _mem_end(self, body: bytes) -> int:
        struct.unpack("<II", body)
        if self._ram_left:
            raise RefusedError(ROM_FAILED, STUB_LENGTH)
        return 0

    def _start_ram_program(self, body: bytes) -> bytes:
        stay, entry = struct.unpack("<II", body)
        if stay or not any(at <= entry < at + len(code) for at, code in self._ram.items()):
            return b""
        self.in_stub = True
        return slip(b"OHAI")

    def _begin(self, size: int, offset: int) -> Download:
        """The ROM erases all of it now; the stub erases as it writes."""
        if not self._attached and not self.in_stub:
            raise RefusedError(ROM_FAILED, STUB_SPI)
        if offset % SECTOR:
            raise RefusedError(ROM_INVALID, STUB_SPI)
        self.flash.check(offset, size)
        if not self.in_stub:
            self.flash.erase(offset, size)
        return Download(offset, size, erased_to=offset)

    def _flash_begin(self, body: bytes) -> int:
        size, _blocks, _block_size, offset = struct.unpack_from("<IIII", body)
        self._download = self._begin(size, offset)
        return 0

    def _defl_begin(self, body: bytes) -> int:
        size, _blocks, _block_size, offset = struct.unpack_from("<IIII", body)
        self._download = self._begin(size, offset)
        self._download.inflate = zlib.decompressobj()
        return 0

    def _flash_data(self, body: bytes) -> int:
        return self._program(body[16:])

    def _defl_data(self, body: bytes) -> int:
        inflate = getattr(self._download, "inflate", None)
        if inflate is None:
            raise RefusedError(ROM_FAILED, STUB_MODE)
        try:
            return self._program(inflate.decompress(body[16:]))
        except zlib.error:
            raise RefusedError(ROM_DEFLATE, STUB_INFLATE) from None

    def _program(self, data: bytes) -> int:
        """Write where the last block ended. A block that comes twice is written twice."""
        download = self._download
        if download is None:
            raise RefusedError(ROM_FAILED, STUB_MODE)
        if self.in_stub:
            data = data[: download.left]
            end = download.offset + len(data)
            if end > download.erased_to:
                self.flash.erase(download.erased_to, end - download.erased_to)
                download.erased_to = -(-end // SECTOR) * SECTOR
        self.flash.program(download.offset, data)
        download.offset += len(data)
        download.left -= len(data)
        return 0

    def _flash_end(self, body: bytes) -> int:
        (stay,) = struct.unpack("<I", body)
        self._download = None
        if not stay and self.in_stub:
            # The stub's reboot leads back into the ROM loader while the boot pin is low.
            self.reset()
        elif not stay:
            self.running_application = True
        return 0

    def _md5(self, body: bytes) -> tuple[int, bytes, bytes]:
        offset, size, _, _ = struct.unpack("<IIII", body)
        digest = hashlib.md5(self.flash.read(offset, size))
        return 0, digest.digest() if self.in_stub else digest.hexdigest().encode(), b""
