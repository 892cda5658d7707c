"""An ESP32-C3 in download mode, as far as it differs from the ESP32: registers, and who it is."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rom_loader import Esp32

CHIP_ID = 5
EFUSE_MAC = 0x60008844
UART_CLOCK_DIVIDER = 0x60000014


@dataclass
class Esp32c3(Esp32):
    """The chip. It tells which it is by its number, not by a magic value."""

    spi: ClassVar[tuple[int, int, int, int]] = (0x60002000, 0x60002004, 0x60002020, 0x60002058)

    def registers(self) -> dict[int, int]:
        return {
            EFUSE_MAC: int.from_bytes(self.mac[2:], "big"),
            EFUSE_MAC + 4: int.from_bytes(self.mac[:2], "big"),
            UART_CLOCK_DIVIDER: 40_000_000 // self.baud,
        }

    def _handlers(self) -> dict[int, tuple[str, Callable[[bytes], object]]]:
        return super()._handlers() | {0x14: ("GET_SECURITY_INFO", self._security_info)}

    def _security_info(self, body: bytes) -> tuple[int, bytes, bytes]:
        return 0, struct.pack("<IB7sII", 0, 0, bytes(7), CHIP_ID, 0), b""
