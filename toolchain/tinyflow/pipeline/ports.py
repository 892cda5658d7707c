"""The serial ports of this machine, and restarting the board on one of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tinyflow import paths, port_faults
from tinyflow.boards import BoardProfile, board_folders, board_names, load_board
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.pipeline import Walk


def listing(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every serial port, with the boards that it could be by its USB ids and who has it open.

    Boards are those of the project at or above `folder` (default: the current one) and tinyflow's.
    """
    from tinyflow import device

    project = paths.find_project(folder or Path.cwd())
    profiles = [load_board(name, project) for name in board_names(board_folders(project))]
    found = device.list_ports()
    held = port_faults.holders([port.path for port in found])
    return [
        {
            "path": port.path,
            "vendor": port.vendor,
            "product": port.product,
            "serial": port.serial,
            "description": port.description,
            "location": port.location,
            "boards": _candidates(profiles, port.vendor, port.product),
            "held_by": [{"pid": pid, "program": name} for pid, name in held.get(port.path, [])],
            "allowed": not port.path.startswith("/") or os.access(port.path, os.R_OK | os.W_OK),
        }
        for port in found
    ]


def hardware_map(listed: list[dict[str, Any]]) -> str:
    """The boards on USB among the ports, as a hardware map: YAML that names are to be put into.

    A port without a serial number, or with that of another, stands by its path, which another
    socket changes.
    """
    lines = ["boards:"]
    serials = [port["serial"] for port in listed if port["boards"]]
    for port in listed:
        if not port["boards"]:
            continue
        alone = port["serial"] and serials.count(port["serial"]) == 1
        place = f"serial: {json.dumps(port['serial'])}" if alone else ""
        first, *others = port["boards"]
        lines += [
            f"  - name: board-{len(lines) // 3 + 1}",
            f"    board: {first}" + (f"  # or {', '.join(others)}" if others else ""),
            f"    {place or 'port: ' + json.dumps(port['path'])}",
        ]
    if len(lines) == 1:
        raise DeviceError(
            "no port is one of a board's that is known",
            [f"ports there are: {', '.join(port['path'] for port in listed) or 'none'}"],
            ["tinyflow ports"],
        )
    return "\n".join(lines) + "\n"


def _candidates(profiles: list[BoardProfile], vendor: int | None, product: int | None) -> list[str]:
    ids = (vendor, product)
    return [
        board.name for board in profiles if ids in {(usb.vendor, usb.product) for usb in board.usb}
    ]


def reset(walk: Walk, port: str | None, bootloader: bool) -> dict[str, Any]:
    """Restart the walk's board and wait until it is there again.

    A board that is a program on this machine is asked on the `port` it is on, and must have one.
    """
    from tinyflow import device

    board = walk.require_board()
    if board.emulated and port is None:
        raise ProjectError(
            f"board {board.name} is a program on this machine: there is none to restart",
            ["commands that need it start it, and end it afterwards"],
        )
    place = device.find_port(board, port)
    done = device.restart(board, place, bootloader=bootloader)
    return {
        "board": board.name,
        "port": done.port,
        "was": place,
        "by": done.by,
        "bootloader": bootloader,
        "confirmed": done.confirmed,
    }
