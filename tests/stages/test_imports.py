"""The stages cost nothing until they run."""

from __future__ import annotations

import os
import subprocess
import sys

from tinyflow import paths

STAGES = ["datasets", "training", "pruning", "quantization", "evaluation"]
HEAVY = ["tensorflow", "keras", "sklearn", "pydantic", "jinja2", "rich"]


def test_importing_the_stages_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        f"from tinyflow import {', '.join(STAGES)}\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(paths.PACKAGE.parent)},
    )
    assert done.stdout.strip() == "[]"
