"""`boards`: the list, one of them whole, one of your own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli.output import facts, prints, table

if TYPE_CHECKING:
    from tinyflow.boards import BoardProfile


def _show_boards(result: dict[str, Any]) -> None:
    rows = [
        (
            board["name"],
            board["title"],
            board["flash_bytes"],
            board["ram_bytes"],
            ", ".join(board["builders"]),
            ", ".join(board["runners"]),
        )
        for board in result["boards"]
    ]
    table(("board", "what it is", "flash B", "RAM B", "builders", "runners"), rows)


@prints(_show_boards)
def _list() -> dict[str, Any]:
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
                "runners": list(board.runners),
                "backend": board.backend,
                "counter": board.counter.unit,
            }
            for board in found
        ]
    }


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
@click.pass_context
def boards(ctx: click.Context, as_json: bool) -> int | None:
    """List the boards, show one, write your own.

    Without a command: tinyflow's boards and those in the project's own `boards` folder. The first
    builder and the first runner of a board are its defaults; --builder and --runner choose another.
    """
    return _list(as_json=as_json) if ctx.invoked_subcommand is None else None


def _show_board(result: dict[str, Any]) -> None:
    board = result["profile"]
    facts([("board", board["name"]), ("", board["title"]), ("file", result["file"])])
    click.echo()
    has_slow = any(item["slow_ram_bytes"] for item in result["builders"])
    rows = [
        (
            item["builder"],
            item["with"],
            item["flash_bytes"],
            item["ram_bytes"],
            *([item["slow_ram_bytes"]] if has_slow else []),
            item["stack_bytes"],
            item["clock_hz"] // 1_000_000 if item["clock_hz"] else "",
        )
        for item in result["builders"]
    ]
    slow = ["slow RAM B"] if has_slow else []
    columns = ("builder", "with", "flash B", "RAM B", *slow, "stack B", "clock MHz")
    table(columns, rows)
    click.echo()
    table(
        ("runner", "with", "counts"),
        [(item["runner"], item["with"], item["counter"]) for item in result["runners"]],
    )
    click.echo()
    facts(
        [
            ("kernels", board["backend"]),
            ("console", f"{board['baud']:,} baud"),
            ("reset", board["reset"]),
            *(
                ("USB", f"{usb['vendor']:04x}:{usb['product']:04x} {usb['chip']}")
                for usb in board["usb"]
            ),
        ]
    )


@boards.command()
@click.argument("name")
@prints(_show_board)
def show(name: str) -> dict[str, Any]:
    """Show one board whole: how it is built, how it is run, what it has."""
    from dataclasses import asdict

    from tinyflow import boards as profiles
    from tinyflow import paths

    project = paths.find_project(Path.cwd())
    file = profiles.board_file(name, project)
    board = profiles.read_board(file)
    return {
        "file": str(file),
        "builders": list(_builders(board)),
        "runners": list(_runners(board)),
        "profile": asdict(board),
    }


def _builders(board: BoardProfile) -> Iterator[dict[str, Any]]:
    for builder in board.builders:
        seen = board.for_builder(builder)
        settings, toolchain = seen.platformio, seen.toolchain
        means = toolchain.compiler if toolchain is not None else "cc"
        if seen.sdk and settings is not None:
            means = f"{settings.framework}, {settings.platform}"
        yield {
            "builder": builder,
            "with": means,
            "flash_bytes": seen.memory.flash_bytes,
            "ram_bytes": seen.memory.ram_bytes,
            "slow_ram_bytes": seen.memory.slow_ram_bytes,
            "stack_bytes": seen.memory.stack_bytes,
            "clock_hz": seen.clock_hz,
            "counter": seen.counter.unit,
        }


def _runners(board: BoardProfile) -> Iterator[dict[str, Any]]:
    from dataclasses import asdict

    from tinyflow.boards import SECTIONS

    for runner in board.runners:
        settings = getattr(board, SECTIONS[runner]) if runner in SECTIONS else None
        told = asdict(settings) if settings is not None else {}
        told.pop("counter", None)
        yield {
            "runner": runner,
            "with": ", ".join(f"{key} {_word(key, value)}" for key, value in told.items()),
            "counter": board.for_runner(runner).counter.unit,
        }


def _word(key: str, value: str | int | tuple[str, ...]) -> str:
    if key in ("family", "offset"):
        return f"{value:#x}"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _show_new(result: dict[str, Any]) -> None:
    click.echo(f"wrote {result['file']}")
    click.echo(f"next: change what differs, then tinyflow boards show {result['name']}")


@boards.command()
@click.argument("name")
@click.option("--from", "base", metavar="BOARD", required=True, help="The board that it is like.")
@click.option("--title", default="", help="What a person calls it.")
@prints(_show_new)
def new(name: str, base: str, title: str) -> dict[str, Any]:
    """Write a profile for your own board, beside the project."""
    from tinyflow import boards as profiles
    from tinyflow import config

    project = config.load_project(Path.cwd())
    file = profiles.new_board(project.folder, name, base, title)
    return {"name": name, "file": str(file), "from": base}
