"""Reads a list of orders to be replayed from a CSV or Parquet file."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from alpha_oracle.adapters.files.rows import Record, needed_date, read_rows
from alpha_oracle.domain.listed_orders import ListedOrder
from alpha_oracle.domain.market import parse_symbol
from alpha_oracle.domain.orders import Side

_COLUMNS: Final = {
    "session": ("session", "date"),
    "symbol": ("symbol", "ticker"),
    "side": ("side",),
    "quantity": ("quantity", "shares"),
}
_WHOLE: Final = re.compile(r"([0-9]{1,12})(?:\.0*)?")
_ROWS_NAMED: Final = 20


def read_orders(path: Path) -> tuple[ListedOrder, ...]:
    """Read `session,symbol,side,quantity`: BUY or SELL, in any case, of whole shares.

    Raises:
        DataError: the file or a row cannot be read; nothing is half read.
    """
    return read_rows(path, _order, required=_COLUMNS, dates=("session",), named=_ROWS_NAMED)


def _order(record: Record, dates: Mapping[str, date | None]) -> ListedOrder:
    return ListedOrder(
        session=needed_date(dates, "session"),
        symbol=parse_symbol(record["symbol"]),
        side=_side(record["side"]),
        quantity=_quantity(record["quantity"]),
    )


def _side(text: str) -> Side:
    try:
        return Side(text.upper())
    except ValueError:
        raise ValueError(f"side {text!r} is neither BUY nor SELL") from None


def _quantity(text: str) -> int:
    # A column with a gap leaves pandas as 100.0.
    match = _WHOLE.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise ValueError(f"quantity {text!r} is no number of whole shares above 0")
    return int(match[1])
