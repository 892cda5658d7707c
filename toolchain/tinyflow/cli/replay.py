"""`replay`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import end_progress, facts, prints, rows_out

if TYPE_CHECKING:
    from tinyflow.pipeline import Walk
    from tinyflow.pipeline.replay import WindowRow


def _line(row: WindowRow) -> str:
    when = f"sample {row.sample}" if row.seconds is None else f"{row.seconds:9.3f} s"
    late = "  late" if row.late else ""
    return f"window {row.window:5}  {when}  {row.label}  {row.score:.4f}  count {row.count:,}{late}"


def _show(result: dict[str, Any]) -> None:
    latency = result["latency_us"]
    seen = ", ".join(f"{label} {n:,}" for label, n in sorted(result["labels"].items()))
    facts(
        [
            ("board", f"{result['board']}, driver {result['driver']}"),
            ("windows", f"{result['windows']:,} of {result['samples']:,} samples"),
            ("unused samples", result["unused_samples"]),
            ("classes", seen or "none"),
            (
                "one inference",
                f"{result['count_per_inference']:,} {result['counter']}"
                + (f", {latency:,.1f} us" if latency is not None else ""),
            ),
            ("deadline misses", result["deadline_misses"] if result["deadline"] else "no deadline"),
            ("late windows", result["late_windows"]),
            ("took", f"{result['seconds']:.3f} s"),
        ]
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@options.model_and_board
@options.port
@click.option("--real-time", is_flag=True, help="Send samples at the sensor's rate, not at once.")
@click.option(
    "--jsonl", metavar="FILE", help="Also write the windows here, one a line; - is stdout."
)
@prints(_show)
@options.walks
def replay(
    walk: Walk, port: str | None, file: Path, real_time: bool, jsonl: str | None
) -> dict[str, Any]:
    """Replay recorded samples to a board as if its sensor had read them.

    FILE is an .npz with an array x, a .wav or a .csv. Each window's class is shown as the board
    answers. A real board is not flashed; its firmware must have been made with [sensor].
    """
    from tinyflow.pipeline.replay import Replay

    session = Replay(walk, port, file, real_time)
    quiet = jsonl == "-" or click.get_current_context().params["as_json"]
    with rows_out(jsonl) as out:
        for row in session.rows():
            end_progress()
            if out is not None:
                print(json.dumps(row.as_json()), file=out, flush=True)
            if not quiet:
                click.echo(_line(row))
    return session.summary
