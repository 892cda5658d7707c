"""Layers computed by rows give the bytes that they give one after another."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layered_graph import LayeredGraph
from row_networks import forced, row_network
from tflite_writer import write_tflite

from tinyflow import compiler, paths, process
from tinyflow.artifacts import CompiledModel
from tinyflow.compiler import planning
from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory import plan_memory, reach
from tinyflow.compiler.program import link
from tinyflow.compiler.steps import Step, lower
from tinyflow.compiler.streaming.choose import Chosen, choose
from tinyflow.compiler.streaming.compose import MAX_SCRATCH_BYTES, MAX_STAGES
from tinyflow.compiler.streaming.placing import PlacedStream
from tinyflow.compiler.streaming.proof import verify_streams
from tinyflow.compiler.streaming.schedule import trace
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import VerificationError, verify_plan

SUPPORT = Path(__file__).parents[1] / "support"
MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"
SEEDS = st.integers(0, 2**32)
NETWORKS = 20
ROOM = 1 << 13
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FLAGS = (
    *("-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion"),
    *("-Wsign-conversion", "-Wcast-qual", "-Wshadow", "-Wundef", "-Wdouble-promotion", "-Wvla"),
)

needs_models = pytest.mark.skipif(
    not MODELS.is_dir(), reason="../shared/models/mlperf_tiny is not beside this checkout"
)


def streams(graph: Graph, chosen: Chosen) -> tuple[PlacedStream, ...]:
    program = link(graph, chosen.steps, chosen.plan, "network")
    return tuple(program.streams.values())


@settings(max_examples=120, deadline=None, derandomize=True)
@given(SEEDS)
def test_random_chains_are_proved(seed: int) -> None:
    graph = row_network(seed)
    chosen = forced(graph, lower(graph), seed)
    verify_plan(graph, chosen.steps, chosen.plan)
    placed = streams(graph, chosen)
    verify_streams(graph, placed, chosen.plan.arena_bytes)
    assert all(step.scratch_bytes <= MAX_SCRATCH_BYTES for step in chosen.steps)


def test_rows_that_only_a_layer_between_needs_are_copied() -> None:
    """The last layer leaves rows out which the ones before it compute at the end, from a copy."""
    graph = row_network(1_882_750_485)
    chosen = forced(graph, lower(graph), 1_882_750_485)
    (placed,) = streams(graph, chosen)
    assert placed.stream.copies and any(pace.rest for pace in placed.stream.copy_paces)
    verify_streams(graph, [placed], chosen.plan.arena_bytes)


def spread(placed: PlacedStream, graph: Graph, tensor: int, output: int) -> PlacedStream:
    """Everything in places of its own, but for the output: `output` bytes after `tensor`."""
    stream, room = placed.stream, ROOM
    offsets = {t: i * room for i, t in enumerate((*stream.inputs, *placed.offsets), 1)}
    offsets[stream.output] = offsets[tensor] + output
    copies = tuple((50 + i) * room for i in range(len(stream.copies)))
    return PlacedStream(stream, offsets, copies)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(SEEDS)
def test_an_output_one_byte_too_far_is_found(seed: int) -> None:
    graph = row_network(seed)
    for placed in streams(graph, forced(graph, lower(graph), seed)):
        for tensor in placed.stream.inputs:
            rows = trace(placed.stream, tensor)
            if reach(rows) == rows.input_bytes:
                continue
            verify_streams(graph, [spread(placed, graph, tensor, reach(rows))], 60 * ROOM)
            with pytest.raises(VerificationError):
                verify_streams(graph, [spread(placed, graph, tensor, reach(rows) + 1)], 60 * ROOM)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SEEDS, st.integers(0, MAX_STAGES - 1))
def test_a_ring_with_a_row_too_few_is_found(seed: int, choice: int) -> None:
    graph = row_network(seed)
    placed = streams(graph, forced(graph, lower(graph), seed))
    assume(placed)
    found = placed[choice % len(placed)]
    rings = found.stream.rings[:-1]
    assume(rings and max(rings) > 1)
    most = rings.index(max(rings))
    fewer = tuple(n - (i == most) for i, n in enumerate(found.stream.rings))
    broken = dataclasses.replace(found, stream=dataclasses.replace(found.stream, rings=fewer))
    with pytest.raises(VerificationError):
        verify_streams(graph, [spread(broken, graph, found.stream.inputs[0], ROOM // 2)], 60 * ROOM)


def compiled_pair(
    graph: Graph, seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[CompiledModel, CompiledModel]:
    """The network one layer after another, and with random chains."""
    model = folder / f"{seed}.tflite"
    model.write_bytes(write_tflite(graph))

    def plain(graph: Graph, steps: Sequence[Step], **_: Any) -> Chosen:
        return Chosen(tuple(steps), plan_memory(graph, steps))

    def by_rows(graph: Graph, steps: Sequence[Step], **_: Any) -> Chosen:
        return forced(graph, steps, seed)

    made = []
    for name, chosen in ((f"plain_{seed}", plain), (f"rows_{seed}", by_rows)):
        monkeypatch.setattr(planning, "choose", chosen)
        target = folder / name
        made.append(compiler.compile_model(model, folder=target, name=name, shrinking=False))
    return made[0], made[1]


def test_every_byte_of_every_layer_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In arenas of their exact size, under sanitizers, without a warning."""
    pairs = [
        compiled_pair(row_network(seed), seed, tmp_path, monkeypatch) for seed in range(NETWORKS)
    ]
    texts = [(rows.path / "src" / f"{rows.name}.c").read_text() for _, rows in pairs]
    assert sum("static void layers_" in text for text in texts) > NETWORKS // 2
    assert any("tnf_ring_copy" in text for text in texts)
    names = " ".join(f"X({plain.name}, {rows.name})" for plain, rows in pairs)
    models = [model for pair in pairs for model in pair]
    definitions = [f'#include "{model.name}.h"' for model in models]
    (tmp_path / "models.def").write_text(
        "\n".join((*definitions, f"#define MODELS(X) {names}")) + "\n"
    )
    sources = {source.name: source for model in models for source in model.sources}
    program = tmp_path / "harness"
    folders = [f"-I{model.path / place}" for model in models for place in ("include", "src")]
    command = ["cc", *FLAGS, *SANITIZERS, f"-I{tmp_path}", *folders]
    command += [*map(str, sources.values()), str(SUPPORT / "row_harness.c"), "-o", str(program)]
    process.run(command, timeout=240.0)
    process.run([str(program)], timeout=60.0)


def figures(name: str, **wanted: Any) -> tuple[int, int]:
    """Activation bytes and the most scratch of a reference model as it is in the file."""
    graph = read_tflite(MODELS / f"{name}.tflite")
    chosen = choose(graph, lower(graph), **wanted)
    return chosen.plan.activation_bytes, max(step.scratch_bytes for step in chosen.steps)


@needs_models
@pytest.mark.parametrize(
    ("name", "over_inputs", "chains"),
    [
        ("kws_ref_model", 8_000, 8_000),
        ("vww_96_int8", 36_864, 27_648),
        ("pretrainedResnet_quant", 32_768, 18_944),
        ("ad01_int8", 768, 768),
    ],
)
def test_reference_models_need_little(name: str, over_inputs: int, chains: int) -> None:
    for wanted, options in ((over_inputs, {}), (chains, {"least": True})):
        activations, scratch = figures(name, **options)
        assert activations <= wanted
        assert scratch <= MAX_SCRATCH_BYTES


@needs_models
def test_chains_are_formed_for_a_budget_only() -> None:
    graph = read_tflite(MODELS / "vww_96_int8.tflite")
    roomy, tight = (choose(graph, lower(graph), budget=budget) for budget in (40_000, 32_000))
    assert not any(step.parts for step in roomy.steps)
    assert tight.plan.arena_bytes <= 32_000
    assert any(re.search(r"computed nodes \d+ to \d+ by rows", text) for text in tight.changes)


def test_a_session_keeps_apart_as_many_layers_as_a_chain_has() -> None:
    header = paths.data_folder("firmware") / "protocol" / "tnf_session.h"
    found = re.search(r"#define TNF_OPEN_LAYERS (\d+)", header.read_text(encoding="utf-8"))
    assert found is not None
    assert int(found[1]) == MAX_STAGES


def residual_network() -> Graph:
    """A convolution that grows its input, and two blocks as in a ResNet, the second shrinking."""
    net = LayeredGraph((1, 16, 8, 3))
    for outputs, stride in ((8, None), (8, 1), (16, 2)):
        start = net.last
        shape = (1, 16 // (stride or 1), 8 // (stride or 1), outputs)
        add_convolution(net, 3, stride or 1, shape)
        if stride is None:
            continue
        add_convolution(net, 3, 1, shape)
        other, net.last = net.last, start
        if stride > 1:
            add_convolution(net, 1, stride, shape)
        net.add("ADD", (other, net.last), shape)
    return net.graph()


def add_convolution(net: LayeredGraph, size: int, stride: int, shape: Sequence[int]) -> None:
    weights = np.ones((shape[3], size, size, net.shape(net.last)[3]), np.int8)
    options = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
    net.weighted("CONV_2D", weights, np.zeros(shape[3], np.int32), shape, **options)


@pytest.fixture
def residual(tmp_path: Path) -> CompiledModel:
    model = tmp_path / "residual.tflite"
    model.write_bytes(write_tflite(residual_network()))
    return compiler.compile_model(
        model, folder=tmp_path / "c", name="rows", shrinking=False, least_ram=True
    )


@pytest.mark.parametrize(
    "command",
    [
        ("arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"),
        ("riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"),
        ("avr-gcc", "-mmcu=atmega2560", "-std=gnu99"),
    ],
    ids=["cortex-m0", "rv32imc", "avr"],
)
def test_rows_compile_without_a_warning(
    residual: CompiledModel, tmp_path: Path, command: Sequence[str]
) -> None:
    name, *options = command
    for source in residual.sources:
        include, output = f"-I{residual.path / 'include'}", str(tmp_path / "out.o")
        process.run(
            [name, *FLAGS, *options, include, "-c", str(source), "-o", output], timeout=60.0
        )


def test_what_people_read_of_rows(
    residual: CompiledModel, golden: Callable[[str, str], None]
) -> None:
    """The arena's table and the functions, without the parameters."""
    text = (residual.path / "src" / "rows.c").read_text()
    table, functions = text[: text.index("#include")], text[text.index("/* Layer") :]
    golden("compiler/rows.c", table + functions[: functions.index("\n}\n\nstatic const") + 3])
    golden("compiler/rows.txt", "\n".join(residual.changes) + "\n")
