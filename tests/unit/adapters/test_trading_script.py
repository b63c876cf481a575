"""Changes of trading as one text: by table where that is the same, else one after the other."""

from dataclasses import replace

import pytest

from alpha_oracle.adapters.postgres.trading_script import (
    script_of_changes,
    script_of_steps,
    steps_of,
)
from tests.contracts.trading_values import a_change, a_lot, an_alert, submitted
from tests.trading import an_order

TOLD = a_change("told", announcements=(an_alert(),))
SENT = a_change("sent", orders=(an_order(),))
HEARD = a_change("heard", events=(("order-1", submitted()),))
BOUGHT = a_change("bought", lots=(a_lot(),))


def steps(*changes):
    return [steps_of(one, sends=one is SENT, epoch=7) for one in changes]


@pytest.mark.parametrize("changes", [(TOLD, SENT, HEARD), (SENT, HEARD, TOLD)])
def test_one_look_at_the_switch_is_one_for_all_that_go_by_table(changes):
    text, values = script_of_changes(steps(*changes))
    assert text.count("EXECUTE") == text.count("EXECUTE ao_begin") == 1
    assert values[:5] == [changes[0].change_id, "paper", changes[0].at, 7, True]


def test_nobody_looks_at_the_switch_for_what_sends_nothing():
    _, values = script_of_changes(steps(TOLD, HEARD))
    assert values[4] is False


def test_rows_of_one_table_are_one_statement():
    text, values = script_of_changes(steps(*[HEARD] * 3))
    assert text.count("INSERT INTO order_events") == 1
    assert values.count("submitted") == 3


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([SENT, BOUGHT], id="a lot may build on another change's"),
        pytest.param([SENT], id="a change by itself is prepared"),
        pytest.param([SENT, replace(HEARD, account="live")], id="each account has its own turn"),
    ],
)
def test_what_cannot_go_by_table_goes_one_after_the_other(changes):
    given = steps(*changes)
    assert script_of_changes(given) == script_of_steps(one for each in given for one in each)
