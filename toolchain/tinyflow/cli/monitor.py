"""`monitor`: boards' metrics as they come."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import prints, rows_out
from tinyflow.errors import ProjectError

if TYPE_CHECKING:
    from tinyflow.artifacts import MetricRow
    from tinyflow.config import Optimize
    from tinyflow.pipeline import Walk
    from tinyflow.pipeline.watching import Asked, Watch

INTERRUPTED = 130
LOOPBACK = "127.0.0.1"

Show = Callable[[Sequence["MetricRow"], Sequence[str]], None]
"""Shows rows, and messages for a person."""


def _show(result: dict[str, Any]) -> None:
    click.echo(f"{result['rows']:,} rows kept in {result['store']}, run {result['run']}", err=True)


@click.command()
@options.model_and_boards
@options.port
@click.option(
    "--dut",
    "duts",
    multiple=True,
    metavar="NAME[@PORT]",
    help="A board and its port; may be repeated.",
)
@click.option(
    "--hardware-map",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Watch all boards of a rig; see docs/rigs.md.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="Stop after this long; without it, Ctrl-C stops.",
)
@click.option(
    "--until",
    metavar="CONDITION",
    help='Stop when a row of any board is so: "inferences >= 1000", "drift_input > 0.25", '
    "alert, alert_drift. The exit status is 0 then, 7 where an alert was raised meanwhile, and 6 "
    "when the --seconds ran out before.",
)
@click.option(
    "--every",
    type=click.FloatRange(1, 86_400),
    default=1.0,
    metavar="SECONDS",
    help="Keep a board's telemetry this often, 1 is all of it; alerts, conditions and the view "
    "look at all.",
)
@click.option("--jsonl", metavar="FILE", help="Also write the rows here, one a line; - is stdout.")
@click.option(
    "--serve",
    metavar="[HOST:]PORT",
    help="Also serve the web page and Prometheus' /metrics, on 127.0.0.1 where no host is named; "
    "see `tinyflow dashboard`.",
)
@click.option(
    "--replay/--no-replay",
    default=None,
    help="Feed inputs to the boards meanwhile; done by default where a board is emulated, "
    "which nothing else could feed.",
)
@prints(_show)
def monitor(
    model: Path | None,
    boards: tuple[str, ...],
    name: str | None,
    seed: int | None,
    least_ram: bool,
    optimize: Optimize | None,
    builder: str | None,
    runner: str | None,
    port: str | None,
    duts: tuple[str, ...],
    hardware_map: Path | None,
    seconds: float | None,
    until: str | None,
    every: float,
    jsonl: str | None,
    serve: str | None,
    replay: bool | None,
) -> dict[str, Any]:
    """Show boards' metrics as they come, and keep them.

    A real board is not flashed; one that runs another model is refused. A board that goes away is
    waited for. Ctrl-C ends the run and keeps all rows; a second one does not wait for the boards.
    Alerts are raised as [alerts] in tinyflow.toml says.
    """
    from tinyflow import pipeline
    from tinyflow.monitor import condition
    from tinyflow.pipeline import watching

    wanted = condition.parse(until) if until is not None else None
    place = _host_and_port(serve) if serve is not None else None

    def walk_of(asked: Asked) -> Walk:
        return pipeline.start(
            board=asked.board,
            model=asked.model or model,
            name=name,
            seed=seed,
            builder=asked.builder or builder,
            runner=asked.runner or runner,
            least_ram=least_ram,
            optimize=optimize,
        )

    asked = watching.asked_for(boards, duts, port, hardware_map)
    session = watching.begin(
        asked, walk_of, seconds=seconds, every=every, until=wanted, replay=replay
    )
    # Where a program reads stdout, nothing else is printed there.
    quiet = jsonl == "-" or bool(click.get_current_context().params.get("as_json"))
    try:
        with (
            rows_out(jsonl) as out,
            _served(place, session.store_path),
            _shown(session, quiet) as show,
            _interruptible(session),
            contextlib.closing(session.batches()) as batches,
        ):
            for rows in batches:
                if out is not None and rows:
                    for row in rows:
                        print(json.dumps(row.as_json()), file=out)
                    out.flush()
                show(rows, session.take_messages())
    except BrokenPipeError:
        # Whoever read the rows has seen enough (`| head`): a good end, and no more to say there.
        _let_go_of_stdout()
        return {**session.summary(), "exit_code": 0}
    except KeyboardInterrupt:  # the second one: what there is to say is how many rows were kept
        return {**session.summary(), "exit_code": INTERRUPTED}
    for text in session.take_messages():  # of what came after the last rows
        click.echo(text, err=True)
    status = session.status()
    if session.interrupted and (seconds is not None or wanted is not None) and not session.met:
        status = INTERRUPTED
    elif status == watching.UNMET and wanted is not None:
        click.echo(f"the time ran out before {wanted.text}", err=True)
        for line in session.unmet():
            click.echo(f"  {line}", err=True)
    return {**session.summary(), "exit_code": status}


def _let_go_of_stdout() -> None:
    """Have what is still in its buffer go nowhere, instead of failing when the program ends; and
    stderr with it, where it went to the same reader.
    """
    with contextlib.suppress(OSError, ValueError):
        nowhere, out, err = (
            os.open(os.devnull, os.O_WRONLY),
            sys.stdout.fileno(),
            sys.stderr.fileno(),
        )
        if os.path.sameopenfile(out, err):
            os.dup2(nowhere, err)
        os.dup2(nowhere, out)


@contextlib.contextmanager
def _shown(session: Watch, quiet: bool) -> Iterator[Show]:
    """How batches are shown: a live table on a terminal, else lines."""
    if not quiet and sys.stdout.isatty():
        from tinyflow.cli.live import LiveView

        with LiveView(session) as view:
            yield view.show
        return
    several = len(session.overviews) > 1

    def lines(rows: Sequence[MetricRow], messages: Sequence[str]) -> None:
        for row in () if quiet else rows:
            board = f"{row.board} {row.device}  " if several else ""
            click.echo(f"{board}{row.where}  {row.name}  {row.value:.10g} {row.unit}".rstrip())
        for text in messages:
            click.echo(text, err=True)

    yield lines


@contextlib.contextmanager
def _interruptible(session: Watch) -> Iterator[None]:
    """Let the first Ctrl-C end the run in good order, and the second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        if session.interrupted:
            session.abandon()
            raise KeyboardInterrupt
        session.stop()

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextlib.contextmanager
def _served(place: tuple[str, int] | None, store: Path) -> Iterator[None]:
    """The web page of the rows, while the run lasts."""
    if place is None:
        yield
        return
    from tinyflow.monitor import Store
    from tinyflow.monitor import dashboard as web

    host, port = place
    Store(store).close()  # so that there is one to serve
    token = None if web.is_loopback(host) else web.new_token()
    with web.serve(web.app(store, token, host), host, port) as server:
        click.echo(f"serving at {server.url_with_token}", err=True)
        yield


def _host_and_port(text: str) -> tuple[str, int]:
    """`[HOST:]PORT`, an IPv6 address in brackets."""
    found = re.fullmatch(
        r"(?:(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\s]+)):)?(?P<port>\d{1,5})", text
    )
    if found is None or int(found["port"]) > 65535:
        raise ProjectError(
            f"--serve {text} is not [HOST:]PORT", hints=["--serve 8642", "--serve 0.0.0.0:8642"]
        )
    return found["six"] or found["host"] or LOOPBACK, int(found["port"])
