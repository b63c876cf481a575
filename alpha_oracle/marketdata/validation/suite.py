"""The expectations of a batch of bars, and the only door to great-expectations."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np

with warnings.catch_warnings():
    # Its import raises a DeprecationWarning about its own dependencies.
    warnings.simplefilter("ignore")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.core import (
        expect_column_pair_values_a_to_be_greater_than_b as pair_order,
    )
    from great_expectations.expectations.core.expect_column_values_to_be_between import (
        ExpectColumnValuesToBeBetween,
    )
    from great_expectations.expectations.core.expect_column_values_to_not_be_in_set import (
        ExpectColumnValuesToNotBeInSet,
    )
    from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
        ExpectColumnValuesToNotBeNull,
    )
    from great_expectations.expectations.core.expect_table_row_count_to_be_between import (
        ExpectTableRowCountToBeBetween,
    )

from alpha_oracle.errors import DataError
from alpha_oracle.marketdata.validation.evidence import VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from great_expectations.expectations.expectation import Expectation
    from numpy.typing import NDArray

    from alpha_oracle.marketdata.validation.context import Coverage, ValidationBounds

# Contexts of great-expectations are global to the process; batches come from several threads.
_ONE_AT_A_TIME: Final = Lock()

JUMP: Final = "jump_explained"
OVERLAP: Final = "overlap_agrees"
UNIQUE: Final = "unique"
READABLE: Final = "readable"
COVERAGE: Final = "coverage"

MEANINGS: Final[Mapping[str, str]] = {
    READABLE: "a field is not what a bar is made of",
    "values_present": "a price or the volume is missing",
    "prices_positive": "a price is zero or negative",
    "high_is_highest": "the high is below the open, low or close",
    "low_is_lowest": "the low is above the open or close",
    "volume_not_negative": "the volume is negative",
    "volume_traded": "the volume is zero, yet there are prices",
    UNIQUE: "the same symbol and session came more than once",
    "session_exists": "the exchange was closed on that day",
    "not_in_future": "the session had not closed",
    "not_stale": "the bar repeats earlier ones too often",
    JUMP: "the close jumped and no corporate action explains it",
    OVERLAP: "the source's bars of earlier sessions are not those stored",
    COVERAGE: "too few of the expected symbols came",
}
_PRICES: Final = VALUES[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one name in a report stands for: a row fails it where any of its expectations does."""

    name: str
    expectations: tuple[Expectation, ...]


def row_checks(bounds: ValidationBounds) -> tuple[Check, ...]:
    """The expectations on each bar by itself and beside its neighbours."""
    return (
        Check(
            name="values_present",
            expectations=tuple(ExpectColumnValuesToNotBeNull(column=name) for name in VALUES),
        ),
        Check(
            name="prices_positive",
            expectations=tuple(
                ExpectColumnValuesToBeBetween(column=name, min_value=0, strict_min=True)
                for name in _PRICES
            ),
        ),
        Check(
            name="high_is_highest",
            expectations=tuple(_not_below("high", name) for name in ("open", "low", "close")),
        ),
        Check(
            name="low_is_lowest",
            expectations=tuple(_not_below(name, "low") for name in ("open", "close")),
        ),
        _at_most("surplus", 0, name=UNIQUE),
        _at_most("closed_day", 0, name="session_exists"),
        _at_most("days_ahead", 0, name="not_in_future"),
        _at_most("repeats", bounds.max_stale_sessions, name="not_stale"),
        Check(
            name="volume_not_negative",
            expectations=(ExpectColumnValuesToBeBetween(column="volume", min_value=0),),
        ),
        Check(
            name="volume_traded",
            expectations=(ExpectColumnValuesToNotBeInSet(column="volume", value_set=[0]),),
        ),
    )


def jump_check(bounds: ValidationBounds) -> Check:
    """The expectation on closes beside the last accepted ones."""
    return _at_most("jump_ratio", bounds.max_jump_ratio, name=JUMP)


def failing_rows(frame: pd.DataFrame, checks: Sequence[Check]) -> dict[str, NDArray[np.intp]]:
    """Run checks on a frame with a plain index; return the positions that fail, by check.

    Raises:
        DataError: a check could not be evaluated.
    """
    failing = {check.name: np.empty(0, dtype=np.intp) for check in checks}
    if not len(frame):
        return failing
    owners = [check.name for check in checks for _ in check.expectations]
    expectations = [expectation for check in checks for expectation in check.expectations]
    for owner, result in zip(owners, _results(frame, expectations), strict=True):
        rows = np.array(result.get("unexpected_index_list") or [], dtype=np.intp)
        failing[owner] = np.union1d(failing[owner], rows)
    return failing


def covers(frame: pd.DataFrame, coverage: Coverage) -> bool:
    """Whether a frame of accepted bars, one a symbol, has as many rows as were expected."""
    needed = int(np.ceil(coverage.expected * coverage.min_pct / 100))
    with _ONE_AT_A_TIME:
        result = _batch(frame).validate(ExpectTableRowCountToBeBetween(min_value=needed))
    return bool(result.success)


def _results(frame: pd.DataFrame, expectations: Sequence[Expectation]) -> list[Mapping[str, Any]]:
    # Each expectation carries its position: results come back in an order of their own.
    marked = [
        expectation.copy(update={"meta": {"position": position}})
        for position, expectation in enumerate(expectations)
    ]
    suite = gx.ExpectationSuite(name="bars", expectations=marked)
    with _ONE_AT_A_TIME:
        answer = _batch(frame).validate(suite, result_format={"result_format": "COMPLETE"})
    found: list[Mapping[str, Any]] = [{}] * len(marked)
    for outcome in answer.results:
        config = outcome.expectation_config
        if "unexpected_count" not in outcome.result:
            raise DataError(f"{config.type} could not be evaluated: {outcome.exception_info}")
        found[config.meta["position"]] = outcome.result
    return found


def _batch(frame: pd.DataFrame) -> Any:  # noqa: ANN401 - great-expectations has no public type.
    return _whole_frames().get_batch({"dataframe": frame})


@cache
def _whole_frames() -> Any:  # noqa: ANN401
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("bars").add_dataframe_asset("bars")
    return asset.add_batch_definition_whole_dataframe("whole")


def _not_below(upper: str, lower: str) -> Expectation:
    return pair_order.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=upper, column_B=lower, or_equal=True, ignore_row_if="either_value_is_missing"
    )


def _at_most(column: str, bound: float, *, name: str) -> Check:
    expectation = ExpectColumnValuesToBeBetween(column=column, max_value=bound)
    return Check(name=name, expectations=(expectation,))
