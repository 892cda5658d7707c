"""Measures a model on a board (`bench`) and proves it there, layer by layer (`verify`)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import progress
from tinyflow.artifacts import LayerInfo
from tinyflow.pipeline import Walk
from tinyflow.pipeline.inputs import inputs_from_file, real_inputs, seeded_inputs

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes

TIMED_RUNS = 20


def bench(walk: Walk, port: str | None = None) -> dict[str, Any]:
    """Counts of one inference, whole and by layer, with the sizes of what was built.

    Counts of instructions are exact and the same every time; of cycles and nanoseconds the
    smallest of 20 runs is taken.
    """
    from tinyflow import device

    compiled, image = walk.compiled(), walk.image()
    data = seeded_inputs(compiled.input, 5, walk.seed)[-1]
    with walk.flashed(port) as flashed, device.connect(flashed) as dut:
        unit = dut.hello.counter_unit
        runs = 1 if unit == "instructions" else TIMED_RUNS
        count = min(dut.infer(data).count for _ in range(runs))
        layers = [dut.layers(data) for _ in range(runs)]
    return {
        "model": compiled.name,
        "model_sha256": compiled.model_sha256,
        "board": image.board,
        "builder": image.builder,
        "backend": compiled.backend,
        "macs": compiled.macs,
        "counter": unit,
        "count": count,
        "flash_bytes": image.library_flash_bytes,
        "weights_bytes": compiled.weights_bytes,
        "code_bytes": image.library_code_bytes,
        "arena_bytes": compiled.arena_bytes,
        "ram_bytes": image.library_ram_bytes,
        "image_flash_bytes": image.flash_bytes,
        "image_ram_bytes": image.ram_bytes,
        "layers": [
            {
                "name": layer.name,
                "op": layer.op,
                "macs": layer.macs,
                "count": min(run[layer.index].count for run in layers),
                "crc32": f"{layers[0][layer.index].crc32:08x}",
            }
            for layer in compiled.layers
        ],
    }


@dataclass(frozen=True)
class Mismatch:
    """The first byte that differs: where, what the reference says and what the board says."""

    input: int
    layer: int
    node: int
    name: str
    op: str
    position: tuple[int, ...]
    expected: int
    found: int

    def as_json(self) -> dict[str, Any]:
        return {
            "input": self.input,
            "layer": self.layer,
            "node": self.node,
            "name": self.name,
            "op": self.op,
            "position": list(self.position),
            "channel": self.position[-1] if self.position else 0,
            "expected": self.expected,
            "found": self.found,
        }


def verify(
    walk: Walk, count: int, port: str | None = None, data: Path | None = None
) -> dict[str, Any]:
    """Every layer's output for `count` inputs, on the board and in the reference interpreter.

    Real samples among them are those of the .npz `data`, else the project's test split. The board
    answers with a CRC-32 per layer; a layer whose CRC differs is fetched whole.
    """
    from tinyflow import device
    from tinyflow.reference import ReferenceInterpreter

    compiled = walk.compiled()
    if data is not None:
        real: Bytes | None = inputs_from_file(compiled.input, data)
    else:
        own = walk.project is not None and walk.model is None
        real = real_inputs(compiled.input, walk.dataset() if own else None)
    inputs = seeded_inputs(compiled.input, count, walk.seed, real)
    mismatched = 0
    first: Mismatch | None = None
    with (
        ReferenceInterpreter(compiled.model) as reference,
        walk.flashed(port) as flashed,
        device.connect(flashed) as dut,
    ):
        for number, row in enumerate(inputs):
            progress.report("verify", f"input {number + 1}", number, len(inputs))
            expected = reference.layers(row)
            found = dut.layers(row)
            for layer in compiled.layers:
                want = np.ascontiguousarray(expected[layer.node]).reshape(-1).view(np.int8)
                if zlib.crc32(want.tobytes()) == found[layer.index].crc32:
                    continue
                got = np.frombuffer(dut.layer_output(row, layer.index), dtype=np.int8)
                mismatched += int(np.count_nonzero(want != got))
                first = first or _first(number, layer, want, got)
        progress.report("verify", "done", len(inputs), len(inputs))
    return {
        "model": compiled.name,
        "board": flashed.board,
        "inputs": len(inputs),
        "layers": len(compiled.layers),
        "mismatched_bytes": mismatched,
        "first_mismatch": first.as_json() if first else None,
    }


def _first(number: int, layer: LayerInfo, want: Bytes, got: Bytes) -> Mismatch | None:
    places = np.flatnonzero(want != got)
    if not len(places):
        return None
    place = int(places[0])
    position = tuple(int(i) for i in np.unravel_index(place, layer.output_shape))
    return Mismatch(
        number,
        layer.index,
        layer.node,
        layer.name,
        layer.op,
        position,
        int(want[place]),
        int(got[place]),
    )
