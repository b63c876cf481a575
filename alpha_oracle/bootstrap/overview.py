"""What an account is worth, and what its day-trade guard counts, from the record and the quotes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle import calendar
from alpha_oracle.domain.instants import utc_text
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.day_trades import own_fill, tally_day_trades
from alpha_oracle.risk.pdt_guard import window_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.portfolio import AccountState, Lot
    from alpha_oracle.domain.trading_pages import TradedFill
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard
    from alpha_oracle.ports.trading_records import TradingRecords
    from alpha_oracle.risk.day_trades import OwnFill

PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Reads what is on record; `window_sessions` are the day-trade guard's."""

    records: TradingRecords
    board: QuoteBoard
    clock: Clock
    window_sessions: int

    def portfolio(self, account: str) -> dict[str, Any] | None:
        """Return an account's money, marked at the quotes of now; None: nobody traded it."""
        state = self.records.state(account)
        return None if state is None else self._worth(state, self.records.positions(account))

    def day_trades(self, account: str) -> dict[str, Any]:
        """Return the day trades that the guard counts of an account."""
        session = calendar.latest_opened_session(self.clock.now())
        window = window_sessions(session, self.window_sessions)
        tally = tally_day_trades(self._own_fills(account, since=window[0]), window=window)
        return {
            "account": account,
            "window": [day.isoformat() for day in window],
            "counted": tally.counted,
            "pairwise": tally.pairwise,
            "direction_changes": tally.direction_changes,
        }

    def _worth(self, state: AccountState, lots: list[Lot]) -> dict[str, Any]:
        marks = self._marks({lot.symbol for lot in lots})
        values = [_value(lot, marks) for lot in lots]
        known = [value for value in values if value is not None]
        held = sum(known, Decimal(0)) if len(known) == len(values) else None
        return {
            "account": state.account,
            "cash_usd": float(state.cash_usd),
            "holdings_usd": None if held is None else float(held),
            "equity_usd": None if held is None else float(state.cash_usd + held),
            "peak_equity_usd": _float(state.peak_equity_usd),
            "previous_close_equity_usd": _float(state.previous_close_equity_usd),
            "positions": len({lot.symbol for lot in lots}),
            "unpriced": sorted({lot.symbol for lot in lots} - marks.keys()),
            "at": utc_text(self.clock.now()),
        }

    def _marks(self, symbols: set[Symbol]) -> dict[Symbol, Decimal]:
        try:
            quotes = self.board.quotes(symbols)
        except StoreUnavailable:
            return {}
        return {symbol: quote.mark for symbol, quote in quotes.items() if quote.mark is not None}

    def _own_fills(self, account: str, *, since: Session) -> list[OwnFill]:
        return [own_fill(one, at=one.fill.at) for one in self._fills(account, since=since)]

    def _fills(self, account: str, *, since: Session) -> Iterator[TradedFill]:
        begins, after = calendar.session_open(since), None
        while True:
            page = self.records.fills(account=account, after=after, limit=PAGE)
            yield from (one for one in page.rows if one.fill.at >= begins)
            is_older = bool(page.rows) and page.rows[-1].fill.at < begins
            if page.end is None or is_older:
                return
            after = page.end


def _value(lot: Lot, marks: Mapping[Symbol, Decimal]) -> Decimal | None:
    mark = marks.get(lot.symbol)
    return None if mark is None else mark * lot.quantity


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
