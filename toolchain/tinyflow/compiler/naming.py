"""Names: of a model in C, and of tensors, shapes and numbers as people read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinyflow.errors import ProjectError

NAME_PARTS = 3
NAME_LENGTH = 48
# What <name>.h, lib<name>.a or a build target <name> would be taken for.
# fmt: off
TAKEN_NAMES = frozenset(
    {"assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits",
     "locale", "math", "setjmp", "signal", "stdarg", "stdbool", "stddef", "stdint", "stdio",
     "stdlib", "string", "strings", "tgmath", "time", "unistd", "wchar", "wctype",
     "c", "g", "gcc", "m", "nosys", "all", "clean", "help", "install", "package", "test"}
)
# fmt: on


def symbol_name(tflite: Path) -> str:
    """A C identifier made from a file's name: kws_ref_model.tflite gives kws_ref_model."""
    name = re.sub(r"[^a-z0-9_]", "_", tflite.stem.lower())[:40].strip("_")
    return name if _is_prefix(name) else f"model_{name}".strip("_")


def checked_prefix(name: str) -> str:
    """`name`, where it can be the prefix of a model's symbols. Raises ProjectError otherwise."""
    if not _is_prefix(name):
        raise ProjectError(
            f"{name!r} cannot be the name of a model in C",
            [
                "letters, digits and underscores, a letter first, 64 at most",
                "not tnf_..., and not the name of a header of C",
            ],
            [f"--name {symbol_name(Path(name))}"],
        )
    return name


def _is_prefix(name: str) -> bool:
    """Whether C symbols and a header may be named so without meeting anybody else's."""
    shape = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", name) is not None
    return shape and not name.lower().startswith("tnf_") and name.lower() not in TAKEN_NAMES


def float_text(value: float) -> str:
    """The shortest decimal that reads back as this float32, as a C literal."""
    text = str(np.float32(value))
    return (text if "e" in text or "." in text else text + ".0") + "f"


def place_text(offset: int, slow: bool) -> str:
    """An address in C: in the caller's arena, or in the slow memory that is the model's own."""
    return f"{'slow' if slow else 'arena'} + {offset}"


def shape_text(shape: Sequence[int]) -> str:
    """A shape as people write it: [1, 8, 8, 1]."""
    return "[" + ", ".join(str(dimension) for dimension in shape) + "]"


def comment_text(name: str) -> str:
    """A tensor's name as people read it, safe inside a C comment.

    Converters join the names of all they fused with `;` and prefix each with its path: the last
    parts of the first are what tells layers apart. Printable ASCII, no comment marks, bounded.
    """
    short = "/".join(name.partition(";")[0].split("/")[-NAME_PARTS:])
    clean = re.sub(r"[^\x20-\x7e]", "?", short).replace("*/", "* /").replace("/*", "/ *")
    clean = clean.replace("\\", "/").replace("??", "? ?")
    return clean if len(clean) <= NAME_LENGTH else f"...{clean[3 - NAME_LENGTH :]}"
