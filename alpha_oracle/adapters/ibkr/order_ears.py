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
from alpha_oracle.errors import UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.adapters.ibkr.order_tracking import OrderTracker

log = structlog.get_logger(__name__)

_WEIGHTY: Final = frozenset({3, 5, 11, 53, 55, 61, 62, 63, 64, 101, 102})
"""Messages about orders, executions, positions and figures: none may be missed."""
_UNTELLABLE: Final = (ValueError, KeyError, UnknownSymbol)


class Ears:
    """Hears one connection. Names are the library's; what is not here is `inner`'s.

    While `answers` are set, what is told belongs to them too.
    """

    def __init__(
        self,
        inner: Any,  # noqa: ANN401 - the library has no types.
        tracker: OrderTracker,
        *,
        account: str,
        must_ask: Callable[[str], None],
        on_code: Callable[[int], None],
        renumber: Callable[[], None],
    ) -> None:
        self._inner = inner
        self._tracker = tracker
        self._account = account
        self._must_ask = must_ask
        self._on_code = on_code
        self._renumber = renumber
        self.answers: Answers | None = None
        self.owed: set[Part] = set()
        """Asked for without a number and not ended yet: an end would be taken for another's."""

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
        is_ours = (order.account, order.clientId) == (self._account, self._inner.clientId)
        one = (
            told.open_order(contract, order, state)
            if is_ours
            else told.strangers_order(contract, order, state, is_over=False)
        )
        if self.answers is not None:
            # Told before it had its lasting number, it is the same.
            self.answers.orders.pop(told.order_key(0, one.client_id, number), None)
            self.answers.orders[one.key] = one
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
        if client_id != self._inner.clientId:
            return
        count = int(filled)
        if self.answers is not None:
            self.answers.filled[told.order_key(perm_id, client_id, number)] = count
        self._tracker.on_status(number, client_id, perm_id=perm_id, status=status, filled=count)

    def openOrderEnd(self) -> None:  # noqa: N802
        """Note that all open orders are told."""
        self._ended(Part.OPEN)

    def completedOrder(self, contract: Any, order: Any, state: Any) -> None:  # noqa: N802, ANN401
        """Take an order that has ended."""
        if not told.is_stock(contract):
            return
        try:
            one = told.completed_order(contract, order, state)
        except _UNTELLABLE:
            if self._is_followed(order.account, order.permId, order.orderRef):
                raise
            one = told.strangers_order(contract, order, state, is_over=True)
        if self.answers is not None:
            self.answers.completed[one.key] = one
        self._tracker.on_completed(one)

    def completedOrdersEnd(self) -> None:  # noqa: N802
        """Note that all completed orders are told."""
        self._ended(Part.COMPLETED)

    def execDetails(self, request_id: int, contract: Any, execution: Any) -> None:  # noqa: N802, ANN401
        """Take an execution, live or told again."""
        if not told.is_stock(contract):
            return
        if execution.acctNumber != self._account:
            self._tracker.on_stranger(execution.permId, execution.orderRef)
            return
        answers = self.answers
        is_asked_for = answers is not None and request_id == answers.executions_id
        if answers is not None and not is_asked_for:
            answers.is_disturbed = True
        one = self._execution(contract, execution)
        if one is None:
            self._tracker.on_stranger(execution.permId, execution.orderRef)
            return
        if answers is not None and is_asked_for:
            answers.executions[one.fill.execution_id] = one
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
        """Take what an account holds.

        What has no ticker here was never bought by us, and is left alone; of a fraction the whole
        shares count.
        """
        if self.answers is None or account != self._account:
            return
        try:
            one = told.holding(contract, quantity) if told.is_stock(contract) else None
        except UnknownSymbol:
            one = None
        if one is None:
            log.warning(
                "position_left_alone", security_type=contract.secType, symbol=contract.symbol
            )
            return
        if one.quantity != quantity:
            log.warning("holding_has_a_fraction", symbol=one.symbol, shares=quantity)
        self.answers.hold(account, contract.conId, one)

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

    def _execution(self, contract: Any, execution: Any) -> told.ExecutionTold | None:  # noqa: ANN401 - as above.
        try:
            return told.execution(contract, execution)
        except _UNTELLABLE:
            is_ours = execution.clientId == self._inner.clientId
            if is_ours or self._is_followed(self._account, execution.permId, execution.orderRef):
                raise
            return None

    def _is_followed(self, account: str, perm_id: int, reference: str) -> bool:
        return account == self._account and self._tracker.follows(perm_id, reference)

    def _ended(self, part: Part) -> None:
        self.owed.discard(part)
        if self.answers is not None:
            self.answers.ended(part)
