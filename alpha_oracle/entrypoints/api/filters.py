"""What lists may be narrowed to."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

from alpha_oracle.domain.market import Symbol, parse_symbol


def _day(text: object) -> object:
    # Pydantic would take seconds since 1970 for a day as well.
    return date.fromisoformat(text) if isinstance(text, str) else text


_NAME = r"^[!-~]{1,100}$"
_TICKER = r"^[A-Za-z0-9]{1,12}([-./_][A-Za-z0-9]{1,4})?$"

Account = Annotated[str | None, Query(pattern=_NAME, description="Only of this account.")]
Ticker = Annotated[str | None, Query(pattern=_TICKER, description="Only of this symbol.")]
Strategy = Annotated[str | None, Query(pattern=_NAME, description="Only of this strategy.")]
OfSession = Annotated[
    date | None, BeforeValidator(_day), Query(description="Only of this session, as 2016-06-01.")
]


def symbol_of(ticker: str | None) -> Symbol | None:
    """Return the symbol that a filter names."""
    return None if ticker is None else parse_symbol(ticker)
