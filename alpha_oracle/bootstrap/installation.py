"""The installation of this machine: how it ends, and how its schema is brought up to date."""

from __future__ import annotations

from contextlib import ExitStack

from alpha_oracle.adapters.clock import clear_pin
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.migrate import current_and_head, upgrade
from alpha_oracle.adapters.postgres.occupancy import refuse_others
from alpha_oracle.bootstrap.stores import database_url
from alpha_oracle.bootstrap.supervisor import stop_detached
from alpha_oracle.config import load_settings


def stop_embedded() -> list[str]:
    """Stop everything of this installation, and clear a rehearsal's clock; return what ran.

    Raises:
        StoreUnavailable: one does not stop.
    """
    home = load_settings().home
    servers = {
        "prefect": embedded_prefect(home),
        "redis": embedded_redis(home),
        "postgres": embedded_postgres(home),
    }
    stopped = ["supervisor"] if stop_detached(home) else []
    clear_pin(home)
    return stopped + [name for name, server in servers.items() if server.stop()]


def upgrade_schema() -> str:
    """Bring the schema to the newest version and return it.

    Raises:
        StoreUnavailable: Postgres cannot be reached, or processes work on the schema of before.
        ConfigurationError: a newer package made the schema.
    """
    with ExitStack() as stack:
        url = database_url(stack, load_settings())
        current, head = current_and_head(url)
        if current not in {None, head}:
            refuse_others(url)
        return upgrade(url)
