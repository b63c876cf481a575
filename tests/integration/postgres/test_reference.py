import csv
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.domain.market import (
    ActionKind,
    CorporateAction,
    Membership,
    SectorAssignment,
    Symbol,
)
from alpha_oracle.errors import DataError

AT = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)
LATER = AT.replace(day=20)
EX_DATE = date(2016, 3, 1)
EX_OPEN = calendar.session_open(EX_DATE)


@pytest.fixture
def reference(database):
    return PostgresReference(database)


def a_member(symbol, start, end=None):
    return Membership(
        symbol=Symbol(symbol),
        start=date.fromisoformat(start),
        end=date.fromisoformat(end) if end else None,
    )


def an_action(value, *, symbol="AAPL", ex_date=EX_DATE, kind=ActionKind.DIVIDEND):
    return CorporateAction(
        symbol=Symbol(symbol), ex_date=ex_date, kind=kind, value=Decimal(value), known_at=AT
    )


def values(actions):
    return [action.value for action in actions]


def test_a_member_belongs_from_its_start_to_before_its_end(reference):
    reference.save_members(
        [a_member("AAPL", "2016-01-04"), a_member("A", "2015-01-02", "2016-01-05")], at=AT
    )
    assert reference.members(date(2015, 12, 31)) == ("A",)
    assert reference.members(date(2016, 1, 4)) == ("A", "AAPL")
    assert reference.members(date(2016, 1, 5)) == ("AAPL",)


def test_members_ascend_by_their_bytes(reference):
    names = ["BRK.B", "BRKA", "A", "BF.B", "BFA"]
    reference.save_members([a_member(name, "2016-01-04") for name in names], at=AT)
    assert reference.members(date(2016, 1, 4)) == tuple(sorted(names))


def test_an_import_of_members_replaces_the_last_and_counts_what_changed(reference):
    kept = a_member("A", "2015-01-02")
    reference.save_members([kept, a_member("B", "2015-01-02"), a_member("C", "2015-01-02")], at=AT)
    now = [kept, a_member("B", "2015-01-02", "2016-01-04"), a_member("D", "2016-01-04")]
    assert reference.save_members(now, at=AT) == 3
    assert reference.memberships() == now
    assert reference.save_members(now, at=AT) == 0


def test_two_intervals_that_start_together_are_refused(reference):
    with pytest.raises(DataError, match="given twice"):
        reference.save_members(
            [a_member("A", "2015-01-02"), a_member("A", "2015-01-02", "2016-01-04")], at=AT
        )


def test_the_end_of_an_open_stay_is_known_from_its_own_day(reference):
    reference.save_members([a_member("A", "2015-01-02")], at=AT)
    assert reference.save_members([a_member("A", "2015-01-02", "2016-01-05")], at=LATER) == 1
    assert reference.memberships(as_of=AT) == [a_member("A", "2015-01-02", "2016-01-05")]


def test_a_stay_that_comes_late_is_known_from_its_own_day(reference):
    reference.save_members([a_member("A", "2015-01-02")], at=AT)
    both = [a_member("A", "2015-01-02"), a_member("B", "2015-01-02")]
    assert reference.save_members(both, at=LATER) == 1
    assert reference.memberships(as_of=AT) == both


@pytest.mark.parametrize(
    "corrected",
    [
        pytest.param([], id="withdrawn"),
        pytest.param([("A", "2015-01-02", "2016-02-01")], id="ends elsewhere"),
        pytest.param([("A", "2015-01-02", None)], id="open again"),
    ],
)
def test_a_correction_of_members_does_not_rewrite_what_was_known(reference, corrected):
    told = [a_member("A", "2015-01-02", "2016-01-05")]
    now = [a_member(*stay) for stay in corrected]
    reference.save_members(told, at=AT)
    assert reference.save_members(now, at=LATER) == 1
    assert reference.memberships(as_of=AT) == told
    assert reference.memberships(as_of=LATER) == now
    assert reference.memberships() == now
    assert reference.save_members(now, at=LATER) == 0


def test_a_stay_withdrawn_and_told_again_was_not_known_between(reference):
    told = [a_member("A", "2015-01-02", "2016-01-05")]
    for at, members in [(AT, told), (LATER, []), (LATER.replace(month=7), told)]:
        assert reference.save_members(members, at=at) == 1
    assert reference.memberships(as_of=AT) == told
    assert reference.memberships(as_of=LATER) == []
    assert reference.memberships(as_of=LATER.replace(month=7)) == told


def test_the_real_membership_is_kept_whole(reference, shared_data):
    with (shared_data / "reference" / "sp500_ticker_start_end.csv").open() as file:
        members = [
            a_member(row["ticker"], row["start_date"], row["end_date"])
            for row in csv.DictReader(file)
        ]
    assert reference.save_members(members, at=AT) == len(members)
    assert set(reference.memberships()) == set(members)


def test_the_sector_of_a_session_is_the_latest_that_holds(reference):
    reference.save_sectors(
        [
            SectorAssignment(symbol=Symbol("GOOGL"), sector="Technology"),
            SectorAssignment(
                symbol=Symbol("GOOGL"), sector="Communication", start=date(2018, 9, 24)
            ),
            SectorAssignment(symbol=Symbol("X"), sector="Materials", end=date(2016, 1, 4)),
        ],
        at=AT,
    )
    assert reference.sectors(date(2015, 1, 2)) == {"GOOGL": "Technology", "X": "Materials"}
    assert reference.sectors(date(2018, 9, 24)) == {"GOOGL": "Communication"}


def test_sectors_of_symbols_not_named_stay(reference):
    technology = SectorAssignment(symbol=Symbol("A"), sector="Technology")
    energy = SectorAssignment(symbol=Symbol("B"), sector="Energy")
    assert reference.save_sectors([technology, energy], at=AT) == 2
    changed = SectorAssignment(symbol=Symbol("A"), sector="Health Care")
    assert reference.save_sectors([changed], at=AT) == 1
    assert reference.save_sectors([changed], at=AT) == 0
    assert reference.sectors(EX_DATE) == {"A": "Health Care", "B": "Energy"}


def test_an_action_stored_late_was_known_from_the_open_of_its_ex_date(reference):
    assert reference.save_actions([an_action("0.52")], source="files", received_at=AT) == 1
    [action] = reference.actions(as_of=EX_OPEN)
    assert (action.value, action.known_at) == (Decimal("0.52"), EX_OPEN)
    assert reference.actions(as_of=EX_OPEN.replace(hour=0)) == []


def test_an_action_of_a_closed_day_is_known_from_the_next_open(reference):
    saturday = date(2016, 3, 5)
    reference.save_actions([an_action("2", ex_date=saturday)], source="files", received_at=AT)
    [action] = reference.actions()
    assert (action.ex_date, action.known_at) == (
        saturday,
        calendar.session_open(date(2016, 3, 7)),
    )


@pytest.mark.parametrize("ex_date", [date(2016, 9, 1), date(2099, 1, 2)], ids=str)
def test_an_action_announced_ahead_is_known_when_received(reference, ex_date):
    reference.save_actions([an_action("2", ex_date=ex_date)], source="files", received_at=AT)
    assert [action.known_at for action in reference.actions()] == [AT]


def test_an_action_before_the_calendar_is_kept(reference):
    ancient = an_action("2", ex_date=date(1955, 6, 1))
    assert reference.save_actions([ancient], source="files", received_at=AT) == 1


def test_a_corrected_value_is_known_from_its_receipt(reference):
    reference.save_actions([an_action("0.52")], source="files", received_at=AT)
    later = AT.replace(month=7)
    assert reference.save_actions([an_action("0.57")], source="files", received_at=later) == 1
    assert values(reference.actions(as_of=AT)) == [Decimal("0.52")]
    assert values(reference.actions(as_of=later)) == [Decimal("0.57")]
    assert values(reference.actions()) == [Decimal("0.57")]


def test_a_value_corrected_and_put_back_reads_as_it_stood_at_each_instant(reference):
    instants = [AT.replace(month=month) for month in (6, 7, 8)]
    for value, instant in zip(["1", "2", "1"], instants, strict=True):
        assert reference.save_actions([an_action(value)], source="files", received_at=instant) == 1
    seen = [values(reference.actions(as_of=instant)) for instant in instants]
    assert seen == [[1], [2], [1]]


def test_an_action_given_again_changes_nothing(reference, rows):
    for _ in range(2):
        new = reference.save_actions([an_action("0.520")], source="files", received_at=AT)
    assert new == 0
    assert rows("SELECT count(*) FROM corporate_actions") == [(1,)]


def test_an_action_given_twice_with_two_values_is_refused(reference):
    with pytest.raises(DataError, match=r"AAPL 2016-03-01 dividend is given twice, as 1 and 2"):
        reference.save_actions([an_action("1"), an_action("2")], source="files", received_at=AT)
    assert reference.actions() == []


def test_actions_come_by_symbol_ex_date_and_kind(reference):
    split = an_action("7", kind=ActionKind.SPLIT)
    given = [an_action("1", symbol="B"), split, an_action("1"), an_action("3", symbol="BRK.B")]
    reference.save_actions(given, source="files", received_at=AT)
    assert [(one.symbol, one.kind) for one in reference.actions()] == [
        ("AAPL", "dividend"),
        ("AAPL", "split"),
        ("B", "dividend"),
        ("BRK.B", "dividend"),
    ]
    assert values(reference.actions(symbols=[Symbol("B")])) == [1]
    assert reference.actions(symbols=[]) == []


def test_a_value_keeps_every_digit(reference):
    exact = "0.0833333333333333333333333333"
    reference.save_actions([an_action(exact)], source="files", received_at=AT)
    assert values(reference.actions()) == [Decimal(exact)]
