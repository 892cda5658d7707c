"""What a person or a program sees: `--json`, progress on a terminal, errors."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from tinyflow import progress
from tinyflow.errors import ProjectError, TinyflowError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

# What can happen to any file and is no bug: a full disk, no permission, a read-only place.
SURROUNDINGS = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)

Show = Callable[[dict[str, Any]], None]


def prints(show: Show) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., int]]:
    """A command that returns a dict: printed by `show`, or as one JSON line with `--json`.

    The dict's key `exit_code`, where there is one, becomes the exit status.
    """

    def decorate(command: Callable[..., dict[str, Any]]) -> Callable[..., int]:
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
        @functools.wraps(command)
        def run(*args: Any, as_json: bool, **options: Any) -> int:
            try:
                with _progress_on_terminal():
                    result = command(*args, **options)
            except TinyflowError as error:
                return _tell(error, as_json)
            except OSError as error:
                if error.errno not in SURROUNDINGS:
                    raise
                place = error.filename or "the disk"
                return _tell(ProjectError(f"{place}: {error.strerror}"), as_json)
            status = result.pop("exit_code", 0)
            if as_json:
                print_json(result)
            else:
                show(result)
            return int(status)

        return run

    return decorate


def _tell(error: TinyflowError, as_json: bool) -> int:
    click.echo(f"error: {error}", err=True)
    if as_json:
        print_json(error.as_json())
    return error.exit_code


def print_json(value: dict[str, Any]) -> None:
    """One JSON object as one line on stdout, at once."""
    click.echo(json.dumps(value))


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    title: str = "",
    spare: Sequence[str] = (),
) -> None:
    """A table on stdout; columns of numbers are right-aligned.

    On a terminal that is too narrow the columns in `spare` are left out, the first ones first.
    """
    from rich.console import Console
    from rich.table import Table

    # Where there is no terminal, nobody wraps: a line stays a line for grep.
    width = None if sys.stdout.isatty() else 200
    console = Console(width=width, highlight=False, markup=False)
    for name in spare:
        if _width(columns, rows) <= console.width:
            break
        place = columns.index(name)
        columns = [*columns[:place], *columns[place + 1 :]]
        rows = [[*row[:place], *row[place + 1 :]] for row in rows]
    grid = Table(box=None, pad_edge=False, header_style="bold", title=title or None)
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(
            isinstance(row[position], (int, float)) or row[position] == "" for row in rows
        )
        grid.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(value) for value in row))
    with console.capture() as text:
        console.print(grid)
    for line in text.get().splitlines():
        click.echo(line.rstrip())


def _width(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """How wide a table is, with two spaces between its columns."""
    lines = [columns, *([_cell(value) for value in row] for row in rows)]
    return sum(2 + max(map(len, cells)) for cells in zip(*lines, strict=True)) - 2


def accuracies(result: Mapping[str, Any], places: Sequence[str]) -> None:
    """How each model did on the test split; one that could not be judged says so."""
    rows = [
        (place, item["samples"], item["accuracy"]) if (item := result[place]) else (place, "", "")
        for place in places
    ]
    table(("model", "samples", "accuracy"), rows)
    if result["int8"] is None:
        click.echo("int8 was not judged: the reference interpreter is missing (tinyflow doctor)")


def facts(pairs: Sequence[tuple[str, object]]) -> None:
    """Names and values, one a line, aligned."""
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        click.echo(f"{name:<{width}}  {_cell(value)}")


@contextlib.contextmanager
def rows_out(target: str | None) -> Iterator[IO[str] | None]:
    """Where --jsonl writes: nowhere, stdout (-), or the end of a file."""
    if target is None:
        yield None
    elif target == "-":
        yield sys.stdout
    else:
        try:
            file = Path(target).open("a", encoding="utf-8")  # noqa: SIM115 - closed below
        except OSError as error:
            raise ProjectError(f"{target} cannot be written: {error.strerror}") from None
        with file:
            yield file


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}"
    return str(value)


@contextlib.contextmanager
def _progress_on_terminal() -> Iterator[None]:
    """Show what the stages report, on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[stage]:<14}"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=False,
    )
    listener = _Listener(bars)
    with bars, progress.listening(listener):
        _shown.append(listener)
        try:
            yield
            listener.finish()
        finally:
            _shown.remove(listener)


# What shows progress on the terminal now, if anything.
_shown: list[_Listener] = []


def end_progress() -> None:
    """Leave the progress display as done: the terminal belongs to something else from here."""
    for listener in _shown:
        listener.finish()
        listener.stop()


class _Listener:
    """One line per stage: the last thing it said, and how far it is."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: progress.Step) -> None:
        if step.stage not in self._tasks:
            self.finish()
            self._tasks[step.stage] = self._bars.add_task(step.message, total=1, stage=step.stage)
        task = self._tasks[step.stage]
        cached = step.message == "from cache"
        self._bars.update(
            task,
            description=step.message,
            total=step.total if step.total is not None else 1,
            completed=step.done if step.done is not None else (1 if cached else 0),
        )

    def stop(self) -> None:
        """Leave the lines as they are."""
        self._bars.stop()

    def finish(self) -> None:
        """Fill the bars: what was begun is done."""
        for task in self._bars.tasks:
            if task.completed != task.total:  # also one that was begun anew
                self._bars.update(task.id, completed=task.total)
