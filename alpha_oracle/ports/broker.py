"""What we ask of a broker. Commands are sent once; who gets no answer asks, and never repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from alpha_oracle.domain.broker import BrokerEvent, BrokerSnapshot
    from alpha_oracle.domain.orders import Order


class BrokerAdapter(Protocol):
    """A broker's account. Nothing here waits longer than one answer of the broker takes."""

    @property
    def account(self) -> str:
        """The account that is traded: `paper` at the simulated broker."""
        ...

    @property
    def is_simulated(self) -> bool:
        """Whether no real market ever sees an order."""
        ...

    @property
    def is_paper(self) -> bool:
        """Whether its money is play money: also at a broker who simulates the account himself."""
        ...

    @property
    def is_linked(self) -> bool:
        """Whether commands can be sent now."""
        ...

    def submit_order(self, order: Order) -> None:
        """Send an order, once, under its id as reference. What becomes of it comes as events.

        Raises:
            OrderRefused: it was not sent, or is proven not to live at the broker; says why.
            OutcomeUnknown: it may live there; ask.
        """
        ...

    def cancel_order(self, order: Order) -> None:
        """Ask once for an order's end, which comes as an event.

        Raises:
            OutcomeUnknown: the broker may not have heard it; ask.
        """
        ...

    def events(self) -> list[BrokerEvent]:
        """Return what was told since last asked, in order; never waits.

        An event may be told again after a lost link or a restart, and late.
        """
        ...

    def snapshot(self) -> BrokerSnapshot:
        """Ask for everything.

        Raises:
            BrokerAway: the broker did not answer, or not completely: nothing is known.
        """
        ...
