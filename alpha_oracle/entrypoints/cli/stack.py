"""Verbs of the local installation: what runs, what is wrong, what to mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from alpha_oracle.entrypoints.cli import backups
from alpha_oracle.entrypoints.cli.options import operator_name
from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows

if TYPE_CHECKING:
    from alpha_oracle.bootstrap.component_states import ComponentState


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("up")(start_all)
    app.command("status")(show_status)
    app.command("down")(stop_all)
    app.command("doctor")(run_doctor)
    database = typer.Typer(help="The database: its schema, backups of it.")
    database.command("upgrade")(upgrade_database)
    backups.register(database)
    app.add_typer(database, name="db")


def start_all() -> int:
    """Start the stores, Prefect's server and UI, the deployments, and all that is always on.

    Feed, worker, API, watch and flow runs are kept running until `down`. Exit 1: a part of it
    is not well; what it said last is told.
    """
    from alpha_oracle.bootstrap.component_states import component_states
    from alpha_oracle.bootstrap.operating import opened_operations
    from alpha_oracle.bootstrap.supervisor import start_detached
    from alpha_oracle.config import load_settings

    start_detached(load_settings().home)
    with opened_operations(operator_name()) as operations:
        operations.note("up")
    states = component_states()
    for state in states:
        typer.echo(f"{state.name}: {state.where}")
    tell_of_trouble(states)
    typer.echo("up; `alpha-oracle status` shows it, `alpha-oracle down` ends it")
    return 0 if all(state.healthy for state in states) else 1


def show_status(*, as_json: JsonOption = False) -> int:
    """What runs of this installation, since when, and what is wrong with what does not."""
    from alpha_oracle.bootstrap.component_states import component_states

    states = component_states()
    rows = [
        {
            "component": state.name,
            "healthy": state.healthy,
            "state": state.state,
            "pid": state.pid,
            "since": state.since.isoformat(timespec="seconds") if state.since else None,
            "restarts": state.restarts,
            "where": state.where,
            "users": list(state.users),
        }
        for state in states
    ]
    if as_json:
        told = [row | {"last_log": one.last_log} for row, one in zip(rows, states, strict=True)]
        print_json(told)
    else:
        print_rows(rows, title="Status", empty="nothing is set up")
        tell_of_trouble(states)
    return 0 if all(state.healthy for state in states) else 1


def tell_of_trouble(states: Sequence[ComponentState]) -> None:
    """Print what each part that is not well said last."""
    for state in states:
        if not state.healthy and state.last_log:
            typer.echo(f"{state.name} is {state.state}; it said last: {state.last_log}")


def stop_all() -> None:
    """Stop every embedded server of this installation, and forget a rehearsal's clock."""
    from alpha_oracle.bootstrap.installation import stop_embedded

    stopped = stop_embedded()
    typer.echo(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


def run_doctor(
    *,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="Send a test message to every channel of alerts.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Check the installation; each finding says how to mend it."""
    from alpha_oracle.bootstrap.doctor import diagnose

    findings = diagnose(tells_alerts=alerts)
    rows = [
        {"check": finding.check, "ok": finding.ok, "finding": finding.text} for finding in findings
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title="Doctor", empty="nothing to check")
    return 0 if all(finding.ok for finding in findings) else 1


def upgrade_database() -> None:
    """Bring the schema to the version this package needs."""
    from alpha_oracle.bootstrap.installation import upgrade_schema

    typer.echo(f"schema {upgrade_schema()}")
