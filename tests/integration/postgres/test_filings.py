from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from alpha_oracle.adapters.postgres.filings import PostgresInsiders
from tests.contracts.reference_stores import a_filing, a_trade, an_insider, day

LATE = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def insiders(database):
    return PostgresInsiders(database)


def test_hostile_text_is_kept_as_escapes(insiders):
    owner = an_insider(name="N\x00l \ud800", officer_title="'); DROP TABLE facts; --{,}\"")
    insiders.store(
        [a_filing(owners=(owner,), transactions=(a_trade(code="\x00"),))],
        source="edgar",
        received_at=day(9),
    )
    [filing] = insiders.load(as_of=LATE)
    [kept] = filing.owners
    assert kept.name == "N\\x00l \\ud800"
    assert kept.officer_title == owner.officer_title
    assert [trade.code for trade in filing.transactions] == ["\\x00"]


def test_a_hostile_accession_is_found_as_it_is_kept(insiders):
    for _ in range(2):
        insiders.store([a_filing("a\x00")], source="edgar", received_at=day(9))
    assert insiders.accessions("A") == {"a\\x00"}
    assert len(insiders.load(as_of=LATE)) == 1


def test_rows_with_the_same_line_are_kept_each(insiders):
    trades = (a_trade(shares=1.0), a_trade(shares=1.0), a_trade(shares=2.0))
    filing = a_filing(transactions=trades)
    insiders.store([filing], source="edgar", received_at=day(9))
    assert insiders.load(as_of=LATE) == (filing,)


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
    assert insiders.load(as_of=LATE) == (filing,)
