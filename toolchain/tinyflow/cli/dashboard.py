"""`dashboard`: the web page of the metric rows."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from tinyflow.cli.output import prints

# Those of `tinyflow.monitor.dashboard`, which is not imported for the help.
HOST = "127.0.0.1"
PORT = 8642


@click.command()
@click.option(
    "--store",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The rows; the project's .tinyflow/metrics.sqlite without it.",
)
@click.option(
    "--host",
    default=HOST,
    show_default=True,
    help="Address to serve on. One that other machines reach is served with a token only.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="0 takes any that is free.",
)
@click.option("--token", is_flag=True, help="Ask for a token on this machine too.")
@click.option(
    "--open/--no-open",
    "opens",
    default=None,
    help="Open the page in the browser; done by default at a terminal with a screen, unless the "
    "address holds a token.",
)
@prints(lambda result: None)
def dashboard(
    store: Path | None, host: str, port: int, token: bool, opens: bool | None
) -> dict[str, Any]:
    """Show boards and their history in the browser, and to Prometheus.

    The page is live while `tinyflow monitor` adds rows. It needs no network. Ctrl-C ends it.
    """
    from tinyflow import paths
    from tinyflow.monitor import dashboard as web

    project = paths.find_project(Path.cwd())
    may_come = store is None and project is not None
    store = store or (project or Path.cwd()) / paths.WORK_FOLDER / "metrics.sqlite"
    if may_come and not store.exists():
        click.echo("no rows yet: the page waits for `tinyflow monitor`", err=True)
    else:
        # What is wrong with the file is told here, not first in the browser.
        with contextlib.closing(web.History(store)) as history:
            history.last()
    secret = web.new_token() if token or not web.is_loopback(host) else None
    server = web.serve(web.app(store, secret, host), host, port)
    click.echo(f"serving {store} at {server.url_with_token}", err=True)
    click.echo("Ctrl-C ends it", err=True)
    if (secret is None and _has_screen()) if opens is None else opens:
        click.launch(server.url_with_token)
    with contextlib.closing(server), contextlib.suppress(KeyboardInterrupt):
        server.run()
    return {"store": str(store), "url": server.url}


def _has_screen() -> bool:
    """Whether a browser would open in a window of its own."""
    windows = sys.platform in ("darwin", "win32")
    screen = windows or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return screen and sys.stderr.isatty()
