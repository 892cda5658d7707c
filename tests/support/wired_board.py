"""A board profile with its port's lines wired in a given way."""

from __future__ import annotations

from tinyflow.boards import BoardProfile, Counter, Memory, UsbId
from tinyflow.boards.profile import Reset


def board_with(wiring: Reset) -> BoardProfile:
    return BoardProfile(
        name="fake-board",
        title="A board",
        builders=("cmake",),
        runners=("esptool",),
        backend="ref",
        port_layers=("native",),
        baud=115200,
        memory=Memory(0, 1, 0, 1),
        counter=Counter("cycles"),
        reset=wiring,
        usb=(UsbId(0x2341, 0x805A, "its own USB"), UsbId(0x2341, 0x005A, "its bootloader")),
    )
