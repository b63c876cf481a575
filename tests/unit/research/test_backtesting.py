"""One backtest by hand: where it starts, what sizes it, what a reader is told."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from alpha_oracle.domain.backtests import Sizing
from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.features.context import MarketContext
from alpha_oracle.research.backtesting import run_notes, run_once
from alpha_oracle.research.simulation.records import DAILY_LOSS, DRAWDOWN, REFUSALS, SECTOR
from alpha_oracle.research.walk_forward import Variant
from alpha_oracle.research.windows import WindowMonths
from tests.unit.research.worlds import Holding, a_market, some_decisions, some_terms

MONTHS = WindowMonths(train=2, test=1, step=1)
ROWS = 90


def a_variant(*, rising, falling=0):
    """A strategy that buys AAA every fifth session for two: `rising` trades won, then lost."""
    won, prices = 0, [100.0]
    for row in range(1, ROWS):
        grows = won < rising
        won += row % 5 == 3
        prices.append(prices[-1] * (1.01 if grows else 0.99))
    market = a_market({"AAA": prices, "BBB": [50.0] * ROWS})
    entries = [(row, "AAA", 1.0) for row in range(0, ROWS, 5)]
    strategy = Holding(min_hold_days=2, max_hold_days=2)
    terms = some_terms(capital=100_000, cap=50)
    return Variant.of(strategy, some_decisions(market, entries=entries), market, terms=terms)


def run(variant, **changes):
    sessions = variant.simulator.panel.sessions
    asked = {
        "start": sessions[min(60, len(sessions) - 1)].item(),
        "end": sessions[-1].item(),
        "months": MONTHS,
        "sizing": Sizing.HALF_KELLY,
    } | changes
    return run_once(variant, **asked)


def test_a_run_is_sized_by_what_was_closed_before_its_start():
    made = run(a_variant(rising=4))
    # The train months are March and 1 April's sessions: some won, the rest lost.
    assert made.sizing_note.startswith("half Kelly of ")
    assert "2016-02-01 to 2016-03-30" in made.sizing_note
    assert made.result.sessions[1] == made.result.sessions[0] + np.timedelta64(1, "D")


def test_a_run_without_an_edge_before_it_buys_nothing_and_says_so():
    made = run(a_variant(rising=0))
    assert len(made.result.fills) == 0
    assert made.sizing_note.endswith(
        "no edge, so nothing is bought (size by the flat cap to see it trade)"
    )
    flat = run(a_variant(rising=0), sizing=Sizing.FLAT_CAP)
    assert len(flat.result.fills) > 0
    assert flat.sizing_note == "every entry at the flat position cap, as asked"


def test_a_run_without_a_history_starts_cold():
    variant = a_variant(rising=40)
    made = run(variant, start=variant.simulator.panel.sessions[3].item())
    assert made.sizing_note.startswith("a cold start: no history before it")
    assert made.result.fills["quantity"][0] > 0


def test_a_run_without_a_start_begins_with_the_first_test_window():
    made = run(a_variant(rising=40), start=None)
    # The history begins with January, so January and February train.
    assert made.result.sessions[1].item() == date(2016, 3, 1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param(
            {"start": date(2030, 1, 2)}, "no bars are stored from 2030-01-02 on", id="late"
        ),
        pytest.param({"end": date(2016, 1, 5)}, "no session with bars from", id="end before start"),
    ],
)
def test_a_range_that_cannot_be_traded_is_refused_with_its_range(asked, message):
    with pytest.raises(ConfigurationError, match=message):
        run(a_variant(rising=40), **asked)


def test_one_session_alone_cannot_be_traded():
    market = a_market({"AAA": [10.0]})
    variant = Variant.of(Holding(), some_decisions(market), market, terms=some_terms())
    with pytest.raises(DataError, match="import more bars"):
        run(variant, start=None, end=market.sessions[0].item())


def test_a_reader_is_told_what_halted_and_refused_entries():
    market = a_market({"AAA": [10.0] * 4})
    known = replace(market, context=MarketContext(sector=np.zeros((4, 1), np.int16)))
    halted = np.array([-1, DRAWDOWN, DRAWDOWN, DAILY_LOSS])
    refused = np.zeros(len(REFUSALS), np.int64)
    refused[[DRAWDOWN, SECTOR]] = 1200, 3
    told = list(run_notes(halted, refused, sessions=market.sessions, panel=known))
    days = "{} of 4 sessions, first on {}, last on {}"
    assert told == [
        f"the drawdown limit halted entries on {days.format(2, '2016-01-05', '2016-01-06')}",
        f"the daily loss limit halted entries on {days.format(1, '2016-01-07', '2016-01-07')}",
        "entries wished for and not bought: 1,200 by drawdown from the peak, 3 by sector",
    ]


def test_a_reader_is_told_that_no_sector_is_on_record():
    market = a_market({"AAA": [10.0] * 4})
    nothing = np.full(4, -1), np.zeros(len(REFUSALS), np.int64)
    (told,) = run_notes(*nothing, sessions=market.sessions, panel=market)
    assert told.startswith("no sector is on record: the sector limit was not applied")
