"""Verbs of the always-on processes, each in the foreground until it is told to end."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("feed")(run_feed)


def run_feed() -> int:
    """Quote the market on the shared clock until SIGTERM or Ctrl-C; logs to stderr."""
    from alpha_oracle.entrypoints.feed import main

    return main()
