"""`flash`, `monitor` and `deploy`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import accuracies, end_progress, facts, prints, rows_out

if TYPE_CHECKING:
    from tinyflow.pipeline import Walk


def _show_flash(result: dict[str, Any]) -> None:
    facts(
        [
            ("board", f"{result['board']} at {result['port']}"),
            ("runs", f"{result['model']} {result['model_sha256'][:16]}"),
            ("build id", result["build_id"]),
            ("flash", f"{result['flash_bytes']:,} B"),
            ("RAM", f"{result['ram_bytes']:,} B"),
        ]
    )


@click.command()
@options.model_and_board
@options.mlperf
@options.port
@prints(_show_flash)
@options.walks
def flash(
    walk: Walk,
    port: str | None,
) -> dict[str, Any]:
    """Flash the image and ask the board who it is.

    An emulated board is started, asked and ended.
    """
    from tinyflow.pipeline.board import hello

    return hello(walk, port)


def _show_deploy(result: dict[str, Any]) -> None:
    device = result["device"]
    accuracies(result, ("float", "int8", "host", "device"))
    click.echo()
    latency = device["latency_us"]
    facts(
        [
            ("board", f"{result['board']}, built with {result['builder']}"),
            (
                "one inference",
                f"{device['count_per_inference']:,} {device['counter']}"
                + (f", {latency:,.1f} us" if latency is not None else ""),
            ),
            ("flash", f"{result['flash_bytes']:,} B"),
            ("RAM", f"{result['ram_bytes']:,} B (arena {result['arena_bytes']:,} B)"),
            ("mismatched bytes", result["mismatched_bytes"]),
            ("model", result["model_sha256"]),
            ("firmware", result["firmware_sha256"]),
            ("run", result["run"]),
        ]
    )
    if result["unmeasured"]:
        names = ", ".join(result["unmeasured"])
        click.echo(f"this board cannot measure, so [budget] was not held to: {names}")


@click.command()
@options.board
@options.port
@options.seed
@options.builder
@options.runner
@prints(_show_deploy)
def deploy(
    board: str | None, port: str | None, seed: int | None, builder: str | None, runner: str | None
) -> dict[str, Any]:
    """Walk the whole road, from data to metrics of the board.

    Trains, prunes, quantises, compiles, builds, flashes, evaluates on the board and keeps the
    metric rows in .tinyflow/metrics.sqlite. A `[budget]` that is exceeded fails the deploy.
    """
    from tinyflow.pipeline import deploy as road

    return road.deploy(board, port=port, seed=seed, builder=builder, runner=runner)


def _show_monitor(result: dict[str, Any]) -> None:
    click.echo(f"{result['rows']:,} rows kept in {result['store']}, run {result['run']}", err=True)


@click.command()
@options.model_and_board
@options.port
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="Stop after this long; without it, Ctrl-C stops.",
)
@click.option("--jsonl", metavar="FILE", help="Also write the rows here, one a line; - is stdout.")
@click.option(
    "--replay/--no-replay",
    default=None,
    help="Feed inputs to the board meanwhile; done by default where the board is emulated, "
    "which nothing else could feed.",
)
@prints(_show_monitor)
@options.walks
def monitor(
    walk: Walk,
    port: str | None,
    seconds: float | None,
    jsonl: str | None,
    replay: bool | None,
) -> dict[str, Any]:
    """Show a board's metrics as they come, and keep them.

    A real board is not flashed; one that runs another model is refused.
    """
    from tinyflow.pipeline import watch

    session = watch.Watch(walk, port, seconds, replay)
    with rows_out(jsonl) as out, _live(quiet=jsonl == "-") as show:
        try:
            for rows in session.rows():
                if out is not None:
                    for row in rows:
                        print(watch.row_text(row), file=out)
                    out.flush()
                show(rows)
        except KeyboardInterrupt:
            # Ctrl-C is how a monitor without --seconds ends: all rows so far are kept.
            if seconds is not None or not session.connected:
                raise
    return {
        "run": session.run,
        "board": session.board,
        "rows": session.count,
        "store": str(session.store_path),
    }


def _lines(rows: list[Any]) -> None:
    for row in rows:
        click.echo(f"{row.where}  {row.name}  {row.value:.10g} {row.unit}")


@contextlib.contextmanager
def _live(quiet: bool) -> Iterator[Any]:
    """A function that is shown each batch of rows: a live table, or lines without a terminal."""
    if quiet:
        yield lambda rows: None
        return
    if not sys.stdout.isatty():
        yield _lines
        return
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    latest: dict[tuple[str, str], Any] = {}
    live = Live(console=Console(), refresh_per_second=4)
    with contextlib.ExitStack() as stack:

        def show(rows: list[Any]) -> None:
            if not latest:
                end_progress()
                stack.enter_context(live)
            latest.update({(row.where, row.name): row for row in rows})
            grid = Table(box=None, pad_edge=False, header_style="bold")
            for column, side in (("metric", "left"), ("value", "right"), ("unit", "left")):
                grid.add_column(column, justify=side)  # type: ignore[arg-type]
            for row in latest.values():
                grid.add_row(row.name, f"{row.value:,.10g}", row.unit)
            live.update(grid)

        yield show
