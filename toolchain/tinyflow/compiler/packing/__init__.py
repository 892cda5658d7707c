"""Kernel backends: how each wants its weights, and what it can compute how."""

from __future__ import annotations

import importlib.util

from tinyflow.compiler.packing.backend import PLAIN, Backend, Variant, specialised

__all__ = ["BACKENDS", "PLAIN", "Backend", "Variant", "load_backend", "specialised"]

BACKENDS: dict[str, tuple[str, ...]] = {
    "ref": ("ref",),
    "portable": ("portable", "ref"),
    "armv6m": ("armv6m", "portable", "ref"),
    "armv7m": ("armv7m", "portable", "ref"),
    "armv7em": ("armv7em", "portable", "ref"),
    "mve": ("mve", "armv7em", "portable", "ref"),
    "rv32": ("rv32", "portable", "ref"),
    "lx6": ("lx6", "portable", "ref"),
}
"""Each backend's folders of kernels, in the order in which a kernel is looked for."""


def load_backend(name: str) -> Backend:
    """The backend `name`. Its packer, if it has one, is the module of that name beside this one."""
    folders = BACKENDS[name]
    module = f"{__name__}.{name}"
    if importlib.util.find_spec(module) is None:
        return Backend(name, folders)
    return Backend(name, folders, importlib.import_module(module).variants)
