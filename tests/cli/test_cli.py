"""The command line as a whole: help, usage errors, exit statuses, speed of `--help`."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tinyflow import cli

HEAVY = ["tensorflow", "sklearn", "pydantic", "rich", "numpy", "jinja2", "serial", "platformio"]


def run_tinyflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tinyflow", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom tinyflow.cli import main\nstatus = main(['--help'])\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(heavy, file=sys.stderr)\nsys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"
    for name in cli.COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", [*cli.COMMANDS, "boards show", "boards new"])
def test_every_command_has_help_and_json(name: str, golden: Callable[[str, str], None]) -> None:
    done = run_tinyflow(*name.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert "--json" in done.stdout
    golden(f"help/{name.replace(' ', '-')}.txt", done.stdout)


def test_the_list_of_commands(golden: Callable[[str, str], None]) -> None:
    golden("help/tinyflow.txt", run_tinyflow("--help").stdout)


def test_summary_in_the_list_begins_the_commands_own_help() -> None:
    group = cli.tinyflow
    for name, (_, summary) in cli.COMMANDS.items():
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert (command.help or "").replace("\n", " ").startswith(summary.rstrip(".")[:20])


def test_unknown_command_names_the_near_miss() -> None:
    done = run_tinyflow("depoy")
    assert done.returncode == 2
    assert "Did you mean deploy?" in done.stderr
