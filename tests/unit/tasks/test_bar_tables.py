from datetime import UTC, date, datetime
from decimal import Decimal

from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.market import ActionKind, CorporateAction
from alpha_oracle.domain.validation import Conflict, Disagreement, OverlapReport, SourceCount
from tasks.bar_tables import SHOWN_ROWS, attention_rows, source_rows

SESSION = date(2019, 11, 29)
SPLIT = CorporateAction(
    symbol="AAPL",
    ex_date=SESSION,
    kind=ActionKind.SPLIT,
    value=Decimal(4),
    known_at=datetime(2019, 11, 29, 15, tzinfo=UTC),
)
OVERLAP = OverlapReport(
    splits=(SPLIT,),
    conflicts=(Conflict(symbol="FB", source="ibkr", reason="another company"),),
    disagreements=(
        Disagreement(
            symbol="MSFT",
            session=SESSION,
            stored_source="ibkr",
            stored_close=150.0,
            source="alpha_vantage",
            close=153.0,
            pct=2.0,
        ),
    ),
)


def absent(symbol):
    return Absence(symbol=symbol, source="ibkr", kind=AbsenceKind.FAILED, reason="it is away")


def test_the_counts_of_batches_are_added_by_source_with_the_first_failure():
    counts = [
        SourceCount(source="ibkr", asked=50, given=49),
        SourceCount(source="alpha_vantage", asked=1, given=1),
        SourceCount(source="ibkr", asked=50, given=0, failure="it is away"),
        SourceCount(source="ibkr", asked=50, given=0, failure="it is still away"),
    ]
    assert source_rows(counts) == [
        {"source": "ibkr", "asked": 150, "given": 49, "ended by": "it is away"},
        {"source": "alpha_vantage", "asked": 1, "given": 1, "ended by": "-"},
    ]


def test_what_is_held_or_found_is_shown_though_a_source_lacks_every_symbol():
    rows = attention_rows(OVERLAP, map(absent, (f"S{number}" for number in range(SHOWN_ROWS))))
    assert [(row["symbol"], row["what"]) for row in rows[:4]] == [
        ("AAPL", "split recorded"),
        ("FB", "held"),
        ("MSFT", "sources disagree"),
        ("S0", "absent: failed"),
    ]


def test_what_was_said_of_a_symbol_by_several_batches_is_shown_once():
    [row] = attention_rows(OverlapReport(), [absent("AAPL"), absent("AAPL")])
    assert row == {
        "symbol": "AAPL",
        "what": "absent: failed",
        "source": "ibkr",
        "detail": "it is away",
    }
