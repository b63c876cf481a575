"""Two sessions of a storm: signals, outages, a switch thrown, a market that falls, a split."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from alpha_oracle import calendar
from alpha_oracle.domain.market import ActionKind, CorporateAction
from tests.chaos.invariants import check, check_memory
from tests.chaos.judge import closing_equity
from tests.unit.execution.trading_day import MOMENTUM, SESSION, SIGNALLED, SYMBOLS, a_document

NEXT_SESSION = calendar.next_session_after(SESSION)
STRATEGIES = (MOMENTUM, "BreakoutStrategy")


def run(storm):
    """Two sessions with a split in between, each to its end."""
    work(storm, SIGNALLED, SESSION)
    held = {lot.symbol for lot in storm.day.memory.lots.values() if lot.quantity}
    closes = {one: Decimal(str(round(price, 2))) for one, price in storm.prices.items()}
    storm.day.facts.known = replace(
        storm.day.facts.known, last_closes=closes, vix_close=(SESSION, Decimal(15))
    )
    storm.base = closing_equity(storm)
    storm.peak = max(storm.peak, storm.base)
    act_on_shares(storm, sorted(held))
    work(storm, SESSION, NEXT_SESSION, leaving=sorted(held))


def work(storm, signalled_on, session, *, leaving=()):
    """A session, from its signals to what must be so after it."""
    dice, day = storm.dice, storm.day
    wanted = dice.sample(SYMBOLS, dice.randint(1, 4))
    longs = [(one, dice.choice(STRATEGIES)) for one in (*wanted, dice.choice(SYMBOLS))]
    shorts = [(one, MOMENTUM) for one in sorted({*dice.sample(wanted, 1), *leaving})]
    early = dice.randint(0, len(longs))
    day.clock.set(calendar.session_open(session) - timedelta(hours=1))
    storm.start()
    storm.step(1)
    for symbol, strategy in longs[:early]:
        announce(storm, symbol, "LONG", strategy, signalled_on)
    pass_the_night(storm)
    day.go_to(5, session=session)
    leave_at = dice.randint(1, 6)
    kill_at = dice.choice((None, None, None, None, dice.randint(1, 12)))
    fall_at = dice.randint(2, 6)
    for number in range(dice.randint(6, 14)):
        interfere(storm)
        if number == leave_at:
            for symbol, strategy in shorts:
                announce(storm, symbol, "SHORT", strategy, signalled_on)
        if number == fall_at:
            fall(storm, session)
        if number >= fall_at and early < len(longs):
            announce(storm, longs[early][0], "LONG", longs[early][1], signalled_on)
            early += 1
        if number == kill_at:
            kill(storm)
        decide(storm)
        storm.step(dice.choice((0.3, 1, 2, 7, 30, 61)))
        check_memory(storm)
    storm.settle_down(session)
    check(storm)


def pass_the_night(storm):
    """Let what came in so far be taken in, and the worker's process end now and then."""
    storm.work()
    if storm.fate.dice.random() < 0.2:
        storm.start_anew()


def announce(storm, symbol, direction, strategy, signalled_on):
    """Let a signal be published: once or twice, on both ways or one, perhaps to a dead consumer."""
    dice, server = storm.dice, storm.server
    signal_id = f"{signalled_on}:{strategy}:{symbol}:{direction}"
    if signal_id in storm.published:
        return
    document = a_document(
        symbol,
        direction,
        id=signal_id,
        session=signalled_on,
        strength=dice.random(),
        min_hold_days=1,
        strategy=strategy,
    )
    is_streamed = dice.random() < 0.9
    for _ in range(dice.choice((1, 1, 2))):
        storm.publish(
            signal_id,
            document,
            session=signalled_on,
            is_streamed=is_streamed,
            is_told=dice.random() < 0.8,
        )
    if dice.random() < 0.1:
        server.deliver("dead", at=storm.day.clock.now())
    if storm.is_bare and dice.random() < 0.2:
        # On no record, and so only where no stream is lost.
        storm.malformed += 1
        server.add(f"no signal: {signal_id}")


def interfere(storm):
    """Let stores and the bus be away for a while, and the bus lose what it knew."""
    dice, day = storm.dice, storm.day
    day.memory.is_away = dice.random() < 0.03
    day.market.board.is_away = dice.random() < 0.05
    day.mirror.is_away = dice.random() < 0.03
    storm.server.is_away = dice.random() < 0.05
    storm.bus.is_away = dice.random() < 0.1
    if dice.random() < 0.02:
        storm.server.lose_group()
    if dice.random() < 0.02 and not storm.is_bare:
        storm.server.flush()


def fall(storm, session):
    """Let the market fall as the storm has it: one share, every share, or its calm."""
    if storm.falls == "one":
        storm.prices[_largest(storm)] *= 0.75
    if storm.falls == "all":
        storm.prices = {one: price * 0.94 for one, price in storm.prices.items()}
    storm.is_panic = storm.falls == "later" and session == NEXT_SESSION
    storm.is_falling = storm.is_falling or bool(storm.falls)


def _largest(storm):
    held = storm.day.market.book.positions
    return max(storm.prices, key=lambda one: held[one].quantity if one in held else 0)


def act_on_shares(storm, held):
    """Let one of the symbols held be split overnight, and another pay a dividend."""
    if not held:
        return
    dice = storm.dice
    ratio = dice.choice((Decimal(2), Decimal("1.5"), Decimal("0.5")))
    for symbol, kind, value in (
        (dice.choice(held), ActionKind.SPLIT, ratio),
        (dice.choice(held), ActionKind.DIVIDEND, Decimal("0.25")),
    ):
        if kind is ActionKind.SPLIT:
            storm.prices[symbol] /= float(value)
        storm.day.facts.corporate_actions.append(
            CorporateAction(
                symbol=symbol,
                ex_date=NEXT_SESSION,
                kind=kind,
                value=value,
                known_at=storm.day.clock.now(),
            )
        )


def decide(storm):
    """Let a human decide some of what waits."""
    day, dice = storm.day, storm.dice
    if day.memory.is_away:
        return
    for order_id in list(day.memory.approvals):
        if dice.random() < 0.3:
            day.operators.decide(
                order_id, approve=dice.random() < 0.8, by="operator", at=day.clock.now()
            )


def kill(storm):
    """An operator throws the switch from another process."""
    day = storm.day
    day.memory.is_away = day.mirror.is_away = False
    now = day.clock.now()
    record = day.switch.record()
    day.switch.change(
        replace(record, is_active=True, activated_at=now, changed_by="operator", reason="drill"),
        at=now,
    )
