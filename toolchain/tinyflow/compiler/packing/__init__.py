"""Kernel backends: how each wants its weights, and what it can compute how."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tinyflow.compiler.packing.backend import PLAIN, Backend, Variant, specialised

if TYPE_CHECKING:
    from tinyflow.compiler.graph import Graph
    from tinyflow.compiler.steps import Step

__all__ = ["BACKENDS", "PLAIN", "Backend", "Variant", "load_backend", "specialised"]

BACKENDS: dict[str, tuple[str, ...]] = {
    "ref": ("ref",),
    "portable": ("portable", "ref"),
    "armv6m": ("armv6m", "portable", "ref"),
    "armv7m": ("armv7m", "armv6m", "portable", "ref"),
    "armv7em": ("armv7em", "portable", "ref"),
    "mve": ("mve", "armv7em", "portable", "ref"),
    "rv32": ("rv32", "portable", "ref"),
    "lx6": ("lx6", "portable", "ref"),
}
"""Each backend's folders of kernels, in the order in which a kernel is looked for."""


def load_backend(name: str) -> Backend:
    """The backend `name`. A folder's packer, if it has one, is the module of its name beside this.

    A step's variants are those of the first folder that has any.
    """
    folders = BACKENDS[name]
    modules = [f"{__name__}.{folder}" for folder in folders]
    packers = [
        importlib.import_module(module).variants
        for module in modules
        if importlib.util.find_spec(module) is not None
    ]

    def variants(graph: Graph, step: Step) -> Iterable[Variant]:
        found = (tuple(packer(graph, step)) for packer in packers)
        return next((offered for offered in found if offered), ())

    return Backend(name, folders, variants)
