"""Telling a person what needs one. Nothing here can fail a run."""

from typing import Any
from uuid import uuid4

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.settings import PREFECT_UI_URL

from alpha_oracle.bootstrap.alerting import tell_people
from alpha_oracle.domain.risk import Severity
from alpha_oracle.telemetry import redact_text


def alert(text: str) -> None:
    """Tell a person, where a channel is set."""
    tell_people(
        redact_text(text), kind="run_notice", severity=Severity.WARNING, cause=f"run:{uuid4().hex}"
    )


def report_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Post what failed, where to look and what to do next."""
    tell_people(
        failure_text(flow.name, flow_run, state),
        kind="flow_failed",
        severity=Severity.HIGH,
        cause=f"flow run:{flow_run.id}:{state.id}",
    )


def failure_text(flow_name: str, flow_run: FlowRun, state: State[Any]) -> str:
    """The message: flow, run, link, error, next step."""
    return "\n".join(
        (
            f":rotating_light: {flow_name} {state.type.value.lower()}: run {flow_run.name}",
            f"Error: {redact_text(' '.join((state.message or 'no message').split()))}",
            f"Run: {_run_link(flow_run)}",
            f"Next: {_next_step(flow_name, flow_run)}",
        )
    )


def _run_link(flow_run: FlowRun) -> str:
    ui = PREFECT_UI_URL.value()
    return f"{ui}/runs/flow-run/{flow_run.id}" if ui else f"flow run {flow_run.id}"


def _next_step(flow_name: str, flow_run: FlowRun) -> str:
    session = flow_run.parameters.get("session")
    if flow_name != "daily-pipeline":
        return "mend the cause and run it again from the UI; what is stored is not fetched again"
    date_option = f" --date {session}" if session else ""
    return (
        f"mend the cause, then `alpha-oracle pipeline{date_option}` or run it again from the UI; "
        "it fetches only what is missing and announces no signal twice"
    )
