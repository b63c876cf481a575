"""Signals read from outside: whole or of six fields, and refused where anything is malformed."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from alpha_oracle import calendar
from alpha_oracle.domain.market import Symbol, parse_symbol
from alpha_oracle.domain.orders import Hold
from alpha_oracle.domain.received_signals import ReceivedSignal, WinStatistics
from alpha_oracle.domain.signals import Direction
from alpha_oracle.errors import MalformedSignal, UnknownSymbol
from alpha_oracle.execution.inbox_rules import expiry, next_window_end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alpha_oracle.calendar import ExecutionWindow
    from alpha_oracle.domain.market import Session

EVENT: Final = "signal:generated"
MAX_BYTES: Final = 16_384
MAX_PRICE_USD: Final = 10_000_000
MAX_RATIO: Final = 1_000_000_000
MAX_HOLD_DAYS: Final = 1_000
MAX_AHEAD: Final = timedelta(minutes=5)
"""How far a publisher's clock may be ahead of ours."""

_SHOWN: Final = 60
_NAME: Final = re.compile(r"[A-Za-z0-9_.:\- ]{1,64}")

Value = TypeVar("Value")


def parse_signal_document(
    document: str, *, received_at: datetime, window: ExecutionWindow
) -> ReceivedSignal:
    """Return the signal a document holds.

    A document may hold the six fields of the specification only: its id then follows from its
    session, strategy, symbol and direction, its session is the last one closed at `timestamp`, and
    it expires with the next execution window, or the one open then. No document waits for longer
    than for one window, whatever it says. Fields beyond those known are left alone.

    Raises:
        MalformedSignal: names the field and what was expected of it.
    """
    fields = _Fields(_object(document))
    fields.read("event", _event)
    strategy = fields.read("strategy", _name)
    symbol = fields.read("symbol", _symbol)
    direction = fields.read("direction", _direction)
    decided_at = fields.read("timestamp", lambda told: _decided(told, received_at))
    session = fields.optional("session", lambda told: _session(told, decided_at))
    latest = next_window_end(decided_at, window) if session is None else expiry(session, window)
    session = session or calendar.latest_closed_session(decided_at)
    expires_at = fields.optional("expires_at", lambda told: _expiry(told, decided_at))
    signal_id = fields.optional("id", _name)
    return ReceivedSignal(
        signal_id=signal_id or _derived_id(session, strategy, symbol, direction),
        session=session,
        strategy=strategy,
        symbol=symbol,
        direction=direction,
        strength=float(fields.read("strength", lambda told: _number(told, most=1))),
        decided_at=decided_at,
        expires_at=min(expires_at or latest, latest),
        hold=_hold(fields),
        reference_price=fields.optional("reference_price", _price),
        statistics=_statistics(fields),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    values: Mapping[str, object]

    def read(self, name: str, reader: Callable[[object], Value]) -> Value:
        if name not in self.values:
            raise MalformedSignal(f"signal without {name}")
        try:
            return reader(self.values[name])
        except (ValueError, OverflowError, UnknownSymbol) as error:
            raise MalformedSignal(f"signal field {name}: {error}") from None

    def optional(self, name: str, reader: Callable[[object], Value]) -> Value | None:
        return None if self.values.get(name) is None else self.read(name, reader)


def _object(document: str) -> Mapping[str, object]:
    size = len(document.encode(errors="replace"))
    if size > MAX_BYTES:
        raise MalformedSignal(f"signal of {size} bytes; at most {MAX_BYTES} are read")
    try:
        told = _JSON.decode(document)
    except (ValueError, RecursionError) as error:
        raise MalformedSignal(f"signal is no JSON document: {error}") from None
    if not isinstance(told, dict):
        raise MalformedSignal(f"signal is {_shown(told)}; expected a JSON object")
    return told


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name is given twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_JSON: Final = json.JSONDecoder(object_pairs_hook=_no_twins, parse_constant=_no_constant)


def _event(told: object) -> str:
    if told != EVENT:
        raise ValueError(f"{_shown(told)}; expected {EVENT!r}")
    return EVENT


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise ValueError(f"{_shown(told)} is no text")  # noqa: TRY004 - One family for all fields.
    return told


def _name(told: object) -> str:
    text = _text(told)
    if not _NAME.fullmatch(text) or text != text.strip():
        raise ValueError(f"{_shown(told)}; expected 1 to 64 letters, digits or _.:- and spaces")
    return text


def _symbol(told: object) -> Symbol:
    text = _text(told)
    symbol = parse_symbol(text)
    if symbol != text:
        raise ValueError(f"{_shown(told)}; expected the dotted form, {symbol}")
    return symbol


def _direction(told: object) -> Direction:
    text = _text(told)
    if text not in Direction.__members__:
        raise ValueError(f"{_shown(told)}; expected one of {', '.join(Direction)}")
    return Direction(text)


def _instant(told: object) -> datetime:
    instant = datetime.fromisoformat(_text(told))
    if instant.tzinfo is None:
        raise ValueError(f"{_shown(told)} has no time zone; expected one, such as Z")
    return instant.astimezone(UTC)


def _decided(told: object, received_at: datetime) -> datetime:
    instant = _instant(told)
    if instant > received_at + MAX_AHEAD:
        raise ValueError(f"{_shown(told)} lies in the future of {received_at.isoformat()}")
    # A session must have closed before it, and one must follow.
    day = instant.astimezone(calendar.NEW_YORK).date()
    if not calendar.first_session() < day < calendar.last_session():
        raise ValueError(f"{_shown(told)} is beyond the exchange calendar")
    return instant


def _expiry(told: object, decided_at: datetime) -> datetime:
    instant = _instant(told)
    if instant <= decided_at:
        raise ValueError(f"{_shown(told)} is not after {decided_at.isoformat()}, its timestamp")
    return instant


def _session(told: object, decided_at: datetime) -> Session:
    session = date.fromisoformat(_text(told))
    if not calendar.first_session() <= session <= calendar.latest_closed_session(decided_at):
        raise ValueError(f"{_shown(told)} had not closed at {decided_at.isoformat()}")
    if not calendar.is_session(session):
        raise ValueError(f"{_shown(told)} is not a session")
    return session


def _number(told: object, *, most: int, least: int = 0) -> Decimal:
    # A flag is an int to Python, and no number to JSON.
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise ValueError(f"{_shown(told)} is no number")  # noqa: TRY004
    if not least <= told <= most:
        raise ValueError(f"{_shown(told)} is outside {least}..{most}")
    return Decimal(repr(told))


def _price(told: object) -> Decimal:
    price = _number(told, most=MAX_PRICE_USD)
    if not price:
        raise ValueError("0 is no price")
    return price


def _days(told: object) -> int:
    days = _number(told, most=MAX_HOLD_DAYS)
    if days % 1:
        raise ValueError(f"{_shown(told)} is no whole number")
    return int(days)


def _hold(fields: _Fields) -> Hold | None:
    least = fields.optional("min_hold_days", _days)
    most = fields.optional("max_hold_days", _days)
    if least is None or most is None:
        if least is not most:
            raise MalformedSignal("signal with one of min_hold_days, max_hold_days; give both")
        return None
    return fields.read("max_hold_days", lambda _: Hold(min_days=least, max_days=most))


def _statistics(fields: _Fields) -> WinStatistics | None:
    win_rate = fields.optional("win_rate", lambda told: _number(told, most=1))
    ratio = fields.optional("avg_win_loss_ratio", lambda told: _number(told, most=MAX_RATIO))
    # A ratio of null says that no trade lost; a ratio left out says nothing.
    if win_rate is None or "avg_win_loss_ratio" not in fields.values:
        return None
    return WinStatistics(win_rate=win_rate, avg_win_loss_ratio=ratio)


def _derived_id(session: Session, strategy: str, symbol: Symbol, direction: Direction) -> str:
    key = f"{session.isoformat()}|{strategy}|{symbol}|{direction}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _shown(told: object) -> str:
    text = repr(told)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
