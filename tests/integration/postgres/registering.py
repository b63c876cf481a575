"""A process that registers a model: `python -m tests.integration.postgres.registering URL FOLDER`.

It waits for a line before it does, as others do that change the registry.
"""

import sys
from contextlib import closing
from pathlib import Path

from alpha_oracle.adapters.model_files import FolderModelFiles
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.ml.promotion import PromotionGate
from alpha_oracle.ml.registry import ModelRegistry
from tests.contracts.model_values import TRAINED_AT, figures
from tests.trained import a_model


def register(models: PostgresModels, folder: Path) -> str:
    """Register a small model with its files; return its id."""
    registry = ModelRegistry(models, FolderModelFiles(folder))
    record = registry.register(
        a_model(),
        figures(),
        gate=PromotionGate(),
        window_keys=(),
        trained_at=TRAINED_AT,
        as_of=TRAINED_AT,
        code_version="0.1.0",
    )
    return record.model_id


if __name__ == "__main__":
    url, folder = sys.argv[1:]
    sys.stdin.readline()
    with closing(open_database(url)) as database:
        sys.stdout.write(f"{register(PostgresModels(database), Path(folder))}\n")
