import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.signals import encode
from tests.builders import a_signal


def test_a_signal_is_encoded_as_these_bytes():
    assert encode(a_signal(symbol="BRK.B", win_rate=None)) == (
        '{"event":"signal:generated","symbol":"BRK.B","direction":"LONG","strength":0.5,'
        '"strategy":"MomentumStrategy","timestamp":"2016-01-04T22:00:00Z",'
        '"id":"' + a_signal(symbol="BRK.B").signal_id + '","session":"2016-01-04",'
        '"expires_at":"2016-01-05T21:00:00Z","min_hold_days":2,"max_hold_days":20,'
        '"reference_price":100.0,"win_rate":null,"avg_win_loss_ratio":1.5}'
    )


@given(
    strength=st.floats(0, 1),
    reference_price=st.floats(allow_nan=False, allow_infinity=False),
    strategy=st.text(),
)
def test_an_encoded_signal_reads_back_as_its_document(strength, reference_price, strategy):
    signal = a_signal(strength=strength, reference_price=reference_price, strategy=strategy)
    assert json.loads(encode(signal)) == signal.document()


def test_a_number_that_json_cannot_say_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        encode(a_signal(reference_price=math.nan))
