"""Historical daily bars: the question, which sessions it covers, and what TWS says of them."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tests.peers.tws import contracts, messages, notices
from tests.peers.tws.adjusted import as_told
from tests.peers.tws.clock import NEW_YORK
from tests.peers.tws.faults import Point

if TYPE_CHECKING:
    from tests.peers.tws.session import Session
    from tests.peers.tws.wire import ContractFields, Fields

KINDS: Final = {"TRADES": "Trades", "ADJUSTED_LAST": "Adjusted_last"}
LONGEST: Final = {"D": 365, "W": 52, "M": 12, "Y": 100}
MONTHS: Final = {"M": 1, "Y": 12}
WORDS: Final = {"D": "days", "W": "weeks", "M": "months"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A historical request, checked."""

    request_id: int
    contract: ContractFields
    end: datetime
    count: int
    unit: str
    kind: str
    regular_hours: bool

    @property
    def first_day(self) -> date | None:
        """The calendar day after which bars begin; None where bars are counted instead."""
        if self.unit == "D":
            return None
        end = self.end.astimezone(NEW_YORK).date()
        if self.unit == "W":
            return end - timedelta(weeks=self.count)
        return _months_before(end, self.count * MONTHS[self.unit])


def bars(session: Session, fields: Fields) -> bytes:
    """The bars asked for, adjusted as of the server's today."""
    gateway = session.gateway
    asked = question(fields, now=gateway.clock.now())
    listing = contracts.the_one(gateway, asked.contract)
    told = as_told(gateway, listing.con_id, asked)
    if not told:
        raise notices.Refused(notices.no_data(listing.symbol, KINDS[asked.kind]))
    start = datetime.strptime(told[0][0], "%Y%m%d").replace(tzinfo=UTC)
    return messages.historical_data(
        asked.request_id, _stamp(start), _stamp(asked.end.astimezone(NEW_YORK)), bars=told
    )


def no_bars(fields: Fields) -> bytes:
    """No bars, and no word why."""
    return messages.historical_data(fields.whole(1), "", "", bars=())


def cancel(session: Session, fields: Fields) -> bytes:
    """End a running request; 366 where there is none."""
    number = fields.whole(2)
    if not session.forget(Point.HISTORICAL_DATA, number):
        raise notices.Refused(notices.unknown_query(number))
    raise notices.Refused(notices.cancelled(number))


def question(fields: Fields, *, now: datetime) -> Question:
    """Read a request: 20, id, contract (12), expired, end, size, duration, hours, kind, format.

    Raises:
        Refused: with 321, where TWS would refuse it before it looks for data.
    """
    end, size, duration, hours, kind = (fields.text(at) for at in range(15, 20))
    if size != "1 day":
        raise _invalid(
            f"Historical data bar size setting is invalid: {size}. Legal ones are: 1 day"
        )
    if kind not in KINDS:
        raise _invalid(f"Historical data queries on this contract requesting {kind} not supported")
    if kind == "ADJUSTED_LAST" and end:
        raise _invalid("End Date not supported with adjusted last")
    count, unit = _duration(duration)
    return Question(
        request_id=fields.whole(1),
        contract=fields.contract(2),
        end=min(_instant(end), now) if end else now,
        count=count,
        unit=unit,
        kind=kind,
        regular_hours=hours == "1",
    )


def _duration(text: str) -> tuple[int, str]:
    found = re.fullmatch(r"([1-9]\d*) ([DWMY])", text)
    if not found:
        raise _invalid(f"Historical data query duration is invalid: {text}")
    count, unit = int(found[1]), found[2]
    if count > LONGEST[unit]:
        raise _invalid(
            f"Historical data requests for durations longer than {LONGEST[unit]} {WORDS[unit]} "
            "must be made in years."
        )
    return count, unit


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _instant(text: str) -> datetime:
    zone = NEW_YORK
    stamp = text
    if re.fullmatch(r"\d{8}-\d{2}:\d{2}:\d{2}", text):
        zone, stamp = UTC, text.replace("-", " ")
    elif text.endswith(" UTC"):
        zone, stamp = UTC, text.removesuffix(" UTC")
    stamp = stamp.removesuffix(" US/Eastern")
    try:
        return datetime.strptime(stamp, "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        raise notices.Refused(notices.WRONG_DATE) from None


def _invalid(cause: str) -> notices.Refused:
    return notices.Refused(notices.invalid(cause))


def _stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d  %H:%M:%S")
