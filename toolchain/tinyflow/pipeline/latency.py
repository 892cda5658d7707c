"""Estimates a board's cycles without the board: what its code executes, on an emulated board.

The model is compiled for the board and built for the emulated one, with the board's kernels and
processor options, so that the inference executes the board's instructions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tinyflow import progress
from tinyflow.artifacts import CompiledModel, Cycles, Estimate, FlashedBoard, Profile
from tinyflow.boards import BoardProfile, Timing, load_board
from tinyflow.errors import ProjectError, ToolError
from tinyflow.pipeline.inputs import seeded_inputs
from tinyflow.pipeline.walk import Walk
from tinyflow.profiling import Counts

if TYPE_CHECKING:
    from tinyflow.profiling.disassembly import Disassembly
    from tinyflow.profiling.plugin import Part

# What an exception takes, by which an emulated core has an instruction that the emulator lacks.
EXCEPTIONS = ("tnf_vectors", "tnf_exception_enter")


@dataclass(frozen=True)
class _Emulated(Walk):
    """A walk for the emulated board, with a model that was compiled for another."""

    made: CompiledModel | None = None

    def compiled(self) -> CompiledModel:
        return self.made if self.made is not None else super().compiled()

    def sensor(self) -> None:
        return None


def estimate(walk: Walk) -> Profile:
    """Instructions of one inference by layer, and cycles estimated from them.

    Raises ProjectError where the board's profile has no [timing], and ToolError where the emulator
    is missing or takes no plugins.
    """
    from tinyflow import profiling
    from tinyflow.profiling import cycles, disassembly

    board = walk.require_board()
    timing, compiled = _timing(board), walk.compiled()
    emulated = _emulated(board, timing, walk)
    run = _Emulated(
        home=walk.home,
        project=walk.project,
        board=emulated,
        model=walk.model,
        name=walk.name,
        seed_override=walk.seed_override,
        made=compiled,
    )
    image = run.image()
    assert emulated.toolchain is not None
    code = disassembly.disassemble(image.elf, emulated.toolchain.prefix)
    data = seeded_inputs(compiled.inputs, 5, walk.seed)[-1]
    counted, crcs, executed = _execute(run, emulated, timing, code, data)
    model = cycles.Model(timing, code)
    layers = [model.cycles(part) for part in executed]
    waits = sum(model.waits(part) for part in executed)
    total = sum(layers, Cycles(0, 0))
    return profiling.profile(
        compiled,
        image,
        board.name,
        "instructions",
        counted,
        crcs,
        cycles=layers,
        estimate=Estimate(
            core=timing.core,
            counted=timing.emulated_by,
            cycles=total,
            clock_hz=board.clock_hz,
            basis=tuple(_basis(timing, model.core.source, waits)),
        ),
    )


def _timing(board: BoardProfile) -> Timing:
    if board.timing is None:
        raise ProjectError(
            f"board {board.name} has no [timing] in its profile: nothing to estimate cycles by",
            ["the section names the core's table and the emulated board that counts"],
            [f"measure it: tinyflow profile --board {board.name}"],
        )
    return board.timing


def _emulated(board: BoardProfile, timing: Timing, walk: Walk) -> BoardProfile:
    """The emulated board, as it executes the code of `board`."""
    own = walk.project.folder if walk.project is not None else None
    profile = load_board(timing.emulated_by, own)
    profile = profile.for_builder("cmake").for_runner("qemu")
    toolchain = profile.toolchain
    assert toolchain is not None
    if board.toolchain is not None and board.toolchain.prefix == toolchain.prefix:
        toolchain = replace(toolchain, cpu_flags=board.toolchain.cpu_flags)
    return replace(profile, backend=board.backend, toolchain=toolchain)


def _execute(
    run: Walk, board: BoardProfile, timing: Timing, code: Disassembly, data: Any
) -> tuple[Counts, Sequence[int], Sequence[Part]]:
    """The counts of one inference, the CRC-32 of each layer, and what each executed."""
    from tinyflow import device
    from tinyflow.flash import emulator
    from tinyflow.profiling import plugin

    assert board.qemu is not None
    compiled, memory = run.compiled(), board.memory
    out = run.logs / "profile.txt"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    (begin,) = code.addresses(f"{compiled.name}_invoke")
    line = timing.flash_line_bytes
    argument = plugin.argument(
        plugin.build(emulator.find_program(board, board.qemu)),
        out,
        [
            ("begin", begin),
            *(("told", address) for address in code.addresses("tnf_observe")),
            ("flash", f"{memory.flash_origin}-{memory.flash_origin + memory.flash_bytes}"),
            ("line", line),
            ("code", max(1, timing.flash_cache_bytes // line)),
            ("data", max(1, timing.flash_data_cache_bytes // line)),
        ],
    )
    progress.report("profile", f"{board.name} counts one inference")
    with _flashed(run, board, argument) as flashed, device.connect(flashed) as dut:
        count = dut.infer(data, reset=bool(compiled.state_bytes)).count
        exceptions = code.within(EXCEPTIONS)
        executed = [part.without(exceptions) for part in plugin.read(out, compiled.told)]
        crcs = [layer.crc32 for layer in dut.layers(data)]
    return Counts(count, tuple(part.instructions for part in executed)), crcs, executed


@contextlib.contextmanager
def _flashed(run: Walk, board: BoardProfile, argument: str) -> Iterator[FlashedBoard]:
    """The image in the emulator with the plugin."""
    from tinyflow.pipeline import flashing

    assert board.qemu is not None
    arguments = (*board.qemu.arguments, "-plugin", argument)
    loaded = replace(board, qemu=replace(board.qemu, arguments=arguments))
    with contextlib.ExitStack() as stack:
        try:
            started = flashing.flashed(run.image(), loaded, None, run.logs / "profile.log")
            running = stack.enter_context(started)
        except ToolError as error:
            hints = [*error.hints, "QEMU must be built with --enable-plugins, as Debian's is"]
            raise ToolError(error.what, error.detail, hints) from None
        yield running


def _basis(timing: Timing, source: str, waits: int) -> Iterator[str]:
    yield f"not measured: instructions that {timing.emulated_by} executed, weighed by kind"
    yield source
    if not timing.flash_wait_states:
        yield "flash is taken not to wait"
        return
    yield (
        f"flash: {timing.flash_wait_states} wait states a line of {timing.flash_line_bytes} B, "
        f"{waits:,} cycles in all: at best while the core works, at worst while it waits"
    )
