"""OpenTelemetry (extra ``otel``): spans and metrics of calls, creates, waits and downloads. A face nothing imports.

In come the operations and events of ``transport/observers``; out go spans and measurements, through opentelemetry-api
alone. Which SDK they reach, if any, is up to the application.

===================  ==============================================================================================
to change            open
===================  ==============================================================================================
how it is turned on  ``instrumentor``
what a span has      ``operation_spans``: names, attributes, events, links, errors
what is measured     ``instruments``: names, units, buckets
===================  ==============================================================================================

Theory of operation. Each operation is one span, current in its own ``with`` block and nowhere else, so that spans of
concurrent calls never become each other's children. A call of the API and a request for an archive are CLIENT spans by
the stable conventions for HTTP: each is the only span for its requests, so instrumentations of HTTP libraries are
suppressed within a call. Creates, waits and downloads are INTERNAL spans around them. Attributes hold what operations,
events and errors show, which is redacted where it is made; messages that name an API key are left out.
"""

from __future__ import annotations

try:
    import opentelemetry.trace as _api
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "mongorestore_async.otel requires the package opentelemetry-api: install mongorestore-async[otel]",
        name=_missing.name,
    ) from None

from mongorestore_async.otel.instrumentor import RestoreInstrumentor, Telemetry
from mongorestore_async.otel.operation_spans import linked_to

__all__ = ["RestoreInstrumentor", "Telemetry", "linked_to"]

del _api
