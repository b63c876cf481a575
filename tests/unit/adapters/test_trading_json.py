"""Verdicts on their way to the record and back."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.adapters.postgres.trading_json import (
    decode_measures,
    decode_verdicts,
    encode_measures,
    encode_verdicts,
)
from alpha_oracle.domain.risk import RiskAction, RiskCheckResult

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(), max_size=20)
MEASURES = st.dictionaries(
    TEXTS, st.one_of(DECIMALS, st.integers(), TEXTS, st.booleans(), st.none()), max_size=5
)
VERDICTS = st.builds(
    RiskCheckResult,
    check=TEXTS,
    action=st.sampled_from(RiskAction),
    reason=TEXTS,
    measured=st.none() | DECIMALS,
    bound=st.none() | DECIMALS,
    quantity=st.none() | st.integers(),
    missing=st.lists(TEXTS, max_size=3).map(tuple),
    inputs=MEASURES,
)


@given(MEASURES)
def test_measures_come_back_as_they_were_of_their_own_kind(measures):
    found = decode_measures(encode_measures(measures))
    assert found == measures
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in measures.items()
    }


@given(st.lists(VERDICTS, max_size=4).map(tuple))
def test_verdicts_come_back_as_they_were(verdicts):
    text = encode_verdicts(verdicts)
    assert decode_verdicts(text) == verdicts
    assert len(json.loads(text)) == len(verdicts)


@given(st.sampled_from(["NaN", "Infinity", "-Infinity"]))
def test_a_figure_that_is_no_number_is_kept_by_its_name(name):
    verdict = RiskCheckResult(check="c", action=RiskAction.REJECT, measured=Decimal(name))
    (found,) = decode_verdicts(encode_verdicts([verdict]))
    assert str(found.measured) == name
    assert decode_measures(encode_measures({"x": Decimal(name)})) == {"x": name}
