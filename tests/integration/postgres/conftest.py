from contextlib import closing

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.engine import open_database


@pytest.fixture
def database(database_url):
    """The test's own database, opened."""
    with closing(open_database(database_url)) as database:
        yield database


@pytest.fixture
def rows(database):
    """A function that reads rows of the test's database by SQL."""

    def read(statement, **values):
        with database.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    return read
