"""`tinyflow.connect`: a session with the board on a port, for programs and test rigs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tinyflow import device
from tinyflow.artifacts import CompiledModel, FlashedBoard, TensorSpec, TfliteModel
from tinyflow.boards import load_board
from tinyflow.device.hardware_map import MAX_BAUD
from tinyflow.errors import ProjectError

if TYPE_CHECKING:
    from tinyflow.compiler.host import HostModel
    from tinyflow.device import Device
    from tinyflow.device.session import News

BAUD = 115200  # of every board that comes with tinyflow
SHA256 = re.compile(r"[0-9a-fA-F]{64}")

Model: TypeAlias = "str | Path | TfliteModel | CompiledModel | HostModel"
"""A .tflite file, what was made of one, or the SHA-256 of one in hexadecimal."""


def connect(
    port: str | Path | FlashedBoard | None = None,
    *,
    board: str = "",
    baud: int | None = None,
    model: Model | None = None,
    timeout: float = 5.0,
    reset: bool = False,
    listener: Callable[[News], None] | None = None,
    input: TensorSpec | None = None,
    output: TensorSpec | None = None,
) -> Device:
    """Open a session with the board on `port`; use it in a `with` block.

    `port` is a path (`/dev/ttyUSB0`, a pty), `COM3`, `VID:PID` or `VID:PID:serial` in hexadecimal,
    `socket://host:port`, `rfc2217://host:port`, or a board that `tinyflow.flash` runs. `board`
    names the profile that gives baud rate and reset wiring, and finds the port where none is named;
    `baud` overrides it (without either: 115200). With a `model` the shapes of `predict` are its
    own, and a board that runs another is refused; `input` and `output` give shapes alone. `timeout`
    is how many seconds the board may say nothing. With `reset` the board is restarted first.
    `listener` is called with what the board sends on its own.

    Raises DeviceError when the port cannot be opened, the board says nothing, or runs another
    model; ProjectError and ModelError where `board`, `baud` or `model` is none.
    """
    if baud is not None and not 0 < baud <= MAX_BAUD:
        raise ProjectError(f"a baud rate is 1 to {MAX_BAUD}, found {baud}")
    if not timeout > 0:
        raise ProjectError(f"a timeout of {timeout!r} s gives the board no time to answer")
    place = port if isinstance(port, FlashedBoard) else _place(port, board, baud)
    if reset:
        place = _restarted(place, board)
    sha256, inputs, outputs = _expected(model)
    if sha256:
        place = replace(place, model_sha256=sha256)
    return device.connect(
        place,
        input=input or inputs,
        output=output or outputs,
        timeout=timeout,
        listener=listener,
    )


def _place(port: str | Path | None, board: str, baud: int | None) -> FlashedBoard:
    if port is not None:
        port = str(port)
    if not board:
        if port is None:
            raise ProjectError(
                "neither a port nor a board was named",
                hints=['tinyflow.connect("/dev/ttyUSB0")', 'tinyflow.connect(board="esp32")'],
            )
        return FlashedBoard("", device.named_port(port), baud or BAUD, "", "")
    profile = load_board(board)
    if profile.emulated and port is None:
        raise ProjectError(
            f"board {board} is a program on this machine: it has no port of its own",
            hints=["start it, and name the port it is on"],
        )
    seen = device.seen(device.find_port(profile, port))
    return FlashedBoard(board, seen.path, baud or profile.baud, "", "", reset=seen.reset(profile))


def _restarted(place: FlashedBoard, board: str) -> FlashedBoard:
    """The board after a restart, wherever its port is then."""
    name = board or place.board
    if not name:
        raise ProjectError(
            "a restart needs to know the board",
            ["its profile says how its port's lines are wired"],
            ['tinyflow.connect(port, board="esp32", reset=True)'],
        )
    done = device.restart(load_board(name), place.port)
    return replace(place, port=done.port)


def _expected(model: Model | None) -> tuple[str, TensorSpec | None, TensorSpec | None]:
    """The model's hash, and its input and output where it has one of each."""
    from tinyflow import cache, compiler
    from tinyflow.compiler.host import HostModel

    if model is None:
        return "", None, None
    if isinstance(model, str) and SHA256.fullmatch(model):
        return model.lower(), None, None
    if isinstance(model, HostModel):
        model = model.compiled
    if isinstance(model, CompiledModel):
        one = len(model.inputs) == 1 and len(model.outputs) == 1
        return model.model_sha256, *((model.input, model.output) if one else (None, None))
    path = model.path if isinstance(model, TfliteModel) else Path(model)
    try:
        sha256 = cache.file_sha256(path)
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from None
    return sha256, *compiler.input_output(path)
