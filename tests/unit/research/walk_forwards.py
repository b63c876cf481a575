"""Walk-forward results of which a test states only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from alpha_oracle.domain.walk_forward import WindowOutcome
from alpha_oracle.research.trades import Trades
from alpha_oracle.research.walk_forward import NO_REFUSALS, WalkForwardResult


def an_outcome(**changes):
    """The outcome of a window from 2014 to the middle of 2016, but for the fields given."""
    ordinary = WindowOutcome(
        train_start=date(2014, 1, 2),
        test_start=date(2016, 1, 4),
        test_end=date(2016, 6, 30),
        parameters={},
        train_sharpes=(1.1,),
        train_trades=9,
        win_rate=0.6,
        avg_win_loss_ratio=1.5,
        kelly_fraction=0.04,
        return_pct=1.0,
    )
    return replace(ordinary, **changes)


def a_walk_forward(record, **changes):
    """A strategy out of sample with a record and, unless given, no windows and no trades."""
    ordinary = WalkForwardResult(
        strategy="MomentumStrategy",
        windows=(),
        record=record,
        trades=Trades.joined([]),
        halted_by=np.full(len(record.sessions), -1),
        refused=NO_REFUSALS,
        note="",
    )
    return replace(ordinary, **changes)
