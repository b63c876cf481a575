"""Who is connected, the time, and answers with nothing in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.peers.tws import messages, notices

if TYPE_CHECKING:
    from tests.peers.tws.session import Session
    from tests.peers.tws.wire import Fields


def start_api(session: Session, fields: Fields) -> bytes:
    """Give the client its id, or refuse the id and hang up."""
    gateway = session.gateway
    if not gateway.claim(session, fields.whole(2)):
        session.tell(notices.ID_IN_USE)
        session.close()
        return b""
    told = notices.AT_CONNECT if gateway.link_up.is_set() else (notices.SERVER_UNREACHABLE,)
    return b"".join(
        (
            messages.managed_accounts(gateway.settings.accounts),
            messages.next_valid_id(gateway.next_order_id(session.client_id)),
            *map(messages.error, told),
        )
    )


def accounts(session: Session, _fields: Fields) -> bytes:
    return messages.managed_accounts(session.gateway.settings.accounts)


def next_id(session: Session, _fields: Fields) -> bytes:
    return messages.next_valid_id(session.gateway.next_order_id(session.client_id))


def current_time(session: Session, _fields: Fields) -> bytes:
    return messages.current_time(int(session.gateway.clock.now().timestamp()))


def no_positions(_fields: Fields) -> bytes:
    return messages.positions_end()


def no_open_orders(_fields: Fields) -> bytes:
    return messages.open_order_end()


def no_completed_orders(_fields: Fields) -> bytes:
    return messages.completed_orders_end()


def no_executions(fields: Fields) -> bytes:
    return messages.executions_end(fields.whole(2))


def no_summary(fields: Fields) -> bytes:
    return messages.account_summary_end(fields.whole(2))


def account_updates(_session: Session, fields: Fields) -> bytes:
    return messages.account_download_end(fields.text(3)) if fields.flag(2) else b""


def account_updates_multi(_session: Session, fields: Fields) -> bytes:
    return messages.account_update_multi_end(fields.whole(2))
