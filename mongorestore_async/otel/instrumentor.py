"""Turning it on: for one session by ``Options.observer``, or for all sessions of the process."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from opentelemetry import context, metrics, trace

from mongorestore_async.otel.instruments import Instruments
from mongorestore_async.otel.operation_spans import SPANS, is_suppressed
from mongorestore_async.transport.observers import default_observer, set_default_observer
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from mongorestore_async.transport.observers import Notify, Operation, OperationEvent

__all__ = ["RestoreInstrumentor", "Telemetry"]

_NAME = "mongorestore_async"
#: The conventions that names of attributes and metrics follow.
_SCHEMA = "https://opentelemetry.io/schemas/1.38.0"


class Telemetry:
    """An observer that makes spans and metrics: pass it as ``Options(observer=Telemetry())``.

    Sessions and event loops may share one. Without an SDK in the process it does next to nothing.

    Args:
        tracer_provider: Where spans go; None for the provider of the process.
        meter_provider: Where measurements go; None for the provider of the process.

    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer = trace.get_tracer(_NAME, __version__, tracer_provider, _SCHEMA)
        self._instruments = Instruments(metrics.get_meter(_NAME, __version__, meter_provider, _SCHEMA))

    def __call__(self, operation: Operation, /) -> AbstractContextManager[Notify]:
        """Make the span of one operation; nothing where the application suppresses instrumentation."""
        if is_suppressed(context.get_current()):
            return nullcontext(_ignore)
        return SPANS[operation.kind](self._tracer, self._instruments, operation)


class RestoreInstrumentor:
    """Turns telemetry on for all sessions of the process: ``RestoreInstrumentor().instrument()``.

    The command ``opentelemetry-instrument`` does that for programs it starts (entry point ``mongorestore_async`` of
    ``opentelemetry_instrumentor``). It holds for ``Options`` made from then on that name no observer.
    """

    def instrument(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        **_others: Any,
    ) -> None:
        """Turn it on; a second call changes the providers.

        Args:
            tracer_provider: As for :class:`Telemetry`.
            meter_provider: As for :class:`Telemetry`.
            _others: What other instrumentations take is ignored.

        """
        set_default_observer(Telemetry(tracer_provider=tracer_provider, meter_provider=meter_provider))

    def uninstrument(self, **_others: Any) -> None:
        """Turn it off for ``Options`` made from now on; another observer that was set meanwhile stays."""
        if isinstance(default_observer(), Telemetry):
            set_default_observer(None)


def _ignore(_event: OperationEvent) -> None:
    """Take an event of an operation that is not observed."""
