"""Models with tensors in slow memory compute what they compute without."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from layered_graph import LayeredGraph
from random_networks import random_networks
from row_networks import forced, row_network
from tflite_writer import write_tflite

from tinyflow import process
from tinyflow.artifacts import CompiledModel
from tinyflow.boards import load_board
from tinyflow.compiler import check_fits, compile_model, planning
from tinyflow.compiler.graph import Graph
from tinyflow.compiler.host import HostModel, compile_library
from tinyflow.compiler.memory import plan_memory
from tinyflow.compiler.memory.liveness import Key
from tinyflow.compiler.steps import Step, lower
from tinyflow.compiler.streaming import spill
from tinyflow.compiler.streaming.choose import Chosen
from tinyflow.compiler.streaming.compose import chain
from tinyflow.compiler.streaming.traffic import row_traffic
from tinyflow.errors import ModelError

SUPPORT = Path(__file__).parents[1] / "support"
NETWORKS = 20
WARNINGS = (
    *("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wsign-conversion"),
    *("-Wcast-qual", "-Wshadow", "-Wundef", "-Wdouble-promotion", "-Wvla"),
)
SANITIZERS = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
SHARES = (0.3, 0.45, 0.6, 0.75, 0.9)


def spilled(graph: Graph, folder: Path, name: str, arena_bytes: int) -> CompiledModel | None:
    """The network with as little of its arena as can be, and slow memory; None: it needs all."""
    model = folder / f"{name}.tflite"
    model.write_bytes(write_tflite(graph))
    for share in SHARES:
        budget = int(arena_bytes * share)
        made = compile_model(
            model,
            folder=folder / f"{name}_{share}",
            name=name,
            shrinking=False,
            ram_budget=budget,
            slow_ram=True,
        )
        if made.slow_bytes:
            assert made.arena_bytes <= budget
            return made
    return None


def test_every_byte_of_every_layer_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With chains too; in memories of their exact size, under sanitizers, without a warning.

    What is slow is drawn: usually a ring would not be.
    """
    pairs: list[tuple[CompiledModel, CompiledModel]] = []
    draw = random.Random(1)

    def drawn(graph: Graph, steps: Sequence[Step]) -> dict[tuple[int, Key], int]:
        rings = {
            (i, (i, ring)): draw.randint(1, 50)
            for i, step in enumerate(steps)
            for ring in range(len(step.rings))
        }
        read = {(i, t): draw.randint(1, 200) for i, step in enumerate(steps) for t in step.reads}
        return {**rings, **read}

    monkeypatch.setattr(spill, "row_traffic", drawn)
    for seed in range(NETWORKS):
        graph = row_network(seed)

        def plain(graph: Graph, steps: Sequence[Step], **_: Any) -> Chosen:
            return Chosen(tuple(steps), plan_memory(graph, steps))

        def by_rows(graph: Graph, steps: Sequence[Step], seed: int = seed, **_: Any) -> Chosen:
            return forced(graph, steps, seed)

        monkeypatch.setattr(planning, "choose", plain)
        model = tmp_path / f"plain_{seed}.tflite"
        model.write_bytes(write_tflite(graph))
        whole = compile_model(model, folder=tmp_path / f"plain_{seed}", shrinking=False)
        monkeypatch.setattr(planning, "choose", by_rows)
        arena_bytes = min(whole.arena_bytes, forced(graph, lower(graph), seed).plan.arena_bytes)
        slow = spilled(graph, tmp_path, f"slow_{seed}", arena_bytes)
        if slow is not None:
            pairs.append((whole, slow))
    assert len(pairs) >= NETWORKS // 2
    texts = [(slow.path / "src" / f"{slow.name}.c").read_text() for _, slow in pairs]
    assert any(re.search(r"tnf_ring\(slow \+ \d+", text) for text in texts)
    assert any(re.search(r"\(&layer_\d+, slow \+ \d+", text) for text in texts)
    models = [model for pair in pairs for model in pair]
    names = " ".join(f"X({whole.name}, {slow.name})" for whole, slow in pairs)
    definitions = [f'#include "{model.name}.h"' for model in models]
    (tmp_path / "models.def").write_text(
        "\n".join((*definitions, f"#define MODELS(X) {names}")) + "\n"
    )
    sources = {source.name: source for model in models for source in model.sources}
    program = tmp_path / "harness"
    folders = [f"-I{model.path / place}" for model in models for place in ("include", "src")]
    command = ["cc", *WARNINGS, *SANITIZERS, f"-I{tmp_path}", *folders]
    command += [*map(str, sources.values()), str(SUPPORT / "row_harness.c"), "-o", str(program)]
    process.run(command, timeout=240.0)
    process.run([str(program)], timeout=60.0)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(random_networks())
def test_random_networks_give_the_same_answers(
    tmp_path_factory: pytest.TempPathFactory, graph: Graph
) -> None:
    folder = tmp_path_factory.mktemp("slow")
    model = folder / "network.tflite"
    model.write_bytes(write_tflite(graph))
    whole = compile_model(model, folder=folder / "whole", shrinking=False)
    slow = spilled(graph, folder, "slow", whole.arena_bytes)
    if slow is None:
        return
    rows = np.random.default_rng(1).integers(-128, 128, (8, whole.input_bytes)).astype(np.int8)
    answers = []
    for compiled in (whole, slow):
        library = folder / f"{compiled.name}.so"
        flags = (*WARNINGS, "-O0", "-fPIC", "-shared", "-Wl,-z,defs")
        compile_library(compiled, library, flags)
        with HostModel(compiled, library) as host:
            answers.append(host.invoke(rows))
    np.testing.assert_array_equal(*answers)


def hot_and_cold() -> Graph:
    """A small tensor that every layer reads, and large ones that come and go."""
    net = LayeredGraph((1, 4, 4, 4))
    hot = net.last
    for _ in range(3):
        grown = net.add("PAD", (hot, net.integers([0, 0], [6, 6], [6, 6], [0, 0])), (1, 16, 16, 4))
        options = {"padding": "VALID", "stride_h": 4, "stride_w": 4}
        net.add("MAX_POOL_2D", (grown,), (1, 4, 4, 4), filter_height=4, filter_width=4, **options)
        hot = net.add("ADD", (hot, net.last), (1, 4, 4, 4))
    return net.graph()


@pytest.fixture
def cold(tmp_path: Path) -> CompiledModel:
    model = tmp_path / "cold.tflite"
    model.write_bytes(write_tflite(hot_and_cold()))
    return compile_model(
        model, folder=tmp_path / "c", shrinking=False, ram_budget=400, slow_ram=True
    )


def test_hot_tensors_are_in_the_arena(cold: CompiledModel) -> None:
    assert cold.arena_bytes <= 400
    assert cold.slow_bytes == 16 * 16 * 4
    where = {(layer.op, output.slow) for layer in cold.layers for output in layer.outputs}
    assert where == {("PAD", True), ("MAX_POOL_2D", False), ("ADD", False)}
    assert any("slow memory" in text for text in cold.changes)


def test_the_header_tells_of_slow_memory(cold: CompiledModel) -> None:
    header = (cold.path / "include" / "cold.h").read_text()
    assert f"#define COLD_ARENA_BYTES {cold.arena_bytes}\n" in header
    assert "#define COLD_SLOW_BYTES 1024\n" in header
    assert "Not reentrant, not even on another arena" in header
    source = (cold.path / "src" / "cold.c").read_text()
    assert "The slow memory, 1024 bytes:" in source
    assert "static int8_t slow[COLD_SLOW_BYTES] TNF_SLOW_MEMORY;" in source


@pytest.mark.parametrize(
    "command",
    [
        ("cc",),
        ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"),
        ("riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"),
    ],
    ids=["host", "cortex-m4", "rv32imc"],
)
def test_slow_memory_takes_no_room_in_a_file(
    cold: CompiledModel, tmp_path: Path, command: Sequence[str]
) -> None:
    """A section of its own that is not loaded, and the name that the build chose."""
    include = f"-I{cold.path / 'include'}"
    objdump = command[0].replace("gcc", "objdump") if len(command) > 1 else "objdump"
    ours = ('-DTNF_SLOW_MEMORY=__attribute__((section(".bss.psram")))', ".bss.psram")
    for option, name in (("-DNOTHING", ".bss.tnf_slow"), ours):
        output = str(tmp_path / "out.o")
        source = str(cold.path / "src" / "cold.c")
        process.run([*command, *WARNINGS, option, include, "-c", source, "-o", output], timeout=60)
        told = subprocess.run(
            [objdump, "-h", output], capture_output=True, text=True, check=True
        ).stdout
        found = re.search(rf"{re.escape(name)}\s+([0-9a-f]+).*\n\s+(.*)", told)
        assert found is not None, told
        assert int(found[1], 16) == 1024
        assert "LOAD" not in found[2] and "CONTENTS" not in found[2]


def test_nothing_changes_where_the_arena_fits(tmp_path: Path) -> None:
    model = tmp_path / "cold.tflite"
    model.write_bytes(write_tflite(hot_and_cold()))
    plain = compile_model(model, folder=tmp_path / "a")
    roomy = compile_model(model, folder=tmp_path / "b", ram_budget=plain.arena_bytes, slow_ram=True)
    assert roomy.slow_bytes == 0
    for first, second in zip(
        (*plain.sources, *plain.headers), (*roomy.sources, *roomy.headers), strict=True
    ):
        assert first.read_bytes() == second.read_bytes()


def test_what_has_to_be_fast_is_not_made_slow(tmp_path: Path) -> None:
    """Without room for the input the model is as it would be without slow RAM."""
    model = tmp_path / "cold.tflite"
    model.write_bytes(write_tflite(hot_and_cold()))
    made = compile_model(model, folder=tmp_path / "c", ram_budget=60, slow_ram=True)
    assert made.slow_bytes == 0
    assert made.arena_bytes > 60


def test_a_board_with_too_little_slow_ram_is_told(cold: CompiledModel) -> None:
    board = load_board("qemu-m4")
    check_fits(cold, replace(board, memory=replace(board.memory, slow_ram_bytes=1024)))
    with pytest.raises(ModelError, match="board qemu-m4 has 1,020 B of slow RAM"):
        check_fits(cold, replace(board, memory=replace(board.memory, slow_ram_bytes=1020)))


def test_rows_are_counted_as_often_as_a_window_reads_them() -> None:
    net = LayeredGraph((1, 8, 6, 4))
    for outputs, stride in ((5, 1), (3, 2)):
        weights = np.ones((outputs, 3, 3, net.shape(net.last)[3]), np.int8)
        options = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
        shape = (1, 8 // stride, 6 // stride, outputs)
        net.weighted("CONV_2D", weights, np.zeros(outputs, np.int32), shape, **options)
    graph = net.graph()
    steps = lower(graph)
    first, middle = steps[0].reads[0], steps[0].writes[0]
    # Three rows for each of 8, two at the ends; padding of stride 2 is below.
    expected = {(0, first): 22 * 6 * 4, (1, middle): 11 * 6 * 5}
    assert row_traffic(graph, steps) == expected
    both = chain(graph, steps)
    assert both is not None
    written = 8 * 6 * 5
    assert row_traffic(graph, [both]) == {
        (0, first): 22 * 6 * 4,
        (0, (0, 0)): written + 11 * 6 * 5,
    }
