"""Figures for Prometheus: how many requests, how long they took, and how far the catalogue is.

Labels are the method, the path as it stands in the OpenAPI document, and the status: nothing that anybody asked.
"""

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select
from sqlmodel import col

from app.database import reading
from app.errors import Problem
from app.versioning import latest_release
from app.webhooks.models import Webhook, in_use

router = APIRouter()


class Metrics:
    """The figures of one application."""

    def __init__(self, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(CatalogueCollector(engine))
        labels = ["method", "handler", "status"]
        self.requests = Counter("http_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "http_request_duration_seconds", "Time until answered", labels[:2], registry=self.registry
        )

    def note(self, method: str, handler: str, status: int, seconds: float) -> None:
        self.requests.labels(method, handler, str(status)).inc()
        self.seconds.labels(method, handler).observe(seconds)


class CatalogueCollector(Collector):
    """Looks into the database when it is asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            with reading(self.engine) as session:
                release = latest_release(session)
                failing = select(func.count()).where(col(Webhook.failing_since).is_not(None), in_use())
                failing_webhooks = session.scalar(failing) or 0
        except Problem:
            yield GaugeMetricFamily("catalogue_database_up", "Whether the database answers", 0)
            return
        yield GaugeMetricFamily("catalogue_database_up", "Whether the database answers", 1)
        yield GaugeMetricFamily("catalogue_release", "Number of the newest release", release)
        yield GaugeMetricFamily("catalogue_webhooks_failing", "Webhooks that do not answer", failing_webhooks)


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """All figures in Prometheus' text format."""
    text = generate_latest(request.app.state.metrics.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
