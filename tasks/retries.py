"""Which failures are worth another try."""

from collections.abc import Callable
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from alpha_oracle.errors import TransientError


async def is_transient(
    _task: Task[..., Any] | Callable[..., Any], _task_run: TaskRun, state: State[Any]
) -> bool:
    """Whether the same request may succeed later; anything else would only fail again."""
    failure = await state.aresult(raise_on_failure=False)
    return isinstance(failure, TransientError)
