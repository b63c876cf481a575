"""Who runs the tasks of research that may run side by side: threads of this process, or Dask."""

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar, cast

from prefect import Task
from prefect.context import SettingsContext, get_settings_context
from prefect.settings import Profile, Settings
from prefect.settings.models.api import APISettings
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from alpha_oracle.config import DaskSettings, ResearchSettings, load_settings
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.telemetry import prepare_started_process

R = TypeVar("R")


def side_by_side(task: Task[..., R], **parameters: Any) -> list[R]:  # noqa: ANN401 - The task's.
    """Run a task for each of the values its parameters list; results in their order.

    `research.task_runner` says where: in threads, as many as processors, or on Dask. There a task
    finds the stores by the settings of the process it runs in; Prefect's secrets do not travel,
    each process uses its own. What a task raises is raised here.

    Raises:
        ConfigurationError: Dask is not installed, or its scheduler does not answer.
    """
    with _runner(load_settings().research) as runner:
        return cast("list[R]", runner.map(cast("Any", task), parameters).result())


def _runner(settings: ResearchSettings) -> AbstractContextManager[TaskRunner[Any]]:
    if settings.task_runner == "dask":
        return _dask_runner(settings.dask)
    threads: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=os.cpu_count())
    return threads


@contextmanager
def _dask_runner(settings: DaskSettings) -> Iterator[TaskRunner[Any]]:
    with _runner_class()(**_where(settings)) as runner:
        if settings.address is not None:
            _require_workers(runner, settings)
        _prepare_workers(runner.client)
        yield runner


def _require_workers(runner: Any, settings: DaskSettings) -> None:  # noqa: ANN401 - As below.
    # Said at once and as what it is; a task sent to nobody would wait for ever.
    instead = 'or set research.task_runner = "threads"'
    try:
        runner.client.wait_for_workers(1, timeout=settings.timeout_seconds)
    except OSError as error:
        raise ConfigurationError(
            f"no Dask scheduler with a worker answers at {settings.address} within "
            f"{settings.timeout_seconds:g} seconds; start them (`dask scheduler`, `dask worker`), "
            f"mend research.dask.address, {instead}"
        ) from error
    except TypeError as error:
        raise ConfigurationError(
            f"{settings.address} asks for certificates and Dask's configuration has none; "
            f"set distributed.comm.tls there, {instead}"
        ) from error


def _prepare_workers(client: Any) -> None:  # noqa: ANN401 - As below.
    plugin = importlib.import_module("distributed").WorkerPlugin

    class Preparation(plugin):  # type: ignore[misc, valid-type]
        """What a worker does once, before its first task of ours; those that join later, too."""

        name = "alpha-oracle"
        idempotent = True

        def setup(self, worker: Any) -> None:  # noqa: ANN401, ARG002
            prepare_started_process()

    client.register_plugin(Preparation())


def _where(settings: DaskSettings) -> dict[str, Any]:
    if settings.address is not None:
        timeout = f"{settings.timeout_seconds}s"
        return {"address": settings.address, "client_kwargs": {"timeout": timeout}}
    return {
        "cluster_kwargs": {
            "n_workers": settings.workers,
            "threads_per_worker": 1,
            "processes": True,
            "host": "127.0.0.1",
            # It warns of processes it ends; by then every result is here.
            "silence_logs": logging.ERROR,
            # A scheduler runs what it is sent: certificates of its own keep other users out.
            "security": True,
            "scheduler_kwargs": {"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        }
    }


def _runner_class() -> Any:  # noqa: ANN401 - A class of a package that may be missing.
    try:
        dask_runner = importlib.import_module("prefect_dask").DaskTaskRunner
    except ImportError as error:
        raise ConfigurationError(
            "research.task_runner is dask and Dask is not installed; "
            "run pip install 'alpha-oracle[dask]'"
        ) from error

    class ReticentDaskRunner(dask_runner):  # type: ignore[misc, valid-type]
        """Sends a task with the address of Prefect's API and no other setting of Prefect."""

        def submit(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            with _only_the_address():
                return super().submit(*arguments, **named)

    return ReticentDaskRunner


@contextmanager
def _only_the_address() -> Iterator[None]:
    current = get_settings_context()
    address = APISettings.model_construct({"url"}, url=current.settings.api.url)
    sent = Settings.model_construct({"api"}, api=address)
    with SettingsContext(profile=Profile(name=current.profile.name, settings={}), settings=sent):
        yield
