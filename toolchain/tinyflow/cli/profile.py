"""`profile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import facts, prints, table

if TYPE_CHECKING:
    from tinyflow.pipeline import Walk


# What is left out of the table where a terminal is too narrow, in this order.
SPARE = ("scratch B", "output B", "weights B", "per MAC", "variant")


def _show(result: dict[str, Any]) -> None:
    unit, estimate = result["counter"], result["estimate"]
    columns = ["#", "operator", "output", "variant", unit, "per MAC"]
    columns += ["cycles from", "to"] if estimate else []
    columns += ["share", "weights B", "output B", "scratch B"]
    rows = []
    for position, layer in enumerate(result["layers"]):
        per_mac = f"{layer['count'] / layer['macs']:>7.2f}" if layer["macs"] else ""
        row = [position, layer["op"], _shape(layer["shape"]), layer["variant"]]
        row += [layer["count"], per_mac]
        row += [layer["cycles_min"], layer["cycles_max"]] if estimate else []
        row += [f"{layer['share']:>5.1%}", layer["weights_bytes"], layer["output_bytes"]]
        rows.append([*row, layer["scratch_bytes"]])
    table(columns, rows, spare=SPARE)
    click.echo()
    per_mac = f", {result['count'] / result['macs']:.2f} per MAC" if result["macs"] else ""
    outside = f", {result['outside']:,} of them in no layer" if result["outside"] else ""
    pairs: list[tuple[str, object]] = [
        ("one inference", f"{result['count']:,} {unit}{per_mac}{outside}")
    ]
    if result["latency_us"] is not None:
        pairs.append(("latency", f"{result['latency_us'] / 1000:,.3f} ms"))
    pairs += _sizes(result)
    if estimate:
        pairs += _estimate(estimate)
    if "html" in result:
        pairs.append(("page", result["html"]))
    facts(pairs)


def _sizes(result: dict[str, Any]) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = [
        ("MACs", result["macs"]),
        (
            "library flash",
            f"{result['library_flash_bytes']:,} B (code {result['library_code_bytes']:,} B, "
            f"weights {result['weights_bytes']:,} B)",
        ),
        (
            "library RAM",
            f"{result['library_ram_bytes']:,} B (arena {result['arena_bytes']:,} B)",
        ),
    ]
    if result["flash_bytes"] is not None:
        sizes = f"flash {result['flash_bytes']:,} B, RAM {result['ram_bytes']:,} B"
        pairs.append(("whole image", sizes))
    return pairs


def _estimate(estimate: dict[str, Any]) -> list[tuple[str, object]]:
    low, high = estimate["cycles_min"], estimate["cycles_max"]
    pairs: list[tuple[str, object]] = [("ESTIMATE", f"{low:,} to {high:,} cycles")]
    if estimate["latency_us"]:
        least, most = (us / 1000 for us in estimate["latency_us"])
        clock = estimate["clock_hz"] / 1e6
        pairs.append(("", f"{least:,.2f} to {most:,.2f} ms at {clock:g} MHz"))
    return [
        *pairs,
        *(("basis" if i == 0 else "", text) for i, text in enumerate(estimate["basis"])),
    ]


def _shape(shape: list[int]) -> str:
    return "x".join(map(str, shape[1:] if len(shape) > 1 else shape)) or "1"


@click.command()
@options.model_and_board
@options.port
@click.option(
    "--estimate",
    is_flag=True,
    help="Without a board: estimate its core's cycles from what an emulator executes.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write a page with the layers drawn by what they take.",
)
@prints(_show)
@options.walks
def profile(walk: Walk, port: str | None, estimate: bool, html: Path | None) -> dict[str, Any]:
    """Tell what each layer of an inference takes, and how it is computed.

    Counts come from the board's own counter: emulated boards count executed instructions, exactly
    and the same each time; they are not cycles. Real boards count cycles. The host process counts
    nanoseconds.
    """
    from tinyflow.pipeline import profile as profiles

    if estimate and port is not None:
        raise click.UsageError("--estimate is without a board: it takes no --port")
    found = profiles.profile(walk, port, estimate=estimate)
    result = profiles.as_json(found)
    if html is not None:
        profiles.write_page(found, html)
        result["html"] = str(html)
    return result
