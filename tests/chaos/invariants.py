"""What must be so after a session, whatever happened in it."""

from __future__ import annotations

from collections import Counter

from alpha_oracle.domain.trading_events import encode_event


def check(storm):
    """Nothing twice, nothing lost, and the book is the broker's."""
    day, memory = storm.day, storm.day.memory
    _check_inbox(storm)
    open_orders = [order for order in memory.orders.values() if not order.is_final]
    assert not open_orders, f"left open: {open_orders}"
    critical = [one for one in memory.announced("risk") if one.get("severity") == "critical"]
    assert not critical, f"nothing here breaches integrity: {critical}"
    _check_book(day)
    _check_intents(memory)
    _check_told(memory)
    told = [encode_event(event) for event in memory.announcements]
    assert list(storm.bus.announced.values()) == told, "told otherwise"


def check_memory(storm):
    """The worker knows what is on record, and nothing else."""
    book, memory = storm.day.engine.book, storm.day.memory
    if book is None:
        return
    recorded = all(memory.orders.get(order_id) == one for order_id, one in book.orders.items())
    assert recorded, "other orders in mind"
    kept = all(memory.lots.get(("paper", *key)) == one for key, one in book.lots.items())
    assert kept, "other lots in mind"
    assert memory.states["paper"] == book.state, "another account in mind"


def _check_inbox(storm):
    memory, server = storm.day.memory, storm.server
    taken_in = {signal_id for _, signal_id in memory.inbox}
    assert storm.published.keys() <= taken_in, "a signal lost"
    assert taken_in == storm.published.keys(), "a signal nobody sent"
    assert set(memory.outcomes) == set(memory.inbox), "a signal without its outcome"
    assert server.group is None or not server.group.pending, "delivered and left lying"
    assert len({one.text for one in memory.malformed}) == storm.malformed, "a document lost"


def _check_book(day):
    book, broker = day.engine.book, day.market.book
    held = Counter()
    for lot in day.memory.lots.values():
        held[lot.symbol] += lot.quantity
    theirs = {symbol: one.quantity for symbol, one in broker.positions.items()}
    assert {symbol: count for symbol, count in held.items() if count} == theirs, "other shares"
    assert day.memory.states["paper"].cash_usd == broker.cash == book.state.cash_usd, "other cash"
    recorded = {lot.key: lot for lot in day.memory.lots.values() if lot.quantity}
    kept = {key: lot for key, lot in book.lots.items() if lot.quantity}
    assert kept == recorded, "other lots in mind"


def _check_intents(memory):
    slices = Counter(order.parent_id for order in memory.orders.values() if order.parent_id)
    by_signal = Counter(order.signal_id for order in memory.orders.values() if not order.parent_id)
    assert all(count == 1 for signal, count in by_signal.items() if signal), "two orders of one"
    for parent_id in slices:
        parent = memory.orders[parent_id]
        own = [order for order in memory.orders.values() if order.parent_id == parent_id]
        filled = sum(order.filled_quantity for order in own)
        assert filled == parent.filled_quantity <= parent.quantity, "slices beside their order"


def _check_told(memory):
    told = Counter()
    for document in memory.announced("orders"):
        if document["event"] in {"order:filled", "order:partially_filled"}:
            told[document["order_id"]] += document["fill_quantity"]
    filled = {
        order.order_id: order.filled_quantity
        for order in memory.orders.values()
        if order.filled_quantity and order.parent_id is None
    }
    assert dict(told) == filled, "other fills told"
