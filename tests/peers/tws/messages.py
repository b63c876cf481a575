"""One encoder a message of the server, at version 176.

Each layout is argued from the handler of that message in `ib_insync/decoder.py`; contract details
and historical data also from messages recorded at a gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.peers.tws.wire import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.peers.tws.market import Listing
    from tests.peers.tws.notices import Notice

NO_REQUEST = -1
ORDER_TYPES = "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AON,COND,DAY,GTC,GTD,IOC,LMT,LOC,MKT,MOC,STP"
EXCHANGES = "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,ISLAND,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,PSX"


def error(notice: Notice, *, request_id: int = NO_REQUEST) -> bytes:
    """Error or notice (4); the last field is the order reject JSON of versions from 166."""
    return frame(4, 2, request_id, notice.code, notice.text, "")


def next_valid_id(order_id: int) -> bytes:
    """The next order id of this client (9)."""
    return frame(9, 1, order_id)


def managed_accounts(accounts: Sequence[str]) -> bytes:
    """The accounts of this login (15)."""
    return frame(15, 1, ",".join(accounts))


def current_time(epoch_seconds: int) -> bytes:
    """The server's time (49)."""
    return frame(49, 1, epoch_seconds)


def contract_data(request_id: int, listing: Listing, *, hours: str, liquid_hours: str) -> bytes:
    """Details of one contract (10): without version field and size multiplier, both gone at 164."""
    identifiers = ("ISIN", listing.isin) if listing.isin else ()
    return frame(
        10,
        request_id,
        listing.symbol,
        listing.sec_type,
        "",  # lastTradeDateOrContractMonth
        "0",  # strike
        "",  # right
        listing.exchange,
        listing.currency,
        listing.symbol,  # localSymbol
        listing.trading_class,  # marketName
        listing.trading_class,
        listing.con_id,
        listing.min_tick,
        "",  # multiplier
        ORDER_TYPES,
        EXCHANGES,
        1,  # priceMagnifier
        0,  # underConId
        listing.long_name,
        listing.primary_exchange,
        "",  # contractMonth
        listing.industry,
        listing.category,
        listing.subcategory,
        "US/Eastern",
        hours,
        liquid_hours,
        "",  # evRule
        0,  # evMultiplier
        len(identifiers) // 2,
        *identifiers,
        1,  # aggGroup
        "",  # underSymbol
        "",  # underSecType
        "26",  # marketRuleIds
        "",  # realExpirationDate
        listing.stock_type,
        1,  # minSize
        1,  # sizeIncrement
        100,  # suggestedSizeIncrement
    )


def contract_data_end(request_id: int) -> bytes:
    """No more contracts (52)."""
    return frame(52, 1, request_id)


def historical_data(
    request_id: int, start: str, end: str, *, bars: Sequence[Sequence[str]]
) -> bytes:
    """Bars (17), each as date, open, high, low, close, volume, average, count."""
    values = (value for bar in bars for value in bar)
    return frame(17, request_id, start, end, len(bars), *values)


def open_order_end() -> bytes:
    """No more open orders (53)."""
    return frame(53, 1)


def account_download_end(account: str) -> bytes:
    """The account's first state is complete (54)."""
    return frame(54, 1, account)


def executions_end(request_id: int) -> bytes:
    """No more executions (55)."""
    return frame(55, 1, request_id)


def positions_end() -> bytes:
    """No more positions (62)."""
    return frame(62, 1)


def account_summary_end(request_id: int) -> bytes:
    """The summary is complete (64)."""
    return frame(64, 1, request_id)


def account_update_multi_end(request_id: int) -> bytes:
    """The account's first values are complete (74)."""
    return frame(74, 1, request_id)


def completed_orders_end() -> bytes:
    """No more completed orders (102), without a version field."""
    return frame(102)
