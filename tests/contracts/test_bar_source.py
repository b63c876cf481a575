"""What every bar source must do, whoever it asks."""

import subprocess
import sys
from datetime import UTC, date
from pathlib import Path

import numpy as np
import pytest

from alpha_oracle.domain.market import PriceBasis, parse_symbol
from tests.contracts.bar_sources import (
    COLUMNS,
    END,
    MAKERS,
    MIDDLE,
    START,
    as_table,
    digest,
    symbols_of,
)

SATURDAY = date(2016, 1, 9)
DIGEST_ELSEWHERE = """
import sys
from tests.contracts.bar_sources import END, MAKERS, START, digest, symbols_of
with MAKERS[sys.argv[1]](sys.argv[2]) as source:
    found = digest(source.fetch(symbols_of(source), start=START, end=END).bars)
print(found)
"""


@pytest.fixture(params=MAKERS)
def maker(request):
    return request.param


@pytest.fixture
def source(maker, tmp_path):
    with MAKERS[maker](tmp_path) as made:
        yield made


@pytest.fixture
def symbols(source):
    return symbols_of(source)


def test_rows_ascend_by_symbol_then_session(source, symbols):
    bars = source.fetch(tuple(reversed(symbols)), start=START, end=END).bars
    order = np.lexsort((bars.session, bars.symbol_index))
    assert len(bars) > 0
    assert order.tolist() == list(range(len(bars)))


def test_the_symbol_dictionary_ascends_and_holds_what_rows_point_at(source, symbols):
    bars = source.fetch(symbols, start=START, end=END).bars
    assert list(bars.symbols) == sorted(set(bars.symbols))
    assert set(np.unique(bars.symbol_index)) <= set(range(len(bars.symbols)))


def test_columns_have_one_length_and_the_declared_types(source, symbols):
    bars = source.fetch(symbols, start=START, end=END).bars
    assert bars.symbol_index.dtype == np.int32
    assert bars.session.dtype == np.dtype("datetime64[D]")
    assert {getattr(bars, name).dtype for name in COLUMNS} == {np.dtype(np.float64)}
    assert {getattr(bars, name).shape for name in COLUMNS} == {bars.session.shape}


def test_only_the_symbols_and_sessions_asked_for_come(source, symbols):
    table = as_table(source.fetch(symbols[1:3], start=MIDDLE, end=END).bars)
    assert set(table["symbol"]) == set(symbols[1:3])
    assert table["date"].min().date() == MIDDLE
    assert table["date"].max().date() == END


def test_a_symbol_nobody_knows_is_absent(source, symbols):
    table = as_table(source.fetch([symbols[0], "NOSUCH"], start=START, end=END).bars)
    assert set(table["symbol"]) == {symbols[0]}


def test_a_symbol_asked_for_twice_comes_once(source, symbols):
    once = source.fetch(symbols[:1], start=START, end=END).bars
    twice = source.fetch([symbols[0], symbols[0]], start=START, end=END).bars
    assert digest(twice) == digest(once)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        pytest.param([], START, END, id="no symbols"),
        pytest.param(["NOSUCH"], START, END, id="an unknown symbol"),
        pytest.param(["SYN001"], SATURDAY, SATURDAY, id="a closed day"),
        pytest.param(["SYN001"], END, START, id="an end before the start"),
        pytest.param(["SYN001"], date(1990, 1, 2), date(1990, 6, 1), id="before its first bar"),
    ],
)
def test_an_empty_answer_has_the_shape_of_any_other(source, asked, start, end):
    received = source.fetch(asked, start=start, end=end)
    assert len(received.bars) == 0
    assert received.bars.symbol_index.dtype == np.int32
    assert received.bars.session.dtype == np.dtype("datetime64[D]")
    assert all(getattr(received.bars, name).dtype == np.float64 for name in COLUMNS)
    assert received.batch.source == source.name


def test_a_longer_answer_begins_with_the_shorter_one(source, symbols):
    longer = as_table(source.fetch(symbols, start=START, end=END).bars)
    shorter = as_table(source.fetch(symbols, start=START, end=MIDDLE).bars)
    assert longer[longer["date"].dt.date <= MIDDLE].reset_index(drop=True).equals(shorter)


def test_a_symbol_has_the_same_bars_alone_as_among_others(source, symbols):
    together = as_table(source.fetch(symbols, start=START, end=END).bars)
    alone = as_table(source.fetch(symbols[2:3], start=START, end=END).bars)
    assert together[together["symbol"] == symbols[2]].reset_index(drop=True).equals(alone)


def test_another_process_gets_the_same_answer(source, maker, symbols, tmp_path):
    elsewhere = subprocess.run(
        [sys.executable, "-c", DIGEST_ELSEWHERE, maker, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    here = digest(source.fetch(symbols, start=START, end=END).bars)
    assert elsewhere.stdout.splitlines()[-1] == here  # What it logged may stand before.


def test_an_answer_is_the_callers_own(source, symbols):
    before = source.fetch(symbols, start=START, end=END).bars
    untouched = digest(before)
    before.close[:] = 0.0
    assert digest(source.fetch(symbols, start=START, end=END).bars) == untouched


def test_the_batch_says_who_answered_and_what_prices_are(source, symbols):
    batch = source.fetch(symbols, start=START, end=END).batch
    assert batch.source == source.name
    assert batch.basis is source.basis
    assert (batch.adjusted_through is None) == (batch.basis is PriceBasis.RAW)


def test_the_symbols_of_a_session_ascend_are_dotted_and_have_bars(source):
    symbols = source.symbols(MIDDLE)
    if symbols is None:
        pytest.skip("the source cannot say")
    assert len(symbols) > 0
    assert list(symbols) == sorted(set(symbols))
    assert [parse_symbol(symbol) for symbol in symbols] == list(symbols)
    assert (
        tuple(as_table(source.fetch(symbols, start=MIDDLE, end=MIDDLE).bars)["symbol"]) == symbols
    )


def test_no_symbols_are_offered_for_a_closed_day(source):
    assert source.symbols(SATURDAY) in {(), None}


def test_the_actions_told_are_of_the_symbols_and_sessions_asked_for(source, symbols):
    actions = source.fetch(symbols[:4], start=START, end=MIDDLE).actions
    assert {action.symbol for action in actions} <= set(symbols[:4])
    assert all(START <= action.ex_date <= MIDDLE for action in actions)
    assert all(action.known_at.tzinfo is UTC for action in actions)


def test_a_plan_sends_nothing_and_counts_the_symbols(source, symbols):
    plan = source.plan(symbols, start=START, end=END)
    assert (plan.source, plan.symbols) == (source.name, len(symbols))
    assert plan.requests == source.plan(symbols, start=START, end=END).requests


def test_every_absence_names_a_symbol_asked_for_and_a_reason(source, symbols):
    received = source.fetch([symbols[0], "NOSUCH"], start=START, end=END)
    assert {absence.symbol for absence in received.absent} <= {"NOSUCH"}
    assert all(absence.source == source.name and absence.reason for absence in received.absent)
