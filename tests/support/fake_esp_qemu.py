"""A stand-in for Espressif's QEMU: its options, its connections, and a flash chip that is a file.

With the boot pins set for the loader it is a chip in its loader; else it tells whoever connects to
the console the hash of what is in its flash. `MACHINES` in the environment is what it lists.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import socket
import sys
from pathlib import Path

from rom_loader import Esp32
from rom_loader_c3 import Esp32c3

CHIPS: dict[str, type[Esp32]] = {"esp32": Esp32, "esp32c3": Esp32c3}
PINS = {
    "esp32": "driver=esp32.gpio,property=strap_mode,value=0x0f",
    "esp32c3": "driver=esp32c3.gpio,property=strap_mode,value=0x02",
}


def option(arguments: list[str], name: str, pattern: str) -> str:
    """The group in the value of an option that matches `pattern`."""
    values = [value for key, value in itertools.pairwise(arguments) if key == name]
    found = [match[1] for value in values if (match := re.search(pattern, value))]
    return found[0] if found else ""


def main(arguments: list[str]) -> None:
    machine = option(arguments, "-machine", "(.*)")
    if machine == "help":
        print("Supported machines are:")
        for name in os.environ["MACHINES"].split():
            print(f"{name:<20} something")
        return
    file = Path(option(arguments, "-drive", r"file=(.*),if=mtd,format=raw$"))
    console = int(option(arguments, "-chardev", r"id=console,fd=(\d+)"))
    control = int(option(arguments, "-chardev", r"id=control,fd=(\d+)"))
    greeted = socket.socket(fileno=control)
    greeted.sendall(b'{"QMP": {}}\r\n')
    connection, _ = socket.socket(fileno=console).accept()
    if option(arguments, "-global", "(.*)") != PINS[machine]:
        connection.sendall(hashlib.sha256(file.read_bytes()).hexdigest().encode() + b"\n")
        connection.recv(1)
        return
    chip = CHIPS[machine](stub=machine == "esp32")
    chip.flash.content[:] = file.read_bytes()
    while data := connection.recv(65536):
        answer = chip.receive(data)
        file.write_bytes(chip.flash.content)
        connection.sendall(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
