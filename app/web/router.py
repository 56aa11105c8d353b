"""The front page for people, the same as links for programs, and what a supervisor asks."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from app import __version__
from app.catalogue import KINDS
from app.database import reading
from app.errors import StorageUnavailable
from app.migrating import is_current
from app.problems import language_of, responses
from app.versioning import At, count_in_force, latest_release

router = APIRouter(tags=["catalogue"])
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape()
)


class FrontPage(BaseModel):
    """Where to go from here."""

    model_config = ConfigDict(title="入口")

    name: str = Field(title="名称", description="What this is")
    version: str = Field(title="程序版本", description="Version of the program")
    links: dict[str, str] = Field(title="链接", description="Entry points, as URLs")


class Health(BaseModel):
    """How the program is."""

    model_config = ConfigDict(title="运行状况")

    status: Literal["ok"] = Field(title="状态", description="ok")
    release: int | None = Field(
        None, title="最新发布号", description="The latest release, where it was looked up"
    )


ENTRANCES = {
    **{kind: f"/v1/{kind}" for kind in KINDS},
    "releases": "/v1/releases",
    "docs": "/docs",
    "redoc": "/redoc",
    "openapi": "/openapi.json",
    "api-catalog": "/.well-known/api-catalog",
}


@router.get(
    "/",
    operation_id="getFrontPage",
    summary="Find the way in (首页)",
    response_model=FrontPage,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}, **responses()},
)
def front_page(request: Request) -> Response:
    """A page for a person (`Accept: text/html`), links for a program."""
    vary = {"Vary": "Accept, Accept-Language", "Cache-Control": "public, max-age=60"}
    if not prefers_html(request.headers.get("accept", "")):
        links = FrontPage(name="Public-service catalogue 公共服务目录", version=__version__, links=ENTRANCES)
        return JSONResponse(links.model_dump(), headers=vary)
    with reading(request.app.state.engine) as session:
        shown = front_page_figures(session, request.app.state.today())
    language = language_of(request) if request.headers.get("accept-language") else "zh"
    page = templates.get_template("index.html").render(language=language, version=__version__, **shown)
    return Response(
        page, media_type="text/html; charset=utf-8", headers={**vary, "Content-Language": language}
    )


def front_page_figures(session: Session, today: date) -> dict[str, Any]:
    """How many resources of each kind are in force today, and the latest release."""
    release = latest_release(session)
    at = At(today, release)
    counts = {
        kind: (content.noun.zh, count_in_force(session, row, at)) for kind, (content, row) in KINDS.items()
    }
    return {"release": release, "on": today, "counts": counts}


def prefers_html(accept: str) -> bool:
    return "text/html" in accept and not accept.startswith("application/json")


@router.get(
    "/.well-known/api-catalog",
    operation_id="getApiCatalog",
    summary="Describe this API to programs (API 目录, RFC 9727)",
    responses={200: {"content": {"application/linkset+json": {"schema": {"type": "object"}}}}},
    response_class=Response,
)
def api_catalog() -> Response:
    """An RFC 9264 link set: where the API is, and what describes it."""
    anchor = {
        "anchor": "/v1",
        "service-desc": [{"href": "/openapi.json", "type": "application/vnd.oai.openapi+json;version=3.1"}],
        "service-doc": [{"href": "/docs", "type": "text/html"}],
        "status": [{"href": "/readyz", "type": "application/json"}],
        "item": [{"href": href} for href in ENTRANCES.values() if href.startswith("/v1/")],
    }
    return JSONResponse({"linkset": [anchor]}, media_type="application/linkset+json")


@router.get("/healthz", operation_id="getLiveness", summary="Is the program alive? (存活检查)")
def healthz(response: Response) -> Health:
    """Answers as long as the program runs; looks at nothing else."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can it answer? (就绪检查)",
    responses={503: responses()[503]},
)
def readyz(request: Request, response: Response) -> Health:
    """200 once the database is reachable and migrated and something has been published; 503 until then."""
    response.headers["Cache-Control"] = "no-store"
    with reading(request.app.state.engine) as session:
        if not is_current(session.connection()):
            raise StorageUnavailable(
                "The database's schema is not this program's: run `catalogue migrate`.",
                "数据库结构与程序版本不符，请运行 catalogue migrate。",
            )
        release = latest_release(session)
    if release == 0:
        raise StorageUnavailable(
            "Nothing has been published yet: run `catalogue publish seed/`.",
            "尚未发布任何内容，请运行 catalogue publish seed/。",
        )
    return Health(status="ok", release=release)
