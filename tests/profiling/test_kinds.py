"""What each core's table needs to know of an instruction."""

from __future__ import annotations

import pytest

from tinyflow.profiling.kinds import Instruction, arm, riscv, xtensa


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ldr.w r3, [r4], #4", Instruction("load", 1)),
        ("ldrsb.w r0, [r1, r2]", Instruction("load", 1)),
        ("ldr pc, [pc, #8]", Instruction("load", 1, True)),
        ("strbne r0, [r1]", Instruction("store", 1)),
        ("ldrd r2, r3, [r4, #304]", Instruction("multiple", 2)),
        ("ldmia.w sp!, {r4-r7, lr}", Instruction("multiple", 5)),
        ("push {r4, lr}", Instruction("multiple", 2)),
        ("pop {r4-r6, pc}", Instruction("multiple", 4, True)),
        ("ldmia.w sp!, {r4, r5, r6, r7, r8, r9, sl, fp, pc}", Instruction("multiple", 9, True)),
        ("mul.w r0, r1, r2", Instruction("multiply")),
        ("smlad r0, r1, r2, r0", Instruction("multiply")),
        ("smmlar r0, r1, r2, r3", Instruction("multiply")),
        ("mla r0, r1, r2, r3", Instruction("accumulate")),
        ("smull r0, r1, r2, r3", Instruction("long")),
        ("smlal r0, r1, r2, r3", Instruction("long accumulate")),
        ("sdiv r0, r1, r2", Instruction("divide")),
        ("b.n 4ac <there>", Instruction("branch")),
        ("bne.w 4ac <there>", Instruction("branch")),
        ("bls.n 4ac <there>", Instruction("branch")),
        ("blt.n 4ac <there>", Instruction("branch")),
        ("ble.n 4ac <there>", Instruction("branch")),
        ("cbz r0, 4ac <there>", Instruction("branch")),
        ("bl 2a0 <there>", Instruction("call")),
        ("blx r4", Instruction("call")),
        ("bx lr", Instruction("call")),
        ("bic.w r0, r1, r2", Instruction("other")),
        ("bfi r0, r1, #4, #4", Instruction("other")),
        ("bkpt 0x0000", Instruction("other")),
        ("mov pc, r3", Instruction("call")),
        ("movs r0, #1", Instruction("other")),
        ("sxtb16 r0, r1, ror #8", Instruction("other")),
        ("vldrb.s8 q0, [r0], #16", Instruction("vector")),
        ("vmladava.s8 lr, q0, q1", Instruction("vector")),
        ("le lr, 4ac <there>", Instruction("loop")),
        ("vldr s0, [r0]", Instruction("load", 1)),
        ("vpush {d8-d9}", Instruction("multiple", 2)),
        ("vdiv.f32 s0, s1, s2", Instruction("float divide")),
        ("vmul.f32 s0, s1, s2", Instruction("float")),
    ],
)
def test_arm(text: str, expected: Instruction) -> None:
    mnemonic, _, operands = text.partition(" ")
    assert arm(mnemonic, operands) == expected


@pytest.mark.parametrize(
    ("mnemonic", "kind"),
    [
        *(("lw", "load"), ("lbu", "load"), ("lui", "other"), ("li", "other")),
        *(("sb", "store"), ("sub", "other"), ("sll", "other"), ("slti", "other")),
        *(("mul", "multiply"), ("mulh", "long"), ("mulhsu", "long"), ("divu", "divide")),
        *(("beqz", "branch"), ("bltu", "branch"), ("bgez", "branch"), ("bleu", "branch")),
        *(("jal", "call"), ("ret", "call"), ("j", "call"), ("add", "other")),
    ],
)
def test_riscv(mnemonic: str, kind: str) -> None:
    assert riscv(mnemonic, "").kind == kind


@pytest.mark.parametrize(
    ("mnemonic", "kind"),
    [
        *(("l32i.n", "load"), ("l8ui", "load"), ("l32r", "load"), ("s8i", "store")),
        *(("s32i.n", "store"), ("srai", "other"), ("slli", "other"), ("loopnez", "loop")),
        *(("mull", "multiply"), ("mul16s", "multiply"), ("mulsh", "long"), ("excw", "multiply")),
        *(("bnez.n", "branch"), ("bge", "branch"), ("call0", "call"), ("ret.n", "call")),
        *(("j", "call"), ("addx2", "other"), ("break", "other")),
    ],
)
def test_xtensa(mnemonic: str, kind: str) -> None:
    assert xtensa(mnemonic, "").kind == kind
