"""The choice among variants: goals, a flash budget, names, scratch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from network import Network

from tinyflow.compiler.graph import Graph, Quantization
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing import PLAIN, Backend, Variant
from tinyflow.compiler.planning import Planner
from tinyflow.compiler.selection import Goal, select
from tinyflow.compiler.steps import Step, lower
from tinyflow.errors import ModelError, ProjectError

BACKEND = Backend("ref", ("ref",))


def graph(layers: int) -> Graph:
    net = Network((1, 6, 6, 4))
    last = 0
    for _ in range(layers):
        last = net.node(
            "CONV_2D",
            (last, *net.weights((4, 3, 3, 4), 0, last)),
            (1, 6, 6, 4),
            Quantization((0.05,), (-128,)),
            fused_activation_function="RELU",
            padding="SAME",
            stride_h=1,
            stride_w=1,
        )
    return net.graph()


def variant(name: str, kernel: str, instructions: int, size: int, scratch: int = 0) -> Variant:
    data = np.zeros(size, np.int8)
    constants = (Constant("weights", "int8_t", data),)
    call = KernelCall(
        f"tnf_{kernel}", "tnf_conv.h", (kernel,), "tnf_x_t", (), (0,), (1,), constants, scratch
    )
    return Variant(name, (call,), (), instructions)


def chosen(
    variants: list[list[Variant]], goal: Goal, scratch_bytes: int | None = None
) -> list[str]:
    steps: tuple[Step, ...] = lower(graph(len(variants)))
    found = select(BACKEND, steps, variants, goal, scratch_bytes=scratch_bytes)
    return [step.variant for step in found]


# Kernels of the reference folder stand in for those of a fast one: they must exist.
CODE = {"add_s8": 300, "mul_s8": 1000, "cast": 0}


def three(*scale: int) -> list[list[Variant]]:
    return [
        [
            variant(PLAIN, "cast", 900 * s, 100),
            variant("direct", "add_s8", 100 * s, 120),
            variant("winograd", "mul_s8", 60 * s, 400, scratch=900),
        ]
        for s in scale
    ]


def test_speed_takes_the_fewest_instructions_and_size_the_fewest_bytes() -> None:
    ways = three(10, 10)
    assert chosen(ways, Goal("speed", kernel_bytes=CODE)) == ["winograd", "winograd"]
    assert chosen(ways, Goal("size", kernel_bytes=CODE)) == [PLAIN, PLAIN]


def test_balanced_weighs_flash_twice() -> None:
    # 2,000 instructions and 540 B against 1,200 and 1,800 B, or 18,000 and 200 B.
    assert chosen(three(10, 10), Goal(kernel_bytes=CODE)) == ["direct", "direct"]


def test_the_code_of_a_kernel_is_paid_once() -> None:
    ways = three(1, 1, 1, 1, 1, 1)
    free = Goal("size", kernel_bytes=CODE)
    assert chosen(ways, free) == [PLAIN] * 6
    dear = Goal("size", kernel_bytes={**CODE, "cast": 500})
    assert chosen(ways, dear) == ["direct"] * 6


@pytest.mark.parametrize("budget", range(200, 3200, 171))
def test_a_flash_budget_is_kept_by_the_fastest_set(budget: int) -> None:
    ways = three(10, 3, 1)

    def figures(names: tuple[str, ...]) -> tuple[int, int]:
        taken = [next(v for v in way if v.name == n) for way, n in zip(ways, names, strict=True)]
        code = {kernel for v in taken for kernel in v.kernels}
        size = sum(v.constant_bytes for v in taken) + sum(CODE[kernel] for kernel in code)
        return sum(v.instructions for v in taken), size

    names = (PLAIN, "direct", "winograd")
    all_of_them = {each: figures(each) for each in itertools.product(names, repeat=3)}
    keeping = [found for found in all_of_them.values() if found[1] <= budget]
    goal = Goal("speed", flash_bytes=budget, kernel_bytes=CODE)
    if not keeping:
        least = min(found[1] for found in all_of_them.values())
        with pytest.raises(ModelError, match=f"take {least:,} B of flash at least"):
            chosen(ways, goal)
        return
    count, size = figures(tuple(chosen(ways, goal)))
    assert size <= budget
    assert count == min(keeping)[0]


def test_many_kernels_are_weighed_too() -> None:
    stems = sorted(BACKEND.sources())[:9]
    ways = [[variant(PLAIN, "cast", 900, 10), variant(stem, stem, 10, 10)] for stem in stems]
    goal = Goal("speed", kernel_bytes=dict.fromkeys(stems, 100))
    assert chosen(ways, goal) == stems
    small = Goal("size", kernel_bytes={**dict.fromkeys(stems, 100), "cast": 0})
    assert chosen(ways, small) == [PLAIN] * 9


def test_a_layer_gets_the_variant_that_is_named() -> None:
    goal = Goal("speed", layers={1: "direct"}, kernel_bytes=CODE)
    assert chosen(three(10, 10, 10), goal) == ["winograd", "direct", "winograd"]


def test_scratch_is_limited_unless_a_variant_is_named() -> None:
    goal = Goal("speed", layers={0: "winograd"}, kernel_bytes=CODE)
    assert chosen(three(10, 10), goal, scratch_bytes=100) == ["winograd", "direct"]


def test_names_that_are_not_there_are_told_all_at_once() -> None:
    with pytest.raises(ProjectError) as caught:
        chosen(three(1, 1), Goal(layers={0: "winogrd", 7: "direct"}))
    assert list(caught.value.detail) == [
        "node 0 has plain, direct, winograd; found 'winogrd', did you mean winograd?",
        "node 7 is not computed in this model",
    ]


def test_less_scratch_is_taken_where_the_arena_has_no_room() -> None:
    big = 4096

    def variants(_: Graph, step: Step) -> list[Variant]:
        (call,) = step.calls
        wide = KernelCall(**{**vars(call), "scratch_bytes": big, "by_rows": ""})
        narrow = KernelCall(**{**vars(call), "scratch_bytes": 64, "by_rows": ""})
        return [Variant("wide", (wide,), (), 1), Variant("narrow", (narrow,), (), 2)]

    planner = Planner(graph(3))
    backend = Backend("ref", ("ref",), variants)
    roomy = planner.plan("model", backend=backend, goal=Goal("speed"))
    tight = planner.plan("model", backend=backend, goal=Goal("speed"), ram_budget=2000)
    assert {layer.variant for layer in roomy.program.layers} == {"wide"}
    assert {layer.variant for layer in tight.program.layers} == {"narrow"}
    assert tight.program.plan.arena_bytes <= 2000
