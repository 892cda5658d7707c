"""Profiles a model on a board: what each layer of an inference takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyflow import profiling
from tinyflow.artifacts import LayerProfile, Profile
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.pipeline import Walk
from tinyflow.pipeline.inputs import seeded_inputs

if TYPE_CHECKING:
    from tinyflow.artifacts import CompiledModel
    from tinyflow.device import Device

TIMED_RUNS = 20


def profile(walk: Walk, port: str | None = None, *, estimate: bool = False) -> Profile:
    """Counts of one inference by layer, from the board's own counter.

    With `estimate` there need be no board: its core's cycles are estimated from the instructions
    that an emulated board executes.
    """
    if estimate:
        from tinyflow.pipeline import latency

        return latency.estimate(walk)
    return measure(walk, port)


def measure(walk: Walk, port: str | None = None) -> Profile:
    """Counts of one inference by layer, from the board's own counter.

    Counts of instructions are exact and the same every time; of cycles and nanoseconds the
    smallest of 20 runs is taken.
    """
    from tinyflow import device
    from tinyflow.monitor import microseconds

    board = walk.require_board()
    compiled, image = walk.compiled(), walk.image()
    try:
        with walk.flashed(port) as flashed, device.connect(flashed) as dut:
            hello = dut.hello
            data = seeded_inputs(compiled.inputs, 5, walk.seed)[-1]
            counts, crcs = counted(dut, compiled, data)
    except DeviceError as error:
        if board.timing is None or board.emulated:
            raise
        hints = [*error.hints, f"without a board: tinyflow profile --board {board.name} --estimate"]
        raise DeviceError(error.what, error.detail, hints) from None
    return profiling.profile(
        compiled,
        image,
        board.name,
        hello.counter_unit,
        counts,
        crcs,
        latency_us=microseconds(counts.whole, hello),
    )


def counted(
    dut: Device, compiled: CompiledModel, data: Any
) -> tuple[profiling.Counts, tuple[int, ...]]:
    """The counts of one inference of `data` and the CRC-32 of each layer's output; a model that
    keeps something begins anew.
    """
    runs = 1 if dut.hello.counter_unit == "instructions" else TIMED_RUNS
    anew = bool(compiled.state_bytes)
    whole = min(dut.infer(data, reset=anew).count for _ in range(runs))
    layers = [dut.layers(data) for _ in range(runs)]
    counts = profiling.of_boards(
        whole,
        [min(run[layer.index].count for run in layers) for layer in compiled.layers],
        compiled.told,
    )
    return counts, tuple(layer.crc32 for layer in layers[0])


def as_json(profile: Profile) -> dict[str, Any]:
    """A profile as a program reads it."""
    found, built = profile.estimate, profile.footprint
    return {
        "model": profile.model,
        "model_sha256": profile.model_sha256,
        "board": profile.board,
        "builder": profile.builder,
        "backend": profile.backend,
        "counter": profile.unit,
        "count": profile.count,
        "outside": profile.outside,
        "latency_us": profile.latency_us,
        "macs": profile.macs,
        "weights_bytes": profile.weights_bytes,
        "arena_bytes": profile.arena_bytes,
        "library_code_bytes": built.library_code_bytes,
        "library_flash_bytes": built.library_flash_bytes,
        "library_ram_bytes": built.library_ram_bytes,
        "flash_bytes": built.flash_bytes,
        "ram_bytes": built.ram_bytes,
        "layers": [
            _layer(layer, profile.share(layer), estimated=found is not None)
            for layer in profile.layers
        ],
        "estimate": {
            "core": found.core,
            "counted_by": found.counted,
            "cycles_min": found.cycles.low,
            "cycles_max": found.cycles.high,
            "clock_hz": found.clock_hz,
            "latency_us": list(found.microseconds) if found.microseconds else None,
            "basis": list(found.basis),
        }
        if found is not None
        else None,
    }


def _layer(layer: LayerProfile, share: float, *, estimated: bool) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "name": layer.name,
        "op": layer.op,
        "variant": layer.variant,
        "shape": list(layer.shape),
        "macs": layer.macs,
        "count": layer.count,
        "share": round(share, 6),
        "weights_bytes": layer.weights_bytes,
        "output_bytes": layer.output_bytes,
        "scratch_bytes": layer.scratch_bytes,
        "crc32": f"{layer.crc32:08x}",
    }
    if estimated and layer.cycles is not None:
        figures |= {"cycles_min": layer.cycles.low, "cycles_max": layer.cycles.high}
    return figures


def write_page(profile: Profile, file: Path) -> None:
    """Write the profile as one HTML file. Raises ProjectError where it cannot be written."""
    from tinyflow.report import profile as report

    try:
        file.write_text(report.page(profile), encoding="utf-8")
    except OSError as error:
        raise ProjectError(f"{file} cannot be written: {error.strerror}") from None
