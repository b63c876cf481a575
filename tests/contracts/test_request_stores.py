"""What the memory of sources must do, on Postgres and in the fakes."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from alpha_oracle.domain.requests import Listing, RequestLimits
from alpha_oracle.errors import BudgetSpent, LeaseTaken, StoreUnavailable
from tests.contracts.request_stores import in_memory, on_postgres

ACCOUNT = "alpha_vantage:0123456789abcdef"
OTHER = "alpha_vantage:fedcba9876543210"
FREE = RequestLimits(per_minute=5, per_day=25)
BEFORE_MIDNIGHT = datetime(2016, 6, 2, 3, 59, 59, tzinfo=UTC)
APPLE, BANK = (
    Listing(vendor_id="265598", name="APPLE INC"),
    Listing(vendor_id="13", name="FIRST BANK"),
)


@pytest.fixture(params=["postgres", "memory"])
def stores(request):
    if request.param == "memory":
        made = in_memory()
    else:
        made = on_postgres(request.getfixturevalue("database_url"))
    with made as stores:
        yield stores


def spend(stores, count, *, account=ACCOUNT, limits=FREE):
    """Reserve `count` requests, waiting as long as is said each time."""
    for _ in range(count):
        while wait := stores.ledger.reserve(account, limits):
            stores.clock.advance(seconds=wait)


def test_the_first_request_is_counted_at_once(stores):
    assert stores.ledger.reserve(ACCOUNT, FREE) == 0.0
    assert stores.ledger.spent_today(ACCOUNT) == 1


def test_an_account_that_never_asked_has_spent_nothing(stores):
    assert stores.ledger.spent_today(ACCOUNT) == 0
    assert not stores.ledger.is_day_closed(ACCOUNT)


@pytest.mark.parametrize(
    ("per_minute", "apart"),
    [(5, 1.0), (60, 1.0), (75, 0.8), (1200, 0.05)],
    ids=["free", "one a second", "premium", "fastest"],
)
def test_requests_keep_apart_by_a_second_or_an_even_share(stores, per_minute, apart):
    limits = RequestLimits(per_minute=per_minute, per_day=25)
    stores.ledger.reserve(ACCOUNT, limits)
    assert stores.ledger.reserve(ACCOUNT, limits) == pytest.approx(apart)
    stores.clock.advance(seconds=apart)
    assert stores.ledger.reserve(ACCOUNT, limits) == 0.0


def test_a_request_told_to_wait_is_not_counted(stores):
    spend(stores, 1)
    assert stores.ledger.reserve(ACCOUNT, FREE) > 0.0
    assert stores.ledger.spent_today(ACCOUNT) == 1


def test_the_minutes_requests_used_up_wait_for_the_oldest_to_pass(stores):
    spend(stores, 5)
    wait = stores.ledger.reserve(ACCOUNT, FREE)
    assert 56.0 <= wait <= 57.0
    stores.clock.advance(seconds=wait - 0.001)
    assert stores.ledger.reserve(ACCOUNT, FREE) == pytest.approx(0.001)
    stores.clock.advance(seconds=0.001)
    assert stores.ledger.reserve(ACCOUNT, FREE) == 0.0


def test_no_minute_sees_more_requests_than_allowed(stores):
    start, times = stores.clock.now(), []
    for _ in range(23):
        spend(stores, 1)
        times.append(stores.clock.now())
    assert all(
        later - earlier > timedelta(seconds=60)
        for earlier, later in zip(times, times[5:], strict=False)
    )
    assert times[-1] - start < timedelta(minutes=5)


def test_accounts_are_counted_apart(stores):
    spend(stores, 25)
    assert stores.ledger.reserve(OTHER, FREE) == 0.0
    assert stores.ledger.spent_today(OTHER) == 1


def test_a_day_used_up_is_refused_with_the_numbers_and_the_end_of_the_day(stores):
    spend(stores, 25)
    with pytest.raises(BudgetSpent, match=r"alpha_vantage.*25 of 25") as refused:
        stores.ledger.reserve(ACCOUNT, FREE)
    assert "2016-06-02 04:00 UTC" in str(refused.value)
    assert "0123456789abcdef" not in str(refused.value)
    assert stores.ledger.spent_today(ACCOUNT) == 25


def test_a_budget_lowered_below_what_is_spent_is_used_up(stores):
    spend(stores, 10)
    with pytest.raises(BudgetSpent, match="10 of 5"):
        stores.ledger.reserve(ACCOUNT, RequestLimits(per_minute=5, per_day=5))


def test_a_day_without_a_bound_is_never_used_up(stores):
    unbounded = RequestLimits(per_minute=6_000, per_day=None)
    spend(stores, 3, limits=unbounded)
    assert stores.ledger.spent_today(ACCOUNT) == 3


def test_a_budget_raised_has_requests_left(stores):
    spend(stores, 25)
    stores.clock.advance(minutes=1, seconds=1)
    assert stores.ledger.reserve(ACCOUNT, RequestLimits(per_minute=5, per_day=26)) == 0.0


@pytest.mark.parametrize(
    "last_second",
    [
        BEFORE_MIDNIGHT,
        datetime(2016, 3, 14, 3, 59, 59, tzinfo=UTC),
        datetime(2016, 11, 7, 4, 59, 59, tzinfo=UTC),
    ],
    ids=["in summer", "on the day of 23 hours", "on the day of 25 hours"],
)
def test_a_new_day_begins_at_midnight_in_new_york(stores, last_second):
    stores.clock.set(last_second - timedelta(hours=22))
    one_a_day = RequestLimits(per_minute=5, per_day=1)
    spend(stores, 1, limits=one_a_day)
    stores.clock.set(last_second)
    with pytest.raises(BudgetSpent):
        stores.ledger.reserve(ACCOUNT, one_a_day)
    stores.clock.advance(seconds=1)
    assert stores.ledger.spent_today(ACCOUNT) == 0
    assert stores.ledger.reserve(ACCOUNT, one_a_day) == 0.0


def test_a_new_day_does_not_start_a_new_minute(stores):
    stores.clock.set(BEFORE_MIDNIGHT - timedelta(seconds=4))
    spend(stores, 5)
    stores.clock.advance(seconds=1)
    assert stores.ledger.spent_today(ACCOUNT) == 0
    assert stores.ledger.reserve(ACCOUNT, FREE) == pytest.approx(56.0)


def test_a_day_the_vendor_calls_used_up_is_closed_until_midnight(stores):
    spend(stores, 3)
    stores.ledger.close_day(ACCOUNT)
    stores.ledger.close_day(ACCOUNT)
    assert stores.ledger.is_day_closed(ACCOUNT)
    assert not stores.ledger.is_day_closed(OTHER)
    with pytest.raises(BudgetSpent, match="3 of 25"):
        stores.ledger.reserve(ACCOUNT, FREE)
    stores.clock.set(BEFORE_MIDNIGHT + timedelta(seconds=1))
    assert not stores.ledger.is_day_closed(ACCOUNT)
    assert stores.ledger.reserve(ACCOUNT, FREE) == 0.0


def test_a_refusal_that_comes_after_midnight_closes_the_day_of_the_request(stores):
    stores.clock.set(BEFORE_MIDNIGHT)
    spend(stores, 1)
    stores.clock.advance(seconds=20)
    stores.ledger.close_day(ACCOUNT)
    assert not stores.ledger.is_day_closed(ACCOUNT)
    spend(stores, 1)
    stores.ledger.close_day(ACCOUNT)
    assert stores.ledger.is_day_closed(ACCOUNT)


def test_a_day_is_closed_though_nothing_was_counted_lately(stores):
    spend(stores, 1)
    stores.clock.advance(days=2)
    stores.ledger.close_day(ACCOUNT)
    assert stores.ledger.is_day_closed(ACCOUNT)


def test_a_clock_that_was_ahead_and_is_set_back_costs_neither_time_nor_budget(stores):
    stores.clock.advance(days=300)
    spend(stores, 6)
    stores.clock.advance(days=-300)
    assert stores.ledger.spent_today(ACCOUNT) == 0
    spend(stores, 1)
    assert stores.ledger.spent_today(ACCOUNT) == 1
    assert stores.ledger.reserve(ACCOUNT, FREE) == pytest.approx(1.0)
    stores.ledger.close_day(ACCOUNT)
    assert stores.ledger.is_day_closed(ACCOUNT)


def test_a_clock_set_back_within_the_day_keeps_the_count_and_asks_for_two_minutes_at_most(stores):
    spend(stores, 6)
    stores.clock.advance(seconds=-50)
    assert 0.0 < stores.ledger.reserve(ACCOUNT, FREE) <= 122.0
    stores.clock.advance(hours=-1)
    assert stores.ledger.reserve(ACCOUNT, FREE) == 0.0
    assert stores.ledger.spent_today(ACCOUNT) == 7


def test_an_answer_comes_back_as_it_was_kept(stores):
    body = bytes(range(256)) * 100
    stores.answers.keep(ACCOUNT, "DAILY full AAPL", body)
    stores.answers.keep(ACCOUNT, "DAILY full MSFT", b"")
    kept = stores.answers.kept(ACCOUNT, ["DAILY full AAPL", "DAILY full MSFT", "DAILY full ZTS"])
    assert {request: answer.body for request, answer in kept.items()} == {
        "DAILY full AAPL": body,
        "DAILY full MSFT": b"",
    }
    assert {answer.age for answer in kept.values()} == {timedelta(0)}


def test_a_newer_answer_takes_the_place_of_the_older(stores):
    stores.answers.keep(ACCOUNT, "AAPL", b"old")
    stores.clock.advance(minutes=5)
    stores.answers.keep(ACCOUNT, "AAPL", b"new")
    stores.clock.advance(minutes=1)
    (answer,) = stores.answers.kept(ACCOUNT, ["AAPL"]).values()
    assert (answer.body, answer.age) == (b"new", timedelta(minutes=1))


def test_an_answer_kept_by_a_clock_that_was_ahead_is_not_believed(stores):
    stores.answers.keep(ACCOUNT, "AAPL", b"tomorrow's")
    stores.clock.advance(days=-1)
    assert stores.answers.kept(ACCOUNT, ["AAPL"]) == {}
    stores.answers.keep(ACCOUNT, "AAPL", b"today's")
    assert stores.answers.kept(ACCOUNT, ["AAPL"])["AAPL"].body == b"today's"


def test_answers_are_kept_by_account(stores):
    stores.answers.keep(ACCOUNT, "AAPL", b"mine")
    assert stores.answers.kept(OTHER, ["AAPL"]) == {}


def test_no_requests_have_no_answers(stores):
    assert stores.answers.kept(ACCOUNT, []) == {}


def test_answers_are_kept_for_two_days(stores):
    stores.answers.keep(ACCOUNT, "AAPL", b"old")
    stores.clock.advance(days=2)
    assert set(stores.answers.kept(ACCOUNT, ["AAPL"])) == {"AAPL"}
    stores.clock.advance(seconds=1)
    assert stores.answers.kept(ACCOUNT, ["AAPL"]) == {}
    stores.answers.keep(ACCOUNT, "MSFT", b"new")
    assert set(stores.answers.kept(ACCOUNT, ["AAPL", "MSFT"])) == {"MSFT"}


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "refused"])
def test_what_a_trial_found_is_known_for_30_days(stores, allowed):
    assert stores.capabilities.found(ACCOUNT, "adjusted") is None
    stores.capabilities.record(ACCOUNT, "adjusted", allowed=allowed)
    stores.clock.advance(days=30)
    assert stores.capabilities.found(ACCOUNT, "adjusted") is allowed
    assert stores.capabilities.found(OTHER, "adjusted") is None
    assert stores.capabilities.found(ACCOUNT, "full") is None
    stores.clock.advance(seconds=1)
    assert stores.capabilities.found(ACCOUNT, "adjusted") is None


def test_the_last_trial_counts(stores):
    stores.capabilities.record(ACCOUNT, "adjusted", allowed=True)
    stores.clock.advance(days=20)
    stores.capabilities.record(ACCOUNT, "adjusted", allowed=False)
    stores.clock.advance(days=20)
    assert stores.capabilities.found(ACCOUNT, "adjusted") is False


def test_listings_are_found_by_ticker_and_by_company(stores):
    stores.listings.record("ibkr", {"AAPL": APPLE, "FB": BANK})
    assert stores.listings.listings("ibkr", ["AAPL", "FB", "ZTS"]) == {"AAPL": APPLE, "FB": BANK}
    assert stores.listings.symbols_of("ibkr", ["13", "265598", "7"]) == {
        "13": "FB",
        "265598": "AAPL",
    }
    assert stores.listings.listings("alpha_vantage", ["AAPL"]) == {}
    assert stores.listings.symbols_of("alpha_vantage", ["13"]) == {}


def test_no_listings_are_nothing_to_keep_nor_to_find(stores):
    stores.listings.record("ibkr", {})
    assert stores.listings.listings("ibkr", []) == {}
    assert stores.listings.symbols_of("ibkr", []) == {}


def test_a_ticker_reused_shows_the_company_seen_last(stores):
    stores.listings.record("ibkr", {"FB": BANK})
    for listing in (APPLE, BANK):
        stores.clock.advance(days=1)
        stores.listings.record("ibkr", {"FB": listing})
        assert stores.listings.listings("ibkr", ["FB"]) == {"FB": listing}


def test_a_company_renamed_is_found_under_the_ticker_seen_last(stores):
    stores.listings.record("ibkr", {"FB": BANK})
    stores.clock.advance(days=1)
    stores.listings.record("ibkr", {"META": BANK})
    assert stores.listings.symbols_of("ibkr", ["13"]) == {"13": "META"}
    assert stores.listings.listings("ibkr", ["FB", "META"]) == {"FB": BANK, "META": BANK}


def test_a_name_that_changes_is_kept_as_it_is_now(stores):
    renamed = Listing(vendor_id="13", name="Bank of Curaçao")
    stores.listings.record("ibkr", {"FB": BANK})
    stores.listings.record("ibkr", {"FB": renamed})
    assert stores.listings.listings("ibkr", ["FB"]) == {"FB": renamed}


def test_a_lease_is_held_by_one_at_a_time(stores):
    with (
        stores.leases.held("client id 2", wait_seconds=0.0),
        pytest.raises(LeaseTaken, match="client id 2 is in use by"),
        stores.leases.held("client id 2", wait_seconds=0.05),
    ):
        raise AssertionError


def test_leases_of_other_names_are_free(stores):
    with (
        stores.leases.held("client id 2", wait_seconds=0.0),
        stores.leases.held("client id 3", wait_seconds=0.0),
    ):
        pass


@pytest.mark.parametrize("error", [None, RuntimeError], ids=["done", "failed"])
def test_a_lease_ends_with_its_block(stores, error):
    try:
        with stores.leases.held("client id 2", wait_seconds=0.0):
            if error:
                raise error
    except RuntimeError:
        pass
    with stores.leases.held("client id 2", wait_seconds=0.0):
        pass


def test_who_waits_long_enough_gets_the_lease(stores):
    done = []
    with stores.leases.held("client id 2", wait_seconds=0.0):
        waiting = threading.Thread(target=use, args=(stores.leases, done), daemon=True)
        waiting.start()
        waiting.join(timeout=0.05)
        assert done == []
    waiting.join(timeout=300.0)
    assert done == ["used"]


def use(leases, done):
    with leases.held("client id 2", wait_seconds=300.0):
        done.append("used")


def test_a_lease_lost_in_the_block_is_told_when_it_ends(stores):
    with pytest.raises(StoreUnavailable, match="lease on client id 2 was lost"):
        hold_and_lose(stores)
    with stores.leases.held("client id 2", wait_seconds=0.0):
        pass


def test_what_a_block_raised_is_not_hidden_by_a_lease_lost(stores):
    with pytest.raises(ZeroDivisionError):
        hold_and_lose(stores, error=ZeroDivisionError)


def hold_and_lose(stores, *, error=None):
    with stores.leases.held("client id 2", wait_seconds=0.0):
        stores.lose_leases()
        if error:
            raise error
