"""Each family brought up to date: what is due, what became of it, and what a source away does."""

from datetime import UTC, date, datetime, timedelta

import pytest

from alpha_oracle import calendar
from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.fundamentals import FinancialFact, ReceivedFacts, StatementItem
from alpha_oracle.domain.insiders import Insider, OwnershipFiling, ReceivedFilings
from alpha_oracle.domain.levels import VIX, IndexLevel, ReceivedLevels
from alpha_oracle.domain.reference import Family, RefusedRow
from alpha_oracle.domain.short_interest import ReceivedShortInterest, ShortPosition
from alpha_oracle.errors import ConfigurationError, DataError, SourceAway, StoreUnavailable
from alpha_oracle.marketdata.reference.refreshing import FIRST_LOOK_DAYS, Refresh
from alpha_oracle.ports.reference_stores import ReferenceStores
from tests.fakes.clock import FixedClock
from tests.fakes.facts import InMemoryFacts
from tests.fakes.fetch_log import InMemoryFetchLog
from tests.fakes.insiders import InMemoryInsiders
from tests.fakes.levels import InMemoryLevels
from tests.fakes.reference_sources import (
    FakeFundamentals,
    FakeInsiders,
    FakeLevels,
    FakeShortInterest,
)
from tests.fakes.short_interest import InMemoryShortInterest

NOW = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)


class World:
    """Empty stores, and a clock."""

    def __init__(self):
        log = InMemoryFetchLog()
        self.stores = ReferenceStores(
            facts=InMemoryFacts(),
            insiders=InMemoryInsiders(log),
            short_interest=InMemoryShortInterest(),
            levels=InMemoryLevels(),
            log=log,
            index=None,
        )
        self.clock = FixedClock(NOW)
        self.refresh = Refresh(stores=self.stores, clock=self.clock)


@pytest.fixture
def world():
    return World()


def a_fact(symbol="AAA", *, value=1.0):
    return FinancialFact(
        symbol=symbol,
        item=StatementItem.TOTAL_ASSETS,
        period_start=None,
        period_end=date(2016, 3, 31),
        value=value,
        known_at=datetime(2016, 5, 2, 20, 0, tzinfo=UTC),
        document="0001-16-1",
    )


def a_filing(accession, *, symbol="AAA"):
    return OwnershipFiling(
        accession=accession,
        symbol=symbol,
        form="4",
        known_at=NOW,
        period_of_report=date(2016, 5, 31),
        filed_on=date(2016, 6, 1),
        owners=(Insider(owner_id="1", name="One"),),
        transactions=(),
    )


def a_position(symbol, settlement):
    return ShortPosition(
        symbol=symbol,
        settlement_date=settlement,
        shares_short=10.0,
        average_daily_volume=None,
        known_at=NOW,
    )


def a_level(session, close=20.0):
    return IndexLevel(
        series=VIX,
        session=session,
        open=close,
        high=close,
        low=close,
        close=close,
        known_at=calendar.session_close(session),
    )


def refused(subject):
    return RefusedRow(subject=subject, reason="no number", received={"value": "x"})


def test_facts_are_stored_and_the_symbol_is_asked_since_that_answer_next_time(world):
    source = FakeFundamentals({"AAA": ReceivedFacts(facts=(a_fact(),))})
    report = world.refresh.fundamentals(source, ["AAA"])
    world.clock.advance(hours=1)
    world.refresh.fundamentals(source, ["AAA"])
    assert (report.asked, report.answered, report.stored) == (1, 1, 1)
    assert len(world.stores.facts.load(as_of=NOW)) == 1
    assert source.asked == [("AAA", None), ("AAA", NOW)]


def test_a_symbol_answered_lately_is_left_alone(world):
    source = FakeFundamentals()
    source.worth_asking_after = timedelta(days=7)
    world.refresh.fundamentals(source, ["AAA"])
    world.clock.advance(days=6)
    report = world.refresh.fundamentals(source, ["AAA", "BBB"])
    assert (report.asked, source.times_asked("AAA"), source.times_asked("BBB")) == (1, 1, 1)
    world.clock.advance(days=1)
    world.refresh.fundamentals(source, ["AAA"])
    assert source.times_asked("AAA") == 2


def test_refused_rows_are_kept_and_counted(world):
    answer = ReceivedFacts(facts=(a_fact(),), refused=(refused("AAA"),))
    report = world.refresh.fundamentals(FakeFundamentals({"AAA": answer}), ["AAA"])
    assert report.refused == 1
    assert list(world.stores.log.refused(Family.FUNDAMENTALS)) == [refused("AAA")]


def test_an_answer_nobody_can_read_is_kept_as_refused_and_stops_no_other_symbol(world):
    source = FakeFundamentals(
        {"AAA": DataError("cut off"), "BBB": ReceivedFacts(facts=(a_fact("BBB"),))}
    )
    report = world.refresh.fundamentals(source, ["AAA", "BBB"])
    assert (report.asked, report.answered, report.refused, report.ended_by) == (2, 1, 1, "")
    assert world.stores.log.refused(Family.FUNDAMENTALS)[0].reason == "cut off"
    assert "AAA" not in world.stores.log.fetches(Family.FUNDAMENTALS, "fake")


def test_a_source_that_was_away_once_is_asked_again_in_the_same_run(world):
    source = FakeFundamentals({"AAA": [SourceAway("away"), ReceivedFacts(facts=(a_fact(),))]})
    report = world.refresh.fundamentals(source, ["AAA"])
    assert (report.answered, report.stored, report.ended_by) == (1, 1, "")


def test_a_source_that_stays_away_is_not_asked_for_every_symbol(world):
    symbols = [f"S{number:03d}" for number in range(200)]
    source = FakeFundamentals(otherwise=SourceAway("EDGAR is away"))
    report = world.refresh.fundamentals(source, symbols)
    assert report.answered == 0
    assert report.ended_by == "EDGAR is away"
    assert len(source.asked) <= 2 * 10


def test_what_no_repetition_mends_is_asked_once_a_thread_at_most(world):
    symbols = [f"S{number:03d}" for number in range(50)]
    source = FakeFundamentals(otherwise=ConfigurationError("set data.edgar.user_agent"))
    report = world.refresh.fundamentals(source, symbols)
    assert report.ended_by == "set data.edgar.user_agent"
    assert len(source.asked) <= 4


def test_what_was_answered_before_the_source_went_away_stands(world):
    source = FakeFundamentals(
        {"AAA": ReceivedFacts(facts=(a_fact(),))}, otherwise=SourceAway("away")
    )
    report = world.refresh.fundamentals(source, ["AAA", "BBB"])
    assert (report.asked, report.answered, report.stored) == (2, 1, 1)
    assert set(world.stores.log.fetches(Family.FUNDAMENTALS, "fake")) == {"AAA"}


def test_a_store_that_is_away_stops_the_run(world):
    source = FakeFundamentals({"AAA": StoreUnavailable("Postgres is away")})
    with pytest.raises(StoreUnavailable):
        world.refresh.fundamentals(source, ["AAA"])


def test_a_symbol_the_source_does_not_know_is_told_and_not_asked_for_sooner(world):
    absence = Absence(
        symbol="AAA", source="fake", kind=AbsenceKind.UNKNOWN_SYMBOL, reason="no such company"
    )
    source = FakeFundamentals({"AAA": ReceivedFacts(absence=absence)})
    source.worth_asking_after = timedelta(days=7)
    report = world.refresh.fundamentals(source, ["AAA"])
    world.refresh.fundamentals(source, ["AAA"])
    assert report.absent == (absence,)
    assert source.times_asked("AAA") == 1


def test_an_absence_that_is_no_answer_leaves_the_symbol_due(world):
    absence = Absence(symbol="AAA", source="fake", kind=AbsenceKind.FAILED, reason="said nothing")
    source = FakeFundamentals({"AAA": ReceivedFacts(absence=absence)})
    source.worth_asking_after = timedelta(days=7)
    report = world.refresh.fundamentals(source, ["AAA"])
    assert (report.answered, report.ended_by) == (0, "said nothing")
    assert world.stores.log.fetches(Family.FUNDAMENTALS, "fake") == {}


def test_filings_that_came_before_a_source_went_away_are_stored_and_the_rest_asked_for(world):
    absence = Absence(symbol="AAA", source="fake", kind=AbsenceKind.FAILED, reason="went away")
    first = ReceivedFilings(filings=(a_filing("1"),), absence=absence)
    rest = ReceivedFilings(filings=(a_filing("2"),))
    source = FakeInsiders({"AAA": [first, rest]})
    report = world.refresh.insiders(source, ["AAA"])
    assert (report.answered, report.stored, report.ended_by) == (1, 2, "")
    assert [known for _, _, known in source.asked] == [frozenset(), frozenset({"1"})]


def test_filings_are_asked_for_from_where_they_are_complete_without_those_stored(world):
    source = FakeInsiders({"AAA": ReceivedFilings(filings=(a_filing("1"),))})
    world.refresh.insiders(source, ["AAA"])
    world.clock.advance(days=30)
    world.refresh.insiders(source, ["AAA"])
    first, second = source.asked
    assert first == ("AAA", date(2016, 6, 1) - timedelta(days=FIRST_LOOK_DAYS), frozenset())
    assert second == ("AAA", date(2016, 5, 27), frozenset({"1"}))
    assert world.stores.log.coverage(Family.INSIDERS) == {"AAA": first[1]}


def test_a_full_refresh_reaches_back_and_coverage_grows(world):
    source = FakeInsiders()
    world.refresh.insiders(source, ["AAA"])
    world.refresh.insiders(
        source, ["AAA"], start=date(2015, 1, 2), worth_asking_after=timedelta(days=9)
    )
    world.refresh.insiders(
        source, ["AAA"], start=date(2015, 1, 2), worth_asking_after=timedelta(days=9)
    )
    assert [start for _, start, _ in source.asked][1:] == [date(2015, 1, 2)]
    assert world.stores.log.coverage(Family.INSIDERS) == {"AAA": date(2015, 1, 2)}


def test_a_company_without_a_single_filing_is_covered_all_the_same(world):
    world.refresh.insiders(FakeInsiders(), ["AAA"], start=date(2016, 1, 4))
    assert world.stores.log.coverage(Family.INSIDERS) == {"AAA": date(2016, 1, 4)}


def test_a_company_the_source_does_not_know_is_not_covered(world):
    absence = Absence(
        symbol="AAA", source="fake", kind=AbsenceKind.UNKNOWN_SYMBOL, reason="no such company"
    )
    world.refresh.insiders(FakeInsiders({"AAA": ReceivedFilings(absence=absence)}), ["AAA"])
    assert world.stores.log.coverage(Family.INSIDERS) == {}


def test_a_refused_filing_is_not_asked_for_again(world):
    source = FakeInsiders({"AAA": ReceivedFilings(refused=(refused("0001-16-9"),))})
    world.refresh.insiders(source, ["AAA"])
    world.refresh.insiders(source, ["AAA"])
    assert source.asked[1][2] == frozenset({"0001-16-9"})


def test_of_a_short_interest_file_the_symbols_we_follow_are_kept(world):
    day = date(2016, 5, 13)
    answer = ReceivedShortInterest(positions=(a_position("AAA", day), a_position("ZZZ", day)))
    source = FakeShortInterest({day: answer})
    report = world.refresh.short_interest(source, ["AAA"])
    again = world.refresh.short_interest(source, ["AAA"])
    assert (report.stored, again.asked) == (1, 0)
    assert world.stores.short_interest.load(as_of=NOW).symbols == ("AAA",)


def test_a_full_refresh_of_short_interest_asks_again_for_what_is_old(world):
    day = date(2016, 5, 13)
    source = FakeShortInterest({day: ReceivedShortInterest(positions=(a_position("AAA", day),))})
    age = timedelta(days=13)
    world.refresh.short_interest(source, ["AAA"], start=day, worth_asking_after=age)
    world.refresh.short_interest(source, ["AAA"], start=day, worth_asking_after=age)
    world.clock.advance(days=13)
    world.refresh.short_interest(source, ["AAA"], start=day, worth_asking_after=age)
    assert source.times_asked(day) == 2


def test_levels_are_asked_for_after_the_newest_stored(world):
    session = date(2016, 5, 31)
    source = FakeLevels({VIX: ReceivedLevels(levels=(a_level(session),))})
    world.refresh.volatility(source, start=date(2016, 5, 2), through=date(2016, 6, 1))
    world.refresh.volatility(source, start=date(2016, 5, 2), through=date(2016, 6, 1))
    assert source.asked == [
        (VIX, date(2016, 5, 2), date(2016, 6, 1)),
        (VIX, date(2016, 6, 1), date(2016, 6, 1)),
    ]


def test_levels_that_are_all_stored_are_not_asked_for(world):
    source = FakeLevels({VIX: ReceivedLevels(levels=(a_level(date(2016, 6, 1)),))})
    world.refresh.volatility(source, start=date(2016, 6, 1), through=date(2016, 6, 1))
    report = world.refresh.volatility(source, start=date(2016, 6, 1), through=date(2016, 6, 1))
    assert (report.asked, len(source.asked)) == (0, 1)


def test_progress_is_told_as_answers_come(world):
    shown = []
    refresh = Refresh(
        stores=world.stores, clock=world.clock, show=lambda done, total: shown.append((done, total))
    )
    refresh.fundamentals(FakeFundamentals(), ["AAA", "BBB", "CCC"])
    assert max(shown) == (3, 3)
