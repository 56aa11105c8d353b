"""The one reader of the environment: read once, frozen, handed on."""

from typing import Literal

from limits import parse_many
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


class Settings(BaseSettings):
    """What an operator may set; each field is read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str = Field(
        "sqlite:///catalogue.db", description="SQLAlchemy URL: sqlite:///… or postgresql://…"
    )
    host: str = Field("127.0.0.1", description="Address that `catalogue serve` listens on")
    port: int = Field(8000, ge=1, le=65535, description="Port that `catalogue serve` listens on")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    threads: int = Field(
        40, ge=1, le=400, description="Requests answered at once; the connection pool has as many"
    )
    cache_mb: int = Field(
        64, ge=0, le=65_536, description="Megabytes of answers that each process keeps in memory; 0: none"
    )
    body_seconds: float = Field(
        60, gt=0, le=3600, description="Seconds that a request's body may take to arrive, waiting included"
    )
    direct_publishing: bool = Field(
        default=False,
        description="Whether one publisher may publish alone, without a proposal that another approves",
    )
    reading_takes_key: bool = Field(default=False, description="Whether reading takes a key, too")
    writes_limit: str = Field(
        "60/minute", description="Writes by one key or from one address; empty for no limit"
    )
    eligibility_limit: str = Field(
        "60000/minute",
        description="Questions about eligibility by one key or from one address; empty for no limit",
    )
    webhooks_to_private: bool = Field(
        default=False,
        description="Whether webhooks may go to private addresses, such as the office's own network",
    )
    lint_gate: Literal["error", "warning", "off"] = Field(
        "error",
        description="Publishing refuses what would bring a new lint finding of this severity or above",
    )
    lang: str = Field("", description="The terminal's language; zh… makes the command line speak Chinese")

    @field_validator("database_url")
    @classmethod
    def is_one_of_two(cls, url: str) -> str:
        """Hosting panels still hand out `postgres://`, which SQLAlchemy does not know."""
        if url.startswith("postgres://"):
            url = "postgresql://" + url.removeprefix("postgres://")
        try:
            known = make_url(url).get_backend_name() in {"sqlite", "postgresql"}
        except (ArgumentError, ValueError):
            known = False
        if not known:
            raise ValueError("should be sqlite:///… or postgresql://…")
        return url

    @field_validator("writes_limit", "eligibility_limit")
    @classmethod
    def is_one_limit(cls, limit: str) -> str:
        try:
            known = not limit or len(parse_many(limit)) == 1
        except ValueError:
            known = False
        if not known:
            raise ValueError("should be a number and a time such as 60/minute or 10 per 30 seconds, or empty")
        return limit

    @property
    def language(self) -> Literal["en", "zh"]:
        return "zh" if self.lang.lower().startswith("zh") else "en"

    @property
    def shown_database(self) -> str:
        """The database's URL without its password."""
        return make_url(self.database_url).render_as_string(hide_password=True)
