"""The errors and notices of TWS, code and text as it sends them.

The letters in validation errors ('bS') are of the gateway's build and differ between versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HMDS: Final = "Historical Market Data Service error message:"


@dataclass(frozen=True, slots=True)
class Notice:
    """An error message (4): code and text."""

    code: int
    text: str


class Refused(Exception):  # noqa: N818 - The gateway refuses; it does not fail.
    """A request is answered by an error."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(f"{notice.code} {notice.text}")
        self.notice = notice


UNKNOWN_CONTRACT: Final = Notice(200, "No security definition has been found for the request")
ID_IN_USE: Final = Notice(
    326, "Unable to connect as the client id is already in use. Retry with a unique client id."
)
NOT_SUBSCRIBED: Final = Notice(
    354,
    "Requested market data is not subscribed.Check API status by selecting the Account menu then "
    "under Management choose Market Data Subscription Manager and/or availability of delayed data.",
)
UNKNOWN_MESSAGE: Final = Notice(505, "Fatal Error: Unknown message id.")

PACING: Final = Notice(162, f"{HMDS}Historical data request pacing violation")
NO_PERMISSION: Final = Notice(162, f"{HMDS}No market data permissions for NYSE STK")
TRADING_ELSEWHERE: Final = Notice(
    162, f"{HMDS}Trading TWS session is connected from a different IP address"
)
REAL_TIME_PACING: Final = Notice(
    420, "Invalid Real-time Query:Historical data request pacing violation"
)
TOO_MANY_HISTORICAL: Final = Notice(
    322,
    "Error processing request:-'bS' : cause - "
    "Only 50 simultaneous API historical data requests allowed.",
)

WRONG_DATE: Final = Notice(
    10314,
    "End Date/Time: The date, time, or time-zone entered is invalid. "
    "The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional.",
)

LINK_LOST: Final = Notice(1100, "Connectivity between IBKR and Trader Workstation has been lost.")
LINK_BACK_DATA_LOST: Final = Notice(
    1101, "Connectivity between IBKR and Trader Workstation has been restored - data lost."
)
LINK_BACK: Final = Notice(
    1102,
    "Connectivity between IBKR and Trader Workstation has been restored - data maintained. "
    "All data farms are connected: usfarm; ushmds; secdefnj.",
)
MARKET_FARM_BROKEN: Final = Notice(2103, "Market data farm connection is broken:usfarm")
MARKET_FARM_OK: Final = Notice(2104, "Market data farm connection is OK:usfarm")
HISTORICAL_FARM_BROKEN: Final = Notice(2105, "HMDS data farm connection is broken:ushmds")
HISTORICAL_FARM_OK: Final = Notice(2106, "HMDS data farm connection is OK:ushmds")
SERVER_UNREACHABLE: Final = Notice(
    2110,
    "Connectivity between Trader Workstation and server is broken. "
    "It will be restored automatically.",
)
DEFINITIONS_FARM_OK: Final = Notice(2158, "Sec-def data farm connection is OK:secdefnj")

DUPLICATE_ORDER_ID: Final = Notice(103, "Duplicate order id")
NOT_LENT: Final = Notice(
    201,
    "Order rejected - reason:The account does not hold the shares to sell; nothing is lent to it.",
)
NO_CASH: Final = Notice(
    201,
    "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION "
    "YOUR PREVIOUS DAY EQUITY WITH LOAN VALUE MUST EXCEED ITS COST.",
)
REJECTED_LATE: Final = Notice(201, "Order rejected - reason:The exchange refused the order.")
ORDER_CANCELLED: Final = Notice(202, "Order Canceled - reason:")
ORDER_WARNING: Final = Notice(
    399, "Order Message:\nBUY 100 AAPL NASDAQ.NMS\nWarning: your order will not be placed at the "
    "exchange until the market opens.",
)  # fmt: skip
TIF_PRESET: Final = Notice(10349, "Order TIF was set to DAY based on order preset.")
TOO_MANY_SUMMARIES: Final = Notice(
    322,
    "Error processing request.-'bS' : cause - Maximum number of account summary requests exceeded",
)
TOO_MANY_LINES: Final = Notice(101, "Max number of tickers has been reached")
DELAYED_DATA: Final = Notice(
    10167,
    "Requested market data is not subscribed. Displaying delayed market data.",
)
READ_ONLY: Final = Notice(
    321,
    "Error validating request.-'bS' : cause - The API interface is currently in Read-Only mode.",
)

AT_CONNECT: Final = (MARKET_FARM_OK, HISTORICAL_FARM_OK, DEFINITIONS_FARM_OK)


def no_data(symbol: str, kind: str) -> Notice:
    """The contract is known, and there are no bars in the range."""
    return Notice(162, f"{HMDS}HMDS query returned no data: {symbol}@SMART {kind}")


def cancelled(request_id: int) -> Notice:
    """What a cancelled historical request is answered with."""
    return Notice(162, f"{HMDS}API historical data query cancelled: {request_id}")


def unknown_query(request_id: int) -> Notice:
    """A historical request to cancel is not running."""
    return Notice(366, f"No historical data query found for ticker id:{request_id}")


def order_not_found(order_id: int) -> Notice:
    """An order to cancel is not known."""
    return Notice(10147, f"OrderId {order_id} that needs to be cancelled is not found.")


def order_ended(order_id: int, status: str) -> Notice:
    """An order to cancel has ended."""
    return Notice(
        10148,
        f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {status}.",
    )


def no_such_line(number: int) -> Notice:
    """A subscription to cancel is not running."""
    return Notice(300, f"Can't find EId with tickerId:{number}")


def invalid(cause: str) -> Notice:
    """A request whose fields contradict themselves."""
    return Notice(321, f"Error validating request.-'bS' : cause - {cause}")


def ambiguous(symbol: str) -> Notice:
    """More than one contract fits where one is needed."""
    return Notice(200, f"The contract description specified for {symbol} is ambiguous")


def too_fast(received: int, violation: int) -> Notice:
    """More than 50 messages came within a second."""
    return Notice(
        100,
        f"Max rate of messages per second has been exceeded:max=50 rec={received} ({violation})",
    )
