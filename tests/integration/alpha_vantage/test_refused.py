"""Each refusal, said over HTTP, and what becomes of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.errors import BudgetSpent, ConfigurationError, SourceAway
from tests.integration.alpha_vantage.worlds import (
    AUGUST,
    BEFORE,
    FREE,
    KEY,
    SESSION,
    START,
    SYMBOLS,
    a_market,
    a_world,
    sessions_of,
    symbols_of,
)
from tests.peers.alpha_vantage.server import ADJUSTED, PLAIN, Plan
from tests.peers.alpha_vantage.texts import (
    BAD_KEY,
    DAY_USED_UP,
    RATE_LIMITED,
    UNRECOGNISED,
)


@pytest.mark.parametrize("name", BAD_KEY)
def test_a_refused_key_names_its_setting(name):
    with a_world() as world:
        world.peer.fail(name)
        with pytest.raises(ConfigurationError, match="the key is refused") as refused:
            world.fetch("AAA")
        assert "ALPHA_ORACLE_DATA__ALPHA_VANTAGE__API_KEY" in str(refused.value)
        assert not isinstance(refused.value, BudgetSpent)


def test_a_key_the_vendor_does_not_know_is_refused():
    with (
        a_world(keys=frozenset({"ANOTHER0KEY00000"})) as world,
        pytest.raises(ConfigurationError, match="apikey is invalid or missing"),
    ):
        world.fetch("AAA")


@pytest.mark.parametrize("name", DAY_USED_UP)
def test_a_day_used_up_closes_it_and_names_the_ways_out(name):
    with a_world() as world:
        world.peer.fail(name)
        with pytest.raises(BudgetSpent, match="the key's day is used up, after 1 requests") as told:
            world.fetch("AAA")
        assert "take a premium key, or use IBKR" in str(told.value)
        assert world.ledger.is_day_closed(world.account)
        assert world.plan("AAA").left == 0
        with pytest.raises(BudgetSpent):
            world.fetch("AAA")
        assert world.peer.count() == 1


@pytest.mark.parametrize("name", RATE_LIMITED)
def test_too_many_requests_are_waited_out_and_repeated(name):
    with a_world() as world:
        world.peer.fail(name, times=2)
        assert symbols_of(world.fetch("AAA")) == ("AAA",)
        assert [seconds for seconds in world.waits if seconds >= 2.0] == [2.0, 20.0]
        assert world.spent == world.peer.count() == 3


@pytest.mark.parametrize("name", RATE_LIMITED)
def test_too_many_requests_for_too_long_end_in_a_retry_later(name):
    with a_world() as world:
        world.peer.fail(name, times=4)
        with pytest.raises(SourceAway, match=r"lower data\.alpha_vantage\.requests_per_minute"):
            world.fetch("AAA")
        assert world.spent == world.peer.count() == 4


@pytest.mark.parametrize("name", UNRECOGNISED)
def test_a_wording_nobody_knows_is_told_and_tried_later(name):
    with a_world() as world:
        world.peer.fail(name, times=2)
        with pytest.raises(SourceAway, match="refused for a reason not known here"):
            world.fetch("AAA")
        assert world.spent == world.peer.count() == 1


def test_a_symbol_the_vendor_does_not_know_is_absent_and_the_others_come():
    with a_world() as world:
        received = world.fetch("AAA", "NOSUCH", "DDD")
        [absence] = received.absent
        assert symbols_of(received) == ("AAA", "DDD")
        assert (absence.symbol, absence.kind) == ("NOSUCH", AbsenceKind.UNKNOWN_SYMBOL)
        assert "Invalid API call" in absence.reason


def test_an_empty_object_is_a_failure_not_an_unknown_symbol():
    with a_world() as world:
        world.peer.fail("body", value=b"{}", symbol="AAA")
        [absence] = world.fetch("AAA", "BBB").absent
        assert (absence.symbol, absence.kind) == ("AAA", AbsenceKind.FAILED)


def test_a_refusal_that_passes_takes_no_answers_place():
    with a_world(through=BEFORE) as world:
        world.fetch("AAA", start=START, end=BEFORE)
        world.clock.advance(minutes=16)
        world.peer.fail("burst_free", times=4)
        with pytest.raises(SourceAway):
            world.fetch("AAA")
        assert sessions_of(world.fetch("AAA", start=START, end=BEFORE))[-1] == BEFORE
        assert world.peer.count() == 1 + 4


def test_a_premium_endpoint_costs_one_request_and_is_remembered():
    with a_world(plan=FREE, untried=True) as world:
        assert symbols_of(world.fetch("AAA", "BBB")) == ("AAA", "BBB")
        assert world.found() is False
        assert (world.peer.count(function=ADJUSTED), world.peer.count(function=PLAIN)) == (1, 2)
        world.fetch("CCC")
        assert world.peer.count(function=ADJUSTED) == 1


def test_an_endpoint_that_is_allowed_is_used_from_the_first_symbol_on():
    with a_world(untried=True) as world:
        assert len(world.fetch("AAA", "BBB", start=START, end=SESSION).actions) == 1
        assert world.found() is True
        assert (world.peer.count(function=ADJUSTED), world.peer.count(function=PLAIN)) == (2, 0)


def test_a_day_without_a_request_to_spare_gets_bars_without_actions():
    with a_world(untried=True, settings={"requests_per_day": 5}) as world:
        assert world.plan().fits
        received = world.fetch(start=START, end=SESSION)
        assert (symbols_of(received), received.actions) == (SYMBOLS, ())
        assert world.found() is None
        assert (world.peer.count(function=ADJUSTED), world.peer.count(function=PLAIN)) == (0, 5)
        assert world.plan().requests == 0


def test_batches_in_threads_try_the_endpoint_once():
    with a_world(plan=FREE, untried=True) as world, ThreadPoolExecutor(5) as pool:
        source = world.source()
        fetched = list(
            pool.map(lambda symbol: source.fetch([symbol], start=SESSION, end=SESSION), SYMBOLS)
        )
        assert [symbols_of(one) for one in fetched] == [(symbol,) for symbol in SYMBOLS]
        assert world.peer.count(function=ADJUSTED) == 1


def test_the_endpoint_is_tried_again_after_thirty_days():
    with a_world(plan=FREE) as world:
        world.clock.advance(days=31)
        world.peer.plan = Plan()
        world.fetch("AAA")
        assert world.found() is True


def test_a_plan_that_ended_is_noticed():
    with a_world() as world:
        world.peer.plan = FREE
        assert symbols_of(world.fetch("BBB")) == ("BBB",)
        assert world.found() is False


@pytest.mark.parametrize(("name", "trials"), [("invalid_call", 2), ("no_such_function", 1)])
def test_an_endpoint_that_does_not_exist_is_told_from_a_bad_symbol(name, trials):
    with a_world(untried=True) as world:
        world.peer.fail(name, function=ADJUSTED, times=9)
        received = world.fetch("AAA", "BBB", "CCC")
        assert symbols_of(received) == ("AAA", "BBB", "CCC")
        assert world.found() is False
        assert world.peer.count(function=ADJUSTED) == trials


def test_one_slip_does_not_take_the_actions_away():
    with a_world(untried=True) as world:
        world.peer.fail("invalid_call", function=ADJUSTED)
        received = world.fetch("AAA", "BBB", "CCC")
        assert symbols_of(received) == ("AAA", "BBB", "CCC")
        assert world.found() is True


def test_a_bad_symbol_leaves_open_whether_the_endpoint_exists():
    with a_world(untried=True) as world:
        [absence] = world.fetch("NOSUCH").absent
        assert absence.kind is AbsenceKind.UNKNOWN_SYMBOL
        assert world.found() is None
        assert world.peer.count() == 2
        world.fetch("AAA")
        assert world.found() is True


def test_an_empty_object_leaves_open_whether_the_endpoint_exists():
    with a_world(untried=True) as world:
        world.peer.fail("body", value=b"{}", function=ADJUSTED)
        assert symbols_of(world.fetch("AAA")) == ("AAA",)
        assert world.found() is None


def test_old_sessions_on_a_free_key_name_the_ways_out():
    with a_world(bars=a_market(sessions=150), plan=FREE, now=AUGUST) as world:
        with pytest.raises(ConfigurationError, match="last 100 sessions only") as refused:
            world.fetch("AAA", start=START, end=SESSION)
        assert "take a premium key" in str(refused.value)
        assert "IBKR" in str(refused.value)
        assert "files" in str(refused.value)
        assert not isinstance(refused.value, BudgetSpent)


def test_old_sessions_refused_once_are_refused_at_the_plan():
    with a_world(bars=a_market(sessions=150), plan=FREE, now=AUGUST) as world:
        with pytest.raises(ConfigurationError):
            world.fetch("AAA", start=START, end=SESSION)
        asked = world.peer.count()
        with pytest.raises(ConfigurationError, match="last 100 sessions only"):
            world.plan("AAA", start=START, end=SESSION)
        with pytest.raises(ConfigurationError, match="last 100 sessions only"):
            world.fetch("AAA", start=START, end=SESSION)
        assert world.peer.count() == asked


def test_a_premium_plain_endpoint_is_a_matter_of_the_plan():
    with a_world() as world:
        world.peer.fail("premium_endpoint", times=2)
        with pytest.raises(ConfigurationError, match="even the plain daily series is premium"):
            world.fetch("AAA")


def test_an_answer_about_another_symbol_is_left_out_and_not_kept():
    with a_world() as world:
        world.peer.fail("other_symbol", value="ZZZ", symbol="BBB")
        received = world.fetch("AAA", "BBB", "CCC")
        [absence] = received.absent
        assert symbols_of(received) == ("AAA", "CCC")
        assert (absence.symbol, absence.kind) == ("BBB", AbsenceKind.FAILED)
        assert "asked for BBB and answered about 'ZZZ'" in absence.reason
        assert symbols_of(world.fetch("BBB")) == ("BBB",)


def test_the_doctor_is_told_what_the_key_may_do():
    with a_world(bars=a_market(("IBM",))) as world:
        assert "splits and dividends come with the bars; 99 of 100" in world.source().probe()
        assert world.found() is True
        world.peer.plan = FREE
        assert "the adjusted endpoint is not for it" in world.source().probe()
        assert world.found() is False
        assert world.peer.count() == 2


def test_the_doctor_takes_a_key_that_knows_no_ibm():
    with a_world(untried=True) as world:
        world.peer.fail("invalid_call")
        assert "takes the key: the first fetch finds out" in world.source().probe()
        assert world.found() is None


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("key_invalid_or_missing", ConfigurationError, "the key is refused"),
        ("day_echoes_key", BudgetSpent, "the key's day is used up"),
        ("burst_free", SourceAway, "still finds our requests too fast"),
        ("never_seen", SourceAway, "a reason not known here"),
    ],
)
def test_the_doctor_is_told_why_there_is_no_answer(name, error, words):
    with a_world() as world:
        world.peer.fail(name)
        with pytest.raises(error, match=words) as refused:
            world.source().probe()
        assert KEY not in str(refused.value)
        assert world.peer.count() == 1
