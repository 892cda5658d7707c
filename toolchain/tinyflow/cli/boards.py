"""`boards` and `doctor`."""

from __future__ import annotations

from typing import Any

import click

from tinyflow.cli.output import prints, table


def _show_boards(result: dict[str, Any]) -> None:
    rows = [
        (
            board["name"],
            board["title"],
            board["flash_bytes"],
            board["ram_bytes"],
            ", ".join(board["builders"]),
            board["counter"],
        )
        for board in result["boards"]
    ]
    table(("board", "what it is", "flash B", "RAM B", "builders", "counts"), rows)


@click.command()
@prints(_show_boards)
def boards() -> dict[str, Any]:
    """List the boards: tinyflow's, and those in the project's own `boards` folder."""
    from pathlib import Path

    from tinyflow import boards as profiles
    from tinyflow import paths

    project = paths.find_project(Path.cwd())
    names = profiles.board_names(profiles.board_folders(project))
    found = [profiles.load_board(name, project) for name in names]
    return {
        "boards": [
            {
                "name": board.name,
                "title": board.title,
                "flash_bytes": board.memory.flash_bytes,
                "ram_bytes": board.memory.ram_bytes,
                "builders": list(board.builders),
                "runner": board.runner,
                "backend": board.backend,
                "counter": board.counter.unit,
            }
            for board in found
        ]
    }
