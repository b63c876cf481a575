"""What Postgres keeps of what came in, and what it refuses."""

from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.adapters.postgres.trading_inbox import KEPT_DOCUMENTS
from alpha_oracle.adapters.postgres.trading_records import PostgresTradingRecords
from alpha_oracle.domain.trading_records import Arrivals
from alpha_oracle.errors import MalformedSignal, RecordUnwritable
from tests.contracts.trading_values import ACCOUNT, a_malformed_signal, a_received_signal
from tests.integration.postgres.stored_rows import REFUSE
from tests.trading import NOW, TODAY


@pytest.fixture
def store(database):
    store = PostgresTradingStore(database)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reference_price": Decimal("1e140000")}, "overflow|out of range"),
        ({"reference_price": Decimal(-1)}, "violates check constraint"),
        ({"strategy": "a\x00b"}, "NUL"),
        ({"strategy": "half \ud800"}, "surrogates|utf-8"),
    ],
    ids=["too large", "against a constraint", "NUL", "no text"],
)
def test_what_postgres_refuses_is_no_signal_and_says_why(store, changes, reason):
    arrivals = Arrivals(signals=(a_received_signal(), a_received_signal("signal-2", **changes)))
    with pytest.raises(MalformedSignal, match=reason):
        store.take_in(ACCOUNT, arrivals, at=NOW)
    assert store.load(ACCOUNT, since=TODAY).waiting == ()


def test_a_flood_of_what_is_no_signal_is_counted_whole_and_kept_in_part(store, database):
    def flood(first, *, at):
        documents = [a_malformed_signal(text=str(first + number)) for number in range(600)]
        store.take_in(ACCOUNT, Arrivals(malformed=tuple(documents)), at=at)

    for minute in range(4):
        flood(600 * minute, at=NOW + timedelta(minutes=minute))
    found = PostgresTradingRecords(database).malformed_signals(limit=5_000).rows
    kept = [one for one in found if one.malformed.text]
    (others,) = [one for one in found if not one.malformed.text]
    assert len(kept) == KEPT_DOCUMENTS
    assert {int(one.malformed.text) for one in kept} >= set(range(1_800, 2_400))
    assert others.times == 2_400 - KEPT_DOCUMENTS
    assert (others.first_at, others.malformed.source) == (NOW, "signals:stream")


def test_an_inbox_that_takes_nothing_is_told_as_that(store, rows):
    rows(f"{REFUSE.format(table='signal_inbox')}; SELECT 1")
    with pytest.raises(RecordUnwritable, match="this table takes nothing"):
        store.take_in(ACCOUNT, Arrivals(signals=(a_received_signal(),)), at=NOW)
