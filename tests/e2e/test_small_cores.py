"""Layers of int16 and floats, and states, on the cores with the smallest words and the least help.

AVR's int has 16 bits and its constants are in a memory of their own; neither it nor Cortex-M0 has
a long product, and Cortex-M0 refuses addresses that are not aligned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from float_networks import NETWORKS as FLOATS
from layered_graph import LayeredGraph
from streaming_networks import NETWORKS as STREAMS
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Quantization

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("reference_interpreter")]
LAYERS = Path(__file__).parents[1] / "models" / "layers"


def resized() -> Graph:
    net = LayeredGraph((1, 5, 6, 3), Quantization((0.5,), (0,)))
    made = ((9, 11), (4, 17))
    bilinear, nearest = (net.integers(*size) for size in made)
    net.add("RESIZE_BILINEAR", (0, bilinear), (1, *made[0], 3), half_pixel_centers=True)
    net.add("RESIZE_NEAREST_NEIGHBOR", (net.last, nearest), (1, *made[1], 3))
    net.wide()
    return Graph(tuple(net.tensors), tuple(net.nodes), (0,), (net.last,))


def content(name: str) -> bytes:
    if name == "resized":
        return write_tflite(resized())
    kind, _, member = name.partition(" ")
    if kind == "float":
        return write_tflite(FLOATS[member]())
    if kind == "stream":
        return write_tflite(STREAMS[member])
    return (LAYERS / f"{name}.tflite").read_bytes()


PAIRS = [
    ("grouped_int16", "arduino-mega"),
    ("upsampler_int16", "arduino-mega"),
    ("attention_int16", "arduino-mega"),
    ("resized", "arduino-mega"),
    ("float int16", "arduino-mega"),
    ("stream lstm", "arduino-mega"),
    ("attention_int16", "microbit"),
    ("float casts", "microbit"),
]


@pytest.mark.parametrize(("name", "board"), PAIRS)
def test_verify(tmp_path: Path, run_tinyflow: Any, name: str, board: str) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(content(name))
    command = ("verify", str(model), "--board", board, "--runner", "qemu", "--inputs", "3")
    outcome = run_tinyflow(tmp_path, *command, "--json")
    assert outcome.status == 0, outcome.stdout + outcome.stderr
    assert outcome.json["mismatched_bytes"] == 0
    assert outcome.json["first_stream_mismatch"] is None
