"""Which variant computes which layer: the choice between speed and flash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.packing import PLAIN, Backend, Variant, specialised
from tinyflow.compiler.steps import Step


@dataclass(frozen=True)
class Choices:
    """The variants of each step; the first is the plain call."""

    steps: tuple[Step, ...]
    variants: tuple[tuple[Variant, ...], ...]


def choices(graph: Graph, steps: Sequence[Step], backend: Backend) -> Choices:
    """All ways in which the backend can compute the steps."""
    return Choices(
        tuple(steps),
        tuple((_plain(step), *backend.variants(graph, step)) for step in steps),
    )


def _plain(step: Step) -> Variant:
    return Variant(PLAIN, step.calls, step.overlaps)


def select(
    graph: Graph,
    steps: Sequence[Step],
    backend: Backend,
    overrides: Mapping[int, str] | None = None,
) -> tuple[Step, ...]:
    """The steps, each by the variant that is predicted to take the fewest instructions.

    `overrides` name the variant of nodes by index.
    """
    found = choices(graph, steps, backend)
    chosen = []
    for step, variants in zip(found.steps, found.variants, strict=True):
        wanted = (overrides or {}).get(step.node.index)
        named = [variant for variant in variants if variant.name == wanted]
        own = named or list(variants[1:]) or list(variants)
        best = min(own, key=lambda variant: variant.instructions)
        chosen.append(step if best.name == PLAIN else specialised(step, best))
    return tuple(chosen)
