"""`create_app(settings)`: engine, manners, errors and routers put together. Importing it does nothing."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import cache
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from app import __version__, logs
from app.bundles.router import router as bundles
from app.cache import Cache
from app.changes.router import router as changes
from app.clock import today_in_china
from app.comparison.router import router as comparison
from app.concepts.router import router as concepts
from app.database import create
from app.diff.models import Diff
from app.diff.router import router as diff
from app.discrepancies.router import router as discrepancies
from app.documents.router import router as documents
from app.domains.router import router as domains
from app.eligibility.router import router as eligibility
from app.facts.router import router as facts
from app.http import Manners, RequestLog, given_once
from app.indicators.router import router as indicators
from app.kept import LastFew
from app.keys.access import may_read
from app.limits import Limits
from app.lint.kept import Reports
from app.lint.router import router as lint
from app.mementos.gate import Elsewhere
from app.mementos.router import router as mementos
from app.metrics import Metrics
from app.metrics import router as metrics
from app.openapi import DESCRIPTION, TAGS, document
from app.plans.router import router as plans
from app.problems import handle_errors
from app.programmes.router import router as programmes
from app.proposals.router import router as proposals
from app.reading import NotModified
from app.regions.router import router as regions
from app.releases.router import router as releases
from app.rules.books import Rulebooks
from app.rules.router import router as rules
from app.services.router import router as services
from app.settings import Settings
from app.standards.router import router as standards
from app.web.router import router as web
from app.webhooks.delivery import Courier
from app.webhooks.router import router as webhooks

# A difference may be of twenty thousand resources, and whoever asks for one goes through its pages.
DIFFERENCES_KEPT = 2


@cache
def resources(*, take_key: bool) -> APIRouter:
    """All routes of the catalogue, put together once per process: it takes longer than all else in an application."""
    whole = APIRouter(generate_unique_id_function=lambda route: route.operation_id or route.name)
    for router in (
        regions,
        plans,
        domains,
        concepts,
        services,
        facts,
        rules,
        eligibility,
        bundles,
        comparison,  # before standards, whose slugs its /standards/floors would be taken for
        standards,
        indicators,
        programmes,
        discrepancies,
        releases,
        changes,
        diff,
        lint,
        documents,
        proposals,
        webhooks,
        mementos,
    ):
        whole.include_router(
            router, dependencies=[Depends(given_once), *([Depends(may_read)] if take_key else [])]
        )
    whole.include_router(web)
    whole.include_router(metrics)
    return whole


def create_app(settings: Settings | None = None, *, today: Callable[[], date] = today_in_china) -> FastAPI:
    """The application, with an engine of its own; `today` is the day that reads fall back to."""
    settings = settings or Settings()
    logs.configure(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = settings.threads
        courier = Courier(app.state.engine, private=settings.webhooks_to_private)
        courier.start()
        yield
        await run_in_threadpool(courier.stop)
        app.state.engine.dispose()

    app: FastAPI = FastAPIOffline(
        title="Public-service catalogue 公共服务目录",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        favicon_url="/favicon.ico",
        swagger_ui_parameters={
            "docExpansion": "list",
            "tryItOutEnabled": True,
            "displayRequestDuration": True,
        },
        lifespan=lifespan,
        routes=[*resources(take_key=settings.reading_takes_key).routes],
    )
    app.state.engine = create(settings.database_url, connections=settings.threads)
    app.state.settings = settings
    app.state.metrics = Metrics(app.state.engine)
    app.state.limits = Limits(settings)
    app.state.today = today
    app.state.rulebooks = Rulebooks()
    app.state.reports = Reports()
    app.state.differences = LastFew[tuple[tuple[str, str], ...], Diff](DIFFERENCES_KEPT)

    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

    @app.get("/favicon.ico", include_in_schema=False)
    def favicon() -> Response:
        return RedirectResponse("/static-offline-docs/favicon.png")

    handle_errors(app)
    app.add_exception_handler(NotModified, not_modified)
    app.add_exception_handler(Elsewhere, elsewhere)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI's own way

    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    if settings.cache_mb and not settings.reading_takes_key:
        app.add_middleware(Cache, engine=app.state.engine, today=today, megabytes=settings.cache_mb)
    app.add_middleware(Manners, router=app.router, patience=settings.body_seconds)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"],
        allow_headers=[
            "If-None-Match",
            "Accept-Language",
            "Accept-Datetime",
            "Content-Type",
            "Authorization",
            "Idempotency-Key",
        ],
        expose_headers=[
            "ETag",
            "Link",
            "Content-Location",
            "Content-Disposition",
            "Location",
            "Memento-Datetime",
            "X-Request-ID",
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
        ],
        max_age=86_400,
    )
    app.add_middleware(RequestLog, metrics=app.state.metrics)
    return app


def process_app() -> FastAPI:
    """The application of a process that does nothing else.

    What has been made by then stays to the end: to look through all of it for garbage, now and then, would hold up
    answers for a tenth of a second each time.
    """
    app = create_app()
    gc.collect()
    gc.freeze()
    return app


def not_modified(_: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, NotModified) else {}
    return Response(status_code=304, headers=headers)


def elsewhere(_: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, Elsewhere) else {}
    return Response(status_code=302, headers=headers)
