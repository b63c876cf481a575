"""A list of orders on what is stored, replayed through the simulator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from alpha_oracle.entrypoints.cli.output import print_facts, print_json, print_rows
from alpha_oracle.entrypoints.cli.research import found_wanting
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.research.replay import RefusedOrder, ReplayFill, ReplayResult
    from alpha_oracle.risk.commissions import Commission

CAPITAL_USD: Final = 100_000.0
SHOWN: Final = 20
ALL_PCT: Final = 100
_FIGURE: Final = re.compile(r"((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]-?[0-9]{1,3})?) ?(%?)")


def replay_orders(
    path: Path,
    *,
    capital: float = CAPITAL_USD,
    commission: str = "0",
    slippage_bps: float = 0.0,
    as_json: bool = False,
) -> None:
    """Replay a file of orders, without limits, and print fills, refusals and the daily ledger.

    `commission` is USD a share, or like `0.1%` of the notional.

    Raises:
        ConfigurationError: a figure is none that an account could trade by.
        DataError: the file cannot be read.
        Failed: no bars are stored.
    """
    from alpha_oracle.bootstrap.replay import listed_orders, replay_on_stored_bars
    from alpha_oracle.research.replay import ReplayTerms

    terms = ReplayTerms(
        capital_usd=capital,
        commission=parse_commission(commission),
        slippage_bps=slippage_bps,
    )
    orders = listed_orders(path)
    with found_wanting():
        result = replay_on_stored_bars(orders, terms=terms)
    if as_json:
        print_json(replay_document(result))
    else:
        _print_replay(result, capital=capital)


def parse_commission(text: str) -> Commission[float]:
    """Return the schedule of a text like `0.005` (USD a share) or `0.1%` (of the notional).

    Raises:
        ConfigurationError: it is none.
    """
    from alpha_oracle.research.replay import commission_pct, commission_per_share

    match = _FIGURE.fullmatch(text.strip())
    figure, is_pct = (0.0, False) if match is None else (float(match[1]), bool(match[2]))
    if match is None or (is_pct and figure > ALL_PCT):
        raise ConfigurationError(
            f"commission {text!r} is neither USD a share, like 0.005, nor a part of the notional, "
            "like 0.1%"
        )
    return commission_pct(figure) if is_pct else commission_per_share(figure)


def replay_document(result: ReplayResult) -> dict[str, Any]:
    """What became of a list of orders as JSON values."""
    return {
        "fills": [_fill_document(fill) for fill in result.fills],
        "refused": [_refusal_document(refused) for refused in result.refused],
        "equity": [
            {"session": str(session), "cash": cash, "equity": equity}
            for session, cash, equity in zip(
                result.sessions, result.cash.tolist(), result.equity.tolist(), strict=True
            )
        ],
    }


def _fill_document(fill: ReplayFill) -> dict[str, Any]:
    return {
        "session": fill.session.isoformat(),
        "symbol": fill.symbol,
        "side": fill.side.value,
        "quantity": fill.quantity,
        "price": fill.price,
        "commission": fill.commission,
    }


def _refusal_document(refused: RefusedOrder) -> dict[str, Any]:
    order = refused.order
    return {
        "session": order.session.isoformat(),
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": order.quantity,
        "reason": refused.reason,
    }


def _print_replay(result: ReplayResult, *, capital: float) -> None:
    fills = [_fill_document(fill) for fill in result.fills]
    refusals = [_refusal_document(refused) for refused in result.refused]
    print_rows(fills[:SHOWN], title=_title("Fills", len(fills)), empty="no order was filled")
    if refusals:
        print_rows(refusals[:SHOWN], title=_title("Refused", len(refusals)), empty="")
    if len(result.sessions) == 0:
        return
    equity = float(result.equity[-1])
    facts = {
        "fills": len(fills),
        "refused": len(refusals),
        "commission, USD": round(sum(fill.commission for fill in result.fills), 2),
        "cash at the end, USD": round(float(result.cash[-1]), 2),
        "equity at the end, USD": round(equity, 2),
        "return, %": round((equity / capital - 1.0) * 100, 2),
    }
    typer.echo(f"from {result.sessions[0]} to {result.sessions[-1]}")
    print_facts(facts, as_json=False)


def _title(what: str, count: int) -> str:
    return f"{what}: {count}" + (f", the first {SHOWN} of them" if count > SHOWN else "")
