"""`verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import prints

if TYPE_CHECKING:
    from tinyflow.pipeline import Walk


def _show_verify(result: dict[str, Any]) -> None:
    first = result["first_mismatch"]
    compared = f"{result['inputs']} inputs, {result['layers']} layers each"
    if result["stream_inputs"]:
        compared += ", and as one stream"
    stream = result["first_stream_mismatch"]
    if first is None and stream is None:
        click.echo(f"{result['model']} on {result['board']}: {compared}, every byte equal")
        return
    click.echo(
        f"{result['model']} on {result['board']}: {compared}, "
        f"{result['mismatched_bytes']:,} bytes differ"
    )
    if first is None:
        click.echo(
            f"first at input {stream['input']} of the stream, output {stream['output']}, byte "
            f"{stream['byte']}: the reference has {stream['expected']}, the board "
            f"{stream['found']}"
        )
        return
    click.echo(
        f"first at input {first['input']}, layer {first['layer']} {first['op']} "
        f"({first['name']}), position {first['position']}: "
        f"the reference has {first['expected']}, the board {first['found']}"
    )
    if first["reference_fault"]:
        click.echo(f"note: {first['reference_fault']}")


@click.command()
@options.model_and_board
@options.port
@click.option(
    "-n",
    "--inputs",
    type=click.IntRange(1, 1_000_000),
    default=20,
    show_default=True,
    help="How many inputs: extremes, real samples where there are any, random bytes.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Real samples: array x, float or int8 [N, ...]; a project's own test split otherwise.",
)
@prints(_show_verify)
@options.walks
def verify(
    walk: Walk,
    port: str | None,
    inputs: int,
    data: Path | None,
) -> dict[str, Any]:
    """Prove that a board computes what the reference interpreter computes, layer by layer.

    A model that keeps values between inferences begins anew with every input, and is then given all
    of them in a row. Exit status 1 when a byte differs.
    """
    from tinyflow.pipeline import measure

    result = measure.verify(walk, inputs, port, data)
    return {**result, "exit_code": 1 if result["mismatched_bytes"] else 0}
