"""One call in a thread of its own: the default threads of the loop belong to the application."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from mongorestore_async.transport.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_own_thread"]

_ParametersT = ParamSpec("_ParametersT")
_ResultT = TypeVar("_ResultT")


async def in_own_thread(
    function: Callable[_ParametersT, _ResultT], *args: _ParametersT.args, **kwargs: _ParametersT.kwargs
) -> _ResultT:
    """Call a function that blocks. When this is cancelled, the call goes on and its result is dropped.

    Args:
        function: The function.
        args: Its arguments.
        kwargs: Its named arguments.

    """
    threads = WorkerThreads("drill call", 1)
    try:
        return await threads.run(function, *args, **kwargs)
    finally:
        threads.close()
