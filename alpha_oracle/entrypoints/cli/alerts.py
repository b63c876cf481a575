"""What people were told, what of it lasts, and that somebody knows of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from alpha_oracle.domain.alerts import Episode, ToldAlert
from alpha_oracle.domain.instants import utc_text
from alpha_oracle.entrypoints.cli.options import LimitOption, operator_name
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts, print_json, print_rows
from alpha_oracle.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    alerts = typer.Typer(help="What people were told: look at it, say that you know of it.")
    alerts.command("list")(list_alerts)
    alerts.command("acknowledge")(acknowledge)
    app.add_typer(alerts, name="alerts")


def list_alerts(*, limit: LimitOption = 20, as_json: JsonOption = False) -> None:
    """What lasts, and what was told last, newest first."""
    from alpha_oracle.bootstrap.alert_desk import opened_alert_desk

    with opened_alert_desk(operator_name()) as desk:
        lasting = [_lasting(one) for one in desk.open()]
        recent = [_told(one) for one in desk.recent(limit=limit)]
    if as_json:
        print_json({"open": lasting, "recent": recent})
        return
    print_rows(lasting, title=f"Open: {len(lasting)}", empty="nothing is open")
    print_rows(recent, title=f"Told last: {len(recent)}", empty="nobody was told anything yet")


def acknowledge(
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="A key of the list.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Whatever is open.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Say that you know of something open: no more reminders of it."""
    from alpha_oracle.bootstrap.alert_desk import opened_alert_desk

    if (key is None) != everything:
        raise ConfigurationError("name one KEY of `alpha-oracle alerts list`, or say --all")
    with opened_alert_desk(operator_name()) as desk:
        keys = desk.acknowledge(key)
    print_facts({"acknowledged": keys}, as_json=as_json)
    return 0 if keys or everything else 1


def _lasting(one: Episode) -> dict[str, Any]:
    return {
        "key": one.key,
        "type": one.type,
        "severity": _severity(one),
        "since": utc_text(one.began_at),
        "times": one.times,
        "acknowledged_by": one.acknowledged_by or None,
        "text": one.text,
    }


def _told(one: ToldAlert) -> dict[str, Any]:
    return {
        "id": one.alert_id,
        "at": utc_text(one.at),
        "severity": _severity(one),
        "text": one.text,
        "delivered": list(one.delivered),
        "waiting": list(one.waiting),
    }


def _severity(one: Episode | ToldAlert) -> str:
    return "info" if one.severity is None else one.severity.value
