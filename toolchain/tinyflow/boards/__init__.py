"""Board profiles: one `boards/<name>.toml` each, without inheritance."""

from tinyflow.boards.folders import board_file, board_folders, board_names, load_board, read_board
from tinyflow.boards.new import new_board
from tinyflow.boards.profile import (
    OWN_PLATFORM,
    SECTIONS,
    Avrdude,
    BoardProfile,
    Bossac,
    Counter,
    Esptool,
    Memory,
    Openocd,
    Platformio,
    Pyocd,
    Qemu,
    Stm32flash,
    Toolchain,
    Uf2,
    UsbId,
    platform_name,
)
from tinyflow.boards.timing import Timing

__all__ = [
    "OWN_PLATFORM",
    "SECTIONS",
    "Avrdude",
    "BoardProfile",
    "Bossac",
    "Counter",
    "Esptool",
    "Memory",
    "Openocd",
    "Platformio",
    "Pyocd",
    "Qemu",
    "Stm32flash",
    "Timing",
    "Toolchain",
    "Uf2",
    "UsbId",
    "board_file",
    "board_folders",
    "board_names",
    "load_board",
    "new_board",
    "platform_name",
    "read_board",
]
