"""What listens to the decoder in the library's place: every message about orders, as it comes.

The library keeps books of its own, in which an order is cancelled by any notice, a commission is
lost that comes early, and an execution told again is no news. They are not used: messages about
contracts and the time alone are passed on to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog

from alpha_oracle.adapters.ibkr import codes
from alpha_oracle.adapters.ibkr import order_told as told
from alpha_oracle.adapters.ibkr.order_answers import Answers, Part
from alpha_oracle.adapters.ibkr.order_codes import DUPLICATE_NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.adapters.ibkr.order_tracking import OrderTracker

log = structlog.get_logger(__name__)

_WEIGHTY: Final = frozenset({3, 5, 11, 53, 55, 61, 62, 63, 64, 101, 102})
"""Messages about orders, executions, positions and figures: none may be missed."""


class Ears:
    """Hears one connection. Names are the library's; what is not here is `inner`'s.

    While `answers` are set, what is told belongs to them too.
    """

    def __init__(
        self,
        inner: Any,  # noqa: ANN401 - the library has no types.
        tracker: OrderTracker,
        *,
        must_ask: Callable[[str], None],
        on_code: Callable[[int], None],
        renumber: Callable[[], None],
    ) -> None:
        self._inner = inner
        self._tracker = tracker
        self._must_ask = must_ask
        self._on_code = on_code
        self._renumber = renumber
        self.answers: Answers | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as above.
        return getattr(self._inner, name)

    def unreadable(self, fields: list[str], error: Exception) -> None:
        """Note a message that could not be read."""
        kind = int(fields[0]) if fields and fields[0].isdigit() else 0
        why = f"a message {kind} of IBKR cannot be read: {error}"
        log.warning(
            "gateway_message_unreadable", kind=kind, error=codes.without_accounts(str(error))
        )
        if kind not in _WEIGHTY:
            return
        if self.answers is not None:
            self.answers.fail(why)
        else:
            self._must_ask(why)

    def nextValidId(self, number: int) -> None:  # noqa: N802 - the library's name, as all here.
        """Take the next number for an order."""
        self._inner.ib.client.updateReqId(number)

    def openOrder(self, number: int, contract: Any, order: Any, state: Any) -> None:  # noqa: N802, ANN401
        """Take an order that is open, or was until now."""
        if order.clientId == self._inner.clientId:
            self._inner.ib.client.updateReqId(number + 1)
        if not told.is_stock(contract):
            return
        one = told.open_order(contract, order, state)
        if self.answers is not None:
            self.answers.orders[one.perm_id] = one
        self._tracker.on_order(one)

    def orderStatus(  # noqa: N802 - the library's.
        self,
        number: int,
        status: str,
        filled: float,
        _remaining: float,
        _average: float,
        perm_id: int,
        _parent: int,
        _last: float,
        client_id: int,
        _why_held: str,
        _cap: float = 0.0,
    ) -> None:
        """Take where an order stands."""
        count = told.whole(filled)
        if self.answers is not None:
            self.answers.filled[perm_id] = count
        self._tracker.on_status(number, client_id, perm_id=perm_id, status=status, filled=count)

    def openOrderEnd(self) -> None:  # noqa: N802
        """Note that all open orders are told."""
        self._ended(Part.OPEN)

    def completedOrder(self, contract: Any, order: Any, state: Any) -> None:  # noqa: N802, ANN401
        """Take an order that has ended."""
        if not told.is_stock(contract):
            return
        one = told.completed_order(contract, order, state)
        if self.answers is not None:
            self.answers.completed[one.perm_id] = one
        self._tracker.on_completed(one)

    def completedOrdersEnd(self) -> None:  # noqa: N802
        """Note that all completed orders are told."""
        self._ended(Part.COMPLETED)

    def execDetails(self, request_id: int, contract: Any, execution: Any) -> None:  # noqa: N802, ANN401
        """Take an execution, live or told again."""
        if not told.is_stock(contract):
            return
        one = told.execution(contract, execution)
        answers = self.answers
        if answers is not None and request_id == answers.executions_id:
            answers.executions[one.fill.execution_id] = one
        elif answers is not None:
            answers.is_disturbed = True
        self._tracker.on_execution(one)

    def execDetailsEnd(self, request_id: int) -> None:  # noqa: N802
        """Note that all executions are told."""
        if self.answers is not None and request_id == self.answers.executions_id:
            self._ended(Part.EXECUTIONS)

    def commissionReport(self, report: Any) -> None:  # noqa: N802, ANN401
        """Take what an execution cost."""
        cost = told.commission(report.commission)
        if cost is not None and report.currency == "USD":
            self._tracker.on_commission(report.execId, cost)

    def position(self, account: str, contract: Any, quantity: float, _average: float) -> None:  # noqa: ANN401
        """Take what an account holds."""
        if self.answers is None:
            return
        if told.is_stock(contract):
            self.answers.holdings.append(told.holding(account, contract, quantity))
        else:
            log.warning("position_left_alone", security_type=contract.secType)

    def positionEnd(self) -> None:  # noqa: N802
        """Note that all positions are told."""
        self._ended(Part.POSITIONS)

    def accountSummary(  # noqa: N802 - the library's.
        self, request_id: int, account: str, tag: str, value: str, currency: str
    ) -> None:
        """Take a figure of an account."""
        if self.answers is not None and request_id == self.answers.account_id:
            self.answers.figures[account, tag] = (value, currency)

    def accountSummaryEnd(self, request_id: int) -> None:  # noqa: N802
        """Note that all figures are told."""
        if self.answers is not None and request_id == self.answers.account_id:
            self._ended(Part.ACCOUNT)

    def error(self, request_id: int, code: int, text: str, details: str) -> None:
        """Take an error or notice: of the link, of a question, of an order."""
        self._inner.error(request_id, code, text, details)
        self._on_code(code)
        answers = self.answers
        if answers is not None and request_id in {answers.executions_id, answers.account_id}:
            answers.fail(codes.in_words(code, text))
        if code == DUPLICATE_NUMBER:
            self._renumber()
        self._tracker.on_error(request_id, code, text)

    def _ended(self, part: Part) -> None:
        if self.answers is not None:
            self.answers.ended(part)
