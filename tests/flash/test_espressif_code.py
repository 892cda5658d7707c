"""Code for Espressif's chips, run in QEMU's own releases, which emulate cores of the same kind."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from tinyflow import build, compiler, device, flash, generate
from tinyflow.boards import load_board
from tinyflow.compiler.host import HostModel

MODELS = Path(__file__).parents[1] / "models"


def test_qemu_lx6_runs_code_that_was_compiled_as_for_the_esp32() -> None:
    ours, theirs = load_board("qemu-lx6"), load_board("esp32")
    assert ours.toolchain is not None
    assert theirs.toolchain is not None
    assert ours.toolchain == replace(theirs.toolchain, linker_script=ours.toolchain.linker_script)
    assert {"bare", "xtensa"} == {*ours.port_layers} & {*theirs.port_layers}


def test_code_for_the_esp32c3_computes_what_the_host_computes(tmp_path: Path) -> None:
    """What the chip's compiler makes with the chip's flags, on an emulated core of its kind."""
    wanted, board = load_board("esp32c3").toolchain, load_board("qemu-riscv32")
    assert wanted is not None
    assert board.toolchain is not None
    assert wanted.prefix == board.toolchain.prefix
    assert wanted.cpu_flags != board.toolchain.cpu_flags
    same = replace(board.toolchain, cpu_flags=wanted.cpu_flags)
    board = replace(board, toolchain=same)
    model = compiler.compile_model(MODELS / "digits.tflite", folder=tmp_path / "model")
    project = generate.write_project(tmp_path / "project", model, board, "cmake")
    inputs = np.random.default_rng(4).integers(-128, 128, (2, model.input.size_bytes), np.int8)
    with HostModel(model) as host:
        expected = host.invoke(inputs)
    image = build.build(project, board, tmp_path / "image")
    with flash.flash(image, board, None) as flashed, device.connect(flashed) as dut:
        outputs = [np.frombuffer(dut.infer(row).output, np.int8) for row in inputs]
    assert (np.stack(outputs) == expected).all()


# Every 997 ticks: the handler leaves nothing in the registers that a call may change, and in SAR.
OFTEN = """
void tnf_interrupt(void)
{
    XTENSA_WRITE(240, xtensa_cycles() + 997u);
    __asm__ volatile("movi a2, -1\\n movi a3, -1\\n movi a4, -1\\n movi a5, -1\\n movi a6, -1\\n"
                     "movi a7, -1\\n movi a8, -1\\n movi a9, -1\\n movi a10, -1\\n"
                     "movi a11, -1\\n ssai 3" ::
                         : "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11");
    interrupts++;
}
"""


def test_interrupts_change_nothing_that_they_come_into(tmp_path: Path) -> None:
    board = load_board("qemu-lx6")
    model = compiler.compile_model(MODELS / "digits.tflite", folder=tmp_path / "model")
    project = generate.write_project(tmp_path / "project", model, board, "cmake")
    port = project.path / "src/port.c"
    text = port.read_text(encoding="utf-8")
    handler = re.search(r"^void tnf_interrupt\(void\)\n\{.*?^\}\n", text, re.M | re.S)
    assert handler is not None
    text = text.replace(handler[0], OFTEN).replace(
        "static tnf_uptime_t uptime;", "static tnf_uptime_t uptime;\nstatic uint32_t interrupts;"
    )
    begun = "uptime = (tnf_uptime_t){.ticks = xtensa_cycles()};"
    armed = "XTENSA_WRITE(240, xtensa_cycles() + 997u);\n    xtensa_enable(TIMER0_INTERRUPT);"
    told = "*health = tnf_bare_health(tnf_port_uptime_ms());"
    assert begun in text
    assert told in text
    text = text.replace(begun, f"{begun}\n    {armed}")
    text = text.replace(told, f"{told}\n    health->reset_reason = interrupts;")
    port.write_text(text, encoding="utf-8")
    inputs = np.random.default_rng(5).integers(-128, 128, (3, model.input.size_bytes), np.int8)
    with HostModel(model) as host:
        expected = host.invoke(inputs)
    image = build.build(project, board, tmp_path / "image")
    with flash.flash(image, board, None) as flashed, device.connect(flashed) as dut:
        before = dut.telemetry().reset_reason
        answers = [dut.infer(row) for row in inputs]
        after = dut.telemetry().reset_reason
    outputs = [np.frombuffer(answer.output, np.int8) for answer in answers]
    assert (np.stack(outputs) == expected).all()
    # 2.56 ticks an instruction.
    assert after - before > sum(answer.count for answer in answers) * 2.56 / 997 * 0.9
