"""Verbs that read what was traded: orders with their checks, and positions by lot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.entrypoints.cli.options import LimitOption, operator_name, parse_ticker
from alpha_oracle.entrypoints.cli.output import JsonOption, print_facts, print_json, print_rows
from alpha_oracle.entrypoints.trading_documents import (
    file_document,
    order_document,
    order_row,
    position_documents,
    position_rows,
)
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.domain.trading_pages import OrderFile


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("orders")(show_orders)
    app.command("positions")(show_positions)


def show_orders(
    order_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One order, with all that was checked.")
    ] = None,
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Only of this symbol.")] = None,
    status: Annotated[OrderStatus | None, typer.Option("--status", help="Only these.")] = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
) -> None:
    """Orders on record, newest first; one by its id, with its transitions and every verdict."""
    from alpha_oracle.bootstrap.operating import opened_operations

    with opened_operations(operator_name()) as operations:
        if order_id is not None:
            found = operations.records.order(order_id)
            if found is None:
                raise ConfigurationError(f"no order {order_id} is on record; see `orders`")
            _show(found, as_json=as_json)
            return
        orders = operations.records.orders(
            symbol=None if symbol is None else parse_ticker(symbol), status=status, limit=limit
        ).rows
    if as_json:
        print_json([order_document(order) for order in orders])
        return
    rows = [order_row(order) | {"order": order.order_id} for order in orders]
    print_rows(rows, title=f"Orders, newest first: {len(rows)}", empty="no orders")


def show_positions(*, as_json: JsonOption = False) -> None:
    """What is held, by symbol and the strategy whose lot it is."""
    from alpha_oracle.bootstrap.operating import opened_operations

    with opened_operations(operator_name()) as operations:
        lots = {
            account: operations.records.positions(account)
            for account in operations.records.accounts()
        }
    if as_json:
        print_json([one for account in lots for one in position_documents(account, lots[account])])
        return
    rows = [{"account": account} | row for account in lots for row in position_rows(lots[account])]
    print_rows(rows, title=f"Positions: {len(rows)}", empty="no positions")


def _show(found: OrderFile, *, as_json: bool) -> None:
    document = file_document(found)
    if as_json:
        print_json(document)
        return
    lists = {name: document.pop(name) for name in ("transitions", "checks", "slices")}
    for name in ("approval", "quality"):
        document |= {f"{name}_{key}": value for key, value in (document.pop(name) or {}).items()}
    print_facts(
        {name: value for name, value in document.items() if value is not None}, as_json=False
    )
    print_rows(lists["transitions"], title="Transitions", empty="nothing happened to it yet")
    print_rows(lists["checks"], title="Checks", empty="it was not checked")
    if lists["slices"]:
        print_rows(lists["slices"], title="Slices", empty="")
