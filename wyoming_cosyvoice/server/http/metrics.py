"""`GET /metrics`: what Prometheus reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric
    from starlette.requests import Request

    from wyoming_cosyvoice.server.http.context import Context
    from wyoming_cosyvoice.speech.request import SpeechReport
    from wyoming_cosyvoice.speech.service import SpeechService

_SECONDS = (0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_FACTORS = (0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 5.0)
_PREFIX = "cosyvoice"


class Metrics:
    """A registry of its own, so that two servers in one process do not share numbers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_ServiceCollector(context.service))
        ProcessCollector(registry=self._registry)
        self._first = self._histogram("first_audio_seconds", "From the request to its first audio", _SECONDS)
        self._total = self._histogram("total_seconds", "From the request to its last audio", _SECONDS)
        self._factor = self._histogram("real_time_factor", "Seconds of work a second of audio", _FACTORS)
        context.service.add_listener(self._observe)

    async def endpoint(self, request: Request) -> Response:
        """Answer the metrics as text."""
        self._context.guard.admit(request)
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def _observe(self, report: SpeechReport) -> None:
        self._first.observe(report.first_audio_seconds)
        self._total.observe(report.total_seconds)
        if report.audio_seconds > 0 and report.cached_clauses < report.clauses:
            self._factor.observe(report.total_seconds / report.audio_seconds)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"{_PREFIX}_{name}", text, buckets=buckets, registry=self._registry)


class _ServiceCollector(Collector):
    """Reads the service's counters at the moment they are asked for."""

    def __init__(self, service: SpeechService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        now = self._service.status()
        yield GaugeMetricFamily(f"{_PREFIX}_open_streams", "Requests that wait or run", now.open_streams)
        yield GaugeMetricFamily(f"{_PREFIX}_queued", "Clauses that wait", now.queued)
        yield GaugeMetricFamily(f"{_PREFIX}_running", "Clauses that are made", now.running)
        yield CounterMetricFamily(f"{_PREFIX}_requests", "Requests in all", now.requests)
        errors = CounterMetricFamily(f"{_PREFIX}_errors", "Errors by kind", labels=["code"])
        for code, count in sorted(now.errors.items()):
            errors.add_metric([code], count)
        yield errors
        yield CounterMetricFamily(f"{_PREFIX}_cache_hits", "Clauses from the cache", now.cache.hits)
        yield CounterMetricFamily(f"{_PREFIX}_cache_misses", "Clauses that were made", now.cache.misses)
        yield GaugeMetricFamily(f"{_PREFIX}_cache_bytes", "Memory of the cache", now.cache.bytes)
        stages = GaugeMetricFamily(f"{_PREFIX}_engine", "What the engines count", labels=["engine", "name"])
        for engine, numbers in now.engines.items():
            for name, value in numbers.items():
                stages.add_metric([engine, name], value)
        yield stages
