"""A process that changes the registry.

`python -m tests.integration.postgres.promoting URL VERB ID [EXPECTED]`. It waits for a line before
it does, so that several can start together, and says how it went.
"""

import sys
from contextlib import closing

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.errors import ConfigurationError
from tests.contracts.model_values import TRAINED_AT, a_record

CHANGE = {"by": "other", "reason": "at once", "at": TRAINED_AT}


def change(url: str, verb: str, model_id: str, expected: str | None = None) -> str:
    """Register or promote a model, or roll back; return what came of it."""
    with closing(open_database(url)) as database:
        models = PostgresModels(database)
        if verb == "register":
            return str(models.register(a_record(model_id)))
        try:
            if verb == "promote":
                return models.promote(model_id, expected=expected, **CHANGE).model_id
            return models.roll_back(expected=expected, **CHANGE).model_id
        except ConfigurationError as error:
            return str(error)


if __name__ == "__main__":
    sys.stdin.readline()
    sys.stdout.write(f"{change(*sys.argv[1:])}\n")
