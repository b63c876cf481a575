"""Companies behind a local Alpha Vantage, and the source that asks for their statements."""

from contextlib import contextmanager
from datetime import UTC, datetime

from alpha_oracle.adapters.alpha_vantage.statements import AlphaVantageFundamentals
from tests.integration.alpha_vantage.worlds import a_world
from tests.peers.alpha_vantage.companies import Company, Quarter

ASKED = ("EARNINGS", "INCOME_STATEMENT", "BALANCE_SHEET", "CASH_FLOW", "OVERVIEW")
NOW = datetime(2016, 5, 2, 21, 0, tzinfo=UTC)

LAST_OF_YEAR = Quarter(
    end="2015-12-31",
    announced="2016-01-19",
    at="pre-market",
    figures={
        "totalRevenue": 100,
        "netIncome": 10,
        "totalAssets": 900,
        "operatingCashflow": 20,
        "commonStockSharesOutstanding": 990,
    },
    year={"totalRevenue": 400, "netIncome": 40, "operatingCashflow": 80},
)
NEWEST = Quarter(
    end="2016-03-31",
    announced="2016-04-18",
    at="post-market",
    figures={
        "totalRevenue": 110,
        "netIncome": 11,
        "totalAssets": 910,
        "operatingCashflow": 21,
        "commonStockSharesOutstanding": 995,
    },
)
AAA = Company(quarters=(LAST_OF_YEAR, NEWEST), shares="1000")
BRK_B = Company(quarters=(LAST_OF_YEAR,), shares="2000")


@contextmanager
def a_company_world(companies=None, *, now=NOW, **settings):
    """A world with companies, AAA and BRK.B unless others are given."""
    companies = {"AAA": AAA, "BRK-B": BRK_B} if companies is None else companies
    with a_world(companies=companies, now=now, **settings) as world:
        yield world


def fundamentals(world):
    """A source as a new process would make it."""
    return AlphaVantageFundamentals(
        world.settings,
        ledger=world.ledger,
        spool=world.spool,
        clock=world.clock,
        wait=world.wait,
    )


def asked(world):
    """The functions asked for so far, in order."""
    return tuple(one.function for one in world.peer.requests)


def told(received):
    """The values of facts, by item, first and last day."""
    return {
        (fact.item.value, str(fact.period_start), str(fact.period_end)): fact.value
        for fact in received.facts
    }
