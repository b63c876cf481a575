"""The verb that reads what came in as signals, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from alpha_oracle.domain.trading_records import SignalOutcomeKind
from alpha_oracle.entrypoints.cli.options import LimitOption, operator_name, parse_ticker
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts, print_json, print_rows
from alpha_oracle.entrypoints.trading_documents import (
    inbox_document,
    inbox_row,
    malformed_document,
    signal_document,
)
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.bootstrap.operating import Operations
    from alpha_oracle.domain.trading_pages import SignalFile


def register(app: typer.Typer) -> None:
    """Add this verb."""
    app.command("inbox")(show_inbox)


def show_inbox(
    signal_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One signal, with all that was checked.")
    ] = None,
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Only of this symbol.")] = None,
    outcome: Annotated[
        SignalOutcomeKind | None, typer.Option("--outcome", help="Only what became this.")
    ] = None,
    malformed: Annotated[bool, typer.Option("--malformed", help="What was no signal.")] = False,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
) -> None:
    """Signals that the worker took in, from whomever, and what became of each; newest first."""
    from alpha_oracle.bootstrap.operating import opened_operations

    with opened_operations(operator_name()) as operations:
        if signal_id is not None:
            found = operations.signal(signal_id)
            if found is None:
                raise ConfigurationError(f"no signal {signal_id} came in; see `inbox`")
            _show(found, as_json=as_json)
        elif malformed:
            _show_malformed(operations, limit=limit, as_json=as_json)
        else:
            ticker = None if symbol is None else parse_ticker(symbol)
            page = operations.records.inbox(symbol=ticker, outcome=outcome, limit=limit)
            if as_json:
                print_json([inbox_document(one) for one in page.rows])
                return
            rows = [inbox_row(one) for one in page.rows]
            print_rows(rows, title=f"Signals taken in, newest first: {len(rows)}", empty="none yet")


def _show(found: SignalFile, *, as_json: bool) -> None:
    document = signal_document(found)
    if as_json:
        print_json(document)
        return
    checks, outcome = document.pop("checks"), document.pop("outcome") or {"kind": "it still waits"}
    told = document | {f"outcome_{name}": value for name, value in outcome.items()}
    print_facts({name: value for name, value in told.items() if value is not None}, as_json=False)
    print_rows(checks, title="Checks", empty="it was not checked")


def _show_malformed(operations: Operations, *, limit: int, as_json: bool) -> None:
    found = operations.records.malformed_signals(limit=limit).rows
    documents = [malformed_document(one) for one in found]
    if as_json:
        print_json(documents)
        return
    rows = [
        {name: one[name] for name in ("last_at", "source", "times", "problem")} for one in documents
    ]
    print_rows(rows, title=f"No signals, newest first: {len(rows)}", empty="none")
