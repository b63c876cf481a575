"""What came in as signals, from whomever, and what became of it, by HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from alpha_oracle.domain.trading_records import SignalOutcomeKind
from alpha_oracle.entrypoints.api import shapes
from alpha_oracle.entrypoints.api.answers import answering
from alpha_oracle.entrypoints.api.filters import Account, Ticker, symbol_of
from alpha_oracle.entrypoints.api.paging import After, Limit, page_document, traded_cursor
from alpha_oracle.entrypoints.api.problems import Problem
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.trading_documents import (
    inbox_document,
    malformed_document,
    signal_document,
)

router = APIRouter(prefix="/api", tags=["trading"])

SignalId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:\- ]+$")]
OfOutcome = Annotated[SignalOutcomeKind | None, Query(description="Only what became this.")]


@router.get("/inbox", responses=answering(shapes.Page[shapes.InboxEntry]))
def inbox(
    services: ServicesOf,
    *,
    account: Account = None,
    symbol: Ticker = None,
    outcome: OfOutcome = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Signals that the worker took in, from whomever, newest first, with what became of each."""
    page = services.operations.records.inbox(
        account=account,
        symbol=symbol_of(symbol),
        outcome=outcome,
        after=traded_cursor(after),
        limit=limit,
    )
    return page_document(page, inbox_document)


@router.get("/inbox/{signal_id}", responses=answering(shapes.SignalFile))
def signal(signal_id: SignalId, services: ServicesOf, *, account: Account = None) -> dict[str, Any]:
    """A signal that came in, with what became of it and each check's verdict."""
    found = services.operations.signal(signal_id, account=account)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no signal {signal_id} came in")
    return signal_document(found)


@router.get("/malformed-signals", responses=answering(shapes.Page[shapes.MalformedSignal]))
def malformed_signals(
    services: ServicesOf, *, after: After = None, limit: Limit = 100
) -> dict[str, Any]:
    """What came in and was no signal, by when it last did."""
    page = services.operations.records.malformed_signals(after=traded_cursor(after), limit=limit)
    return page_document(page, malformed_document)
