"""Bars to features, kept in the cache for every later step."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.domain.runs import FeatureReport, RunInputs
from alpha_oracle.research.market import feature_report


@task(cache_policy=NO_CACHE)
def compute_features(run: RunInputs) -> FeatureReport:
    """Compute every registered feature over every stored session and cache it."""
    with open_runtime() as runtime:
        # What an earlier run of this process read is old.
        runtime.markets.begin(flow_run.id)
        market = runtime.markets.market(run.session, as_of=run.as_of)
        return feature_report(market, runtime.features)
