"""tinyflow: from data to a metric row on a microcontroller."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinyflow.boards import load_board
    from tinyflow.compiler import compile_model
    from tinyflow.compiler.host import load
    from tinyflow.config import load_project
    from tinyflow.errors import TinyflowError
    from tinyflow.pipeline.connect import connect
    from tinyflow.pipeline.deploy import deploy

__version__ = "0.1.0"
__all__ = [
    "TinyflowError",
    "compile_model",
    "connect",
    "deploy",
    "load",
    "load_board",
    "load_project",
]

# Imported when first asked for: `import tinyflow` stays quick.
_HOMES = {
    "TinyflowError": "tinyflow.errors",
    "compile_model": "tinyflow.compiler",
    "connect": "tinyflow.pipeline.connect",
    "deploy": "tinyflow.pipeline.deploy",
    "load": "tinyflow.compiler.host",
    "load_board": "tinyflow.boards",
    "load_project": "tinyflow.config",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tinyflow' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
