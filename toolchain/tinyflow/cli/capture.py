"""`capture` and `retrain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import end_progress, facts, prints, table

if TYPE_CHECKING:
    from tinyflow.pipeline.capture import Row

OUTCOMES = {"again": "there already", "other label": "there already, with another label"}


def _line(row: Row) -> str:
    place = row.file or OUTCOMES.get(row.outcome, row.outcome)
    return f"sample {row.sample:5}  board says {row.predicted}  {row.score:.4f}  {place}"


def _show_capture(result: dict[str, Any]) -> None:
    facts(
        [
            ("board", result["board"]),
            ("label", result["label"]),
            ("kept", f"{result['kept']:,} in {result['folder']}"),
            ("there already", result["repeated"]),
            ("with another label", result["other_label"]),
            ("windows dropped", result["windows_dropped"]),
        ]
    )


@click.command()
@options.board
@options.port
@click.option("--label", metavar="LABEL", help="What the samples are: one of the project's labels.")
@click.option(
    "-n", "--count", type=click.IntRange(1, 1_000_000), help="Stop after keeping so many samples."
)
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Stop after this long.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Keep them here; the project's captures/ otherwise.",
)
@options.builder
@options.runner
@prints(_show_capture)
def capture(
    board: str | None,
    port: str | None,
    label: str | None,
    count: int | None,
    seconds: float | None,
    output: Path | None,
    builder: str | None,
    runner: str | None,
) -> dict[str, Any]:
    """Keep labelled raw samples from a board, which must allow it.

    The firmware needs [sensor] and [capture], and a person at the device who switches capture on:
    with its button, or by typing `capture on` on its console. A sample is one input of the model,
    byte for byte, and what the board predicted. Without --count and --seconds, Ctrl-C stops;
    whatever was shown is kept.
    """
    from tinyflow import pipeline
    from tinyflow.pipeline.capture import Capture

    walk = pipeline.start(board=board, builder=builder, runner=runner)
    session = Capture(walk, port, label, output, count, seconds)
    quiet = click.get_current_context().params["as_json"]
    rows = session.rows()
    try:
        for row in rows:
            if not quiet:
                end_progress()
                click.echo(_line(row))
    except KeyboardInterrupt:
        # Ctrl-C is how a capture without a limit ends: all samples so far are kept.
        if count is not None or seconds is not None or not session.connected:
            raise
    finally:
        rows.close()
    return session.summary


def _show_retrain(result: dict[str, Any]) -> None:
    table(
        ("test set", "samples", "deployed", "retrained", "fixed", "broken", "chance"),
        [
            (
                each["name"],
                each["samples"],
                f"{each['deployed']:.4f}",
                f"{each['retrained']:.4f}",
                each["fixed"],
                each["broken"],
                f"{each['chance']:.4f}",
            )
            for each in result["compared"]
        ],
    )
    click.echo()
    samples = result["samples"]
    facts(
        [
            (
                "captured",
                ", ".join(f"{name} {count}" for name, count in samples.items())
                + f"; {result['in_data_set']} in the data set, {result['repeated']} repeated, "
                f"{result['removed']} deleted",
            ),
            ("deployed model", result["deployed_model"]),
            ("new model", result["retrained_model"]),
        ]
    )
    if result["data_set_changed"]:
        click.echo(
            "note: the deployed model was trained on another data set than the project has now; "
            "it may know some of the test samples"
        )
    if result["deployed"] is not None and not result["own_folder"]:
        click.echo(
            "note: other commands take this model for the project's once [dataset] has "
            f'captures = "{result["folder"]}"'
        )
    for reason in result["against"]:
        click.echo(f"against it: {reason}")
    click.echo(_verdict(result))


def _verdict(result: dict[str, Any]) -> str:
    if result["deployed"] is None:
        return f"not deployed: {result['board']} keeps its model (--force deploys anyway)"
    why = "as --force asks" if result["forced"] else "it is better"
    return f"deployed to {result['board']}: {why}"


@click.command()
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Samples that `tinyflow capture` kept.",
)
@options.board
@options.port
@options.seed
@options.builder
@options.runner
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="How much accuracy may be lost on the data set's own test split.",
)
@click.option("--force", is_flag=True, help="Deploy the new model whatever it is.")
@prints(_show_retrain)
def retrain(
    folder: Path,
    board: str | None,
    port: str | None,
    seed: int | None,
    builder: str | None,
    runner: str | None,
    tolerance: float,
    force: bool,
) -> dict[str, Any]:
    """Train with captured samples, and deploy what is better.

    Compares the new model with the one deployed to the board last, on the data set's test split and
    on the captured samples that it was not trained with. It is better when it loses no more than
    --tolerance on the first, and the second speak for it by more than chance. Exit status 1 when it
    is not, and the board keeps its model.
    """
    from tinyflow import pipeline
    from tinyflow.pipeline import retrain as road

    walk = pipeline.start(board=board, seed=seed, builder=builder, runner=runner)
    result = road.retrain(walk, port, folder, force=force, tolerance=tolerance)
    return {**result, "exit_code": 0 if result["deployed"] is not None else 1}
