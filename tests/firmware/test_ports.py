"""Ports and start-up of the boards that run on this machine, under a firmware that asks them."""

from __future__ import annotations

import functools
import os
import random
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import serial
from emulated import load_emulated

from tinyflow import build, compiler, flash, generate
from tinyflow.artifacts import CompiledModel, FirmwareImage
from tinyflow.boards import BoardProfile

TESTS = Path(__file__).parents[1]
# qemu-m7 has every file of qemu-m4's port; that it starts and counts is tried with a model.
BOARDS = [
    *("native", "qemu-m4", "qemu-m3", "qemu-m33", "qemu-m55", "qemu-riscv32"),
    *("microbit", "stm32f405", "qemu-lx6", "arduino-mega"),
]
BARE = BOARDS[1:]
# An AVR has neither faults nor memory protection: nothing tells that the stack was too small.
FAULTING = [name for name in BARE if name != "arduino-mega"]
# Instructions of a round of port_probe.c, and the most that may be around the loop.
ROUND = {"arduino-mega": 5}
AROUND = {"arduino-mega": 80}
# One of each core's start-up, and of each kind of counter and UART.
KINDS = [
    *("qemu-m4", "qemu-m33", "qemu-m55", "stm32f405", "qemu-riscv32", "qemu-lx6"),
    "arduino-mega",
]
ANSWER_SECONDS = 20.0
EMPTY_HASH = 2166136261
LARGEST_INPUT_BYTES = 96 * 96 * 3


class Probe:
    """The other end of port_probe.c."""

    def __init__(self, port: serial.SerialBase, process: int) -> None:
        self.port = port
        self.process = process

    def ask(self, request: bytes, words: int) -> tuple[int, ...]:
        self.port.write(request)
        answer = self.port.read(4 * words)
        assert len(answer) == 4 * words, f"{request[:8]!r} got {answer!r}"
        return struct.unpack(f"<{words}I", answer)

    def ask_starting(self, request: bytes, words: int) -> tuple[int, ...]:
        """Ask a board that is starting: what it is sent meanwhile may be lost."""
        self.port.timeout = 0.2
        try:
            for _ in range(int(ANSWER_SECONDS / 0.2)):
                self.port.write(request)
                answer = self.port.read(4 * words)
                if len(answer) == 4 * words:
                    return struct.unpack(f"<{words}I", answer)
        finally:
            self.port.timeout = ANSWER_SECONDS
        raise AssertionError(f"{request!r} was never answered")

    def wait_until_started(self) -> None:
        """For a board whose UART drops what comes before it is started, as a chip's does."""
        self.ask_starting(b"h", 3)
        # Requests may have been answered late: an answer of its own is what comes last.
        self.port.write(b"s" + bytes(4))
        self.port.read_until(struct.pack("<I", EMPTY_HASH))

    def last_line(self) -> str:
        """What a board says before it stops."""
        line = self.port.read_until(b"\n")
        assert line.startswith(b"\0"), line
        return line[1:].decode().strip()

    def ends(self, seconds: float = 5.0) -> bool:
        """Whether the board's process ends; its exit status is left to be collected."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
                return True
            time.sleep(0.01)
        return False


Start = Callable[[str], AbstractContextManager[Probe]]


def build_probe(board: BoardProfile, model: CompiledModel, folder: Path) -> FirmwareImage:
    project = generate.write_project(folder / "project", model, board, "cmake")
    (project.path / "src/main.c").write_bytes((TESTS / "support/port_probe.c").read_bytes())
    return build.build(project, board, folder / "image")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("model")
    return compiler.compile_model(TESTS / "models" / "digits.tflite", folder=folder / "model")


@pytest.fixture(scope="module")
def start(model: CompiledModel, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts the probe on a board; it is built when it is first asked for."""

    @functools.cache
    def image(name: str) -> FirmwareImage:
        return build_probe(load_emulated(name), model, tmp_path_factory.mktemp(name))

    return lambda name: running(load_emulated(name), image(name))


@contextmanager
def running(board: BoardProfile, image: FirmwareImage) -> Iterator[Probe]:
    with (
        flash.flash(image, board, None) as flashed,
        serial.serial_for_url(flashed.port, timeout=ANSWER_SECONDS) as port,
    ):
        probe = Probe(port, flashed.process)
        if board.name.startswith("stm32"):
            probe.wait_until_started()
        yield probe


@pytest.mark.parametrize("name", BARE)
def test_counts_are_exact_and_the_same_in_every_run(name: str, start: Start) -> None:
    counter = load_emulated(name).counter
    runs = []
    for _ in range(2):
        counts = []
        with start(name) as board:
            for rounds in (1, 2, 3, 1000, 1000, 65_537, 1_001_000):
                (ticks,) = board.ask(b"c" + struct.pack("<I", rounds), 1)
                count = round(ticks * counter.multiply / counter.divide)
                counts.append(count - ROUND.get(name, 2) * rounds)
        runs.append(counts)
    # What is left is the same few instructions around the loop, whatever its length.
    assert len(set(runs[0])) == 1
    assert 0 < runs[0][0] < AROUND.get(name, 20)
    assert runs[0] == runs[1]


@pytest.mark.parametrize("name", KINDS)
def test_a_long_loop_counts_to_the_last_instruction(name: str, start: Start) -> None:
    """A hundred million instructions: no drift, however often the emulator pauses."""
    counter = load_emulated(name).counter
    rounds = 100_000_000 // ROUND.get(name, 2)
    with start(name) as board:
        (none,) = board.ask(b"c" + struct.pack("<I", 1), 1)
        (many,) = board.ask(b"c" + struct.pack("<I", rounds + 1), 1)
    counts = [round(ticks * counter.multiply / counter.divide) for ticks in (none, many)]
    assert counts[1] - counts[0] == rounds * ROUND.get(name, 2)


@pytest.mark.parametrize("name", ["native", *KINDS])
def test_the_largest_input_arrives_whole(name: str, start: Start) -> None:
    data = random.Random(1).randbytes(LARGEST_INPUT_BYTES)
    wanted = EMPTY_HASH
    for byte in data:
        wanted = (wanted ^ byte) * 16777619 % 2**32
    with start(name) as board:
        assert board.ask(b"s" + struct.pack("<I", len(data)) + data, 1) == (wanted,)


@pytest.mark.parametrize("name", BOARDS)
def test_start_up_sets_memory_and_reset_does_so_again(name: str, start: Start) -> None:
    with start(name) as board:
        assert board.ask(b"d", 2) == (0x12345678, 0)
        assert board.ask(b"d", 2) == (1, 1)
        assert board.ask(b"f", 1) == (4,)
        assert board.ask(b"r", 1) == (7,)  # TNF_UNSUPPORTED: no bootloader
        assert board.ask_starting(b"d", 2) == (0x12345678, 0)


@pytest.mark.parametrize("name", BARE)
def test_health_knows_the_stack_and_the_time(name: str, start: Start) -> None:
    with start(name) as board:
        uptime, size, used = board.ask(b"h", 3)
        # The emulated clock goes on with the instructions: 8,000,000 of them are 8 ms or more.
        board.ask(b"c" + struct.pack("<I", 4_000_000), 1)
        later, _, used_later = board.ask(b"h", 3)
    if name == "arduino-mega":  # all the RAM that is left
        assert size > load_emulated(name).memory.stack_bytes
    else:
        assert size == load_emulated(name).memory.stack_bytes
    assert 0 < used < 1024
    assert used_later >= used
    assert later >= uptime + 8


@pytest.mark.parametrize(
    ("name", "address", "said"),
    [
        ("qemu-m4", 0x5F000000, "fault: exception 00000003 cfsr 00008200 pc 00000"),
        ("qemu-m3", 0x5F000000, "fault: exception 00000003 cfsr 00008200"),
        ("qemu-m4", 0x00300000, "fault: exception 00000003 cfsr 00000082"),  # its own flash
        ("qemu-m3", 0x00300000, "fault: exception 00000003 cfsr 00000082"),
        ("qemu-m33", 0x5F000000, "fault: exception 00000003 cfsr 00008200 pc 10000"),
        ("qemu-m33", 0x10300000, "fault: exception 00000003 cfsr 00000082"),
        ("qemu-m55", 0x5F000000, "fault: exception 00000003 cfsr 00008200"),
        ("qemu-m55", 0x00070000, "fault: exception 00000003 cfsr 00000082"),
        ("microbit", 0x60000000, "fault: exception 00000003 cfsr 00000000 pc 00000"),
        ("stm32f405", 0x5F000000, "fault: exception 00000003 cfsr 00008200 pc 08000"),
        ("stm32f405", 0x080F0000, "fault: exception 00000003 cfsr 00000082"),  # its own flash
        ("qemu-riscv32", 0x00000F00, "fault: mcause 00000007"),
        ("qemu-riscv32", 0x80000000, "fault: mcause 00000007"),  # its own flash
        ("qemu-lx6", 0x00000F00, "fault: exccause 0000000f address 00000f00 pc 50"),
        ("qemu-lx6", 0x6000003C, "fault: stack overflow pc 50"),  # where the stack ends
    ],
)
def test_a_fault_is_told_and_ends_the_board(
    name: str, address: int, said: str, start: Start
) -> None:
    with start(name) as board:
        board.port.write(b"w" + struct.pack("<I", address))
        assert board.last_line().startswith(said)
        assert board.ends()


@pytest.mark.parametrize("name", FAULTING)
def test_a_stack_overflow_faults_before_it_reaches_data(name: str, start: Start) -> None:
    with start(name) as board:
        board.port.write(b"o")
        said = board.last_line()
        assert said.startswith("fault: ")
        assert said.endswith("stack overflow") or not name.startswith(("qemu-m", "stm32"))
        assert board.ends()


def test_start_up_switches_the_vector_unit_on(start: Start) -> None:
    with start("qemu-m55") as board:
        assert board.ask(b"v" + struct.pack("<I", 7), 1) == (28,)


def test_start_up_asks_the_compiler_whether_there_is_an_fpu(
    model: CompiledModel, tmp_path: Path
) -> None:
    board = load_emulated("qemu-m4")
    assert board.toolchain is not None
    soft = replace(board.toolchain, cpu_flags=("-mcpu=cortex-m4", "-mthumb"))
    board = replace(board, toolchain=soft)
    with running(board, build_probe(board, model, tmp_path)) as probe:
        assert probe.ask(b"f", 1) == (4,)
