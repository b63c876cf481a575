from dataclasses import fields
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from alpha_oracle.adapters.postgres.filings import PostgresInsiders
from alpha_oracle.domain.insiders import Insider, InsiderTransaction
from tests.contracts.reference_stores import a_filing, a_trade, an_insider, day

LATE = datetime(2099, 1, 1, tzinfo=UTC)
OF_OWNERS = tuple(field.name for field in fields(Insider))
OF_TRADES = tuple(field.name for field in fields(InsiderTransaction))


@pytest.fixture
def insiders(database):
    return PostgresInsiders(database)


def test_all_that_a_filing_tells_is_kept(insiders, rows):
    trades = (
        a_trade(),
        a_trade(line=2, code="S", is_acquisition=False, price_usd=0.0, is_planned=True),
        a_trade(line=3, is_derivative=True, price_usd=None, shares_after=None, is_planned=None),
    )
    owners = (
        an_insider(name="Åsa Öström", officer_title="Chief\tExecutive\n\\ 'Officer'"),
        an_insider(owner_id="0002", is_officer=True, is_director=False),
        an_insider(owner_id="0003", is_ten_percent_owner=True, is_director=False),
    )
    filing = a_filing(transactions=trades, owners=owners)
    insiders.store([filing], source="edgar", received_at=day(9))
    assert rows(f"SELECT place, {', '.join(OF_OWNERS)} FROM ownership_owners ORDER BY 1") == [
        (place, *(getattr(owner, name) for name in OF_OWNERS)) for place, owner in enumerate(owners)
    ]
    told = rows(f"SELECT place, {', '.join(OF_TRADES)} FROM ownership_transactions ORDER BY 1")
    assert told == [
        (place, *(getattr(trade, name) for name in OF_TRADES)) for place, trade in enumerate(trades)
    ]
    assert rows("SELECT form, replaces_filed_on FROM ownership_filings") == [("4", None)]


def test_hostile_text_is_kept_as_escapes(insiders, rows):
    owner = an_insider(name="N\x00l \ud800", officer_title="'); DROP TABLE facts; --{,}\"")
    insiders.store(
        [a_filing(owners=(owner,), transactions=(a_trade(code="\x00"),))],
        source="edgar",
        received_at=day(9),
    )
    kept = rows("SELECT name, officer_title FROM ownership_owners")
    assert kept == [("N\\x00l \\ud800", owner.officer_title)]
    assert rows("SELECT code FROM ownership_transactions") == [("\\x00",)]


def test_a_hostile_accession_is_found_as_it_is_kept(insiders):
    for _ in range(2):
        insiders.store([a_filing("a\x00")], source="edgar", received_at=day(9))
    assert insiders.accessions("A") == {"a\\x00"}
    assert len(insiders.load(as_of=LATE)) == 1


def test_rows_with_the_same_line_are_kept_each(insiders):
    trades = (a_trade(shares=1.0), a_trade(shares=1.0), a_trade(shares=2.0))
    insiders.store([a_filing(transactions=trades)], source="edgar", received_at=day(9))
    assert insiders.load(as_of=LATE).trades.shares.tolist() == [1.0, 1.0, 2.0]


def test_when_a_filing_was_received_is_kept(insiders, rows):
    insiders.store([a_filing()], source="edgar", received_at=day(9))
    insiders.store([a_filing()], source="files", received_at=day(10))
    kept = rows("SELECT source, known_at, received_at FROM ownership_filings")
    assert kept == [("edgar", day(5), day(9))]


@pytest.mark.parametrize(
    ("column", "value"), [("shares", -1.0), ("price_usd", float("inf"))], ids=str
)
def test_what_is_no_trade_is_refused_by_the_tables(insiders, database, column, value):
    insiders.store([a_filing()], source="edgar", received_at=day(9))
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE ownership_transactions SET {column} = %(value)s", {"value": value}
        )


def test_ancient_and_far_days_are_kept(insiders):
    filing = a_filing(period_of_report=date.min, filed_on=date.max)
    insiders.store([filing], source="edgar", received_at=day(9))
    known = insiders.load(as_of=LATE)
    assert (known.period_of_report.item(), known.filed_on.item()) == (date.min, date.max)
