"""Proves a model on a board, layer by layer."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import progress
from tinyflow.artifacts import LayerInfo, LayerOutput
from tinyflow.compiler.ops import OPS
from tinyflow.pipeline import Walk
from tinyflow.pipeline.inputs import inputs_from_file, real_inputs, seeded_inputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.artifacts import Bytes, TensorSpec
    from tinyflow.device import Device
    from tinyflow.reference import ReferenceInterpreter


@dataclass(frozen=True)
class Mismatch:
    """The first byte that differs: where, what the reference says and what the board says."""

    input: int
    layer: int
    node: int
    name: str
    op: str
    position: tuple[int, ...]
    expected: float
    found: float

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
            "reference_fault": OPS[self.op].reference_fault,
        }


def verify(
    walk: Walk, count: int, port: str | None = None, data: Path | None = None
) -> dict[str, Any]:
    """Every layer's output for `count` inputs, on the board and in the reference interpreter.

    Real samples among them are those of the .npz `data`, else the project's test split. The board
    answers with a CRC-32 per layer; a layer whose CRC differs is fetched whole. A model that keeps
    something begins anew with every input, and is then given all of them as one stream, of which
    the outputs are compared.
    """
    from tinyflow import device
    from tinyflow.reference import ReferenceInterpreter

    compiled = walk.compiled()
    inputs = seeded_inputs(compiled.inputs, count, walk.seed, _real_inputs(walk, data))
    known = [layer for layer in compiled.layers if all(o.origin >= 0 for o in layer.outputs)]
    mismatched = 0
    first: Mismatch | None = None
    with (
        ReferenceInterpreter(compiled.model) as reference,
        walk.flashed(port) as flashed,
        device.connect(flashed) as dut,
    ):
        for number, row in enumerate(inputs):
            progress.report("verify", f"input {number + 1}", number, len(inputs))
            if compiled.state_bytes:
                reference.reset()
            expected = reference.tensors(row)
            found = dut.layers(row)
            for layer in known:
                want = b"".join(wanted(expected, output).tobytes() for output in layer.outputs)
                if zlib.crc32(want) == found[layer.index].crc32:
                    continue
                got = dut.layer_output(row, layer.index)
                mismatched += sum(a != b for a, b in zip(want, got, strict=True))
                first = first or _first(number, layer, want, got)
        differing: list[dict[str, Any]] = []
        if compiled.state_bytes:
            differing = list(_stream(compiled.outputs, inputs, reference, dut))
            mismatched += len(differing)
        progress.report("verify", "done", len(inputs), len(inputs))
    return {
        "model": compiled.name,
        "board": flashed.board,
        "inputs": len(inputs),
        "layers": len(known),
        "mismatched_bytes": mismatched,
        "first_mismatch": first.as_json() if first else None,
        "stream_inputs": len(inputs) if compiled.state_bytes else 0,
        "first_stream_mismatch": differing[0] if differing else None,
    }


def _stream(
    outputs: Sequence[TensorSpec], inputs: Bytes, reference: ReferenceInterpreter, dut: Device
) -> Iterator[dict[str, Any]]:
    """The output bytes that differ when the inputs are one stream, from its beginning."""
    reference.reset()
    dut.reset_state()
    for number, want in enumerate(reference.invoke(inputs)):
        progress.report("verify", f"input {number + 1} of the stream", number, len(inputs))
        got = np.frombuffer(dut.infer(inputs[number]).output, np.int8)
        for place in np.flatnonzero(want != got).tolist():
            index, byte = 0, place
            while byte >= outputs[index].size_bytes:
                byte -= outputs[index].size_bytes
                index += 1
            yield {
                "input": number,
                "output": outputs[index].name,
                "byte": byte,
                "expected": int(want[place]),
                "found": int(got[place]),
            }


def wanted(expected: Mapping[int, NDArray[Any]], output: LayerOutput) -> NDArray[Any]:
    """What a layer's output must be: the file's tensor, of which channels may have been removed."""
    values = expected[output.origin]
    if output.channels is not None:
        values = np.take(values, output.channels, axis=-1)
    return np.ascontiguousarray(values)


def _real_inputs(walk: Walk, data: Path | None) -> Bytes | None:
    compiled = walk.compiled()
    if data is not None:
        return inputs_from_file(compiled.inputs, data)
    own = walk.project is not None and walk.model is None
    return real_inputs(compiled.inputs, walk.dataset() if own else None)


def _first(number: int, layer: LayerInfo, want: bytes, got: bytes) -> Mismatch | None:
    start = 0
    for output in layer.outputs:
        end = start + output.size_bytes
        values = [np.frombuffer(data[start:end], output.dtype) for data in (want, got)]
        places = np.flatnonzero(values[0].view(np.int8) != values[1].view(np.int8))
        start = end
        if not len(places):
            continue
        place = int(places[0]) // values[0].itemsize
        *outer, channel = (int(i) for i in np.unravel_index(place, output.shape or (1,)))
        if output.channels is not None:
            channel = output.channels[channel]
        return Mismatch(
            number,
            layer.index,
            layer.node,
            output.name,
            layer.op,
            (*outer, channel),
            values[0][place].item(),
            values[1][place].item(),
        )
    return None
