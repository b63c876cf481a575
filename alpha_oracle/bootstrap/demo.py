"""The demo's own installation: a folder under home, emptied at each start, and its settings."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.prefect_server import embedded_prefect
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.files.reader import read_bars
from alpha_oracle.adapters.files.source import FilesBarSource
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.bootstrap.orchestration import API_VARIABLE
from alpha_oracle.config import Settings, StrategySettings
from alpha_oracle.config_values import CONFIG_VARIABLE, FILE_NAME, PREFIX
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.domain.reference import Family
from alpha_oracle.errors import ConfigurationError, DataError
from alpha_oracle.marketdata import imports
from alpha_oracle.marketdata.reference.intake import FullRefresh
from alpha_oracle.marketdata.universe import followed_symbols
from alpha_oracle.research.ranker import Thresholds, refusals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alpha_oracle.bootstrap.pipeline import Runtime
    from alpha_oracle.domain.bars import ReceivedBars
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.ranking import StrategyRank

GENERATED_SESSION: Final = date(2019, 12, 30)
GENERATED_START: Final = date(2014, 12, 31)
GENERATED_SYMBOLS: Final = 500

KNOWN_BESIDE: Final = timedelta(days=800)
"""How far back insiders and short interest reach: two years, and some weeks."""

RAW_SPLITS_A_SYMBOL: Final = 0.05

# So low that signals show whatever the market does; the ranking still names what it refuses.
DEMO_THRESHOLDS: Final = {
    "min_sharpe": -100.0,
    "min_profit_factor": 0.0,
    "max_drawdown_pct": 100.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoMarket:
    """The bars of the demo (`path` None: the generated market) and the session it plays."""

    path: Path | None
    prices: PriceBasis
    session: Session


def prepare_demo(home: Path, market: DemoMarket) -> Settings:
    """Empty the demo's folder and let this process use it alone, whatever else is set.

    Raises:
        ConfigurationError: the folder cannot be emptied.
    """
    folder = home / "demo"
    for server in (embedded_prefect(folder), embedded_redis(folder), embedded_postgres(folder)):
        server.stop()
    try:
        shutil.rmtree(folder, ignore_errors=False) if folder.exists() else None
        folder.mkdir(parents=True)
        (folder / FILE_NAME).write_text(_as_toml(_settings(market)), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be emptied: {error}; remove it") from None
    for variable in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[variable]
    os.environ.pop(API_VARIABLE, None)
    os.environ[f"{PREFIX}HOME"] = str(folder)
    os.environ[CONFIG_VARIABLE] = str(folder / FILE_NAME)
    return Settings(home=folder)


def choose_market(
    path: Path | None, *, prices: PriceBasis | None, session: Session | None
) -> DemoMarket:
    """Return the demo's market; without a session, the last but one of the bars.

    Without `prices`, a file is raw where its adjusted close knows splits, in more than one of a
    hundred symbols, that its close still shows as jumps; else split-adjusted.

    Raises:
        ConfigurationError: the exchange is closed on the session, or the generated market starts
            after it.
        DataError: the bars cannot be read, or do not reach around the session.
    """
    if session is not None and not calendar.is_session(session):
        following = calendar.next_session_after(session)
        raise ConfigurationError(f"the exchange is closed on {session}; pick --date {following}")
    if path is None:
        return _generated_market(session or GENERATED_SESSION)
    path = path.expanduser().absolute()
    prices = prices or _told_basis(path)
    sessions = np.unique(FilesBarSource(path=path, prices=prices).everything().bars.session)
    days = [day for day in sessions.tolist() if calendar.is_session(day)]
    if len(days) < 2:  # noqa: PLR2004 - one to decide on, one to trade in.
        raise DataError(f"{path} holds {len(days)} sessions; the demo needs at least two")
    chosen = session or days[-2]
    if not days[0] < chosen < days[-1]:
        raise DataError(
            f"{path} holds sessions {days[0]} to {days[-1]}; pick a --date between them"
        )
    return DemoMarket(path=path, prices=prices, session=chosen)


def load_history(runtime: Runtime, market: DemoMarket) -> imports.ImportReport:
    """Store everything before the demo's session; the session itself comes with its pipeline."""
    at = runtime.clock.now()
    received = _generated_history(runtime, market) if market.path is None else _file_history(market)
    report = imports.import_bars(
        received, runtime.market_stores, bounds=runtime.validation_bounds, at=at
    )
    _load_what_is_known_beside(runtime, market)
    return report


def told_refusals(ranking: Sequence[StrategyRank]) -> list[str]:
    """Return what the default thresholds say of each strategy."""
    defaults = StrategySettings()
    thresholds = Thresholds(
        min_sharpe=defaults.min_sharpe,
        min_profit_factor=defaults.min_profit_factor,
        max_drawdown_pct=defaults.max_drawdown_pct,
    )
    return [
        f"{rank.strategy}: " + ("; ".join(refusals(rank.metrics, thresholds)) or "would trade")
        for rank in ranking
    ]


def _generated_market(session: Session) -> DemoMarket:
    if session <= GENERATED_START:
        raise ConfigurationError(
            f"the generated market starts on {GENERATED_START}; pick a --date some years later"
        )
    return DemoMarket(path=None, prices=PriceBasis.RAW, session=session)


def _told_basis(path: Path) -> PriceBasis:
    read = read_bars(path, prices=PriceBasis.SPLIT_ADJUSTED)
    # A spin-off or two look the same in an adjusted file; raw prices show many splits.
    many = RAW_SPLITS_A_SYMBOL * len(read.received.bars.symbols)
    return PriceBasis.RAW if read.unadjusted_splits > many else PriceBasis.SPLIT_ADJUSTED


def _generated_history(runtime: Runtime, market: DemoMarket) -> ReceivedBars:
    source = SyntheticBarSource(runtime.settings.data.synthetic)
    at, reference = runtime.clock.now(), runtime.market_stores.reference
    members = source.members(through=market.session)
    imports.import_members(members, reference, at=at)
    imports.import_sectors(source.sectors(through=market.session), reference, at=at)
    return source.fetch(
        sorted({member.symbol for member in members}),
        start=runtime.settings.data.synthetic.start,
        end=calendar.shift_session(market.session, -1),
    )


def _load_what_is_known_beside(runtime: Runtime, market: DemoMarket) -> None:
    # Statements and VIX come whole with the pipeline; of these it asks for the last weeks alone.
    everybody = followed_symbols(runtime.market_stores)
    reach = FullRefresh(start=market.session - KNOWN_BESIDE, worth_asking_after=timedelta(0))
    for family in (Family.INSIDERS, Family.SHORT_INTEREST):
        runtime.reference.full(family, everybody, reach=reach)


def _file_history(market: DemoMarket) -> ReceivedBars:
    source = FilesBarSource(path=market.path, prices=market.prices)
    return source.everything(before=market.session)


def _settings(market: DemoMarket) -> dict[str, dict[str, object]]:
    data: dict[str, object] = {"source": "synthetic" if market.path is None else "files"}
    return {
        "data": data,
        "data.files": (
            {} if market.path is None else {"path": str(market.path), "prices": market.prices.value}
        ),
        "data.synthetic": {
            "symbols": GENERATED_SYMBOLS,
            "start": GENERATED_START.isoformat(),
        },
        "strategy": dict(DEMO_THRESHOLDS),
        "clock": {"start_at": calendar.decision_instant(market.session).isoformat()},
    }


def _as_toml(sections: dict[str, dict[str, object]]) -> str:
    lines = ["# The demo's settings. Thresholds are lowered on purpose, so that signals show."]
    for section, values in sections.items():
        lines.append(f"\n[{section}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"
