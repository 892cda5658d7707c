"""A digits project that is trained once for all end-to-end tests."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND_SECONDS = 600


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The object a command with --json prints as its last line."""
        return json.loads(self.stdout.splitlines()[-1])


def tinyflow(folder: Path, *arguments: str) -> Outcome:
    """Run the command line as a user does, in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "tinyflow", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def run_tinyflow() -> Any:
    return tinyflow


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits example, trained: later stages are from cache or quick."""
    folder = tmp_path_factory.mktemp("e2e")
    outcome = tinyflow(folder, "init", "digits", "--json")
    assert outcome.status == 0, outcome.stderr
    project = folder / "digits"
    outcome = tinyflow(project, "train", "--json")
    assert outcome.status == 0, outcome.stderr
    return project
