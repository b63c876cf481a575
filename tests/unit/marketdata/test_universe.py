from datetime import date

import pytest

from alpha_oracle.domain.market import Membership
from alpha_oracle.errors import UnknownSymbol
from alpha_oracle.marketdata.universe import load_universe
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import InMemoryBarSource, VendorBarSource
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


VENDOR = VendorBarSource(received(bars_of_closes({"V": [1]}, start=SESSION), source="vendor"))


def test_where_the_source_cannot_say_it_is_the_membership():
    stores = empty_stores()
    stores.reference.save_members(
        [Membership(symbol="M", start=date(2000, 1, 3), end=None)], at=LATER
    )
    assert universe(stores, VENDOR) == ("M",)


def test_where_nobody_can_say_it_is_what_was_stored_lately():
    stores = stores_with(bars_of_closes({"A": [1], "B": [1]}, start=date(2015, 12, 24)))
    assert universe(stores, VENDOR) == ("A", "B")


def test_where_nothing_tells_the_symbols_they_must_be_imported_or_named():
    with pytest.raises(UnknownSymbol, match="import members, or name --symbols"):
        universe(empty_stores(), VENDOR)


def test_a_source_that_cannot_say_is_asked_for_any_ticker():
    assert universe(empty_stores(), VENDOR, only=["brk-b", "X"]) == ("BRK.B", "X")
    with pytest.raises(UnknownSymbol, match="is not a ticker"):
        universe(empty_stores(), VENDOR, only=["^GSPC"])


def test_what_any_source_of_the_list_gave_lately_is_missed_today():
    stores = stores_with(bars_of_closes({"A": [1]}, start=date(2016, 1, 4)), source="vendor")
    stores.bars.store(
        received(bars_of_closes({"C": [1]}, start=date(2016, 1, 4)), source="other"),
        received_at=LATER,
    )
    found = load_universe(SESSION, sources=[a_source(B=[1]), VENDOR], stores=stores)
    assert found == ("A", "B")


def test_a_name_that_a_fallback_offers_is_known():
    found = load_universe(
        SESSION, sources=[SILENT, a_source(B=[1])], stores=empty_stores(), only=["B"]
    )
    assert found == ("B",)
