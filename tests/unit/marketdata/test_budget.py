from datetime import date

import pytest

from alpha_oracle.domain.requests import RequestPlan
from alpha_oracle.errors import BudgetSpent
from alpha_oracle.marketdata.budget import affordable, plan_requests, require_budget
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import InMemoryBarSource, VendorBarSource
from tests.unit.marketdata.intake import empty_stores, stores_with

SESSION = date(2016, 1, 5)
SYMBOLS = ("A", "B", "C")
BARS = received(bars_of_closes({symbol: [10, 10.1] for symbol in SYMBOLS}), source="vendor")


def plans(sources, stores, *, force=False):
    return plan_requests(sources, stores, SYMBOLS, session=SESSION, force=force)


def test_each_source_plans_for_all_that_is_missing():
    metered, free = VendorBarSource(BARS, left=25), InMemoryBarSource(holds=BARS)
    assert plans([metered, free], empty_stores()) == (
        RequestPlan(source="vendor", symbols=3, requests=3, left=25, per_day=25),
        RequestPlan(source="vendor", symbols=3, requests=0),
    )
    assert metered.asked == []


def test_what_is_stored_is_not_planned():
    stores = stores_with(bars_of_closes({"B": [20, 20.2]}))
    [plan] = plans([VendorBarSource(BARS, left=25)], stores)
    assert (plan.symbols, plan.requests) == (2, 2)


def test_a_forced_run_plans_nothing():
    [plan] = plans([VendorBarSource(BARS, left=0)], empty_stores(), force=True)
    assert (plan.symbols, plan.requests, plan.fits) == (0, 0, True)


def test_a_plan_on_the_budget_passes():
    require_budget(plans([VendorBarSource(BARS, left=3)], empty_stores()))


def test_a_plan_beyond_the_budget_is_refused_with_the_numbers_and_the_ways_out():
    with pytest.raises(BudgetSpent) as caught:
        require_budget(plans([VendorBarSource(BARS, left=2)], empty_stores()))
    assert str(caught.value) == (
        "vendor: 3 requests are needed for 3 symbols, but of 2 a day 2 are left today; nothing was "
        "asked for. Ask for fewer symbols (--symbols), the others on the next day: what is stored "
        "or paid for is not asked for again; raise data.vendor.requests_per_day with a premium "
        "key; or set data.source to ibkr, which has no daily budget"
    )


def test_the_refusal_counts_the_days_it_would_take():
    plan = RequestPlan(source="vendor", symbols=500, requests=500, left=25, per_day=25)
    with pytest.raises(BudgetSpent, match="the others on the next 19 days"):
        require_budget([plan])


def test_a_fallback_beyond_its_budget_is_not_refused_before_it_is_needed():
    sources = [InMemoryBarSource(holds=BARS), VendorBarSource(BARS, left=0)]
    require_budget(plans(sources, empty_stores()))


def test_what_a_day_affords_counts_answers_paid_for_as_free():
    source = VendorBarSource(BARS, left=1)
    source.paid.add("B")
    assert affordable(source, SYMBOLS, start=SESSION, end=SESSION) == (("A", "B"), ("C",))


def test_a_day_that_affords_nothing_is_an_error():
    with pytest.raises(BudgetSpent, match="0 are left today"):
        affordable(VendorBarSource(BARS, left=0), SYMBOLS, start=SESSION, end=SESSION)
