"""A model that does not fit a board's fast RAM runs with some of its tensors in slow RAM."""

from pathlib import Path
from typing import Any

import pytest
from layered_graph import LayeredGraph
from tflite_writer import write_tflite

from tinyflow.boards import load_board
from tinyflow.build import map_file
from tinyflow.compiler import arena_budget, compile_model
from tinyflow.compiler.graph import Graph

MODELS = Path(__file__).parents[2].parent / "shared" / "models" / "mlperf_tiny"
BOARDS = Path(__file__).parents[2] / "boards"
# Further RAM that QEMU's machines have: the first is the MPS2 board's PSRAM.
SLOW = {"qemu-m4": 0x21000000, "qemu-riscv32": 0x80C00000, "qemu-lx6": 0x61000000}
SLOW_BYTES = 1 << 20

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("reference_interpreter")]
needs_models = pytest.mark.skipif(
    not MODELS.is_dir(), reason="../shared/models/mlperf_tiny is not beside this checkout"
)


def own_board(project: Path, base: str, ram_bytes: int, slow_bytes: int = SLOW_BYTES) -> None:
    """Board `small` beside the project: `base` with little RAM, and slow RAM."""
    text = (BOARDS / f"{base}.toml").read_text().replace(f'name = "{base}"', 'name = "small"')
    before = next(line for line in text.splitlines() if line.startswith("ram_bytes ="))
    memory = (
        f"ram_bytes = {ram_bytes}\nslow_ram_origin = {SLOW[base]:#x}\nslow_ram_bytes = {slow_bytes}"
    )
    (project / "boards").mkdir()
    (project / "boards" / "small.toml").write_text(text.replace(before, memory))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tinyflow.toml").write_text('name = "demo"\n[dataset]\nsource = "digits"\n')
    return tmp_path


def wide_network() -> Graph:
    """A small tensor that every layer reads, and large ones that come and go."""
    net = LayeredGraph((1, 8, 8, 8))
    hot = net.last
    for _ in range(3):
        edges = net.integers([0, 0], [12, 12], [12, 12], [0, 0])
        grown = net.add("PAD", (hot, edges), (1, 32, 32, 8))
        options = {"padding": "VALID", "stride_h": 4, "stride_w": 4}
        sizes = {"filter_height": 4, "filter_width": 4}
        net.add("MAX_POOL_2D", (grown,), (1, 8, 8, 8), **options, **sizes)
        hot = net.add("ADD", (hot, net.last), (1, 8, 8, 8))
    return net.graph()


def slow_section(outcome: Any) -> map_file.OutputSection:
    """The section of the built image's map file."""
    sections = map_file.read_map(Path(outcome.json["elf"]).parent / "firmware.map")
    return next(section for section in sections if section.name == ".tnf_slow")


@pytest.mark.parametrize("base", sorted(SLOW))
def test_every_byte_is_equal(project: Path, run_tinyflow: Any, base: str) -> None:
    stack = load_board(base).memory.stack_bytes
    own_board(project, base, ram_bytes=stack + 8192 + 3000)
    model = project / "wide.tflite"
    model.write_bytes(write_tflite(wide_network()))
    command = (str(model), "--board", "small", "--runner", "qemu", "--json")
    compiled = run_tinyflow(project, "compile", *command[:3], "--json").json
    assert compiled["arena_bytes"] <= 3000 < compiled["slow_bytes"]
    image = run_tinyflow(project, "build", *command[:3], "--json")
    assert image.status == 0, image.stderr
    slow = slow_section(image)
    assert (slow.address, slow.size) == (SLOW[base], compiled["slow_bytes"])
    # None of it is in the file, nor counted as the board's RAM.
    assert image.json["flash_bytes"] < 64 << 10
    assert image.json["ram_bytes"] <= stack + 8192 + 3000
    assert image.json["library_ram_bytes"] == compiled["arena_bytes"]
    outcome = run_tinyflow(project, "verify", *command, "--inputs", "4")
    assert outcome.status == 0, outcome.stderr
    assert outcome.json["mismatched_bytes"] == 0
    told = run_tinyflow(project, "check", *command[:3], "--json").json
    assert told["boards"][0]["fits"]
    for figure in ("arena_bytes", "slow_bytes", "changes"):
        assert told[figure] == compiled[figure]
    shown = run_tinyflow(project, "boards", "show", "small")
    assert f"{SLOW_BYTES:,}" in shown.stdout


@needs_models
@pytest.mark.parametrize(
    ("name", "ram_bytes"), [("vww_96_int8", 44_400), ("pretrainedResnet_quant", 32_768)]
)
def test_reference_models_run_in_less_than_they_need(
    project: Path, run_tinyflow: Any, name: str, ram_bytes: int
) -> None:
    own_board(project, "qemu-m4", ram_bytes)
    model = MODELS / f"{name}.tflite"
    board = load_board("small", project)
    budget = arena_budget(board)
    whole = compile_model(model, folder=project / "c", name="whole", ram_budget=budget)
    assert whole.arena_bytes > budget
    command = (str(model), "--board", "small", "--json")
    compiled = run_tinyflow(project, "compile", *command).json
    assert compiled["arena_bytes"] <= budget
    image = run_tinyflow(project, "build", *command)
    assert image.status == 0, image.stderr
    assert slow_section(image).size == compiled["slow_bytes"] > 0
    outcome = run_tinyflow(project, "verify", *command, "--inputs", "3")
    assert outcome.status == 0, outcome.stderr
    assert outcome.json["mismatched_bytes"] == 0


def test_too_little_slow_ram_is_told(project: Path, run_tinyflow: Any) -> None:
    own_board(project, "qemu-m4", ram_bytes=8192 + 8192 + 3000, slow_bytes=4000)
    model = project / "wide.tflite"
    model.write_bytes(write_tflite(wide_network()))
    outcome = run_tinyflow(project, "build", str(model), "--board", "small")
    assert outcome.status == 3
    assert "8,192 B of tensors for which the arena has no room" in outcome.stderr
    assert "board small has 4,000 B of slow RAM" in outcome.stderr
    told = run_tinyflow(project, "check", str(model), "--board", "small", "--json").json
    assert told["boards"][0]["lacks"] == "4,192 B of slow RAM"
