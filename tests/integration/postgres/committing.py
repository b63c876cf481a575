"""A worker that commits change after change until it is killed: `python -m ... URL FIRST`.

It says the number of each change once it is told that it is committed.
"""

import sys
from decimal import Decimal
from itertools import count

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from tests.contracts.trading_values import (
    a_cascade_run,
    a_change,
    a_fill,
    a_lot,
    a_state,
    an_alert,
    executed,
)
from tests.trading import an_order


def numbered(number):
    """A change of everything, recognisable by its number."""
    order_id = f"order-{number}"
    return a_change(
        f"change-{number}",
        orders=(an_order(order_id=order_id),),
        events=((order_id, executed(a_fill(f"execution-{number}"))),),
        cascade_runs=(a_cascade_run(order_id=order_id),),
        lots=(a_lot(quantity=number),),
        state=a_state(cash_usd=Decimal(number)),
        announcements=(an_alert(str(number)),),
    )


if __name__ == "__main__":
    store = PostgresTradingStore(open_database(sys.argv[1]))
    for number in count(int(sys.argv[2])):
        store.commit(numbered(number), sends=True)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
