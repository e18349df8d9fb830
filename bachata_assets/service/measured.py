"""Figures of the service for Prometheus: answers and their times, by route."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)
"""Upper limits of the time buckets, s: a question takes some hundredths, a video some seconds."""
NO_ROUTE = "none"
"""Label of requests without a route, so that invented paths do not create their own series."""


class Figures:
    """The counters of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        named = ("route", "method", "status")
        self.answers = Counter("bachata_http_answers", "Answers by route.", named, registry=self.registry)
        self.seconds = Histogram(
            "bachata_http_answer_seconds",
            "Time until the end of an answer.",
            ("route",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.open = Gauge("bachata_http_open", "Questions that are being answered.", registry=self.registry)

    def answer(self) -> Response:
        """Return the figures in Prometheus' text format."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


class Measured:
    """ASGI middleware that counts the answers of the service."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._figures.open.inc()
        try:
            await self._app(scope, receive, noted)
        finally:
            self._figures.open.dec()
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            method = scope["method"] if route != NO_ROUTE else NO_ROUTE
            self._figures.answers.labels(route, method, str(status)).inc()
            self._figures.seconds.labels(route).observe(time.perf_counter() - began)
