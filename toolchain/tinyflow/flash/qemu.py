"""Runner `qemu`: the image runs in an emulator, its console is a TCP port of this machine.

Both of the emulator's connections are sockets made here and handed over, so no port is chosen
twice and no connection comes too early. The emulator is ready when its control connection says so.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from tinyflow import process
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile, Qemu
from tinyflow.errors import ProjectError, ToolError
from tinyflow.flash.child import explained, log_file, tail

HOST = "127.0.0.1"
READY_SECONDS = 20.0


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Start `image` in the emulator; it runs until the block ends.

    Raises ToolError when the emulator is missing or ends at once.
    """
    settings = _settings(board)
    program = process.find_program(settings.program)
    if program is None:
        raise ToolError(
            f"{settings.program} is not installed, or not on PATH",
            [f"it emulates board {board.name}"],
            [f"tinyflow doctor --board {board.name} --install"],
        )
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log_file(log))
        console = stack.enter_context(socket.create_server((HOST, 0), backlog=1))
        control, far_control = socket.socketpair()
        stack.enter_context(control)
        with far_control, errors.open("wb") as sink:
            call = command(
                settings, str(program), image.elf, console.fileno(), far_control.fileno()
            )
            child = process.start(
                call,
                stdout=sink,
                stderr=sink,
                pass_fds=(console.fileno(), far_control.fileno()),
                bound=True,
            )
        stack.callback(process.stop, child)
        if not _ready(control):
            status = process.stop(child)
            raise ToolError.from_command(
                f"{settings.program} did not start board {board.name}",
                call,
                status,
                "\n".join(tail(errors)),
                log,
            )
        address = console.getsockname()
        # Held by the emulator alone from here: when it ends, connections are refused at once.
        console.close()
        stack.enter_context(explained(child, "the emulator", errors))
        yield FlashedBoard(
            board=board.name,
            port=f"socket://{HOST}:{address[1]}",
            baud=board.baud,
            model_sha256=image.model_sha256,
            build_id=image.build_id,
            process=child.pid,
        )


def command(settings: Qemu, program: str, elf: Path, console: int, control: int) -> list[str]:
    """The argument list: `console` is a listening socket's descriptor, `control` a connected one.

    Without nodelay, which the emulator leaves off, each answer would wait 40 ms for the kernel.
    """
    return [
        *(program, *settings.arguments),
        *("-nodefaults", "-display", "none"),
        *("-chardev", f"socket,id=console,fd={console},server=on,wait=off,nodelay=on"),
        *("-serial", "chardev:console"),
        *("-chardev", f"socket,id=control,fd={control}"),
        *("-mon", "chardev=control,mode=control"),
        *(f"-{settings.image}", str(elf.resolve())),
    ]


def _settings(board: BoardProfile) -> Qemu:
    if board.qemu is None:
        raise ProjectError(f"board {board.name} has no [qemu] in its profile")
    return board.qemu


def _ready(control: socket.socket) -> bool:
    """Wait for the emulator's greeting, which it sends when the machine runs."""
    deadline = time.monotonic() + READY_SECONDS
    greeting = b""
    while b"\n" not in greeting:
        control.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            data = control.recv(4096)
        except OSError:  # a time-out, or a reset connection
            return False
        if not data:
            return False
        greeting += data
    return True
