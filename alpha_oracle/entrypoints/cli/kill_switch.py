"""The kill switch: one typed word halts all trading, another lets it go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from alpha_oracle.entrypoints.cli.options import operator_name, typed_word
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts
from alpha_oracle.entrypoints.trading_documents import switch_document
from alpha_oracle.risk.kill_switch import KILL_WORD, RESUME_WORD, RefusedChange

if TYPE_CHECKING:
    from alpha_oracle.domain.risk import KillSwitchRecord

REFUSED = 3

ConfirmOption = Annotated[
    str | None, typer.Option("--confirm", metavar="WORD", help="The word, instead of typing it.")
]


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    kill = typer.Typer(help="The kill switch: halt all trading, resume it, look at it.")
    kill.command("activate")(activate)
    kill.command("resume")(resume)
    kill.command("status")(show_status)
    app.add_typer(kill, name="kill")


def activate(
    *,
    confirm: ConfirmOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; on record.")] = "by hand",
    as_json: JsonOption = False,
) -> int:
    """Halt all trading and cancel every working order; type KILL, or --confirm KILL."""
    word = typed_word(confirm, KILL_WORD, what="halts all trading")
    from alpha_oracle.bootstrap.operating import opened_operations

    with opened_operations(operator_name()) as operations:
        return _told(operations.activate(word, reason=reason), as_json=as_json)


def resume(*, confirm: ConfirmOption = None, as_json: JsonOption = False) -> int:
    """Let trading go on; type RESUME, or --confirm RESUME."""
    word = typed_word(confirm, RESUME_WORD, what="lets trading go on")
    from alpha_oracle.bootstrap.operating import opened_operations

    with opened_operations(operator_name()) as operations:
        return _told(operations.resume(word), as_json=as_json)


def show_status(*, as_json: JsonOption = False) -> None:
    """Where the kill switch stands, in the database and in its mirror."""
    from alpha_oracle.bootstrap.operating import opened_operations

    with opened_operations(operator_name()) as operations:
        position = operations.switch_position()
    print_facts(switch_document(position), as_json=as_json)


def _told(changed: KillSwitchRecord | RefusedChange, *, as_json: bool) -> int:
    if isinstance(changed, RefusedChange):
        typer.echo(f"alpha-oracle: {changed.reason}", err=True)
        return REFUSED
    print_facts({"active": changed.is_active, "by": changed.changed_by}, as_json=as_json)
    return 0
