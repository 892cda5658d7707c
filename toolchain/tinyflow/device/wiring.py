"""How the DTR and RTS lines of a serial port reach a board's reset and boot pins, as data.

A line is True when it is asserted, which is a low level at the pin. The names are the values of
`reset` in a board profile.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.boards import BoardProfile

ESP_ROM_BAUD = 115200
TOUCH_BAUD = 1200


@dataclass(frozen=True)
class Step:
    """Both lines, set at once, and how long they stay."""

    dtr: bool
    rts: bool
    seconds: float = 0.0


@dataclass(frozen=True)
class Wiring:
    """What the lines do. A sequence that is empty does not exist on such boards.

    `idle` are the lines while a session runs, when both being asserted, as the system does on
    opening, is not right. `baud` is the rate for the sequences, None for the board's own.
    `loader` are sequences into the bootloader, tried in turn until the chip says that it is there.
    """

    restart: tuple[Step, ...] = ()
    loader: tuple[tuple[Step, ...], ...] = ()
    idle: tuple[bool, bool] = (True, True)
    baud: int | None = None
    own_usb: bool = False
    """The port is the chip's own USB: it vanishes with a restart and comes back."""
    holds_dtr: bool = False
    """DTR stays as it is when the port is closed: its next edge would restart the board."""
    says_loader: bytes = b""
    """What the chip prints in its bootloader."""
    says_firmware: bytes = b""
    """What it prints when it starts from flash instead."""


def _esp_classic(hold_seconds: float) -> tuple[Step, ...]:
    """Reset is released while the boot pin is low, and the boot pin stays low for a while.

    Both lines change in the same moment there. A large capacitor at the reset pin needs long.
    """
    return (
        Step(False, False),
        Step(False, True, 0.1),
        Step(True, False, hold_seconds),
        Step(False, False),
    )


WIRINGS: dict[str, Wiring] = {
    # No reset wiring that is known. DTR says that somebody listens: without it a Nordic kit's probe
    # and many USB stacks pass nothing on.
    "none": Wiring(),
    # Two transistors: DTR alone pulls the boot pin low, RTS alone the reset pin, both do nothing.
    "esp-classic": Wiring(
        restart=(Step(False, False), Step(False, True, 0.1), Step(False, False)),
        loader=(_esp_classic(0.05), _esp_classic(0.55)),
        idle=(False, False),
        baud=ESP_ROM_BAUD,
        says_loader=b"waiting for download",
        says_firmware=b"FLASH_BOOT",
    ),
    # The same in the chip's USB-Serial-JTAG: RTS alone resets, DTR alone asks for the bootloader.
    # It must come to RTS by both lines, not by none, which would withdraw what was asked for.
    "esp-usb-jtag": Wiring(
        restart=(Step(False, False, 0.1), Step(False, True, 0.2), Step(False, False, 0.2)),
        loader=(
            (
                Step(False, False, 0.1),
                Step(True, False, 0.1),
                Step(True, True),
                Step(False, True, 0.1),
                Step(False, False),
            ),
        ),
        idle=(False, False),
        own_usb=True,
    ),
    # DTR that falls at 1200 baud asks the firmware's USB stack for the bootloader.
    "touch-1200": Wiring(
        loader=((Step(True, True, 0.05), Step(False, True, 0.25)),),
        baud=TOUCH_BAUD,
        own_usb=True,
    ),
    # A capacitor between DTR and the reset pin; a bootloader runs for a second after each reset.
    "dtr-pulse": Wiring(
        restart=(Step(False, False, 0.25), Step(True, True, 0.05)),
        loader=((Step(False, False, 0.25), Step(True, True, 0.05)),),
        holds_dtr=True,
    ),
}


def reset_of(board: BoardProfile, vendor: int | None, product: int | None) -> str:
    """Which of the wirings a board has on a port with such USB ids."""
    for usb in board.usb:
        if (usb.vendor, usb.product) == (vendor, product) and usb.reset is not None:
            return usb.reset
    return board.reset
