"""Writes an image through a debug probe with pyOCD, compares it there, and starts it.

Tried with real pyOCD as far as it goes without a probe; with one, against a stand-in that says what
pyOCD's own source has it say. Not tried on silicon.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tinyflow import tools
from tinyflow.artifacts import FirmwareImage, FlashedBoard, FlashFile
from tinyflow.boards import BoardProfile, Pyocd
from tinyflow.errors import ProjectError
from tinyflow.flash import probe, programmer
from tinyflow.flash.programmer import Rule, Step

FIXED_SECONDS = 60.0
# A slow probe writes and reads some 10 KB a second.
SECONDS_PER_BYTE = 200e-6

STEPS = (
    Step("Waiting for a debug probe", "looking for the probe"),
    Step("[=", "writing"),
    Step("Comparing", "verifying"),
)
MATCH = "bytes match."

RULES = (
    Rule(
        r"Mismatched byte at (?P<place>0x[0-9a-f]+)",
        "board {board} does not hold what was written to it",
        ("the first difference is at {place}",),
        ("write it again, with a shorter cable to the probe or a lower SWD clock",),
    ),
    Rule(
        r"Target type (?P<target>\S+) not recognized",
        "pyOCD does not know the chip {target} of board {board}",
        (),
        ("pyocd list --targets", "set pyocd.target in the board's profile"),
        ProjectError,
    ),
    Rule(
        r"langid|insufficient permissions|access denied|\[Errno 13\]",
        "this user may not use the debug probe of board {board}",
        ("pyOCD sees a probe that it cannot open",),
        (
            "put pyOCD's udev rules into /etc/udev/rules.d and plug the probe in again:"
            " https://github.com/pyocd/pyOCD/tree/main/udev",
        ),
    ),
    Rule(
        r"Enter the number of the debug probe|multiple (?:debug )?probes|EOF when reading",
        "there are several debug probes, any of which could be board {board}'s",
        (),
        ("pyocd list", "name the port of the right one with --port, or unplug the others"),
    ),
    Rule(
        r"No connected debug probe|No available debug probes|No target device available",
        "no debug probe for board {board}",
        ("pyOCD sees none; a J-Link it sees only with SEGGER's software installed",),
        (
            "plug the board in with a cable that carries data",
            "pyocd list",
            "tinyflow flash --runner openocd, where the board has it",
        ),
    ),
    Rule(
        r"No ACK|SWD/JTAG communication failure|Memory transfer fault|DP read failed",
        "the debug probe finds no chip on board {board}",
        (),
        (
            "check the board's power, and the wires SWDIO, SWCLK and GND",
            "hold the reset button while it connects, and release it then",
        ),
    ),
    Rule(
        r"protect|locked|APPROTECT",
        "the chip of board {board} is locked against debug probes",
        (),
        ("pyocd erase --chip --target <chip>, which erases all of it",),
    ),
    Rule(
        r"disconnected|probe.*(?:removed|lost)|No such device",
        "the debug probe of board {board} went away while it was used",
        (),
        ("use another cable, without a hub",),
    ),
)


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Write `image` to the board; the block is entered when its flash holds it and it was started.

    `port` is the board's console. Raises DeviceError for what is wrong at the board or the probe,
    ToolError when pyOCD is not there or ends otherwise, ProjectError when the image is not there or
    pyOCD does not know the chip.
    """
    if board.pyocd is None:
        raise ProjectError(f"board {board.name} has no [pyocd] in its profile")
    place = programmer.console(board, port)
    file = programmer.one_file(image)
    program = tools.require("pyocd")
    programmer.run(
        "pyOCD",
        command(str(program), board.pyocd, file, probe.serial_number(board, place)),
        board,
        steps=STEPS,
        rules=RULES,
        wanted=MATCH,
        seconds=FIXED_SECONDS + file.path.stat().st_size * SECONDS_PER_BYTE,
        cwd=file.path.parent,
        log=log,
    )
    yield programmer.flashed(image, board, place)


def command(program: str, settings: Pyocd, file: FlashFile, serial: str = "") -> list[str]:
    """The argument list that writes, compares and starts `file`, with the probe of serial number
    `serial` where one is named. It runs in the image's folder: pyOCD takes paths apart at spaces.

    The chip is reset first: pyOCD writes by a program in the chip's RAM, for which the memory
    protection would still stand that the firmware there has set up.
    """
    return [
        *(program, "commander", "--no-wait", "--no-config", "--target", settings.target),
        *(("--uid", serial) if serial else ()),
        *("-c", "reset halt"),
        *("-c", f"load {file.path.name} {file.offset:#x}"),
        *("-c", f"compare {file.offset:#x} {file.path.name}"),
        *("-c", "reset"),
    ]
