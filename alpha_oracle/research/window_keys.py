"""What a test window follows from, in a few bytes: its key on record, and that of a trial."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alpha_oracle.features import registry as features
from alpha_oracle.features.digests import market_digests
from alpha_oracle.features.store import feature_keys
from alpha_oracle.research import metrics, simulator, trades, walk_forward
from alpha_oracle.research.simulation import kernel, ledger, market, records, wishes
from alpha_oracle.risk import commissions, limits, sizing
from alpha_oracle.strategies import base, deciding
from alpha_oracle.strategies.parameters import settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.simulator import TradingTerms
    from alpha_oracle.research.windows import WindowPlan
    from alpha_oracle.strategies.base import Strategy

OURS: Final = "alpha_oracle"
SIMULATION: Final = (
    kernel, ledger, market, records, wishes, simulator, walk_forward, metrics, trades,
    sizing, limits, commissions, base, deciding,
)  # fmt: skip
"""The modules a test window's figures come from."""


def window_keys(
    variants: Sequence[Strategy],
    panel: MarketPanel,
    *,
    terms: TradingTerms,
    plan: WindowPlan,
    models: Sequence[str] = (),
    read: Sequence[str] = (),
) -> list[str]:
    """Return the key of each window of a plan.

    It stands for the rules (of the strategy, its features and the simulation), the parameters
    tried, the terms, and every input up to the window's last session. Where models inform the
    strategy, `models` are the keys of theirs, window by window: a window follows from its own and
    from those before it; `read` are the features they read.
    """
    names = sorted({name for variant in variants for name in variant.features} | set(read))
    known = feature_keys(panel, features.named(names))
    inputs = [market_digests(panel), *(known[name].digests for name in names)]
    rules = digest_of(
        *(source_of(one) for one in SIMULATION),
        *(trial_key(variant, terms=terms) for variant in variants),
        *(known[name].definition for name in names),
    )
    days = panel.sessions
    return [
        digest_of(
            rules,
            *(str(days[row]) for row in (window.train_start, window.test_start)),
            *(digests[window.test_stop - 1].tobytes().hex() for digests in inputs),
            *models[: place + 1],
        )
        for place, window in enumerate(plan.windows)
    ]


def trial_key(strategy: Strategy, *, terms: TradingTerms, chosen: Sequence[str] = ()) -> str:
    """Return what stands for a strategy with its parameters and terms, whatever the data.

    `chosen` is what a person chose beside them (a universe, a start, a sizing): another choice is
    another trial, and must not stand in the place of the one without. The rule of a custom
    strategy is its whole package: its class may lean on any part of it.
    """
    return digest_of(
        strategy.name,
        repr(sorted(settings_of(strategy).items())),
        repr((strategy.min_hold_days, strategy.max_hold_days, tuple(strategy.features))),
        repr(terms),
        _rule(type(strategy).__module__),
        *chosen,
    )


@cache
def source_of(module: ModuleType) -> str:
    """Return the digest of a module's source."""
    return hashlib.blake2b(Path(str(module.__file__)).read_bytes(), digest_size=20).hexdigest()


def digest_of(*parts: str) -> str:
    """Return the digest of some texts in their order."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=20).hexdigest()


@cache
def _rule(module: str) -> str:
    top = sys.modules[module.partition(".")[0]]
    if top.__name__ == OURS or not hasattr(top, "__path__"):
        return source_of(sys.modules[module])
    files = sorted(file for folder in top.__path__ for file in Path(folder).rglob("*.py"))
    return digest_of(*(file.read_text(encoding="utf-8", errors="replace") for file in files))
