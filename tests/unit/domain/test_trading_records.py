import pytest

from tests.contracts.trading_values import a_reconciliation


@pytest.mark.parametrize(
    ("changes", "is_green"),
    [
        pytest.param({"mismatches": ()}, True, id="all agrees"),
        pytest.param({}, False, id="shares differ"),
        pytest.param({"mismatches": (), "strangers": ("7",)}, False, id="an order nobody knows"),
        pytest.param({"mismatches": (), "foreign_orders": ("7",)}, True, id="another client's"),
    ],
)
def test_a_reconciliation_is_green_where_shares_and_orders_agree(changes, is_green):
    assert a_reconciliation(**changes).is_green is is_green
