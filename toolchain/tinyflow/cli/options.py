"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tinyflow.config import MlperfTask, Optimize
    from tinyflow.pipeline import Walk

board = click.option("-b", "--board", metavar="NAME", help="Board profile; see `tinyflow boards`.")
port = click.option(
    "-p",
    "--port",
    metavar="PORT",
    help="Serial port: /dev/ttyUSB0, COM3, socket://host:port, rfc2217://host:port, VID:PID.",
)
_boards = click.option(
    "-b",
    "--board",
    "boards",
    multiple=True,
    metavar="NAME",
    help="Board profile; may be repeated. See `tinyflow boards`.",
)
seed = click.option(
    "--seed", type=click.IntRange(0, 2**31), help="Seed of everything drawn at random."
)
builder = click.option(
    "--builder",
    metavar="NAME",
    help="Build with this tool instead of the board's first.",
)
runner = click.option(
    "--runner",
    metavar="NAME",
    help="Flash or emulate with this tool instead of the board's first.",
)
output = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Also copy the result here."
)
_name = click.option("--name", metavar="C_NAME", help="Prefix of the generated C symbols.")
least_ram = click.option(
    "--least-ram",
    is_flag=True,
    help="Compute chains of layers by rows wherever that saves RAM, not only where the board's "
    "RAM asks for it.",
)
optimize = click.option(
    "--optimize",
    type=click.Choice(["speed", "size", "balanced"]),
    help="What to choose kernels for; the project's [compile] says it otherwise, or balanced.",
)
mlperf = click.option(
    "--mlperf",
    type=click.Choice(["kws01", "vww01", "ic01", "ad01"]),
    help="Make the console the interface of this MLPerf Tiny benchmark; the project's [firmware] "
    "says it otherwise.",
)
training_data = click.option(
    "--training-data",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="What inputs and outputs are compared with on the board: array x, float or int8 [N, ...]; "
    "a project's own data otherwise.",
)
model = click.argument(
    "model", required=False, type=click.Path(path_type=Path), metavar="[MODEL.tflite]"
)


def model_alone(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a command that takes the project's model or a .tflite as far as C; see `walks`."""
    for option in (least_ram, optimize, seed, _name, board, model):
        command = option(command)
    return command


def model_and_board(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a command that goes on to a board with it; see `walks`."""
    return model_alone(builder(runner(command)))


def model_and_boards(command: Callable[..., Any]) -> Callable[..., Any]:
    """Those of `model_and_board`, for a command that takes several boards and makes the walks."""
    for option in (builder, runner, least_ram, optimize, seed, _name, _boards, model):
        command = option(command)
    return command


def walks(command: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Hands the command the walk that those options describe."""

    @functools.wraps(command)
    def run(
        model: Path | None,
        board: str | None,
        name: str | None,
        seed: int | None,
        least_ram: bool,
        optimize: Optimize | None,
        builder: str | None = None,
        runner: str | None = None,
        mlperf: MlperfTask | None = None,
        training_data: Path | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        from tinyflow import pipeline

        walk: Walk = pipeline.start(
            board=board,
            model=model,
            name=name,
            seed=seed,
            builder=builder,
            runner=runner,
            least_ram=least_ram,
            optimize=optimize,
            mlperf=mlperf,
            training_data=training_data,
        )
        return command(walk, **options)

    return run
