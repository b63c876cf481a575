"""What a button carries is for one order, one verdict and one bot."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpha_oracle.entrypoints.telegram.buttons import MOST_BYTES, Seal, Verdict
from alpha_oracle.execution.identity import ID_LENGTH, entry_order_id

ORDER = entry_order_id("paper", "signal-1")
OTHER = entry_order_id("paper", "signal-2")
SEAL = Seal(b"a key")


def data(order_id, *, seal=SEAL):
    approve, reject = seal.buttons(order_id)
    return approve.data, reject.data


def test_a_press_gives_back_the_order_and_the_verdict():
    approve, reject = data(ORDER)
    assert SEAL.opened(approve) == Verdict(order_id=ORDER, approve=True)
    assert SEAL.opened(reject) == Verdict(order_id=ORDER, approve=False)


def test_an_order_of_ours_fits_into_a_button():
    assert all(len(one.encode()) <= MOST_BYTES for one in data("f" * ID_LENGTH))


def test_a_button_says_nothing_of_another_order_or_verdict():
    approve, reject = data(ORDER)
    forged = [
        approve.replace(ORDER, OTHER),
        f"a{reject[1:]}",
        f"r{approve[1:]}",
        approve.partition(".")[0],
        approve[:-1],
        f"{approve}=",
        data(ORDER, seal=Seal(b"another key"))[0],
    ]
    assert [SEAL.opened(one) for one in forged] == [None] * len(forged)


@given(st.text(alphabet=st.characters(codec=None)))
@example("\ud800")
def test_what_nobody_sealed_opens_nothing(text):
    assert SEAL.opened(text) is None
    assert SEAL.opened(f"a{text}") is None


@pytest.mark.parametrize("label", ["Approve", "Reject"])
def test_a_button_says_what_it_does(label):
    assert label in {one.label for one in SEAL.buttons(ORDER)}
