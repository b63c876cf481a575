from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.risk.exposure import Commitment, add_commitments, commit
from tests.trading import COMMISSION, STRATEGY, an_order, sum_exposure

AAA, BBB, CCC = map(Symbol, ("AAA", "BBB", "CCC"))
PRICES = {AAA: Decimal(100), BBB: Decimal(50)}
SECTORS = {AAA: "Technology", BBB: "Energy"}


def a_commitment(**changes):
    ordinary = {
        "order_id": "working",
        "strategy": STRATEGY,
        "symbol": AAA,
        "side": Side.BUY,
        "quantity": 10,
        "price": Decimal(101),
    }
    return Commitment(**{**ordinary, **changes})


def summed(lots, commitments=(), *, prices=PRICES, sectors=SECTORS):
    return sum_exposure(lots, commitments, prices=prices, sectors=sectors, commission=COMMISSION)


def test_a_symbol_is_the_sum_of_its_lots():
    exposure = summed({(STRATEGY, AAA): 10, ("Breakout", AAA): 5, (STRATEGY, BBB): 2})

    assert exposure.by_symbol == {AAA: 1500, BBB: 100}
    assert exposure.by_sector == {"Technology": 1500, "Energy": 100}
    assert exposure.positions == 2
    assert exposure.usd_of(CCC) == 0


def test_a_purchase_that_may_fill_is_exposure_and_reserves_its_cost():
    exposure = summed({(STRATEGY, AAA): 1}, [a_commitment()])

    assert exposure.by_symbol == {AAA: 1110}
    assert exposure.reserved_usd == 1011
    assert exposure.intents == {(STRATEGY, AAA, Side.BUY): "working"}


def test_a_purchase_of_a_new_symbol_takes_a_slot():
    assert summed({(STRATEGY, AAA): 1}, [a_commitment(symbol=BBB)]).positions == 2


def test_a_sale_that_may_fail_takes_nothing_off_but_cannot_be_sold_twice():
    exposure = summed({(STRATEGY, AAA): 10}, [a_commitment(side=Side.SELL, quantity=7)])

    assert exposure.by_symbol == {AAA: 1000}
    assert exposure.sellable == {(STRATEGY, AAA): 3}
    assert exposure.reserved_usd == 0


def test_what_has_no_price_or_no_sector_is_named():
    exposure = summed({(STRATEGY, AAA): 1, (STRATEGY, CCC): 1}, sectors={})

    assert exposure.unpriced == {CCC}
    assert exposure.by_sector == {None: 100}


def test_a_lot_that_is_sold_out_is_no_position():
    exposure = summed({(STRATEGY, CCC): 0})

    assert exposure.positions == 0
    assert exposure.unpriced == frozenset()


def test_a_working_order_commits_what_remains_of_it_at_its_limit():
    order = an_order(limit_price=Decimal(99))

    assert commit(order, price=Decimal(100)) == a_commitment(
        order_id="order-1", quantity=10, price=Decimal(99)
    )


@given(
    st.lists(
        st.builds(
            a_commitment,
            symbol=st.sampled_from([AAA, BBB]),
            side=st.sampled_from(Side),
            quantity=st.integers(1, 1000),
        )
    ),
    st.randoms(use_true_random=False),
)
def test_sums_do_not_depend_on_the_order_of_orders(commitments, random):
    shuffled = random.sample(commitments, len(commitments))
    lots = {(STRATEGY, AAA): 10_000, (STRATEGY, BBB): 10_000}

    one, other = summed(lots, commitments), summed(lots, shuffled)

    assert one == other
    assert sum(one.by_symbol.values()) == sum(one.by_sector.values())


@given(
    st.lists(
        st.builds(
            a_commitment,
            symbol=st.sampled_from([AAA, BBB, CCC]),
            side=st.sampled_from(Side),
            quantity=st.integers(1, 1000),
        )
    ),
    st.integers(0, 10),
)
def test_orders_that_come_later_add_to_the_sums_there_are(commitments, count):
    lots = {(STRATEGY, AAA): 10_000, (STRATEGY, CCC): 1}
    first, later = commitments[:count], commitments[count:]

    added = add_commitments(
        summed(lots, first), later, prices=PRICES, sectors=SECTORS, commission=COMMISSION
    )

    assert added == summed(lots, commitments)
