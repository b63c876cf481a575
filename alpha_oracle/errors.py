"""Errors by who must act: retry, quarantine, stop and mend, or call the operator."""


class AlphaOracleError(Exception):
    """Base of every error raised here. Its text says what was, what was expected, what to do."""


class TransientError(AlphaOracleError):
    """The same request may succeed later: retry it."""


class DataError(AlphaOracleError):
    """What came in cannot be believed or read: quarantine it and carry on, or refuse the file."""


class ConfigurationError(AlphaOracleError):
    """A setting, an argument or the set-up is wrong: stop and mend it."""


class BrokerError(AlphaOracleError):
    """The broker said something only an operator can resolve."""


class OrderRefused(BrokerError):  # noqa: N818 - names what happened.
    """A broker does not take an order, and it is proven not to live there."""


class OrderNotSent(OrderRefused):
    """The command did not go out, the link being down: another order may be sent later."""


class OutcomeUnknown(BrokerError):  # noqa: N818
    """A command was sent and not answered: what became of it must be asked."""


class BrokerAway(TransientError):  # noqa: N818
    """A broker does not answer, or not completely: nothing is known, and nothing is flat."""


class ContradictsRecord(BrokerError):  # noqa: N818 - names what is wrong.
    """What is to be put on record cannot follow from what is there: nothing of it is kept."""


class RecordUnwritable(BrokerError):  # noqa: N818
    """The record takes nothing that must be on it before anything is sent: trading is halted."""


class IllegalTransition(BrokerError):  # noqa: N818 - names what happened.
    """An order was told something that cannot follow from where it stands."""


class IncompleteSession(DataError):  # noqa: N818 - names the state, the family ends in Error.
    """Fewer bars are stored than the completeness bound asks for; the session emits no signals."""


class UnknownSymbol(DataError):  # noqa: N818
    """A text is not a ticker, or no source or table knows it."""


class MalformedSignal(DataError):  # noqa: N818
    """What came as a signal is none: it is kept for inspection and never traded."""


class ModelRefused(DataError):  # noqa: N818
    """A model's files are not those recorded, cannot be read, or its features are others now."""


class StoreUnavailable(TransientError):  # noqa: N818
    """Postgres or Redis cannot be reached."""


class ChangesRefused(TransientError):  # noqa: N818
    """Of changes committed together one was refused: go on from what the record says now."""


class SourceAway(TransientError):  # noqa: N818
    """A vendor or its gateway does not answer, or asks us to slow down."""


class NotPublished(TransientError):  # noqa: N818
    """A vendor answers, but has not published the session yet."""


class LeaseTaken(TransientError):  # noqa: N818
    """Another process of ours holds what only one may use."""


class BudgetSpent(ConfigurationError):  # noqa: N818
    """A plan needs more requests than the vendor's daily budget has left."""


class PromotionRefused(ConfigurationError):  # noqa: N818
    """A model fell short of the promotion gate; only an override makes it the active one."""
