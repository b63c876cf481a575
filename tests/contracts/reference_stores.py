"""The stores of what is known beside bars, on Postgres and in memory, and rows for them."""

from contextlib import closing, contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.facts import PostgresFacts
from alpha_oracle.adapters.postgres.fetches import PostgresFetchLog
from alpha_oracle.adapters.postgres.filings import PostgresInsiders
from alpha_oracle.adapters.postgres.levels import PostgresLevels
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.postgres.short_interest import PostgresShortInterest
from alpha_oracle.domain.fundamentals import (
    INSTANT_ITEMS,
    ITEMS,
    FactColumns,
    FinancialFact,
    StatementItem,
)
from alpha_oracle.domain.insiders import Insider, InsiderTransaction, OwnershipFiling
from alpha_oracle.domain.levels import VIX, IndexLevel
from alpha_oracle.domain.market import SectorAssignment, Symbol
from alpha_oracle.domain.short_interest import ShortPosition
from tests.fakes.facts import InMemoryFacts
from tests.fakes.fetch_log import InMemoryFetchLog
from tests.fakes.insiders import InMemoryInsiders, filing_columns
from tests.fakes.levels import InMemoryLevels
from tests.fakes.reference import InMemoryReference
from tests.fakes.short_interest import InMemoryShortInterest, position_columns

YEAR_END = date(2015, 12, 31)


TABLES = (
    *("facts", "fact_corrections", "fact_documents", "fact_origins", "fact_figures"),
    *("ownership_owners", "ownership_transactions", "ownership_filings"),
    *("short_interest", "index_levels", "reference_fetches", "refused_rows", "sectors"),
)


@contextmanager
def on_postgres(database_url):
    """All of them on one database, emptied."""
    with closing(open_database(database_url)) as database:
        with database.begin() as connection:
            connection.execute(text(";".join(f"DELETE FROM {table}" for table in TABLES)))
        yield SimpleNamespace(
            facts=PostgresFacts(database),
            insiders=PostgresInsiders(database),
            short_interest=PostgresShortInterest(database),
            levels=PostgresLevels(database),
            log=PostgresFetchLog(database),
            reference=PostgresReference(database),
        )


@contextmanager
def in_memory():
    """The fakes that other tests use."""
    log = InMemoryFetchLog()
    yield SimpleNamespace(
        facts=InMemoryFacts(),
        insiders=InMemoryInsiders(log),
        short_interest=InMemoryShortInterest(),
        levels=InMemoryLevels(),
        log=log,
        reference=InMemoryReference(),
    )


def day(number):
    """Noon of a day, counted from the first of 2016."""
    return datetime(2015, 12, 31, 12, tzinfo=UTC) + timedelta(days=number)


def a_fact(value, document="10-K", **changes):
    """Revenue of the year 2015 of A, filed on day 10, but for the fields given."""
    item = changes.get("item", StatementItem.REVENUE)
    ordinary = {
        "symbol": Symbol("A"),
        "item": item,
        "period_start": None if item in INSTANT_ITEMS else date(2015, 1, 1),
        "period_end": YEAR_END,
        "known_at": day(10),
    }
    return FinancialFact(value=value, document=document, **{**ordinary, **changes})


def a_filing(accession="0000000001-16-000001", **changes):
    """A director's purchase of 100 shares of A, accepted on day 5, but for the fields given."""
    ordinary = {
        "symbol": Symbol("A"),
        "form": "4",
        "known_at": day(5),
        "period_of_report": date(2016, 1, 4),
        "filed_on": date(2016, 1, 5),
        "owners": (an_insider(),),
        "transactions": (a_trade(),),
    }
    return OwnershipFiling(accession=accession, **{**ordinary, **changes})


def an_insider(**changes):
    """Ann, a director, but for the fields given."""
    return Insider(**{"owner_id": "0001", "name": "Ann", "is_director": True, **changes})


def a_trade(**changes):
    """100 shares bought at 10 USD, but for the fields given."""
    ordinary = {
        "line": 1,
        "traded_on": date(2016, 1, 4),
        "code": "P",
        "is_derivative": False,
        "is_acquisition": True,
        "shares": 100.0,
        "price_usd": 10.0,
        "shares_after": 1100.0,
        "is_direct": True,
        "is_planned": False,
    }
    return InsiderTransaction(**{**ordinary, **changes})


def a_position(shares, **changes):
    """A's short interest at the year's end, known from day 12, but for the fields given."""
    ordinary = {
        "symbol": Symbol("A"),
        "settlement_date": YEAR_END,
        "average_daily_volume": 1000.0,
        "known_at": day(12),
    }
    return ShortPosition(shares_short=float(shares), **{**ordinary, **changes})


def a_level(close, **changes):
    """VIX on the first session of 2016, known from its close, but for the fields given."""
    ordinary = {
        "series": VIX,
        "session": date(2016, 1, 4),
        "open": 20.0,
        "high": 40.0,
        "low": 10.0,
        "known_at": datetime(2016, 1, 4, 21, tzinfo=UTC),
    }
    return IndexLevel(close=float(close), **{**ordinary, **changes})


def a_sector(sector, start=None, end=None, symbol="A"):
    """A's sector, in words and ISO dates."""
    return SectorAssignment(
        symbol=Symbol(symbol),
        sector=sector,
        start=start and date.fromisoformat(start),
        end=end and date.fromisoformat(end),
    )


def rows_of(columns: FactColumns):
    """Facts as rows of symbol, instant, item, period end, period start and value."""
    return [
        (
            columns.symbols[columns.symbol_index[row]],
            columns.known_at[row].astype("datetime64[us]").item().replace(tzinfo=UTC),
            ITEMS[columns.item[row]],
            columns.period_end[row].astype("datetime64[D]").item(),
            columns.period_start[row].astype("datetime64[D]").item(),
            float(columns.value[row]),
        )
        for row in range(len(columns))
    ]


def told(columns: FactColumns):
    """What became known of the only figure, as pairs of day and value."""
    first = day(0)
    return [((row[1] - first).days, row[-1]) for row in rows_of(columns)]


def assert_same_facts(one: FactColumns, other: FactColumns):
    """That they are the same to the bit, and of the types that the noun names."""
    assert rows_of(one) == rows_of(other)
    assert_same_columns(one, other)


def assert_same_columns(one, other):
    """That two answers in columns are the same to the bit, and of the same types."""
    assert type(one) is type(other)
    for field in fields(one):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if is_dataclass(first):
            assert_same_columns(first, second)
        elif isinstance(first, tuple):
            assert first == second
        else:
            assert first.dtype == second.dtype, field.name
            np.testing.assert_array_equal(first, second, err_msg=field.name)


def assert_known_filings(stores, *filings, as_of):
    """That a store tells of these filings, in their order, and of no others."""
    assert_same_columns(stores.insiders.load(as_of=as_of), filing_columns(filings))


def assert_known_positions(stores, *positions, as_of):
    """That a store tells of these positions, and of no others."""
    assert_same_columns(stores.short_interest.load(as_of=as_of), position_columns(positions))
