"""`check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import facts, prints, table

if TYPE_CHECKING:
    from tinyflow.config import Optimize


def _show(result: dict[str, Any]) -> None:
    if result["findings"]:
        _show_findings(result)
        return
    tensors = {
        word: ", ".join(f"{t['dtype']} {t['shape']}" for t in result[word])
        for word in ("inputs", "outputs")
    }
    kept = f", {result['state_bytes']:,} B of it kept" if result["state_bytes"] else ""
    scratch = f", kernel scratch {result['scratch_bytes']:,} B" if result["scratch_bytes"] else ""
    facts(
        [
            ("model", f"{result['model']}, every operator can be compiled"),
            ("takes", tensors["inputs"]),
            ("gives", tensors["outputs"]),
            ("layers", result["layers"]),
            ("MACs", result["macs"]),
            ("weights", f"{result['weights_bytes']:,} B"),
            (
                "arena",
                f"{result['arena_bytes']:,} B (tensors {result['activation_bytes']:,} B"
                f"{kept}{scratch})",
            ),
            ("busiest", result["busiest"]),
            ("operators", ", ".join(f"{n} {op}" for op, n in result["operators"].items())),
            *(("changes" if i == 0 else "", text) for i, text in enumerate(result["changes"])),
        ]
    )
    click.echo()
    rows = [
        (
            row["board"],
            row["arena_bytes"],
            "" if row["code_bytes"] is None else row["code_bytes"],
            "" if row["flash_bytes"] is None else row["flash_bytes"],
            "" if row["ram_bytes"] is None else row["ram_bytes"],
            _verdict(row),
        )
        for row in result["boards"]
    ]
    table(("board", "arena B", "code B", "flash B", "RAM B", "fits"), rows)


def _verdict(row: dict[str, Any]) -> str:
    if not row["fits"]:
        return f"no, lacks {row['lacks']}"
    return "yes" if row["flash_bytes"] is not None else "yes, as far as is known"


def _show_findings(result: dict[str, Any]) -> None:
    findings = result["findings"]
    count = "one thing" if len(findings) == 1 else f"{len(findings)} things"
    click.echo(f"{result['model']} has {count} that tinyflow cannot compile")
    for found in findings:
        if found["node"] >= 0:
            click.echo(f"  node {found['node']} {found['op']} ({found['layer']}): {found['text']}")
        else:
            click.echo(f"  {found['text']}")
        click.echo(f"    change: {found['advice']}")


@click.command()
@options.model
@click.option("-b", "--board", metavar="NAME", help="Only this board; all of them without.")
@options.least_ram
@options.optimize
@prints(_show)
def check(
    model: Path | None, board: str | None, least_ram: bool, optimize: Optimize | None
) -> dict[str, Any]:
    """Tell what a model needs and which boards it fits, before anything is built.

    All that cannot be compiled is told at once, with what to change; exit status 3 then, and where
    the model does not fit the board of --board. Weights and arena are exact; code, flash and RAM
    are estimates of bare-metal images, for the compilers that tinyflow was measured with. Neither a
    compiler nor TensorFlow is needed for a MODEL.tflite; without one the project's model is made
    first.
    """
    from tinyflow.pipeline.check import check as look

    result = look(model, board, least_ram=least_ram, optimize=optimize)
    too_small = board is not None and not all(row["fits"] for row in result.get("boards", []))
    return {**result, "exit_code": 3 if result["findings"] or too_small else 0}
