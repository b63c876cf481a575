"""Short interest files for tests, as FINRA writes them."""

from datetime import UTC, date, datetime

from alpha_oracle.adapters.finra.reading import Origin, read_file
from alpha_oracle.adapters.finra.spelling import Spelling

SETTLEMENT = date(2021, 7, 15)
KNOWN_AT = datetime(2021, 7, 27, 13, 30, tzinfo=UTC)
RECEIVED_AT = datetime(2021, 9, 1, 21, 0, tzinfo=UTC)
HEADER = (
    "accountingYearMonthNumber|symbolCode|issueName|issuerServicesGroupExchangeCode|"
    "marketClassCode|currentShortPositionQuantity|previousShortPositionQuantity|stockSplitFlag|"
    "averageDailyVolumeQuantity|daysToCoverQuantity|revisionFlag|changePercent|"
    "changePreviousNumber|settlementDate"
)


def a_row(symbol="AAPL", shares="96355309", *, volume="96035157", revised="", day="2021-07-15"):
    """A row with what matters in it."""
    return f"20210715|{symbol}|A Name|R|NNM|{shares}|1||{volume}|1.00|{revised}|6.81|1|{day}"


def a_file(*rows, header=HEADER, end="\n"):
    """A file of rows."""
    return ("\n".join([header, *rows]) + end).encode()


def read(body, *, symbols=(), settlement=SETTLEMENT):
    """Read a file that came six weeks after it was published."""
    return read_file(
        body,
        spelling=Spelling(symbols),
        origin=Origin(place="shrt20210715.csv", received_at=RECEIVED_AT),
        settlement=settlement,
    )


def shares_of(received):
    """The short positions by symbol."""
    return {one.symbol: one.shares_short for one in received.positions}
