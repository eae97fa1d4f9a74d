"""Telemetry that stays in memory."""

from __future__ import annotations

import json

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mongorestore_async.otel import Telemetry


class Collector:
    """What an application exports.

    Attributes:
        observer: The observer under test.
        tracer: Of the application.

    """

    def __init__(self):
        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.spans_to, self.metrics_to = TracerProvider(), MeterProvider([self._reader])
        self.spans_to.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.observer = Telemetry(tracer_provider=self.spans_to, meter_provider=self.metrics_to)
        self.tracer = self.spans_to.get_tracer("application")

    @property
    def spans(self):
        return self._exporter.get_finished_spans()

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def points(self, name):
        """Attributes and value of each point of a metric: the sum, for a histogram the count."""
        data = self._reader.get_metrics_data()
        return [
            (dict(point.attributes), getattr(point, "value", getattr(point, "count", None)))
            for resource in (() if data is None else data.resource_metrics)
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def total(self, name):
        return sum(value for _, value in self.points(name))

    def exported(self):
        """All of it as text."""
        data = self._reader.get_metrics_data()
        return json.dumps([span.to_json() for span in self.spans]) + ("" if data is None else data.to_json())
