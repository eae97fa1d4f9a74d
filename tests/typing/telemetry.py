"""Types of observers, of any callable's and of OpenTelemetry's. Checked by mypy and basedpyright, never executed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, assert_type

from mongorestore_async import AsyncSession, Observer, Operation, OperationEvent, Options
from mongorestore_async.otel import RestoreInstrumentor, Telemetry, linked_to

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


@contextmanager
def print_events(operation: Operation) -> Generator[Callable[[OperationEvent], None], None, None]:
    """Print what happens."""
    yield lambda event: print(operation.kind, event.kind)


async def observe() -> None:
    """Pass observers."""
    observers: tuple[Observer, ...] = (print_events, Telemetry())
    for observer in observers:
        session = AsyncSession(None, options=Options(observer=observer))
        assert_type(session.with_options(observer=None).options.observer, Observer | None)
    with linked_to("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") as nothing:
        assert_type(nothing, None)
    RestoreInstrumentor().instrument()
