"""Plugins by name: a name stands for a module, imported when it is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from tinyflow.errors import ProjectError, near_miss


def lookup(kind: str, name: str, modules: Mapping[str, str]) -> Any:
    """The module that implements `name`, one of the keys of `modules`.

    `kind` is the word for the reader ("builder"). Raises ProjectError for an unknown name.
    """
    try:
        module = modules[name]
    except KeyError:
        close = near_miss(name, modules)
        raise ProjectError(
            f"{kind} {name} is unknown" + (f", did you mean {close}?" if close else ""),
            [f"known: {', '.join(sorted(modules))}"],
        ) from None
    return importlib.import_module(module)
