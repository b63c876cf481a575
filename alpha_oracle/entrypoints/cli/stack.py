"""Verbs of the local installation: what runs, what is wrong, what to mend."""

from __future__ import annotations

import typer

from alpha_oracle.entrypoints.cli.options import operator_name
from alpha_oracle.entrypoints.cli.output import JsonOption, print_json, print_rows


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("up")(start_all)
    app.command("status")(show_status)
    app.command("down")(stop_all)
    app.command("doctor")(run_doctor)
    database = typer.Typer(help="The database schema.")
    database.command("upgrade")(upgrade_database)
    app.add_typer(database, name="db")


def start_all() -> None:
    """Start the stores, the Prefect server with its UI, the deployments, and what is always on."""
    from alpha_oracle.bootstrap.installation import component_states
    from alpha_oracle.bootstrap.operating import opened_operations
    from alpha_oracle.bootstrap.supervision import start_detached
    from alpha_oracle.config import load_settings

    start_detached(load_settings().home)
    with opened_operations(operator_name()) as operations:
        operations.note("up")
    for state in component_states():
        typer.echo(f"{state.name}: {state.where}")
    typer.echo("up; `alpha-oracle status` shows it, `alpha-oracle down` ends it")


def show_status(*, as_json: JsonOption = False) -> int:
    """What runs of this installation, and which processes use it."""
    from alpha_oracle.bootstrap.installation import component_states

    states = component_states()
    rows = [
        {
            "component": state.name,
            "healthy": state.healthy,
            "where": state.where,
            "pid": state.pid,
            "users": list(state.users),
        }
        for state in states
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title="Status", empty="nothing is set up")
    return 0 if all(state.healthy for state in states) else 1


def stop_all() -> None:
    """Stop every embedded server of this installation, and forget a rehearsal's clock."""
    from alpha_oracle.bootstrap.installation import stop_embedded

    stopped = stop_embedded()
    typer.echo(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


def run_doctor(*, as_json: JsonOption = False) -> int:
    """Check the installation; each finding says how to mend it."""
    from alpha_oracle.bootstrap.doctor import diagnose

    findings = diagnose()
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
