"""A session that senses, compiled for the host: tests/support/sensor_shim.c over ctypes."""

from __future__ import annotations

import ctypes
from pathlib import Path

from fake_board import SENSOR_INCLUDE, SUPPORT, compile_c, sensor_sources

from tinyflow.device import protocol
from tinyflow.device.messages import Message, Value

POLLED, FED, REPLAY_ONLY, PREPARING = 0, 1, 2, 3


def build_sensing(folder: Path) -> ctypes.CDLL:
    names = ("fake_model.c", "memory_port.c", "sensor_shim.c")
    sources = [*sensor_sources(), *(SUPPORT / name for name in names)]
    library = compile_c(folder / "sensing.so", sources, ["-shared", "-fPIC", SENSOR_INCLUDE])
    loaded = ctypes.CDLL(str(library))
    loaded.shim_output.restype = ctypes.POINTER(ctypes.c_int8 * 10)
    return loaded


class Board:
    """The device; `kind` is how its sensor gives samples."""

    def __init__(
        self,
        library: ctypes.CDLL,
        *,
        value_bytes: int = 1,
        channels: int = 1,
        window: int = 64,
        hop: int = 16,
        deadline: int = 0,
        kind: int = POLLED,
    ) -> None:
        self.library = library
        self._written = ctypes.create_string_buffer(1 << 17)
        self.reader = protocol.Reader()
        self.at(1500)
        library.memory_port_set_step(100)
        library.shim_start(value_bytes, channels, window, hop, deadline, kind)
        self.take()

    def at(self, uptime_ms: int) -> None:
        self.library.memory_port_set_uptime(uptime_ms)

    def take(self) -> bytes:
        size = self.library.memory_port_take(self._written, len(self._written))
        return self._written.raw[:size]

    def feed(self, data: bytes) -> bytes:
        self.library.shim_feed(data, len(data))
        return self.take()

    def ask(self, name: str, **values: Value) -> Message:
        events = self.reader.feed(self.feed(protocol.encode(name, values)))
        assert self.reader.faults == 0
        (message,) = [event for event in events if isinstance(event, Message)]
        return message

    def sense(self, data: bytes, samples: int, *, during: bool = False) -> None:
        call = self.library.shim_sense_during if during else self.library.shim_sense
        call(data, samples)

    def poll(self) -> bytes | None:
        """One round of the main loop: the output where a window was classified."""
        if not self.library.shim_poll():
            return None
        return bytes(self.library.shim_output().contents)
