"""Verbs of the always-on processes, each in the foreground until it is told to end."""

from __future__ import annotations

from typing import Annotated

import typer

from alpha_oracle.entrypoints.cli.options import operator_name


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("worker")(run_worker)
    app.command("feed")(run_feed)
    app.command("api")(run_api)
    app.command("watch")(run_watch)


def run_feed() -> int:
    """Quote the market on the shared clock until SIGTERM or Ctrl-C; logs to stderr."""
    from alpha_oracle.entrypoints.feed import main

    return main()


def run_worker(
    *,
    supervised: Annotated[
        bool,
        typer.Option("--supervised", help="Started by a supervisor: no operator is known by it."),
    ] = False,
) -> int:
    """Turn signals into risk-checked orders until SIGTERM or Ctrl-C; logs to stderr."""
    from alpha_oracle.entrypoints.worker import main

    return main(started_by=None if supervised else operator_name())


def run_api() -> int:
    """Answer operators over HTTP until SIGTERM or Ctrl-C; logs to stderr."""
    from alpha_oracle.entrypoints.api.main import main

    return main()


def run_watch() -> int:
    """Tell people what needs one until SIGTERM or Ctrl-C, whatever else is dead; logs to stderr."""
    from alpha_oracle.entrypoints.watch import main

    return main()
