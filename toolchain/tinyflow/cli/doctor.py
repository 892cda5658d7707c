"""`doctor`."""

from __future__ import annotations

from typing import Any

import click

from tinyflow.cli.output import prints, table


def _show_doctor(result: dict[str, Any]) -> None:
    rows = [
        (
            item["board"] or "every board",
            item["tool"],
            _state(item),
            item["path"] or item["purpose"],
        )
        for item in result["tools"]
    ]
    table(("for", "tool", "found", "where, or what it is for"), rows)
    if result["missing"]:
        click.echo()
        click.echo(f"missing: {', '.join(result['missing'])}")
        for command in dict.fromkeys(i["install"] for i in result["tools"] if i["install"]):
            click.echo(f"  {command}")
        named = " ".join(f"--board {name}" for name in result["boards"])
        click.echo(f"or let tinyflow do it: tinyflow doctor {named} --install")


def _state(item: dict[str, Any]) -> str:
    if item["usable"]:
        return item["version"] or "yes"
    state = item["lacks"] or "missing"
    return f"{state} (only for another builder or runner)" if item["optional"] else state


@click.command()
@click.option(
    "-b", "--board", "names", metavar="NAME", multiple=True, help="Only what this board needs."
)
@click.option("--install", is_flag=True, help="Install what is missing.")
@prints(_show_doctor)
def doctor(names: tuple[str, ...], install: bool) -> dict[str, Any]:
    """Tell which tools are there, and what installs the others.

    Exit status 4 when something is missing that a board's builder or runner needs: its first, or
    the first whose SDK is to be had. Those of the others are installed where they can be.
    """
    from tinyflow.pipeline import health

    return health.examine(names, install)
