"""A running emulator: started, ready, told of when it ends, and never left behind.

Both of its connections are sockets made here and handed over, so no port is chosen twice and no
connection comes too early. It is ready when its control connection says so.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tinyflow import process
from tinyflow.boards import BoardProfile, Qemu
from tinyflow.errors import ToolError
from tinyflow.flash.child import explained, tail

HOST = "127.0.0.1"
READY_SECONDS = 20.0


def find_program(board: BoardProfile, settings: Qemu) -> Path:
    """The emulator. Raises ToolError when it is missing."""
    program = process.find_program(settings.program)
    if program is None:
        raise ToolError(
            f"{settings.program} is not installed, or not on PATH",
            [f"it emulates board {board.name}"],
            [f"tinyflow doctor --board {board.name} --install"],
        )
    return Path(program)


@contextlib.contextmanager
def running(
    program: Path, board: BoardProfile, settings: Qemu, image: Sequence[str], log: Path
) -> Iterator[tuple[int, str]]:
    """Run the board in the emulator until the block ends.

    `image` are the arguments that give it something to run; what it writes itself goes to `log`.
    The block gets its process id and the address of the board's console. Raises ToolError when it
    ends at once.
    """
    with contextlib.ExitStack() as stack:
        console = stack.enter_context(socket.create_server((HOST, 0), backlog=1))
        control, far_control = socket.socketpair()
        stack.enter_context(control)
        # Some emulators end when their standard input does.
        quiet, held = os.pipe()
        stack.callback(os.close, held)
        try:
            with far_control, log.open("wb") as sink:
                call = command(settings, program, image, console.fileno(), far_control.fileno())
                child = process.start(
                    call,
                    stdin=quiet,
                    stdout=sink,
                    stderr=sink,
                    pass_fds=(console.fileno(), far_control.fileno()),
                    bound=True,
                )
        finally:
            os.close(quiet)
        stack.callback(process.stop, child)
        if not _ready(control):
            status = process.stop(child)
            raise ToolError.from_command(
                f"{settings.program} did not start board {board.name}",
                call,
                status,
                "\n".join(tail(log)),
                log,
            )
        address = console.getsockname()
        # Held by the emulator alone from here: when it ends, connections are refused at once.
        console.close()
        stack.enter_context(explained(child, "the emulator", log))
        yield child.pid, f"socket://{HOST}:{address[1]}"


def command(
    settings: Qemu, program: Path, image: Sequence[str], console: int, control: int
) -> list[str]:
    """The argument list: `console` is a listening socket's descriptor, `control` a connected one.

    Without nodelay, which the emulator leaves off, each answer would wait 40 ms for the kernel.
    """
    return [
        *(str(program), *settings.arguments),
        *("-nodefaults", "-display", "none"),
        *("-chardev", f"socket,id=console,fd={console},server=on,wait=off,nodelay=on"),
        *("-serial", "chardev:console"),
        *("-chardev", f"socket,id=control,fd={control}"),
        *("-mon", "chardev=control,mode=control"),
        *image,
    ]


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
