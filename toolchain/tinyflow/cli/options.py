"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

board = click.option("-b", "--board", metavar="NAME", help="Board profile; see `tinyflow boards`.")
port = click.option(
    "-p",
    "--port",
    metavar="PORT",
    help="Serial port: /dev/ttyUSB0, COM3, socket://host:port, rfc2217://host:port.",
)
seed = click.option(
    "--seed", type=click.IntRange(0, 2**31), help="Seed of everything drawn at random."
)
builder = click.option(
    "--builder",
    type=click.Choice(["cmake", "platformio"]),
    help="Build with this tool instead of the board's first.",
)
name = click.option("--name", metavar="C_NAME", help="Prefix of the generated C symbols.")
model = click.argument(
    "model", required=False, type=click.Path(path_type=Path, exists=False), metavar="[MODEL.tflite]"
)
