"""`catalogue lint`. What it needs is imported when it runs: the command line has to be quick to start."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from app.settings import Settings

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


class Least(StrEnum):
    """From which severity on."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


def lint(
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to look at; today if left out")
    ] = None,
    release: Annotated[
        int | None, typer.Option(min=0, help="The release to look at; the latest if left out")
    ] = None,
    severity: Annotated[
        Least, typer.Option(help="List findings from this severity on, and exit with 1 if there are any")
    ] = Least.ERROR,
    plan: Annotated[str | None, typer.Option(help="Only this plan and what belongs to it")] = None,
) -> None:
    """List what needs looking at in the published catalogue: broken references, dead rules, gaps, what is out of date."""
    from app.clock import today_in_china
    from app.database import create, reading
    from app.lint.findings import SEVERITIES
    from app.lint.histories import load
    from app.lint.lines import counts, line
    from app.lint.report import lint as findings_on
    from app.plans.models import PlanVersion
    from app.versioning import At, check_release, latest_release, never_was

    settings = Settings()
    engine = create(settings.database_url, connections=1)
    try:
        with reading(engine) as session:
            number = latest_release(session) if release is None else check_release(session, release)
            at = At(on.date() if on else today_in_china(), number)
            # Of a plan that never was nothing is found, which would look like a good end.
            if plan is not None and not load(session, number, {"plans": {plan}}):
                raise never_was(PlanVersion, number)
            found = findings_on(session, at, plan)
    finally:
        engine.dispose()
    told = [
        finding for finding in found if SEVERITIES.index(finding.severity) <= SEVERITIES.index(severity.value)
    ]
    for finding in told:
        out.print(line(finding).to(settings.language))
    out.print(counts(found, at).to(settings.language))
    if told:
        raise typer.Exit(1)
