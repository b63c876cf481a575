"""How verbs answer: one JSON document, or a table; a progress bar, or plain lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from alpha_oracle.telemetry import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.progress import TaskID

PIPE_WIDTH: Final = 200

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def quiet_logging(*, verbose: bool) -> None:
    """Log warnings and worse to stderr; everything where `verbose`."""
    configure_logging(json=not sys.stderr.isatty(), level="INFO" if verbose else "WARNING")


def print_json(document: object) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(document, default=str, allow_nan=False))


def print_facts(facts: Mapping[str, object], *, as_json: bool) -> None:
    """Print what a verb did: one JSON document, or a line a fact."""
    if as_json:
        print_json(dict(facts))
        return
    for name, value in facts.items():
        typer.echo(f"{name.replace('_', ' ')}: {_told(value)}")


def print_rows(rows: Sequence[Mapping[str, object]], *, title: str, empty: str) -> None:
    """Print rows as a table, or what it means that there are none."""
    if not rows:
        typer.echo(empty)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in rows[0]:
        numeric = all(isinstance(row[name], int | float | None) for row in rows)
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    _console().print(table)


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {count:,}" for name, count in value.items()) or "none"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:,}" if is_number else _cell(value)


def _console() -> Console:
    # A pipe gets the whole table, not what fits an imaginary terminal; a cell is never markup.
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(width=width, markup=False, emoji=False, highlight=False)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return str(value)


class TerminalProgress:
    """A bar a stage on a terminal; elsewhere a plain line for each tenth of it."""

    def __init__(self, bars: Progress | None) -> None:
        self._bars = bars
        self._stages: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def report(self, stage: str, *, done: int, total: int) -> None:
        """Say that `done` of `total` units of a stage are behind us."""
        if self._bars is None:
            self._report_line(stage, done=done, total=total)
            return
        if stage not in self._stages:
            self._stages[stage] = self._bars.add_task(stage, total=total)
        self._bars.update(self._stages[stage], completed=done, total=total)

    def _report_line(self, stage: str, *, done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        # Steps that run side by side may report out of order.
        if tenth > self._tenths.get(stage, -1):
            self._tenths[stage] = tenth
            typer.echo(f"{stage}: {done}/{total}", err=True)


@contextmanager
def progress_shown(*, quiet: bool = False) -> Iterator[TerminalProgress]:
    """Show progress on stderr while the block runs; on a terminal as bars."""
    if quiet or not sys.stderr.isatty():
        yield TerminalProgress(None) if not quiet else _Silent()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        yield TerminalProgress(bars)


class _Silent(TerminalProgress):
    def __init__(self) -> None:
        super().__init__(None)

    def report(self, stage: str, *, done: int, total: int) -> None:
        """Show nothing."""
