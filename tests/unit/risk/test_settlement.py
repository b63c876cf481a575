from datetime import date
from decimal import Decimal

import pytest

from alpha_oracle.risk.settlement import settled_cash


@pytest.mark.parametrize(
    ("day", "settled"),
    [
        pytest.param(7, 400, id="neither sale is settled"),
        pytest.param(8, 700, id="the day after the first"),
        pytest.param(11, 1000, id="the day after both"),
    ],
)
def test_the_proceeds_of_a_sale_settle_on_the_next_session(day, settled):
    sales = [(date(2016, 1, 7), Decimal(300)), (date(2016, 1, 8), Decimal(300))]

    assert settled_cash(Decimal(1000), sales, session=date(2016, 1, day)) == settled
