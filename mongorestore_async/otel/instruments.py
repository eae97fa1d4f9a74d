"""What is measured: by the stable conventions for HTTP clients, and under ``mongorestore_async.`` for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter, UpDownCounter

__all__ = ["Instruments"]

#: The boundaries that the conventions for HTTP advise, seconds.
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
#: Creates take seconds, waits and downloads minutes to a day.
_OPERATION_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0)


class Instruments:
    """The instruments of one meter.

    Attributes:
        requests: Seconds of calls of the API, login and repetitions included, and of requests for archives.
        retries: Tries of calls after their first.
        refusals: Answers with status 429.
        challenges: Answers with status 401 to requests of calls.
        queued: Seconds that calls waited for a rate limit, a free slot or the login of another call.
        operations: Seconds of creates, waits and downloads.
        states: Jobs seen in a state that is new.
        waited_for: Jobs that waits are waiting for.
        received: Bytes of archives.

    """

    def __init__(self, meter: Meter) -> None:
        self.requests: Histogram = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_REQUEST_SECONDS,
        )
        self.retries: Counter = meter.create_counter(
            "mongorestore_async.call.retries", unit="{retry}", description="Tries of calls after their first."
        )
        self.refusals: Counter = meter.create_counter(
            "mongorestore_async.call.rate_limited", unit="{answer}", description="Answers with status 429."
        )
        self.challenges: Counter = meter.create_counter(
            "mongorestore_async.call.challenges", unit="{answer}", description="Answers with status 401."
        )
        self.queued: Histogram = meter.create_histogram(
            "mongorestore_async.call.queue.duration",
            unit="s",
            description="Time that calls waited for a rate limit, a free slot or the login of another call.",
            explicit_bucket_boundaries_advisory=_REQUEST_SECONDS,
        )
        self.operations: Histogram = meter.create_histogram(
            "mongorestore_async.operation.duration",
            unit="s",
            description="Duration of creates, waits and downloads.",
            explicit_bucket_boundaries_advisory=_OPERATION_SECONDS,
        )
        self.states: Counter = meter.create_counter(
            "mongorestore_async.job.changes", unit="{change}", description="Restore jobs seen in a state that is new."
        )
        self.waited_for: UpDownCounter = meter.create_up_down_counter(
            "mongorestore_async.wait.jobs", unit="{job}", description="Restore jobs that waits follow at present."
        )
        self.received: Counter = meter.create_counter(
            "mongorestore_async.download.received", unit="By", description="Bytes of archives received."
        )
