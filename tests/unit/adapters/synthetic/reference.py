"""What the generated companies tell beside their bars, for tests."""

from collections import defaultdict
from datetime import UTC, date, datetime

from alpha_oracle.adapters.synthetic.market import market_through
from alpha_oracle.config import SyntheticSettings
from tests.fakes.clock import FixedClock

START = date(2015, 1, 2)
NOW = datetime(2021, 6, 30, 21, 0, tzinfo=UTC)
SETTINGS = SyntheticSettings(seed=7, symbols=60, start=START)
LARGE = SyntheticSettings(seed=7, symbols=120, start=START)
LARGE_NOW = datetime(2019, 12, 31, 22, 0, tzinfo=UTC)


def a_source(kind, *, settings=SETTINGS, now=NOW):
    """A source of a kind whose present is `now`."""
    return kind(settings, clock=FixedClock(now))


def symbols_of(settings=SETTINGS, *, now=NOW):
    """Every symbol listed by now, ascending."""
    market = market_through(settings, now.date())
    listed = market.companies.listed < market.sessions_through(now.date())
    return [market.companies.symbols[column] for column in listed.nonzero()[0]]


def by_document(facts):
    """The facts of each document, in order."""
    documents = defaultdict(list)
    for fact in facts:
        documents[fact.document].append(fact)
    return documents


def days_of(fact):
    """How many days a figure is about."""
    return (fact.period_end - fact.period_start).days + 1
