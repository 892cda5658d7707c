"""`flash` and `deploy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import accuracies, facts, prints

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
@options.training_data
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
