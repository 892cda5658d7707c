"""Stand-ins for picotool, pyOCD and bossac, and what is needed to call their runners."""

from __future__ import annotations

from pathlib import Path

from small_image import small_image

from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import BoardProfile, load_board
from tinyflow.flash import bossac, picotool, pyocd

PORT = "/dev/ttyUSB0"
RUN = {"picotool": picotool.run, "pyocd": pyocd.run, "bossac": bossac.run}
BOARDS = {"picotool": "pico", "pyocd": "nrf52840-dk", "bossac": "nano33ble"}
VERSIONS = {
    "picotool": "picotool v2.1.1 (Linux, GNU-13.2.0, Release)",
    "pyocd": "0.46.0",
    "bossac": "Usage: bossac [OPTION...] [FILE]\nBasic Open Source SAM-BA Application",
}
GOOD = {
    "picotool": "Loading into Flash:   [==============================]  100%\n"
    "Verifying Flash:      [==============================]  100%\n  OK\n\n"
    "The device was rebooted to start the application.\n",
    "pyocd": "[==================================================] 100%\n"
    "Comparing 3000 bytes @ 0x00000000\nAll 3000 bytes match.\n",
    "bossac": "Device       : nRF52840-QIAA\nErase flash\n\nDone in 0.001 seconds\n"
    "Write 3000 bytes to flash (1 pages)\n[==============================] 100% (1/1 pages)\n"
    "Done in 0.120 seconds\n",
}


def image_for(name: str, folder: Path) -> FirmwareImage:
    board = load_board(BOARDS[name])
    return small_image(folder, board.name, board.memory.flash_origin, 3000)


def write(name: str, folder: Path, board: BoardProfile | None = None) -> list[str]:
    """The arguments that the stand-in was given."""
    profile = board or load_board(BOARDS[name])
    log = folder / "logs" / "flash.log"
    with RUN[name](image_for(name, folder), profile, PORT, log) as flashed:
        assert (flashed.board, flashed.port, flashed.build_id) == (profile.name, PORT, "b" * 16)
    assert log.is_file()
    return (folder / "told").read_text(encoding="utf-8").split("\n")
