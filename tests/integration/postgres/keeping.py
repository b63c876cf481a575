"""A process that keeps reference data: `python -m tests.integration.postgres.keeping URL WHAT`.

It waits for a line before it does, so that several can start together.
"""

import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.facts import PostgresFacts
from alpha_oracle.adapters.postgres.filings import PostgresInsiders
from alpha_oracle.domain.fundamentals import FinancialFact, StatementItem
from alpha_oracle.domain.insiders import OwnershipFiling
from tests.contracts.reference_stores import a_fact, a_filing, a_trade

RECEIVED_AT = datetime(2020, 1, 1, tzinfo=UTC)
YEARS = range(1900, 2015)


def many_facts(*, value: float = 1.0) -> list[FinancialFact]:
    """Every year's revenue, net income and tax of A, each in the filings of two years."""
    items = (StatementItem.REVENUE, StatementItem.NET_INCOME, StatementItem.INCOME_TAX)
    return [
        a_fact(
            value * year,
            f"10-K {year + later}",
            item=item,
            period_start=date(year, 1, 1),
            period_end=date(year, 12, 31),
            known_at=datetime(year + 1 + later, 2, 1, tzinfo=UTC),
        )
        for year in YEARS
        for later in (0, 1)
        for item in items
    ]


def many_filings() -> list[OwnershipFiling]:
    """Two hundred filings of A with three trades each."""
    trades = tuple(a_trade(line=line) for line in (1, 2, 3))
    return [
        a_filing(f"{number:018d}", transactions=trades, known_at=RECEIVED_AT + timedelta(number))
        for number in range(200)
    ]


def keep(url: str, what: str) -> str:
    """Store it; return the report."""
    with closing(open_database(url)) as database:
        if what == "filings":
            return str(
                PostgresInsiders(database).store(
                    many_filings(), source="edgar", received_at=RECEIVED_AT
                )
            )
        facts = many_facts(value=float(what))
        return str(PostgresFacts(database).store(facts, source="edgar", received_at=RECEIVED_AT))


if __name__ == "__main__":
    sys.stdin.readline()
    sys.stdout.write(f"{keep(*sys.argv[1:])}\n")
