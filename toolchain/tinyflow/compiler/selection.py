"""Which variant computes which layer: the choice between speed and flash.

The code of a kernel is paid once, however many layers use it; so sets of kernels are tried, all of
them where they are few, else by leaving out and taking in one after another. Given a set, choices
that are not beaten in both instructions and bytes are found layer by layer, and the goal picks
among them.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.packing import PLAIN, Backend, Variant, specialised
from tinyflow.compiler.steps import Step
from tinyflow.config import Optimize
from tinyflow.errors import ModelError, ProjectError, near_miss

TYPICAL_KERNEL_BYTES = 600
PER_MAC = {"DEPTHWISE_CONV_2D": 13.0, "FULLY_CONNECTED": 4.0}
TYPICAL_PER_MAC = 8.0
"""Instructions of the operators' own kernels on a Cortex-M4, where a backend does not tell."""
MOST_EXHAUSTED = 5
"""So many free groups of kernels, of which all sets are tried."""
MOST_POINTS = 256
"""So many choices for the first layers are kept, evenly spread."""
Kernels = frozenset[str]


@dataclass(frozen=True)
class Goal:
    """What to choose for.

    `speed` takes the fewest instructions, `size` the least flash; with `balanced` one per cent of
    flash is worth two of instructions. `flash_bytes` limits constants and kernels together: the
    best that keeps it is taken. `layers` name the variants of nodes of the .tflite.
    `kernel_bytes` are code and tables of kernels by their stem, where they are known.
    """

    optimize: Optimize = "balanced"
    flash_bytes: int | None = None
    layers: Mapping[int, str] = field(default_factory=dict)
    kernel_bytes: Mapping[str, int] = field(default_factory=dict)

    def code(self, kernels: Collection[str]) -> int:
        """Bytes of the kernels with these stems."""
        return sum(self.kernel_bytes.get(kernel, TYPICAL_KERNEL_BYTES) for kernel in kernels)

    def rank(self, point: _Point) -> tuple[int, int, int]:
        """Less is better."""
        over = 0 if self.flash_bytes is None else max(0, point.bytes - self.flash_bytes)
        if self.optimize == "speed":
            return over, point.instructions, point.bytes
        if self.optimize == "size":
            return over, point.bytes, point.instructions
        return over, point.instructions * point.bytes**2, point.bytes


@dataclass(frozen=True)
class _Point:
    """Choices for the first layers: what they take together."""

    instructions: int
    bytes: int
    chosen: tuple[int, ...]


def variants_of(graph: Graph, steps: Sequence[Step], backend: Backend) -> list[list[Variant]]:
    """All ways to compute each step; the first is its operator's own call.

    What that takes is a guess from its multiply-accumulates where the backend does not tell.
    """
    found = []
    for step in steps:
        cost = round(step.macs * PER_MAC.get(step.node.op, TYPICAL_PER_MAC))
        guess = Variant(PLAIN, step.calls, step.overlaps, cost)
        own = tuple(backend.variants(graph, step))
        told = [variant for variant in own if variant.name == PLAIN]
        found.append([*(told or [guess]), *(way for way in own if way.name != PLAIN)])
    return found


def select(
    backend: Backend,
    steps: Sequence[Step],
    variants: Sequence[Sequence[Variant]],
    goal: Goal,
    *,
    scratch_bytes: int | None = None,
) -> tuple[Step, ...]:
    """The steps by the variants that the goal asks for.

    `variants` are variants_of the steps. None is taken that needs more than `scratch_bytes`, unless
    it is named. Raises ProjectError where a node has no variant of the name given, and ModelError
    where no choice keeps the goal's flash.
    """
    _require_known(steps, variants, goal.layers)
    allowed = [
        _allowed(ways, goal.layers.get(step.node.index), scratch_bytes)
        for step, ways in zip(steps, variants, strict=True)
    ]
    best = _best(backend, allowed, goal)
    if goal.flash_bytes is not None and best.bytes > goal.flash_bytes:
        raise ModelError(
            f"weights and kernels take {best.bytes:,} B of flash at least",
            [f"[compile] flash_bytes allows {goal.flash_bytes:,} B"],
            ["flash_bytes = 0 in [compile], or prune the model further"],
        )
    return tuple(
        step if ways[choice].name == PLAIN else specialised(step, ways[choice])
        for step, ways, choice in zip(steps, allowed, best.chosen, strict=True)
    )


def _require_known(
    steps: Sequence[Step], variants: Sequence[Sequence[Variant]], layers: Mapping[int, str]
) -> None:
    both = zip(steps, variants, strict=True)
    known = {step.node.index: [variant.name for variant in ways] for step, ways in both}
    findings = []
    for node, name in layers.items():
        if node not in known:
            findings.append(f"node {node} is not computed in this model")
        elif name not in known[node]:
            close = near_miss(name, known[node])
            hint = f", did you mean {close}?" if close else ""
            findings.append(f"node {node} has {', '.join(known[node])}; found {name!r}{hint}")
    if findings:
        raise ProjectError("variants are named that are not there", findings)


def _allowed(
    ways: Sequence[Variant], named: str | None, scratch_bytes: int | None
) -> list[Variant]:
    if named is not None:
        return [variant for variant in ways if variant.name == named]
    return [
        variant
        for variant in ways
        if variant.name == PLAIN or scratch_bytes is None or variant.scratch_bytes <= scratch_bytes
    ]


def _best(backend: Backend, allowed: Sequence[Sequence[Variant]], goal: Goal) -> _Point:
    """The choices that the goal likes best."""
    groups = dict.fromkeys(variant.kernels for ways in allowed for variant in ways)
    forced = frozenset(ways[0].kernels for ways in allowed if len(ways) == 1)
    free = [kernels for kernels in groups if kernels not in forced]
    code = {kernels: backend.closure(kernels) for kernels in groups}

    def best_with(taken: frozenset[Kernels]) -> _Point | None:
        used = frozenset[str]().union(*(code[kernels] for kernels in taken))
        points = _front(allowed, taken, goal.code(used))
        return min(points, key=goal.rank, default=None)

    if len(free) <= MOST_EXHAUSTED:
        counts = range(len(free) + 1)
        sets = (chosen for n in counts for chosen in itertools.combinations(free, n))
        found = [best_with(forced.union(chosen)) for chosen in sets]
        return min((point for point in found if point is not None), key=goal.rank)
    taken = forced.union(free)
    best = best_with(taken)
    while best is not None:
        near = [taken ^ {kernels} for kernels in free]
        tried = [(point, kernels) for kernels in near if (point := best_with(kernels)) is not None]
        point, kernels = min(tried, key=lambda entry: goal.rank(entry[0]))
        if goal.rank(point) >= goal.rank(best):
            return best
        best, taken = point, kernels
    raise LookupError("a step has no variant")


def _front(
    allowed: Sequence[Sequence[Variant]], taken: frozenset[Kernels], code_bytes: int
) -> list[_Point]:
    """What is not beaten among the choices that need no other kernels; none where there is none."""
    points = [_Point(0, code_bytes, ())]
    for ways in allowed:
        # Here, not below: the sizes of a way's constants are added up anew each time.
        found = [
            _Point(way.instructions, way.constant_bytes, (i,))
            for i, way in enumerate(ways)
            if way.kernels in taken
        ]
        points = _merged(
            [
                _Point(
                    point.instructions + way.instructions,
                    point.bytes + way.bytes,
                    point.chosen + way.chosen,
                )
                for point in points
                for way in found
            ]
        )
    return points


def _merged(points: list[_Point]) -> list[_Point]:
    """Those that no other beats in both, thinned evenly where there are very many."""
    kept: list[_Point] = []
    for point in sorted(points, key=lambda p: (p.instructions, p.bytes)):
        if not kept or point.bytes < kept[-1].bytes:
            kept.append(point)
    if len(kept) <= MOST_POINTS:
        return kept
    places = range(0, len(kept) - 1, -(-len(kept) // MOST_POINTS))
    return [*(kept[place] for place in places), kept[-1]]
