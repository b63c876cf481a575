"""What is on record of trading, by HTTP: orders, executions, positions, what they were worth."""

from __future__ import annotations

from http import HTTPStatus
from operator import itemgetter
from typing import Any

from fastapi import APIRouter

from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.entrypoints.api import shapes
from alpha_oracle.entrypoints.api.answers import answering
from alpha_oracle.entrypoints.api.approvals import OrderId
from alpha_oracle.entrypoints.api.filters import Account, Ticker, symbol_of
from alpha_oracle.entrypoints.api.paging import (
    After,
    AfterName,
    AfterNames,
    Limit,
    cut_page,
    from_hex,
    page_document,
    to_hex,
    traded_cursor,
)
from alpha_oracle.entrypoints.api.problems import Problem
from alpha_oracle.entrypoints.api.services import ServicesOf
from alpha_oracle.entrypoints.trading_documents import (
    day_trade_document,
    file_document,
    fill_document,
    order_document,
    position_documents,
    quality_document,
    summary_document,
)

router = APIRouter(prefix="/api", tags=["trading"])


@router.get("/orders", responses=answering(shapes.Page[shapes.Order]))
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
        symbol=symbol_of(symbol),
        status=status,
        after=traded_cursor(after),
        limit=limit,
    )
    return page_document(page, order_document)


@router.get("/orders/{order_id}", responses=answering(shapes.OrderFile))
def order(order_id: OrderId, services: ServicesOf) -> dict[str, Any]:
    """An order with its transitions and each check's verdict, its slices and its quality."""
    found = services.operations.records.order(order_id)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no order {order_id} is on record")
    return file_document(found)


@router.get("/fills", responses=answering(shapes.Page[shapes.Fill]))
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
        account=account, symbol=symbol_of(symbol), after=traded_cursor(after), limit=limit
    )
    return page_document(page, fill_document)


@router.get("/execution-quality", responses=answering(shapes.Qualities))
def execution_quality(
    services: ServicesOf,
    *,
    account: Account = None,
    symbol: Ticker = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """How well closed orders were executed, newest first; above 0 is worse for us.

    `summaries` are over all of them, not this page alone.
    """
    ticker = symbol_of(symbol)
    page = services.operations.records.qualities(
        account=account, symbol=ticker, after=traded_cursor(after), limit=limit
    )
    found = services.qualities.summaries(account=account, symbol=ticker)
    summaries = [summary_document(one) for one in found]
    return page_document(page, quality_document) | {"summaries": summaries}


@router.get("/positions", responses=answering(shapes.Page[shapes.Position]))
def positions(
    services: ServicesOf,
    *,
    account: Account = None,
    symbol: Ticker = None,
    after: AfterNames = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """What is held, by account and symbol, with the lots it consists of."""
    ticker = symbol_of(symbol)
    place = ("", "") if after is None else tuple(from_hex(one) for one in after.split("."))
    found = [
        one
        for name in sorted(services.accounts(account))
        for one in position_documents(name, services.operations.records.positions(name))
        if (name, one["symbol"]) > place and ticker in {None, one["symbol"]}
    ]
    return cut_page(
        found[: limit + 1], limit, lambda one: f"{to_hex(one['account'])}.{to_hex(one['symbol'])}"
    )


@router.get("/portfolio", responses=answering(shapes.Page[shapes.Portfolio]))
def portfolio(
    services: ServicesOf, *, account: Account = None, after: AfterName = None, limit: Limit = 100
) -> dict[str, Any]:
    """What each account is worth: its cash, its holdings at the quotes of now, what it fell from.

    `equity_usd` is null where something held has no quote.
    """
    place = "" if after is None else from_hex(after)
    found = [one for one in services.portfolios(account) if one["account"] > place]
    found.sort(key=itemgetter("account"))
    return cut_page(found, limit, lambda one: to_hex(one["account"]))


@router.get("/risk/day-trades", tags=["risk"], responses=answering(shapes.DayTrades))
def day_trades(
    services: ServicesOf, *, account: Account = None, after: After = None, limit: Limit = 100
) -> dict[str, Any]:
    """What the day-trade guard counts in its window of sessions, and its decisions."""
    page = services.operations.records.day_trade_decisions(
        account=account, after=traded_cursor(after), limit=limit
    )
    return {"counts": services.day_trade_counts(account)} | page_document(page, day_trade_document)
