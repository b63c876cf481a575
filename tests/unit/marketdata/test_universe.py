from datetime import date

import pytest

from alpha_oracle.domain.market import Membership
from alpha_oracle.errors import UnknownSymbol
from alpha_oracle.marketdata.universe import load_universe
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import InMemoryBarSource
from tests.unit.marketdata.intake import LATER, empty_stores, stores_with

SESSION = date(2016, 1, 5)
SILENT = InMemoryBarSource(holds=received(""))


def a_source(**closes):
    return InMemoryBarSource(holds=received(bars_of_closes(closes, start=SESSION)))


def universe(stores, source=SILENT, *, session=SESSION, only=None):
    return load_universe(session, sources=[source], stores=stores, only=only)


def test_the_universe_is_the_membership_as_of_the_session():
    stores = empty_stores()
    stores.reference.save_members(
        [
            Membership(symbol="NEW", start=date(2016, 1, 6), end=None),
            Membership(symbol="OLD", start=date(2000, 1, 3), end=date(2016, 1, 6)),
            Membership(symbol="A", start=date(2000, 1, 3), end=None),
        ],
        at=LATER,
    )
    assert universe(stores, a_source(Z=[1])) == ("A", "OLD")
    assert universe(stores, session=date(2016, 1, 6)) == ("A", "NEW")


def test_without_membership_it_is_what_the_source_offers():
    assert universe(empty_stores(), a_source(B=[1], A=[1])) == ("A", "B")


def test_without_membership_what_the_source_gave_lately_is_missed_today():
    stores = stores_with(bars_of_closes({"A": [1, 1], "B": [1]}, start=date(2015, 12, 28)))
    stores.bars.store(
        received(bars_of_closes({"C": [1]}, start=date(2016, 1, 4)), source="other"),
        received_at=LATER,
    )
    assert universe(stores, a_source(A=[1])) == ("A", "B")


def test_without_either_it_is_what_was_stored_lately():
    stores = stores_with(bars_of_closes({"B": [1], "A": [1]}, start=date(2015, 12, 10)))
    assert universe(stores) == ("A", "B")
    assert universe(stores, session=date(2016, 6, 1)) == ()


def test_named_symbols_are_the_universe_however_they_are_written():
    stores = stores_with(bars_of_closes({"BRK.B": [1]}, start=SESSION))
    assert universe(stores, a_source(A=[1]), only=["brk-b", "a"]) == ("A", "BRK.B")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param(
            "NOSUCH", "NOSUCH: known to neither the index, the source files", id="unknown"
        ),
        pytest.param("^GSPC", "is not a ticker", id="no ticker"),
    ],
)
def test_a_name_nobody_knows_is_refused(name, message):
    with pytest.raises(UnknownSymbol, match=message):
        universe(empty_stores(), a_source(A=[1]), only=["A", name])
