"""Which debug probe a board has, when there are several: the one that is its port as well.

Boards that carry their probe have both in one USB device.
"""

from __future__ import annotations

import os
import re

from tinyflow.boards import BoardProfile

# Among the USB ids of a profile, those that are debug probes and not mere serial adapters.
PROBES = re.compile(r"DAPLink|Probe|J-Link|ST-Link", re.IGNORECASE)
# A J-Link's number is told on USB with zeros before it, which its own software leaves out.
NUMBERED = re.compile(r"J-Link", re.IGNORECASE)


def serial_number(board: BoardProfile, port: str) -> str:
    """The serial number of the probe that is the board's port too; empty where it is not."""
    from serial.tools import list_ports

    probes = {(usb.vendor, usb.product): usb.chip for usb in board.usb if PROBES.search(usb.chip)}
    place = os.path.realpath(port)
    for info in list_ports.comports():
        chip = probes.get((info.vid, info.pid))
        if chip is None or os.path.realpath(info.device) != place:
            continue
        number = info.serial_number or ""
        if NUMBERED.search(chip):
            number = number.lstrip("0")
        return number if re.fullmatch(r"[\w-]+", number) else ""
    return ""
