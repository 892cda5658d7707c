"""Builds firmware around a fake model for the host, and runs it as a board behind a pty."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import select
import socket
import subprocess
import threading
import tty
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tinyflow import paths, process
from tinyflow.artifacts import FlashedBoard

SUPPORT = Path(__file__).parent
MODEL_SHA256 = "face" + 60 * "0"
BUILD_ID = "b1"
WARNINGS = [
    *("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wsign-conversion"),
    *("-Wcast-qual", "-Wshadow", "-Wundef", "-Wstrict-prototypes", "-Wmissing-prototypes"),
    *("-Wdouble-promotion", "-Wvla"),
]
SENSOR_INCLUDE = f"-I{paths.data_folder('firmware') / 'sensor'}"
SANITIZE = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def firmware_sources() -> list[Path]:
    """The static C of the device's side, without a port."""
    firmware = paths.data_folder("firmware")
    return sorted([*firmware.glob("protocol/*.c"), *firmware.glob("runtime/*.c")])


def sensor_sources() -> list[Path]:
    """The static C of what senses and of capture, without a driver."""
    firmware = paths.data_folder("firmware")
    return sorted([*firmware.glob("sensor/*.c"), *firmware.glob("capture/*.c")])


def includes() -> list[str]:
    firmware = paths.data_folder("firmware")
    folders = [firmware / name for name in ("include", "protocol", "runtime", "capture")]
    return [f"-I{folder}" for folder in (*folders, SUPPORT)]


def compile_c(output: Path, sources: Sequence[Path], flags: Sequence[str] = ()) -> Path:
    """A program or library for the host."""
    command = ["gcc", "-std=c99", "-O1", *WARNINGS, *includes(), *flags]
    process.run(
        [*command, *map(str, firmware_sources()), *map(str, sources), "-o", str(output)],
        what="the compiler",
        timeout=120,
    )
    return output


def build_board(
    folder: Path, input_bytes: int = 64, output_bytes: int = 10, *, remembers: bool = False
) -> Path:
    """The fake board's program, with sanitizers; its model may keep something."""
    port = paths.data_folder("firmware") / "ports" / "native" / "port.c"
    sizes = [f"-DFAKE_REMEMBERS={int(remembers)}"]
    sizes += [f"-DFAKE_INPUT_BYTES={input_bytes}", f"-DFAKE_OUTPUT_BYTES={output_bytes}"]
    sources = [SUPPORT / "fake_model.c", SUPPORT / "fake_board.c", port, *sensor_sources()]
    flags = [*SANITIZE, *sizes, SENSOR_INCLUDE]
    name = f"board_{input_bytes}_{output_bytes}{'_state' * remembers}"
    return compile_c(folder / name, sources, flags)


def build_shim(
    folder: Path,
    *,
    remembers: bool = False,
    reference: Path | None = None,
    output_bytes: int = 10,
) -> ctypes.CDLL:
    """A session over memory, as a library; its model may keep something, and be compared with what
    a C file says."""
    names = ("fake_model.c", "memory_port.c", "session_shim.c")
    sources = [SUPPORT / name for name in names]
    flags = ["-shared", "-fPIC", f"-DFAKE_REMEMBERS={int(remembers)}"]
    flags.append(f"-DFAKE_OUTPUT_BYTES={output_bytes}")
    if reference is not None:
        sources.append(reference)
        flags.append("-DSHIM_REFERENCE")
    return ctypes.CDLL(str(compile_c(folder / "shim.so", sources, flags)))


def expected_layers(data: bytes, output_bytes: int = 10) -> list[bytes]:
    """What the fake model's layers give for `data`."""
    first = bytes(b ^ 0x11 for b in data)
    second = bytes(b ^ 0x22 for b in first)
    last = bytes((second[i % len(second)] + i) & 0xFF for i in range(output_bytes))
    return [first, second, last]


def flashed(port: str, model_sha256: str = MODEL_SHA256, process_id: int = 0) -> FlashedBoard:
    return FlashedBoard("fake-board", port, 921600, model_sha256, BUILD_ID, process_id)


@contextlib.contextmanager
def running(program: Path, env: Mapping[str, str] | None = None) -> Iterator[FlashedBoard]:
    """The board behind a pty."""
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    child = process.start([str(program)], env=env, stdin=master, stdout=master, stderr=None)
    os.close(master)  # the child's alone, so that its end is seen at the other side
    try:
        yield flashed(name, process_id=child.pid)
    finally:
        process.stop(child)
        os.close(slave)


class Faults:
    """Flips, drops and adds bytes, each with chance `rate` per byte; the same for a seed."""

    def __init__(self, rate: float, seed: int) -> None:
        self._rate = rate
        self._random = random.Random(seed)
        self.count = 0

    def apply(self, data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            if self._random.random() >= self._rate:
                out.append(byte)
                continue
            self.count += 1
            kind = self._random.randrange(3)
            if kind == 0:
                out.append(byte ^ (1 << self._random.randrange(8)))
            elif kind == 1:
                out += bytes([byte, self._random.randrange(256)])
        return bytes(out)


@contextlib.contextmanager
def lossy(program: Path, rate: float, seed: int) -> Iterator[tuple[FlashedBoard, Faults]]:
    """The board behind a TCP port and a line that damages bytes both ways."""
    near, far = socket.socketpair()
    server = socket.create_server(("127.0.0.1", 0))
    faults = Faults(rate, seed)
    stopping = threading.Event()

    def pump() -> None:
        # Until the test is over: nothing here may wait for ever.
        server.settimeout(10)
        with contextlib.suppress(OSError):
            client, _ = server.accept()
            with client:
                while not stopping.is_set():
                    ready, _, _ = select.select([client, near], [], [], 0.05)
                    for source, sink in ((client, near), (near, client)):
                        if source in ready:
                            data = source.recv(4096)
                            if not data:
                                return
                            sink.sendall(faults.apply(data))

    thread = threading.Thread(target=pump)
    child: subprocess.Popen[bytes] | None = None
    try:
        child = process.start([str(program)], stdin=far.fileno(), stdout=far.fileno(), stderr=None)
        thread.start()
        yield flashed(f"socket://127.0.0.1:{server.getsockname()[1]}"), faults
    finally:
        stopping.set()
        if thread.ident is not None:
            thread.join(15)
        if child is not None:
            process.stop(child)
        for end in (near, far, server):
            end.close()
