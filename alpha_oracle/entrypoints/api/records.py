"""What is on record of trading, by HTTP: orders, executions, positions, what they were worth."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query

from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.entrypoints.api.approvals import OrderId
from alpha_oracle.entrypoints.api.paging import After, Limit, page_document, traded_cursor
from alpha_oracle.entrypoints.api.problems import Problem, problems_of
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.trading_documents import (
    day_trade_document,
    file_document,
    fill_document,
    order_document,
    position_documents,
    quality_document,
)
from alpha_oracle.errors import UnknownSymbol

router = APIRouter(prefix="/api", tags=["trading"])

Account = Annotated[str | None, Query(max_length=64, description="Only of this account.")]
Ticker = Annotated[str | None, Query(max_length=20, description="Only of this symbol.")]


@router.get("/orders")
def orders(
    services: ServicesOf,
    *,
    account: Account = None,
    symbol: Ticker = None,
    status: OrderStatus | None = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Orders, newest first."""
    page = services.operations.records.orders(
        account=account,
        symbol=_symbol(symbol),
        status=status,
        after=traded_cursor(after),
        limit=limit,
    )
    return page_document(page, order_document)


@router.get("/orders/{order_id}", responses=problems_of(HTTPStatus.NOT_FOUND))
def order(order_id: OrderId, services: ServicesOf) -> dict[str, Any]:
    """An order with its transitions and each check's verdict, its slices and its quality."""
    found = services.operations.records.order(order_id)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no order {order_id} is on record")
    return file_document(found)


@router.get("/fills")
def fills(
    services: ServicesOf,
    *,
    account: Account = None,
    symbol: Ticker = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Executions, newest first; a correction stands beside what it corrects."""
    page = services.operations.records.fills(
        account=account, symbol=_symbol(symbol), after=traded_cursor(after), limit=limit
    )
    return page_document(page, fill_document)


@router.get("/execution-quality")
def execution_quality(
    services: ServicesOf,
    *,
    account: Account = None,
    symbol: Ticker = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """How well closed orders were executed, newest first; above 0 is worse for us."""
    page = services.operations.records.qualities(
        account=account, symbol=_symbol(symbol), after=traded_cursor(after), limit=limit
    )
    return page_document(page, quality_document)


@router.get("/positions")
def positions(services: ServicesOf, *, account: Account = None) -> dict[str, Any]:
    """What is held, by symbol, with the lots it consists of."""
    records = services.operations.records
    accounts = records.accounts() if account is None else [account]
    return {
        "items": [
            document
            for name in accounts
            for document in position_documents(name, records.positions(name))
        ]
    }


@router.get("/portfolio")
def portfolio(services: ServicesOf) -> dict[str, Any]:
    """What each account is worth: its cash, its holdings at the quotes of now, what it fell from.

    `equity_usd` is null where something held has no quote.
    """
    return {"items": services.portfolios()}


@router.get("/risk/day-trades", tags=["risk"])
def day_trades(
    services: ServicesOf, *, account: Account = None, after: After = None, limit: Limit = 100
) -> dict[str, Any]:
    """What the day-trade guard counts in its window of sessions, and its decisions."""
    page = services.operations.records.day_trade_decisions(
        account=account, after=traded_cursor(after), limit=limit
    )
    return {"counts": services.day_trade_counts(account)} | page_document(page, day_trade_document)


def _symbol(ticker: str | None) -> Symbol | None:
    try:
        return None if ticker is None else parse_symbol(ticker)
    except UnknownSymbol as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"query.symbol: {error}") from None
